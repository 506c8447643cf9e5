// A scenario as one document, so that a run can be known, and gone through, on another machine.
#pragma once

#include <string>

#include "scenario/scenario.hpp"

namespace loadgen {

/// JSON for `apply_scenario_text`: what the file said, with flags in it, and in the place of the
/// files that it names (networks, manifests) what they hold. What is for the command line only, and
/// Scenario::scale, is not in it.
[[nodiscard]] std::string resolved(const Scenario& scenario);

/// What of such a document makes runs the same, as text to compare: without what may be otherwise
/// on each machine of a run - where the target and proxies are, who logs in, where files are.
[[nodiscard]] std::string sameness(const std::string& document);

}  // namespace loadgen
