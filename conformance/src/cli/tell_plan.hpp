// `plan`: what a run would do, before anything is sent.
#pragma once

#include <iosfwd>

#include "cli/options.hpp"

namespace conformance {

/// Reads all that a run would read, prints what its rows send, by figures that were measured
/// (fixtures/costs), and returns the exit code: that of a run that cannot be begun, or 0.
int tell_plan(const RunCommand& command, Systems systems, std::ostream& out, std::ostream& err);

}  // namespace conformance
