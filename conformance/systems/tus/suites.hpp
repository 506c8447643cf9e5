// The checks of tus 1.0: one function per area of the catalogue, each in a file of suites/.
#pragma once

#include <vector>

#include "check.hpp"

namespace conformance::suites {

std::vector<Check> core_version();
std::vector<Check> core_options();
std::vector<Check> core_headers();
std::vector<Check> core_head();
std::vector<Check> core_patch();
std::vector<Check> core_method_override();
std::vector<Check> creation();
std::vector<Check> creation_metadata();
std::vector<Check> creation_defer_length();
std::vector<Check> creation_with_upload();
std::vector<Check> expiration();
std::vector<Check> checksum();
std::vector<Check> checksum_trailer();
std::vector<Check> termination();
std::vector<Check> concatenation();
std::vector<Check> concatenation_unfinished();
std::vector<Check> sizes();
std::vector<Check> over_time();
std::vector<Check> repetition();
std::vector<Check> combinations();
std::vector<Check> neighbours();
std::vector<Check> cors();
std::vector<Check> http_hygiene();
std::vector<Check> ietf_draft();

/// All of these.
[[nodiscard]] std::vector<Check> tus_checks();

}  // namespace conformance::suites
