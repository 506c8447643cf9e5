// The named configurations of the mock in which requirements are judged.
#pragma once

#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "programs.hpp"

namespace programs {

using Arguments = std::vector<std::string>;

struct Configuration {
  std::string name;
  Arguments server;  ///< without --store it gets a folder
  Arguments judge;   ///< of dex-conformance; "{url}" is the server's address
  /// Called before the server starts, for every run: makes the files that flags name; may add
  /// flags.
  std::function<void(const std::filesystem::path& folder, Arguments& server, Arguments& judge)>
      prepare = {};
  /// Called when the server runs: makes the files that need it; may add flags of dex-conformance.
  std::function<void(const Mock& mock, const std::filesystem::path& folder, Arguments& judge)> ask =
      {};
  /// A server whose backend is broken, or that is closed where DEX is open: some rows are red, and
  /// others can be judged only there.
  bool red = false;
  std::string path = "/files";  ///< what is judged, below the server's address
  std::string key = {};         ///< an API key for --token-env; empty: none
};

/// In the order in which they are tried: a row counts as judged in the first that does not skip it.
[[nodiscard]] const std::vector<Configuration>& configurations();

/// Starts the mock in `configuration` with `more` arguments and judges `rows`, or all rows when
/// that is empty. `of_judge` are further arguments of dex-conformance.
[[nodiscard]] Conformance judge_rows(const Configuration& configuration,
                                     const std::set<std::string>& rows, const Arguments& more = {},
                                     const Arguments& of_judge = {});

}  // namespace programs
