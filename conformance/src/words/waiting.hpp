// The words for what takes its time.
#pragma once

#include <chrono>
#include <string_view>

#include "run/context.hpp"

namespace conformance::suites {

/// Waits until `what` has outlived `lifetime`; ends the check as not offered when that is longer
/// than the check may take.
void outlive(Context& c, std::chrono::seconds lifetime, std::string_view what);

}  // namespace conformance::suites
