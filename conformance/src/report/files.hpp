// Reports for machines: JUnit XML, JSON, and one transcript per check.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "files/output.hpp"
#include "report/page.hpp"
#include "report/record.hpp"
#include "run/summary.hpp"

namespace conformance {

/// JUnit as Jenkins, GitLab and GitHub read it: a suite per area, a case per row, with failure,
/// error or skipped. Verdict, level and requirement are properties of the case.
[[nodiscard]] std::string junit_xml(const RunReport& report);
/// The format of the JSON report. It changes when a key goes or gets another meaning, and not when
/// one is added.
inline constexpr int json_format = 1;
/// One JSON document with everything the terminal shows and all transcripts.
[[nodiscard]] std::string json_report(const RunReport& report);

/// `text` for XML 1.0 content or attribute values: markup is escaped; what XML cannot hold, what
/// steers a terminal and what is not UTF-8 is written as `redact::printable` does.
[[nodiscard]] std::string xml_escape(std::string_view text);

/// The reports that a run was asked for: opened before it, and written after it however it ended.
struct Reports {
  /// Their paths; empty: not wanted.
  struct Paths {
    std::string junit = {}, json = {};
    std::string evidence = {};  ///< a folder
    std::string record = {}, update_baseline = {}, html = {}, badge = {};
  };
  /// Besides what was found.
  struct Known {
    const Baseline* baseline = nullptr;  ///< nullptr: none was given
    AskedBy asked;
    Telling telling;
  };

  /// Tries whether each file can be written, changing none; makes the folder of --evidence.
  [[nodiscard]] static Result<Reports> open(const Paths& paths);
  /// Writes all that can be. For each that cannot, one line goes to `err` and `report.unwritten` is
  /// set; JSON and evidence are written last, so that the exit code in them counts that. A run that
  /// judged nothing, or did not come to its end, leaves records and baselines as they are.
  void write(RunReport& report, const Known& known, std::ostream& err);

 private:
  struct One {
    files::Output file;
    std::string (*text)(const RunReport& report, const Known& known);
    bool of_rows = false;  ///< only of a run that came to its end, and judged rows
  };
  std::vector<One> files_;
  std::string evidence_;
};

}  // namespace conformance
