// Reports for machines: JUnit XML, JSON, and one transcript per check.
#pragma once

#include <string>
#include <string_view>

#include "run/summary.hpp"

namespace conformance {

/// JUnit as Jenkins, GitLab and GitHub read it: a suite per area, a case per row, with failure,
/// error or skipped. Verdict, level and requirement are properties of the case.
[[nodiscard]] std::string junit_xml(const RunReport& report);
/// One JSON document with everything the terminal shows and all transcripts.
[[nodiscard]] std::string json_report(const RunReport& report);

/// `text` for XML 1.0 content or attribute values: markup escaped, characters that XML cannot hold
/// dropped, bytes that are not UTF-8 replaced by U+FFFD.
[[nodiscard]] std::string xml_escape(std::string_view text);

/// Writes `folder`/ID.txt for every row that exchanged anything; makes the folder.
[[nodiscard]] Result<void> write_evidence(const RunReport& report, const std::string& folder);

/// A file that is opened before a run and filled after it: a path that cannot be written is told
/// at once.
class OutputFile {
 public:
  /// An empty path makes an object that writes nothing. Truncates the file.
  [[nodiscard]] static Result<OutputFile> open(const std::string& flag, const std::string& path);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&& other) noexcept;
  ~OutputFile();

  [[nodiscard]] bool wanted() const { return fd_ >= 0; }
  [[nodiscard]] Result<void> write(std::string_view text);

 private:
  OutputFile() = default;
  std::string flag_, path_;
  int fd_ = -1;
};

}  // namespace conformance
