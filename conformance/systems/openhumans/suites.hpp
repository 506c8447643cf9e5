// The checks of Open Humans: one function per area of the catalogue, each in a file of suites/.
#pragma once

#include <vector>

#include "check.hpp"

namespace conformance::suites {

std::vector<Check> openhumans_auth();
std::vector<Check> openhumans_metadata();
std::vector<Check> openhumans_upload();
std::vector<Check> openhumans_files();

/// All of these.
[[nodiscard]] std::vector<Check> openhumans_checks();

}  // namespace conformance::suites
