// The checks of One Codex: one function per area of the catalogue, each in a file of suites/.
#pragma once

#include <vector>

#include "check.hpp"

namespace conformance::suites {

std::vector<Check> onecodex_auth();
std::vector<Check> onecodex_init();
std::vector<Check> onecodex_upload();

/// All of these.
[[nodiscard]] std::vector<Check> onecodex_checks();

}  // namespace conformance::suites
