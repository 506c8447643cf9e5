// Reports for machines: JUnit XML, JSON, and one transcript per check.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

#include "files/output.hpp"
#include "run/summary.hpp"

namespace conformance {

/// JUnit as Jenkins, GitLab and GitHub read it: a suite per area, a case per row, with failure,
/// error or skipped. Verdict, level and requirement are properties of the case.
[[nodiscard]] std::string junit_xml(const RunReport& report);
/// One JSON document with everything the terminal shows and all transcripts.
[[nodiscard]] std::string json_report(const RunReport& report);

/// `text` for XML 1.0 content or attribute values: markup escaped, and what XML cannot hold, what
/// steers a terminal and what is not UTF-8 as `redact::printable` writes it.
[[nodiscard]] std::string xml_escape(std::string_view text);

/// Writes `folder`/ID.txt for every row that exchanged anything; makes the folder. Each file is
/// there whole, or the former one is.
[[nodiscard]] Result<void> write_evidence(const RunReport& report, const std::string& folder);

/// The reports that a run was asked for: tried before it and written after it, however it ended.
struct Reports {
  files::Output junit, json;
  std::string evidence;  ///< a folder; empty: none

  /// Tries whether each can be written, changing none; makes the folder. Empty paths: not wanted.
  [[nodiscard]] static Result<Reports> open(const std::string& junit, const std::string& json,
                                            const std::string& evidence);
  /// Writes all that can be. One line on `err` for each that cannot, and `report` remembers it; the
  /// JSON goes last and tells the exit code that follows.
  void write(RunReport& report, std::ostream& err);
};

}  // namespace conformance
