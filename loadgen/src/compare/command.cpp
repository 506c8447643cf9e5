#include "compare/command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <utility>
#include <vector>

#include "compare/compare.hpp"
#include "compare/page.hpp"
#include "compare/told.hpp"
#include "files/output.hpp"
#include "settings/flags.hpp"

namespace loadgen {

struct CompareCommand {
  const CLI::App* app = nullptr;
  std::string base, now, html, json;
  CompareOptions options;
};

namespace {

/// "99", "1%": from `least` to below 100, as a part of 1.
auto percent(double least) {
  return [least](const std::string& text) -> Result<double> {
    const std::string_view number =
        text.ends_with('%') ? std::string_view(text).substr(0, text.size() - 1) : text;
    double value = 0;
    const auto [end, code] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (code != std::errc{} || end != number.data() + number.size() || !(value >= least) ||
        value >= 100) {
      return failure(
          "", quote(text) + " is no percentage from " + fmt::format("{}", least) + " to below 100",
          "as in 95%");
    }
    return value / 100;
  };
}

std::vector<settings::Setting<CompareCommand>> table() {
  using settings::not_empty;
  using settings::parsed;
  return {
      {{"fail-if", "EXPR",
        "a condition that ends in exit code 1, as in 'goodput_mib_s change < -5%': a change, when "
        "that is certain; or a figure of NEW, as of run [any figure is certain to be worse]",
        "Options", "", settings::Times::often},
       parsed(
           [](const std::string& text) {
             return Condition::parse(text, names_of_conditions(), Condition::Changes::allowed);
           },
           [](CompareCommand& c, Condition condition) {
             c.options.fail_if.push_back(std::move(condition));
           })},
      {{"tolerance", "P%", "a change that is not certain to be larger is none [1%]"},
       parsed(percent(0), [](CompareCommand& c, double part) { c.options.tolerance = part; })},
      {{"confidence", "P%", "that all intervals hold together [95%]"},
       parsed(percent(50), [](CompareCommand& c, double part) { c.options.confidence = part; })},
      {{"seed", "N", "of the resamples [1]"},
       parsed(settings::whole_number(0, UINT64_MAX),
              [](CompareCommand& c, std::uint64_t seed) { c.options.seed = seed; })},
      {{"html", "FILE", "write both runs side by side, as a page"},
       parsed(not_empty, [](CompareCommand& c, std::string file) { c.html = std::move(file); })},
      {{"json", "FILE", "write the same for programs"},
       parsed(not_empty, [](CompareCommand& c, std::string file) { c.json = std::move(file); })},
  };
}

}  // namespace

std::shared_ptr<CompareCommand> add_compare(CLI::App& app) {
  auto command = std::make_shared<CompareCommand>();
  CLI::App* const added = app.add_subcommand("compare", "Say in what one run differs from another");
  command->app = added;
  const auto folder = [&](const char* name, const char* help, std::string CompareCommand::*into) {
    settings::add_word(*added, {name, "DIR", help},
                       [at = command.get(), into](const std::string& text) {
                         return settings::not_empty(text).map(
                             [&](std::string good) { at->*into = std::move(good); });
                       });
  };
  folder("BASE", "folder that 'run --report' wrote", &CompareCommand::base);
  folder("NEW", "the same, of the run that is judged", &CompareCommand::now);
  settings::add_flags(*added, table(), *command);
  added->footer(
      "Exit codes: 0 no difference, or better; 1 a figure is certain to be worse, or with "
      "--fail-if "
      "a\ncondition holds; 2 usage, or runs that cannot be read or compared; 4 output could not be "
      "written.\n"
      "Examples:\n"
      "  dex-loadgen compare monday tuesday\n"
      "  dex-loadgen compare main branch --fail-if 'goodput_mib_s change < -5%' \\\n"
      "      --fail-if 'end_to_end_p99_ms change > 200' --html difference.html");
  return command;
}

bool asked_for(const CompareCommand& command) { return command.app->parsed(); }

Result<Compared> run_compare(const CompareCommand& command) {
  for (const auto& [name, folder] : {std::pair{"BASE", &command.base}, {"NEW", &command.now}}) {
    if (folder->empty()) {
      return failure(name, "is missing", "as in dex-loadgen compare monday tuesday");
    }
  }
  auto html = files::Output::open("--html", command.html);
  if (!html) return tl::unexpected(html.error());
  auto json = files::Output::open("--json", command.json);
  if (!json) return tl::unexpected(json.error());
  auto base = read_recorded(command.base);
  if (!base) return tl::unexpected(base.error());
  auto now = read_recorded(command.now);
  if (!now) return tl::unexpected(now.error());
  const auto compared = compare(std::move(*base), std::move(*now), command.options);
  if (!compared) return tl::unexpected(compared.error());
  Compared done{terminal_text(*compared), compared->worse(), {}};
  if (html->wanted()) done.written = html->write(comparison_page(*compared));
  if (json->wanted()) {
    if (auto written = json->write(comparison_json(*compared)); !written) done.written = written;
  }
  return done;
}

}  // namespace loadgen
