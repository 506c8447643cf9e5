#include "report/evidence.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "files/output.hpp"
#include "redact/printable.hpp"
#include "report/files.hpp"
#include "report/names.hpp"
#include "transport/versions.hpp"

namespace conformance {
namespace {

using Json = nlohmann::ordered_json;

/// In ASCII: what a server said must not steer the terminal of whoever looks at the file.
std::string text_of(const Json& json) {
  return json.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

std::string transcript_file(const Judgement& j, int http) {
  const Requirement& row = *j.result.row;
  std::string out =
      fmt::format("# {} {}\n# {}: {}\n", row.id, to_string(j.result.verdict), row.name, row.text);
  if (http != 1) out += fmt::format("# in: {}\n", fmt::join(j.result.spoken, ", "));
  if (!j.result.outcome.expected.empty()) {
    out += "# expected: " + redact::printable(j.result.outcome.expected) + '\n';
  }
  if (!j.result.outcome.got.empty()) {
    out += "# got: " + redact::printable(j.result.outcome.got) + '\n';
  }
  return out + '\n' + j.result.transcript;
}

}  // namespace

std::string badge_json(const RunReport& report) {
  const auto [message, colour] = [&]() -> std::pair<std::string, const char*> {
    switch (exit_code(report)) {
      case ExitCode::conformant:
        if (report.expected_deviations() > 0) {
          return {fmt::format("conformant, {} known deviations", report.expected_deviations()),
                  "yellowgreen"};
        }
        return {"conformant", "brightgreen"};
      case ExitCode::not_conformant:
        if (report.red() == 0 && report.changed() > 0) return {"not as on record", "red"};
        return {fmt::format("{} red", report.red() + report.missing_extensions.size()), "red"};
      default:
        return {"not judged", "lightgrey"};
    }
  }();
  return text_of({{"schemaVersion", 1},
                  {"label", report.target.system.empty() ? "upload" : report.target.system},
                  {"message", message},
                  {"color", colour}});
}

std::string environment_json(const RunReport& report, const std::string& command) {
  utsname machine{};
  if (::uname(&machine) != 0) machine = {};
  Json root;
  root["tool"] = "dex-conformance";
  root["version"] = report.version;
  root["run"] = report.run_id;
  root["command"] = command;
  root["started"] = timestamp(report.started) + "Z";
  root["system"] = {
      {"name", machine.sysname}, {"release", machine.release}, {"machine", machine.machine}};
  root["libraries"] = transport::library_versions();
  Json target = {{"url", report.target.url},
                 {"system", report.target.system},
                 {"title", report.target.title},
                 {"extensions", report.target.extensions},
                 {"downloads", report.target.downloads},
                 {"deliveries", report.target.deliveries},
                 {"authorization", report.target.authorization}};
  for (const auto& [name, value] : report.target.settings) target[name] = value;
  target["http"] = report.spoken;
  target["remarks"] = report.remarks;
  root["target"] = std::move(target);
  return text_of(root);
}

Result<void> open_evidence(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return failure("--evidence", quote(folder) + ": " + error.message());
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    return failure("--evidence", quote(folder) + " cannot be written to: " + std::strerror(errno));
  }
  return {};
}

Result<void> write_transcripts(const RunReport& report, const std::string& folder) {
  for (const Judgement& j : report.judgements) {
    if (j.result.transcript.empty()) continue;
    const auto file = std::filesystem::path(folder) / (j.result.row->id + ".txt");
    if (auto ok = files::replace("--evidence", file, transcript_file(j, report.http)); !ok) {
      return ok;
    }
  }
  return {};
}

Result<void> write_evidence(const RunReport& report, const Telling& telling, const AskedBy& asked,
                            const std::string& folder) {
  if (auto ok = write_transcripts(report, folder); !ok) return ok;
  std::vector<std::pair<const char*, std::string>> all{
      {"summary.md", markdown_summary(report, telling)},
      {"report.html", html_report(report, telling)},
      {"junit.xml", junit_xml(report)},
      {"badge.json", badge_json(report)},
      {"environment.json", environment_json(report, telling.command)},
  };
  if (has_rows(report)) all.emplace_back("record.json", record_json(report, asked));
  all.emplace_back("results.json", json_report(report));
  for (const auto& [name, text] : all) {
    if (auto ok = files::replace("--evidence", std::filesystem::path(folder) / name, text); !ok) {
      return ok;
    }
  }
  return {};
}

}  // namespace conformance
