// A check judges one requirement against one target.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "verdict.hpp"

namespace conformance {

class Context;

struct Check {
  std::string_view requirement;  ///< id in fixtures/requirements
  Outcome (*run)(Context&);
  /// The tus extension the check needs; without it the runner skips, saying so. Rows that judge
  /// the absence of an extension leave it empty.
  std::string_view needs = {};
};

/// Every suite there is, in the order of the catalogue. Defined in suites/suites.cpp.
[[nodiscard]] std::vector<Check> all_checks();

}  // namespace conformance
