// The checks of the DEX Upload API: one function per area of the catalogue, each in a file of
// suites/.
#pragma once

#include <vector>

#include "check.hpp"

namespace conformance::suites {

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

/// All of these.
[[nodiscard]] std::vector<Check> dex_checks();

}  // namespace conformance::suites
