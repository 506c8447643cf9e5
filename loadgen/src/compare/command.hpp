// `dex-loadgen compare` on the command line.
#pragma once

#include <memory>
#include <string>

#include "protocol/error.hpp"

namespace CLI {
class App;
}

namespace loadgen {

/// What was given on the command line.
struct CompareCommand;
/// Adds the command to `app`, which outlives what it returns.
[[nodiscard]] std::shared_ptr<CompareCommand> add_compare(CLI::App& app);
/// Whether the command line asked for `compare`.
[[nodiscard]] bool asked_for(const CompareCommand& command);

/// What to print and how to end; `unwritten`: a report that could not be written.
struct Compared {
  std::string text;
  bool worse = false;
  Result<void> written;
};
/// Reads both runs and writes what was asked for. An Error is one of usage.
[[nodiscard]] Result<Compared> run_compare(const CompareCommand& command);

}  // namespace loadgen
