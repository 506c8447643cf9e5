// From catalogue, checks and target to the list of cases that are run.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "catalogue/selection.hpp"
#include "check.hpp"

namespace conformance {

struct Case {
  const Requirement* row = nullptr;
  Check check;
  std::optional<std::string> skip;  ///< why it is not run
};

struct Plan {
  std::vector<Case> cases;                    ///< in the order of the catalogue
  std::vector<const Requirement*> unchecked;  ///< selected rows that no check judges
  std::size_t slow_left_out = 0;              ///< selected rows that are slow, and not asked for
};

/// An Error (of the harness) when a check names an unknown requirement or two name the same one.
[[nodiscard]] Result<Plan> make_plan(const Catalogue& catalogue, const std::vector<Check>& checks,
                                     const Selection& selection, const System& system,
                                     const Target& target);

}  // namespace conformance
