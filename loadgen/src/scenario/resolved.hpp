// A scenario as one document, so that another machine can recognise the run and go through it.
#pragma once

#include <string>

#include "scenario/scenario.hpp"

namespace loadgen {

/// JSON for `apply_scenario_text`: what the file said, with the flags put in, and with the content
/// of the files that it names (networks, manifests) in place of their names. It leaves out what
/// only the command line has, and Scenario::scale.
[[nodiscard]] std::string resolved(const Scenario& scenario);

/// The parts of such a document that make runs the same, as text to compare. It leaves out what may
/// differ between the machines of a run: where the target and proxies are, who logs in, where files
/// are.
[[nodiscard]] std::string sameness(const std::string& document);

}  // namespace loadgen
