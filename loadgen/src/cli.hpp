// The command line of dex-loadgen.
#pragma once

namespace loadgen {

/// Returns the exit code (see ExitCode). Reads the environment, installs handlers for SIGINT,
/// SIGTERM and SIGHUP, writes to stdout and stderr. Once per process.
[[nodiscard]] int command_line(int argc, char** argv);

}  // namespace loadgen
