// The named configurations of the mock in which requirements are judged.
#pragma once

#include <string>
#include <vector>

#include "programs.hpp"

namespace programs {

struct Configuration {
  std::string name;
  std::vector<std::string> server;  ///< arguments; without --store it gets a folder
  std::vector<std::string> judge;   ///< arguments of dex-conformance
};

/// In the order they are tried: a row is judged in the first one that does not skip it.
[[nodiscard]] const std::vector<Configuration>& configurations();

}  // namespace programs
