#include <nlohmann/json.hpp>

#include "report/files.hpp"
#include "report/names.hpp"

namespace conformance {

std::string json_report(const RunReport& report) {
  using Json = nlohmann::ordered_json;
  Json root;
  root["format"] = json_format;
  root["tool"] = "dex-conformance";
  root["version"] = report.version;
  root["run"] = report.run_id;
  Json target = {{"url", report.target.url}, {"system", report.target.system}};
  for (const auto& [name, value] : report.target.settings) target[name] = value;
  target["extensions"] = report.target.extensions;
  target["downloads"] = report.target.downloads;
  target["deliveries"] = report.target.deliveries;
  target["authorization"] = report.target.authorization;
  root["target"] = std::move(target);
  root["http"] = {{"asked", std::to_string(report.http)}, {"spoken", report.spoken}};
  root["seed"] = report.seed;
  root["started"] = timestamp(report.started) + "Z";
  root["duration_ms"] = report.duration.count();
  root["exit_code"] = static_cast<int>(exit_code(report));
  root["interrupted"] = report.interrupted;
  if (report.stopped) {
    root["stopped"] = {{"kind", stopped_type(*report.stopped)}, {"why", report.stopped->why}};
  }
  Json counts;
  for (const Verdict v : {Verdict::pass, Verdict::fail, Verdict::warn, Verdict::note, Verdict::skip,
                          Verdict::blocked, Verdict::error}) {
    counts[std::string(to_string(v))] = report.count(v);
  }
  counts["red"] = report.red() + report.missing_extensions.size();
  counts["known_deviations"] = report.expected_deviations();
  counts["not_checked"] = report.unchecked.size();
  root["counts"] = counts;
  if (report.repeat > 1) {
    root["repeat"] = {{"times", report.repeat}, {"rows_judged_less_often", report.repeat_lacks}};
  }
  if (report.against) {
    root["against"] = {{"file", report.against->file},
                       {"record", report.against->title},
                       {"same", report.against->same},
                       {"not_judged", report.against->not_judged},
                       {"changes", Json::array()}};
    for (const auto& [id, difference] : report.against->changes) {
      root["against"]["changes"].push_back({{"id", id},
                                            {"in", in_name(difference.in)},
                                            {"recorded", difference.recorded},
                                            {"found", difference.found}});
    }
  }
  root["missing_extensions"] = report.missing_extensions;
  root["remarks"] = report.remarks;
  root["uploads"] = {{"removed", report.uploads_removed}, {"left", report.uploads_left}};
  root["causes"] = Json::array();
  for (const Cause& cause : report.causes) {
    root["causes"].push_back({{"name", cause.name},
                              {"kind", to_string(cause.kind)},
                              {"what", cause.what},
                              {"to_do", cause.to_do},
                              {"tries", cause.tries},
                              {"rows", cause.rows.size()},
                              {"not_judged", cause.not_judged}});
  }
  root["results"] = Json::array();
  for (const Judgement& j : report.judgements) {
    const Requirement& row = *j.result.row;
    Json item = {{"id", row.id},
                 {"name", row.name},
                 {"area", row.area},
                 {"level", to_string(row.level)},
                 {"section", row.section},
                 {"requirement", row.text},
                 {"verdict", to_string(j.result.verdict)},
                 {"red", j.red}};
    if (!j.why_red.empty()) item["why_red"] = j.why_red;
    if (!j.cause.empty()) item["cause"] = j.cause;
    if (!j.result.outcome.expected.empty()) item["expected"] = j.result.outcome.expected;
    if (!j.result.outcome.got.empty()) item["got"] = j.result.outcome.got;
    if (j.deviation) {
      item["baseline"] = {{"standing", standing_name(j.standing)},
                          {"expected", to_string(j.deviation->expected)},
                          {"reason", j.deviation->reason}};
    }
    for (const Seen& seen : j.seen) item["verdicts"].push_back(to_string(seen.verdict));
    item["http"] = j.result.spoken;
    item["sent"] = {{"requests", j.result.sent.requests},
                    {"bytes", j.result.sent.bytes},
                    {"uploads", j.result.sent.uploads}};
    item["duration_ms"] = j.result.duration.count();
    item["transcript"] = j.result.transcript;
    root["results"].push_back(std::move(item));
  }
  root["not_checked"] = Json::array();
  for (const Requirement* row : report.unchecked) root["not_checked"].push_back(row->id);
  // In ASCII: what a server said must not steer the terminal of whoever looks at the file.
  return root.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace conformance
