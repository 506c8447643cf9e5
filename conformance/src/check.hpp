// A check judges one requirement against one target.
#pragma once

#include <initializer_list>
#include <string_view>
#include <vector>

#include "verdict.hpp"

namespace conformance {

class Context;

struct Check {
  std::string_view requirement;  ///< id in fixtures/requirements
  Outcome (*run)(Context&);
  /// The extension of the target that the check needs; without it the runner skips, saying so. Rows
  /// that judge the absence of an extension leave it empty.
  std::string_view needs = {};
};

/// The checks of several suites, one after the other.
[[nodiscard]] inline std::vector<Check> joined(
    std::initializer_list<std::vector<Check> (*)()> suites) {
  std::vector<Check> checks;
  for (const auto suite : suites) {
    const std::vector<Check> more = suite();
    checks.insert(checks.end(), more.begin(), more.end());
  }
  return checks;
}

}  // namespace conformance
