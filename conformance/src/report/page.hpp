// The report as a page, for a browser, and as Markdown, for whoever reads a pull request.
#pragma once

#include <string>

#include "report/last_lines.hpp"
#include "run/summary.hpp"

namespace conformance {

/// What a report tells besides what was found.
struct Telling {
  Rerun rerun;
  Systems systems;      ///< for what `explain` says of a row
  std::string command;  ///< how the run was asked for, without secrets
};

/// One file that opens from disk, runs no script and fetches nothing (html/page.hpp): verdict and
/// causes, what changed, requirements by area and by verdict, and every row with the words of
/// `explain`, its transcript folded. `report` is masked.
[[nodiscard]] std::string html_report(const RunReport& report, const Telling& telling);

/// Verdict, causes, what changed and counts, as Markdown for GitHub and GitLab. What a server said
/// is escaped, so that it is text and no markup.
[[nodiscard]] std::string markdown_summary(const RunReport& report, const Telling& telling);

/// `text` as it is to be read in Markdown: on one line, its markup and HTML escaped.
[[nodiscard]] std::string markdown_escape(std::string_view text);

}  // namespace conformance
