// One function per file of checks; each file covers one area of the catalogue.
#pragma once

#include <vector>

#include "check.hpp"

namespace conformance::suites {

// suites/tus
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
std::vector<Check> cors();
std::vector<Check> http_hygiene();
std::vector<Check> ietf_draft();

// suites/dex
std::vector<Check> dex_routes();
std::vector<Check> dex_tus();
std::vector<Check> dex_clients();
std::vector<Check> dex_metadata();
std::vector<Check> dex_manifest();
std::vector<Check> dex_info();
std::vector<Check> dex_delivery();
std::vector<Check> dex_route();
std::vector<Check> dex_auth();
std::vector<Check> dex_health();
std::vector<Check> dex_metrics();
std::vector<Check> dex_security();

}  // namespace conformance::suites
