#include "report/files.hpp"

#include <fmt/format.h>

#include <ostream>
#include <utility>

#include "report/evidence.hpp"

namespace conformance {

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
      {"--html", paths.html,
       [](const RunReport& report, const Known& known) {
         return html_report(report, known.telling);
       },
       false},
      {"--badge", paths.badge,
       [](const RunReport& report, const Known&) { return badge_json(report); }, false},
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
    if (auto ok = open_evidence(paths.evidence); !ok) return tl::unexpected(ok.error());
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
  for (One& one : files_) {
    if (one.of_rows && (report.judgements.empty() || report.stopped || report.interrupted))
      continue;
    told(one.file.write(one.text(report, known)));
  }
  if (!evidence_.empty()) {
    told(write_evidence(report, known.telling, known.asked, evidence_));
  }
}

}  // namespace conformance
