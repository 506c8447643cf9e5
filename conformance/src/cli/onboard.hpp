// `dex-conformance onboard`: walks a partner through what they will do.
#pragma once

#include <iosfwd>

#include "cli/options.hpp"

namespace conformance {

/// Prints the walk as it goes, writes its reports and returns the exit code: 0 ready, 1 not ready,
/// 2 usage, 3 not reached or not let in, 4 a report that could not be written (a bad walk keeps its
/// own).
[[nodiscard]] int onboard_partner(const OnboardCommand& command, Systems systems, std::ostream& out,
                                  std::ostream& err);

}  // namespace conformance
