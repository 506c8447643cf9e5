// The checks of object stores: one function per area of the catalogue, each in a file of suites/.
#pragma once

#include <vector>

#include "check.hpp"

namespace conformance::suites {

std::vector<Check> objects_post();
std::vector<Check> objects_policy();
std::vector<Check> objects_presigned();
std::vector<Check> objects_signed();
std::vector<Check> objects_transfer();

/// All of these.
[[nodiscard]] std::vector<Check> objects_checks();

}  // namespace conformance::suites
