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
/// Of the JSON report: it becomes another when a key goes, or means something else. Keys are added
/// without that.
inline constexpr int json_format = 1;
/// One JSON document with everything the terminal shows and all transcripts.
[[nodiscard]] std::string json_report(const RunReport& report);

/// `text` for XML 1.0 content or attribute values: markup escaped, and what XML cannot hold, what
/// steers a terminal and what is not UTF-8 as `redact::printable` writes it.
[[nodiscard]] std::string xml_escape(std::string_view text);

/// The reports that a run was asked for: tried before it and written after it, however it ended.
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

  /// Tries whether each can be written, changing none; makes the folder.
  [[nodiscard]] static Result<Reports> open(const Paths& paths);
  /// Writes all that can be. One line on `err` for each that cannot, and `report` remembers it; the
  /// JSON and the evidence go last and tell the exit code that follows. A run that judged nothing
  /// leaves records as they are.
  void write(RunReport& report, const Known& known, std::ostream& err);

 private:
  struct One {
    files::Output file;
    std::string (*text)(const RunReport& report, const Known& known);
    bool of_rows = false;  ///< nothing to write when nothing was judged
  };
  std::vector<One> files_;
  std::string evidence_;
};

}  // namespace conformance
