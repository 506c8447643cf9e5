// The end of a run for someone who reads three lines: verdict, causes, and what to run next.
#pragma once

#include <string>
#include <vector>

#include "run/summary.hpp"

namespace conformance {

/// "NOT CONFORMANT (73 red)"
[[nodiscard]] std::string verdict_line(const RunReport& report);
/// The command lines that repeat one row, without its --select.
struct Rerun {
  std::string line;
  std::string alone;  ///< with --jobs 1
};
/// Causes in order of their weight, each with what to do, and the command to run next; at most nine
/// lines. Empty for a good run that left nothing out.
[[nodiscard]] std::vector<std::string> cause_lines(const RunReport& report, const Rerun& rerun);

}  // namespace conformance
