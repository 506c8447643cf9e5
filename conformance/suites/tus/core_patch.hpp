// PATCH is one area in two files; core_patch() of suites.hpp puts them together.
#pragma once

#include <vector>

#include "check.hpp"

namespace conformance::suites {

/// The rows about broken connections, competing requests and the connection after an error.
[[nodiscard]] std::vector<Check> core_patch_connection();

}  // namespace conformance::suites
