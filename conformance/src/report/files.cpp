#include "report/files.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>
#include <utility>

#include "redact/printable.hpp"

namespace conformance {
namespace {

std::string timestamp(std::chrono::system_clock::time_point at) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}",
                     fmt::gmtime(std::chrono::floor<std::chrono::seconds>(at)));
}

double seconds(Milliseconds duration) { return static_cast<double>(duration.count()) / 1000.0; }

enum class JUnit { passed, failure, error, skipped };

JUnit junit_kind(const Judgement& j) {
  const Verdict v = j.result.verdict;
  if (j.red) {
    return v == Verdict::blocked || v == Verdict::error ? JUnit::error : JUnit::failure;
  }
  return v == Verdict::skip ? JUnit::skipped : JUnit::passed;
}

std::string_view standing_name(Standing standing) {
  switch (standing) {
    case Standing::none:
      return "none";
    case Standing::expected:
      return "expected";
    case Standing::unexpected:
      return "unexpected";
    case Standing::expired:
      break;
  }
  return "expired";
}

std::string_view in_name(verdicts::Difference::In in) {
  return in == verdicts::Difference::In::verdict ? "verdict" : "answer";
}

std::string summary_line(const Judgement& j) {
  const Outcome& outcome = j.result.outcome;
  std::string out = j.why_red;
  const auto add = [&](std::string_view label, const std::string& text) {
    if (!text.empty()) out += fmt::format("{}{}{}", out.empty() ? "" : "; ", label, text);
  };
  add("expected ", outcome.expected);
  add(outcome.expected.empty() ? "" : "got ", outcome.got);
  return out;
}

std::string property(std::string_view name, std::string_view value) {
  return fmt::format("        <property name=\"{}\" value=\"{}\"/>\n", name, xml_escape(value));
}

std::string junit_case(const Judgement& j) {
  const Requirement& row = *j.result.row;
  std::string out =
      fmt::format("    <testcase classname=\"{}.{}\" name=\"{}\" time=\"{:.3f}\">\n", row.origin,
                  xml_escape(row.area), xml_escape(row.id), seconds(j.result.duration));
  out += "      <properties>\n" + property("name", row.name) + property("requirement", row.text) +
         property("level", to_string(row.level)) + property("section", row.section) +
         property("verdict", to_string(j.result.verdict));
  if (!j.result.spoken.empty()) {
    out += property("http", fmt::format("{}", fmt::join(j.result.spoken, ", ")));
  }
  if (!j.result.outcome.got.empty()) out += property("got", j.result.outcome.got);
  if (j.standing != Standing::none) out += property("baseline", standing_name(j.standing));
  out += "      </properties>\n";
  const std::string message = xml_escape(summary_line(j));
  const std::string detail = xml_escape(row.text + "\n" + j.result.transcript);
  switch (junit_kind(j)) {
    case JUnit::failure:
      out += fmt::format("      <failure type=\"{}\" message=\"{}\">{}</failure>\n",
                         to_string(row.level), message, detail);
      break;
    case JUnit::error:
      out += fmt::format("      <error type=\"{}\" message=\"{}\">{}</error>\n",
                         to_string(j.result.verdict), message, detail);
      break;
    case JUnit::skipped:
      out += fmt::format("      <skipped message=\"{}\"/>\n", message);
      break;
    case JUnit::passed:
      break;
  }
  return out + "    </testcase>\n";
}

/// A suite and a case of its own: a report without a red case would be read as a good run.
const std::string stopped_suite = "run";

std::string_view stopped_type(const RunReport::Stopped& stopped) {
  if (stopped.code == ExitCode::usage) return "usage";
  return stopped.code == ExitCode::unreachable ? "unreachable" : "harness";
}

struct Suite {
  std::string cases;
  std::size_t tests = 0, failures = 0, errors = 0, skipped = 0;
  Milliseconds time{0};
  void count(JUnit kind) {
    ++tests;
    failures += kind == JUnit::failure ? 1 : 0;
    errors += kind == JUnit::error ? 1 : 0;
    skipped += kind == JUnit::skipped ? 1 : 0;
  }
};

}  // namespace

std::string xml_escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : redact::printable(text, redact::Lines::kept)) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else {
      out += c;
    }
  }
  return out;
}

