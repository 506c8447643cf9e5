#include "report/page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "catalogue/explanation.hpp"
#include "html/page.hpp"
#include "report/names.hpp"

namespace conformance {
namespace {

using html::Markup;
using html::Tone;

constexpr std::array all_verdicts{Verdict::fail, Verdict::blocked, Verdict::error, Verdict::warn,
                                  Verdict::note, Verdict::skip,    Verdict::pass};
/// Bytes of one transcript; --json and --evidence have all of it.
constexpr std::size_t most_shown = 24UL << 10U;

Tone tone_of(const Judgement& j) {
  if (j.red) return Tone::bad;
  if (j.result.verdict == Verdict::pass) return Tone::good;
  return j.result.verdict == Verdict::warn ? Tone::warning : Tone::neutral;
}

Tone tone_of(const RunReport& report) {
  switch (exit_code(report)) {
    case ExitCode::conformant:
      return Tone::good;
    case ExitCode::not_conformant:
      return Tone::bad;
    default:
      return Tone::warning;
  }
}

std::string row_id(const Requirement& row) { return html::slug(row.id); }
Markup row_link(const Requirement& row) { return html::link("#" + row_id(row), row.id); }
std::string area_id(const std::string& area) { return "area-" + html::slug(area); }

Markup command(const std::string& text) {
  return html::tag(
      "pre",
      {{"class", "command"}, {"role", "group"}, {"aria-label", "Command"}, {"tabindex", "0"}},
      text);
}

Markup transcript(const std::string& text, const std::string& label) {
  if (text.empty()) return {};
  if (text.size() <= most_shown) return html::fold(label, html::verbatim(label, text));
  std::size_t end = text.rfind('\n', most_shown);
  if (end == std::string::npos) end = most_shown;
  return html::fold(
      label, html::paragraph(fmt::format("The first {} of {} bytes; all of them are in the JSON "
                                         "report and in the folder of --evidence.",
                                         end, text.size())) +
                 html::verbatim(label, text.substr(0, end)));
}

// ---- verdict and causes

Markup lead(const RunReport& report, const Telling& telling) {
  std::string counts;
  for (const Verdict v : all_verdicts) {
    if (const std::size_t count = report.count(v); count > 0) {
      counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", count, to_string(v));
    }
  }
  std::string extensions = fmt::format("{}", fmt::join(report.target.extensions, ", "));
  std::vector<std::pair<std::string, Markup>> list{
      {"Target", report.target.url},
      {"Judged as", report.target.title},
      {"Rows", counts.empty() ? "none" : counts},
  };
  if (!report.baseline.empty()) {
    list.emplace_back("Known deviations",
                      fmt::format("{} ({})", report.expected_deviations(), report.baseline));
  }
  // A run that stopped before the first row has not seen what the target offers.
  if (!report.stopped || !counts.empty()) {
    list.emplace_back("It offers", extensions.empty() ? "no extension" : extensions);
    list.emplace_back("Stored bytes",
                      shows_bytes(report.target) ? "were compared" : "could not be compared");
  }
  list.emplace_back("Judged at", fmt::format("{} UTC, for {}", timestamp(report.started),
                                             ::to_string(report.duration)));
  list.emplace_back("Run", fmt::format("{}, seed {}", report.run_id, report.seed));
  Markup out = html::facts(list);
  for (const std::string& remark : report.remarks) out += html::note(Tone::neutral, remark);
  return out + html::fold("The command", command(telling.command));
}

Markup links_to(const Cause& cause, const RunReport& report) {
  Markup out;
  for (const std::size_t i : cause.rows) {
    if (!out.empty()) out += Markup(", ");
    out += row_link(*report.judgements[i].result.row);
  }
  return out;
}

Markup told_cause(std::size_t number, const Cause& cause, const RunReport& report,
                  const Telling& telling) {
  const bool row = cause.kind == Cause::Kind::row;
  Markup out = html::tag("h3", fmt::format("{}. {}", number, cause.what));
  out += html::note(Tone::bad, (row ? Markup("Got: ") : Markup("Do: ")) + Markup(cause.to_do));
  if (!cause.tries.empty()) {
    Markup tried;
    for (const std::string& one : cause.tries) tried += html::tag("li", one);
    out += html::paragraph("Tried:") + html::tag("ul", tried);
  }
  if (!cause.rows.empty()) {
    Markup rows = html::paragraph(links_to(cause, report));
    out += cause.rows.size() > 12
               ? html::fold(fmt::format("{} rows stand on it", cause.rows.size()), rows)
               : html::paragraph(row ? "Its row:" : "Rows that stand on it:") + rows;
  }
  if (cause.not_judged > 0) {
    out += html::paragraph(
        fmt::format("{} rows were skipped, as what they need is not told.", cause.not_judged));
  }
  out += transcript(cause.transcript, "What went over the wire");
  if (!cause.ask.empty()) {
    std::string line = cause.kind == Cause::Kind::died ? telling.rerun.alone : telling.rerun.line;
    constexpr std::size_t most = 8;
    for (std::size_t i = 0; i < std::min(cause.ask.size(), most); ++i) {
      line += " --select " + cause.ask[i];
    }
    out += html::paragraph("To see it by itself:") + command(line);
  }
  return out;
}

Markup told_causes(const RunReport& report, const Telling& telling) {
  Markup out;
  for (std::size_t i = 0; i < report.causes.size(); ++i) {
    out += told_cause(i + 1, report.causes[i], report, telling);
  }
  for (const std::string& extension : report.missing_extensions) {
    out += html::note(Tone::bad, extension + " is required and not offered (--require)");
  }
  if (report.stopped) out += html::note(Tone::bad, report.stopped->why);
  return out;
}

// ---- what changed

Markup told_changes(const RunReport& report) {
  Markup out;
  const bool repeated = std::any_of(report.judgements.begin(), report.judgements.end(),
                                    [](const Judgement& j) { return j.changes(); });
  if (repeated) {
    html::Table table{"Verdicts that are not the same each time (--repeat)",
                      {{"row"}, {"name"}, {"verdicts, in their order"}},
                      {}};
    for (const Judgement& j : report.judgements) {
      if (!j.changes()) continue;
      std::string order;
      for (const Seen& seen : j.seen) {
        order += fmt::format("{}{}", order.empty() ? "" : ", ", to_string(seen.verdict));
      }
      table.rows.push_back({row_link(*j.result.row), j.result.row->name, order});
    }
    out += html::table(table);
  }
  if (!report.against) return out;
  const Against& against = *report.against;
  out += html::paragraph(fmt::format(
      "Against {} ({}): {} rows are as they were, {} are not, {} on "
      "record were not judged.",
      against.file, against.title, against.same, against.changes.size(), against.not_judged));
  if (against.changes.empty()) return out;
  html::Table table{
      "Rows that are not as on record", {{"row"}, {"what changed"}, {"on record"}, {"now"}}, {}};
  for (const auto& [id, difference] : against.changes) {
    table.rows.push_back({html::link("#" + html::slug(id), id), std::string(in_name(difference.in)),
                          difference.recorded, difference.found});
  }
  return out + html::table(table);
}

// ---- the matrix

struct Area {
  std::string name;
  std::map<Verdict, std::size_t> counts;
  std::size_t red = 0;
  std::vector<const Judgement*> rows;
};

std::vector<Area> areas_of(const RunReport& report) {
  std::vector<Area> areas;
  for (const Judgement& j : report.judgements) {
    const std::string& name = j.result.row->area;
    auto area =
        std::find_if(areas.begin(), areas.end(), [&](const Area& one) { return one.name == name; });
    if (area == areas.end()) area = areas.insert(areas.end(), Area{name, {}, 0, {}});
    ++area->counts[j.result.verdict];
    area->red += j.red ? 1 : 0;
    area->rows.push_back(&j);
  }
  return areas;
}

Markup matrix(const std::vector<Area>& areas) {
  html::Table table{"Requirements by area and verdict", {{"area"}, {"state"}}, {}};
  for (const Verdict v : all_verdicts) {
    table.columns.push_back({std::string(to_string(v)), html::Align::number});
  }
  for (const Area& area : areas) {
    std::vector<Markup> cells{html::link("#" + area_id(area.name), area.name),
                              area.red > 0 ? html::badge(Tone::bad, fmt::format("{} red", area.red))
                                           : html::badge(Tone::good, "none red")};
    for (const Verdict v : all_verdicts) {
      const auto count = area.counts.find(v);
      cells.emplace_back(count == area.counts.end() ? std::string("-")
                                                    : std::to_string(count->second));
    }
    table.rows.push_back(std::move(cells));
  }
  return html::table(table);
}

/// Instead of a filter, for which a page would need a script.
Markup by_verdict(const RunReport& report) {
  Markup out;
  const auto add = [&](const std::string& title, bool open, auto&& wanted) {
    html::Table table{title, {{"row"}, {"verdict"}, {"name"}, {"what it did"}}, {}};
    for (const Judgement& j : report.judgements) {
      if (!wanted(j)) continue;
      table.rows.push_back({row_link(*j.result.row),
                            html::badge(tone_of(j), std::string(to_string(j.result.verdict))),
                            j.result.row->name, j.result.outcome.got});
    }
    if (table.rows.empty()) return;
    out += html::fold(fmt::format("{} ({})", title, table.rows.size()), html::table(table), open);
  };
  add("Everything that is red", true, [](const Judgement& j) { return j.red; });
  add("Known deviations", false,
      [](const Judgement& j) { return j.standing == Standing::expected; });
  for (const Verdict v : all_verdicts) {
    add(fmt::format("Verdict {}", to_string(v)), false,
        [v](const Judgement& j) { return j.result.verdict == v; });
  }
  for (const Level level :
       {Level::must, Level::must_not, Level::should, Level::should_not, Level::may}) {
    add(fmt::format("Level {}", to_string(level)), false,
        [level](const Judgement& j) { return j.result.row->level == level; });
  }
  return out;
}

// ---- rows

Markup told_row(const Judgement& j, const Telling& telling, const std::vector<Check>& checks) {
  const Requirement& row = *j.result.row;
  const Explanation told = explanation_of(row, checks, telling.systems);
  std::vector<std::pair<std::string, Markup>> facts{{"Level", std::string(to_string(row.level))}};
  if (!j.why_red.empty()) facts.emplace_back("Red because", j.why_red);
  if (!j.cause.empty()) facts.emplace_back("Stands on", j.cause);
  if (!j.result.outcome.expected.empty()) facts.emplace_back("Expected", j.result.outcome.expected);
  if (!j.result.outcome.got.empty()) facts.emplace_back("Got", j.result.outcome.got);
  if (j.deviation) facts.emplace_back("Baseline", j.deviation->reason);
  for (const auto& [name, text] : told.facts) facts.emplace_back(name, text);
  Markup inside = html::paragraph(row.text) + html::facts(facts);
  if (!told.known_servers.empty()) {
    html::Table servers{"What known servers do", {{"server"}, {"what it does"}}, {}};
    for (const auto& [server, what] : told.known_servers) servers.rows.push_back({server, what});
    inside += html::fold("What known servers do", html::table(servers));
  }
  if (!told.proven_by.empty()) {
    inside += html::paragraph(fmt::format("Proven red by: {}", fmt::join(told.proven_by, ", ")));
  }
  inside += transcript(j.result.transcript, "Transcript");
  inside += html::paragraph("Rerun:") + command(telling.rerun.line + " --select " + row.id);
  const Markup summary = html::badge(tone_of(j), std::string(to_string(j.result.verdict))) +
                         Markup(fmt::format(" {} {}", row.id, row.name));
  return html::tag("details", {{"id", row_id(row)}},
                   html::tag("summary", summary) + html::tag("div", {{"class", "folded"}}, inside));
}

Markup told_rows(const std::vector<Area>& areas, const Telling& telling) {
  const std::vector<Check> checks = checks_of(telling.systems);
  Markup out;
  for (const Area& area : areas) {
    out += html::tag("h3", {{"id", area_id(area.name)}}, area.name);
    for (const Judgement* const j : area.rows) out += told_row(*j, telling, checks);
  }
  return out;
}

}  // namespace

std::string html_report(const RunReport& report, const Telling& telling) {
  html::Page page;
  page.title = "dex-conformance: " + report.target.url;
  page.tone = tone_of(report);
  page.verdict = verdict_line(report);
  page.lead = lead(report, telling);
  page.made_by = "dex-conformance " + report.version;
  if (Markup causes = told_causes(report, telling); !causes.empty()) {
    page.sections.push_back({"causes", "What to mend", std::move(causes)});
  }
  if (Markup changes = told_changes(report); !changes.empty()) {
    page.sections.push_back({"changes", "What changed", std::move(changes)});
  }
  const auto areas = areas_of(report);
  if (!areas.empty()) {
    page.sections.push_back({"areas", "By area", matrix(areas)});
    page.sections.push_back({"verdicts", "By verdict and level", by_verdict(report)});
    page.sections.push_back({"rows", "Every row", told_rows(areas, telling)});
  }
  return html::document(page);
}

}  // namespace conformance
