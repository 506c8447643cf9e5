// dex-conformance without its main: tests and other programs link it.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "target/target.hpp"

namespace conformance {

/// Runs one command line (without the program's name) and returns its exit code. `run` may be
/// called once per process: GoogleTest's registry cannot be emptied.
[[nodiscard]] int run_command_line(const std::vector<std::string>& arguments, Systems systems,
                                   std::ostream& out, std::ostream& err);

/// Ends the run early with a partial report and exit code 4; before the first check, and when
/// called again, ends the process at once. Safe in a signal handler.
void interrupt() noexcept;

/// True when threads of abandoned checks are still running: the process must end at once, without
/// destroying what they use.
[[nodiscard]] bool must_exit_at_once() noexcept;

}  // namespace conformance