std::string junit_xml(const RunReport& report) {
  std::vector<std::string> order;
  std::map<std::string, Suite> suites;
  Suite all;
  for (const Judgement& j : report.judgements) {
    const std::string& area = j.result.row->area;
    if (!suites.contains(area)) order.push_back(area);
    Suite& suite = suites[area];
    suite.count(junit_kind(j));
    all.count(junit_kind(j));
    suite.time += j.result.duration;
    suite.cases += junit_case(j);
  }
  // What is found without a row.
  const auto found = [&](const std::string& suite_name, JUnit kind, std::string_view name,
                         std::string_view type, const std::string& message) {
    if (!suites.contains(suite_name)) order.push_back(suite_name);
    Suite& suite = suites[suite_name];
    suite.count(kind);
    all.count(kind);
    suite.cases += fmt::format(
        "    <testcase classname=\"{}\" name=\"{}\" time=\"0\">\n"
        "      <{} type=\"{}\" message=\"{}\"/>\n"
        "    </testcase>\n",
        suite_name, xml_escape(name), kind == JUnit::error ? "error" : "failure", type,
        xml_escape(message));
  };
  for (const std::string& extension : report.missing_extensions) {
    found("require", JUnit::failure, extension, "require",
          extension + " is required and not offered");
  }
  if (report.against) {
    for (const auto& [id, difference] : report.against->changes) {
      found("against", JUnit::failure, id, in_name(difference.in),
            fmt::format("on record: {}; now: {}", difference.recorded, difference.found));
    }
  }
  for (const Cause& cause : report.causes) {
    if (cause.kind != Cause::Kind::unsteady || !cause.rows.empty()) continue;
    found(stopped_suite, JUnit::failure, cause.name, "unsteady", cause.what);
  }
  if (report.stopped) {
    found(stopped_suite, JUnit::error, stopped_suite, stopped_type(*report.stopped),
          report.stopped->why);
  }
  std::string out = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuites name=\"dex-conformance\" tests=\"{}\" failures=\"{}\" errors=\"{}\" "
      "skipped=\"{}\" time=\"{:.3f}\">\n",
      all.tests, all.failures, all.errors, all.skipped, seconds(report.duration));
  for (const std::string& area : order) {
    const Suite& suite = suites[area];
    out += fmt::format(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" "
        "time=\"{:.3f}\" timestamp=\"{}\">\n",
        xml_escape(area), suite.tests, suite.failures, suite.errors, suite.skipped,
        seconds(suite.time), timestamp(report.started));
    out += "      <properties>\n" + property("target", report.target.url) +
           property("run", report.run_id) + property("http", told_http(report)) +
           "      </properties>\n" + suite.cases + "  </testsuite>\n";
  }
  return out + "</testsuites>\n";
}

std::string json_report(const RunReport& report) {
  using Json = nlohmann::ordered_json;
  Json root;
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
    item["duration_ms"] = j.result.duration.count();
    item["transcript"] = j.result.transcript;
    root["results"].push_back(std::move(item));
  }
  root["not_checked"] = Json::array();
  for (const Requirement* row : report.unchecked) root["not_checked"].push_back(row->id);
  // In ASCII: what a server said must not steer the terminal of whoever looks at the file.
  return root.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

Result<Reports> Reports::open(const Paths& paths) {
  Reports reports;
  const struct {
    const char* flag;
    const std::string& path;
    std::string (*text)(const RunReport& report, const Known& known);
    bool of_rows;
  } wanted[] = {
      {"--junit", paths.junit,
       [](const RunReport& report, const Known&) { return junit_xml(report); }, false},
      {"--record", paths.record,
       [](const RunReport& report, const Known& known) { return record_json(report, known.asked); },
       true},
      {"--update-baseline", paths.update_baseline,
       [](const RunReport& report, const Known& known) {
         return updated_baseline(report, known.baseline,
                                 std::chrono::floor<std::chrono::days>(report.started));
       },
       true},
      {"--json", paths.json,
       [](const RunReport& report, const Known&) { return json_report(report); }, false},
  };
  for (const auto& one : wanted) {
    if (one.path.empty()) continue;
    auto file = files::Output::open(one.flag, one.path);
    if (!file) return tl::unexpected(file.error());
    reports.files_.push_back({std::move(*file), one.text, one.of_rows});
  }
  if (!paths.evidence.empty()) {
    if (auto ok = write_evidence({}, paths.evidence); !ok) return tl::unexpected(ok.error());
    reports.evidence_ = paths.evidence;
  }
  return reports;
}

void Reports::write(RunReport& report, const Known& known, std::ostream& err) {
  const auto told = [&](const Result<void>& written) {
    if (written) return;
    err << "dex-conformance: " << written.error().line() << '\n';
    report.unwritten = true;
  };
  if (!evidence_.empty()) told(write_evidence(report, evidence_));
  for (One& one : files_) {
    if (one.of_rows && (report.judgements.empty() || report.stopped || report.interrupted))
      continue;
    told(one.file.write(one.text(report, known)));
  }
}

Result<void> write_evidence(const RunReport& report, const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return failure("--evidence", quote(folder) + ": " + error.message());
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    return failure("--evidence", quote(folder) + " cannot be written to: " + std::strerror(errno));
  }
  for (const Judgement& j : report.judgements) {
    if (j.result.transcript.empty()) continue;
    const auto file = std::filesystem::path(folder) / (j.result.row->id + ".txt");
    const Requirement& row = *j.result.row;
    std::string out =
        fmt::format("# {} {}\n# {}: {}\n", row.id, to_string(j.result.verdict), row.name, row.text);
    if (report.http != 1) out += fmt::format("# in: {}\n", fmt::join(j.result.spoken, ", "));
    if (!j.result.outcome.expected.empty())
      out += "# expected: " + redact::printable(j.result.outcome.expected) + '\n';
    if (!j.result.outcome.got.empty()) {
      out += "# got: " + redact::printable(j.result.outcome.got) + '\n';
    }
    out += '\n' + j.result.transcript;
    if (auto ok = files::replace("--evidence", file, out); !ok) return ok;
  }
  return {};
}

}  // namespace conformance
