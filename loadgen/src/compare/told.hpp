// A comparison for people (terminal) and for programs (JSON).
#pragma once

#include <string>

#include "compare/compare.hpp"

namespace loadgen {

/// One line, without LF: "worse: 3 of 17 figures are worse, 1 is better".
[[nodiscard]] std::string verdict(const ComparedRuns& comparison);
/// "worse: goodput is 5.2 % lower: 9.480 MiB/s in place of 10.00 MiB/s (between 4.1 % and 6.3 %)";
/// of a difference that was found.
[[nodiscard]] std::string sentence(const Difference& difference);
/// With at least four digits, and the unit; "-" where there is none.
[[nodiscard]] std::string shown(double value, const std::string& unit);
/// "+5.2 %" of the former value; where that was 0, the change itself.
[[nodiscard]] std::string shown_change(const Difference& difference, double change);

/// Several lines, each ended by LF; the first and the last one are the verdict.
[[nodiscard]] std::string terminal_text(const ComparedRuns& comparison);
[[nodiscard]] std::string comparison_json(const ComparedRuns& comparison);

}  // namespace loadgen
