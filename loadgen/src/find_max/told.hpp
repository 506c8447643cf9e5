// A search for people (terminal) and for programs (JSON).
#pragma once

#include <string>

#include "find_max/find_max.hpp"

namespace loadgen {

/// One line of a step, without LF: "  40/s good  400 uploads ...".
[[nodiscard]] std::string line_of(const Step& step, const redact::Secrets& secrets);
/// What was found, in one line without LF.
[[nodiscard]] std::string verdict(const Found& found);
/// Several lines, each ended by LF; the first and the last one are the verdict.
[[nodiscard]] std::string terminal_text(const Found& found, const std::string& target);
[[nodiscard]] std::string found_json(const Found& found, const Scenario& given,
                                     const std::string& target);

}  // namespace loadgen
