// A finished run for people (terminal), for programs (JSON) and for spreadsheets (CSV).
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "protocol/error.hpp"
#include "run/run.hpp"

namespace loadgen {

/// Several lines, each ended by LF; the last one is the verdict.
[[nodiscard]] std::string terminal_summary(const RunReport& report);
/// summary.json.
[[nodiscard]] std::string summary_json(const RunReport& report);
/// uploads.csv: one line per upload that started, by index, piece by piece.
void uploads_csv(const RunReport& report, const std::function<void(std::string_view)>& put);
/// Makes `folder` and checks that a report can be written into it, changing nothing there.
[[nodiscard]] Result<void> check_report(const std::string& folder);
/// Writes uploads.csv, results.json, report.html and summary.json into `folder`, which exists. Each
/// file is whole, or still the former one.
[[nodiscard]] Result<void> write_report(const RunReport& report, const std::string& folder);

}  // namespace loadgen
