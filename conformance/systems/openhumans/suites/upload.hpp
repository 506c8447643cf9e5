// openhumans_upload() is one area in two files: upload/, and direct/ with what follows it.
#pragma once

#include <vector>

#include "check.hpp"

namespace conformance::suites {

/// The rows about direct/, PUT and complete/: OH-UP-010 to -029.
std::vector<Check> openhumans_direct();

}  // namespace conformance::suites
