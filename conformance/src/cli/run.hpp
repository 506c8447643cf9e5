// `dex-conformance run`: plan, session, report.
#pragma once

#include <iosfwd>

#include "cli/options.hpp"

namespace conformance {

/// Judges one server and returns the exit code. Once per process (see run_command_line).
[[nodiscard]] int run(const RunCommand& command, Systems systems, std::ostream& out,
                      std::ostream& err);

}  // namespace conformance
