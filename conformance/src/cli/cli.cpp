#include "cli/cli.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "catalogue/catalogue.hpp"
#include "catalogue/explanation.hpp"
#include "cli/complaint.hpp"
#include "cli/onboard.hpp"
#include "cli/options.hpp"
#include "cli/run.hpp"
#include "cli/run_session.hpp"
#include "cli/tell_plan.hpp"
#include "protocol/http/fields.hpp"
#include "protocol/nearest.hpp"
#include "redact/printable.hpp"
#include "verdicts/record.hpp"

namespace conformance {
namespace {

int list(const ListCommand& command, Systems systems, std::ostream& out, const Complaints& err) {
  const auto catalogue = load_catalogue(embedded_requirements(), words_of(systems));
  if (!catalogue) return complain(err, catalogue.error(), ExitCode::harness);
  if (auto ok = validate(command.selection, *catalogue); !ok) {
    return complain(err, ok.error(), ExitCode::usage);
  }
  std::size_t count = 0;
  for (const Requirement& row : catalogue->rows()) {
    if (command.system != nullptr && !applies(row, *command.system)) continue;
    if (!selects(command.selection, row)) continue;
    ++count;
    out << fmt::format("{:<24} {:<10}  {:<40}  {}\n", row.id, to_string(row.level), row.name,
                       row.text);
  }
  if (count == 0) {
    return complain(err, Error{"--select", "nothing is selected", ""}, ExitCode::usage);
  }
  return 0;
}

int explain(const ExplainCommand& command, Systems systems, std::ostream& out,
            const Complaints& err) {
  const auto catalogue = load_catalogue(embedded_requirements(), words_of(systems));
  if (!catalogue) return complain(err, catalogue.error(), ExitCode::harness);
  const Requirement* row = nullptr;
  std::vector<std::string_view> known;
  for (const Requirement& r : catalogue->rows()) {
    known.insert(known.end(), {r.id, r.name});
    if (is_called(r, command.row)) row = &r;
  }
  if (row == nullptr) {
    return complain(err,
                    Error{"explain", quote(command.row) + " is not in the catalogue",
                          "the nearest are " + nearest_names(command.row, known) +
                              "; `dex-conformance list` shows all ids and names"},
                    ExitCode::usage);
  }
  const Explanation told = explanation_of(*row, checks_of(systems), systems);
  out << fmt::format("{} {}  [{}, area {}]\n  {}\n\n", row->id, row->name, to_string(row->level),
                     row->area, row->text);
  for (const auto& [name, text] : told.facts) out << fmt::format("{:<18} {}\n", name + ":", text);
  out << "\nWhat known servers do:\n";
  for (const auto& [server, what] : told.known_servers) {
    out << fmt::format("  {:<18} {}\n", server, what);
  }
  if (!told.proven_by.empty()) {
    out << fmt::format("\nProven red by: {}\n", fmt::join(told.proven_by, ", "));
  }
  if (!told.judged) out << "\nNo check judges it in this version.\n";
  return 0;
}

int diff(const DiffCommand& command, std::ostream& out, const Complaints& err) {
  const auto before = verdicts::load_column(command.before);
  if (!before) return complain(err, before.error(), ExitCode::usage);
  const auto after = verdicts::load_column(command.after);
  if (!after) return complain(err, after.error(), ExitCode::usage);
  const auto changes = verdicts::changes(before->rows, after->rows, command.verdicts_only);
  out << fmt::format("before: {}\nafter:  {}\n", redact::printable(before->title),
                     redact::printable(after->title));
  std::size_t verdicts = 0;
  for (const auto& [id, difference] : changes) {
    const bool verdict = difference.in == verdicts::Difference::In::verdict;
    verdicts += verdict ? 1 : 0;
    out << fmt::format("\n{} {}\n  before  {}\n  after   {}\n", redact::printable(id),
                       verdict ? "has another verdict" : "is answered otherwise",
                       redact::printable(difference.recorded), redact::printable(difference.found));
  }
  std::size_t same = 0;
  for (const auto& [id, row] : before->rows) same += after->rows.contains(id) ? 1 : 0;
  const auto of_both = [&](const verdicts::Change& change) {
    return before->rows.contains(change.id) && after->rows.contains(change.id);
  };
  same -= static_cast<std::size_t>(std::ranges::count_if(changes, of_both));
  out << fmt::format("{}{} rows are the same, {} have another verdict, {} are answered otherwise\n",
                     changes.empty() ? "" : "\n", same, verdicts, changes.size() - verdicts);
  return static_cast<int>(changes.empty() ? ExitCode::conformant : ExitCode::not_conformant);
}

}  // namespace

void interrupt() noexcept { interrupt_checks(); }
bool must_exit_at_once() noexcept { return checks_left_behind(); }

int run_command_line(const std::vector<std::string>& arguments, Systems systems, std::ostream& out,
                     std::ostream& stream) {
  const redact::Secrets secrets = secrets_of(arguments, systems);
  const Complaints err{stream, secrets};
  const auto command = parse_command_line(arguments, systems);
  if (!command) return complain(err, command.error(), ExitCode::usage);
  if (const auto* print = std::get_if<PrintCommand>(&*command)) {
    out << print->text;
    return 0;
  }
  if (const auto* l = std::get_if<ListCommand>(&*command)) return list(*l, systems, out, err);
  if (const auto* e = std::get_if<ExplainCommand>(&*command)) return explain(*e, systems, out, err);
  if (const auto* d = std::get_if<DiffCommand>(&*command)) return diff(*d, out, err);
  if (const auto* walk = std::get_if<OnboardCommand>(&*command)) {
    return onboard_partner(*walk, systems, out, stream);
  }
  if (const auto* p = std::get_if<PlanCommand>(&*command)) {
    return tell_plan(p->run, systems, out, stream);
  }
  return run(std::get<RunCommand>(*command), systems, out, stream);
}

}  // namespace conformance
