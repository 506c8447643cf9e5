// The end of a run for someone who reads three lines: verdict, causes, and what to run next.
#pragma once

#include <string>
#include <vector>

#include "run/summary.hpp"

namespace conformance {

/// "NOT CONFORMANT (73 red)"
[[nodiscard]] std::string verdict_line(const RunReport& report);
/// Causes in order of their weight, each with what to do, and the command to run next; at most nine
/// lines. Empty for a good run that left nothing out. `rerun` is the command line that repeats one
/// row, without its --select.
[[nodiscard]] std::vector<std::string> cause_lines(const RunReport& report,
                                                   const std::string& rerun);

}  // namespace conformance
