// `dex-loadgen find-max` on the command line.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "find_max/find_max.hpp"
#include "protocol/error.hpp"

namespace CLI {
class App;
}

namespace loadgen {

/// What was given on the command line.
struct FindMaxCommand {
  const CLI::App* app = nullptr;
  Scenario scenario;  ///< with no load of its own
  std::vector<std::string> notes;
  FindMaxOptions options;
  std::string html, json;
};
/// Adds the command to `app`, which outlives what it returns.
[[nodiscard]] std::shared_ptr<FindMaxCommand> add_find_max(CLI::App& app);
[[nodiscard]] bool asked_for(const FindMaxCommand& command);

/// Searches, tells of each step on stderr and writes what was asked for; `text` is left to print.
/// `interrupted` as in RunHooks. An Error is a usage error, found before anything was sent.
struct Searched {
  Found found;
  std::string text;
  Result<void> written;
};
[[nodiscard]] Result<Searched> run_find_max(const FindMaxCommand& command,
                                            std::function<int()> interrupted);

}  // namespace loadgen
