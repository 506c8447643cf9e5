#include "report/record.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace conformance {
namespace {

using Json = nlohmann::ordered_json;

/// "https://h:1" of "https://h:1/files".
std::string origin_of(const std::string& url) {
  const auto scheme = url.find("://");
  return scheme == std::string::npos ? "" : url.substr(0, url.find_first_of("/?#", scheme + 3));
}

std::string day_text(std::chrono::sys_days day) {
  const std::chrono::year_month_day date{day};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

/// In ASCII: what a server said must not steer the terminal of whoever looks at the file.
std::string text_of(const Json& json) {
  return json.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

std::vector<Verdict> verdicts_of(const Judgement& j) {
  std::vector<Verdict> all;
  for (const Seen& seen : j.seen) {
    if (std::ranges::count(all, seen.verdict) == 0) all.push_back(seen.verdict);
  }
  if (all.empty()) all.push_back(j.result.verdict);
  return all;
}

Json expected_json(const std::vector<Verdict>& verdicts) {
  if (verdicts.size() == 1) return to_string(verdicts.front());
  Json list = Json::array();
  for (const Verdict verdict : verdicts) list.push_back(to_string(verdict));
  return list;
}

Json entry_json(const Deviation& entry) {
  Json json{{"requirement", entry.requirement},
            {"expected", expected_json(entry.expected)},
            {"reason", entry.reason}};
  if (!entry.link.empty()) json["link"] = entry.link;
  if (!entry.expires.empty()) json["expires"] = entry.expires;
  return json;
}

Deviation fresh_entry(const Judgement& j, std::chrono::sys_days today) {
  const Outcome& outcome = j.result.outcome;
  std::string seen = outcome.expected.empty() ? "" : "expected " + outcome.expected + ", ";
  seen += "got " + (outcome.got.empty() ? "nothing to show" : outcome.got);
  return {j.result.row->id, verdicts_of(j), "TO BE REVIEWED: " + seen, "",
          day_text(today + unreviewed_for)};
}

/// Whether the row gets an entry: not for a fault of the harness, nor where it was not run.
bool fits(const Judgement& j) {
  return j.red && !j.deviation && j.result.ran && j.result.verdict != Verdict::error &&
         !(j.seen.empty() && j.result.verdict == Verdict::pass);
}

}  // namespace

bool has_rows(const RunReport& report) {
  return !report.judgements.empty() && !report.stopped && !report.interrupted;
}

verdicts::Rows recorded_rows(const RunReport& report) {
  const std::string origin = origin_of(report.target.url);
  verdicts::Rows rows;
  for (const Judgement& j : report.judgements) {
    if (!j.result.ran) continue;
    const std::string& id = j.result.row->id;
    std::vector<verdicts::Rows> runs;
    const auto add = [&](Verdict verdict, const std::string& got) {
      runs.push_back({{id, verdicts::row_of(id, std::string(to_string(verdict)), got, origin)}});
    };
    for (const Seen& seen : j.seen) add(seen.verdict, seen.got);
    if (runs.empty()) add(j.result.verdict, j.result.outcome.got);
    rows.merge(verdicts::merged(runs));
  }
  return rows;
}

std::string record_json(const RunReport& report, const AskedBy& asked) {
  verdicts::Recorded recorded;
  recorded.profile = report.target.system;
  recorded.program = fmt::format("{} ({}), judged by dex-conformance {}", report.target.url,
                                 report.target.title, report.version);
  recorded.recorded = day_text(std::chrono::floor<std::chrono::days>(report.started));
  recorded.commands = {asked.command};
  recorded.judge = asked.judge;
  recorded.rows = recorded_rows(report);
  return verdicts::to_json(recorded);
}

std::string updated_baseline(const RunReport& report, const Baseline* former,
                             std::chrono::sys_days today) {
  Json json;
  json["target"] =
      former != nullptr && !former->target.empty() ? former->target : report.target.url;
  json["deviations"] = Json::array();
  if (former != nullptr) {
    for (const Deviation& entry : former->deviations)
      json["deviations"].push_back(entry_json(entry));
  }
  for (const Judgement& j : report.judgements) {
    if (fits(j)) json["deviations"].push_back(entry_json(fresh_entry(j, today)));
  }
  return text_of(json);
}

}  // namespace conformance
