#include <fmt/format.h>

#include <map>

#include "redact/printable.hpp"
#include "report/files.hpp"
#include "report/names.hpp"

namespace conformance {
namespace {

enum class JUnit { passed, failure, error, skipped };

JUnit junit_kind(const Judgement& j) {
  const Verdict v = j.result.verdict;
  if (j.red) {
    return v == Verdict::blocked || v == Verdict::error ? JUnit::error : JUnit::failure;
  }
  return v == Verdict::skip ? JUnit::skipped : JUnit::passed;
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

/// The suite of what is wrong with the run itself: without a red case it would pass as a good one.
const std::string stopped_suite = "run";

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
  // Findings that belong to no row.
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

}  // namespace conformance
