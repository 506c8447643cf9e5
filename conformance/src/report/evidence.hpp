// The folder of --evidence, which holds all that a run found, and two small documents of it.
#pragma once

#include <string>

#include "report/page.hpp"
#include "report/record.hpp"

namespace conformance {

/// The document that shields.io shows as a badge (its endpoint badge, schemaVersion 1).
[[nodiscard]] std::string badge_json(const RunReport& report);
/// What the run ran on, and what the target was found to be.
[[nodiscard]] std::string environment_json(const RunReport& report, const std::string& command);

/// Makes the folder, and tries whether it can be written to.
[[nodiscard]] Result<void> open_evidence(const std::string& folder);
/// `folder`/ID.txt for every row that exchanged anything. A file is replaced as a whole or not at
/// all.
[[nodiscard]] Result<void> write_transcripts(const RunReport& report, const std::string& folder);
/// The transcripts, summary.md, report.html, junit.xml, badge.json, environment.json, record.json
/// (of a run that came to its end) and results.json.
[[nodiscard]] Result<void> write_evidence(const RunReport& report, const Telling& telling,
                                          const AskedBy& asked, const std::string& folder);

}  // namespace conformance
