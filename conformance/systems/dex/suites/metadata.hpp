// dex_metadata() is one area in two files: what is refused, and what is taken.
#pragma once

#include <vector>

#include "check.hpp"

namespace conformance::suites {

/// The rows about manifests that are taken.
std::vector<Check> dex_metadata_taken();

}  // namespace conformance::suites
