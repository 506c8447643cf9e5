// The command line of dex-loadgen.
#pragma once

namespace loadgen {

/// Returns the exit code (see ExitCode). Reads the environment, installs handlers for SIGINT and
/// SIGTERM, writes to stdout and stderr. Once per process.
[[nodiscard]] int command_line(int argc, char** argv);

}  // namespace loadgen
