#include "suites.hpp"

#include <initializer_list>

namespace conformance {

// The order of the catalogue. A suite is added here when its file lands.
std::vector<Check> all_checks() {
  using Suite = std::vector<Check> (*)();
  const std::initializer_list<Suite> suites = {
      suites::core_version,
      suites::core_options,
      suites::core_headers,
      suites::core_head,
      suites::core_patch,
      suites::core_method_override,
      suites::creation,
      suites::creation_metadata,
      suites::creation_defer_length,
      suites::creation_with_upload,
      suites::expiration,
      suites::checksum,
      suites::checksum_trailer,
      suites::termination,
      suites::concatenation,
      suites::concatenation_unfinished,
      suites::cors,
      suites::http_hygiene,
      suites::ietf_draft,
      suites::dex_routes,
      suites::dex_tus,
      suites::dex_clients,
      suites::dex_metadata,
      suites::dex_manifest,
      suites::dex_info,
      suites::dex_delivery,
      suites::dex_route,
      suites::dex_auth,
      suites::dex_health,
      suites::dex_metrics,
      suites::dex_security,
  };
  std::vector<Check> checks;
  for (const Suite suite : suites) {
    for (const Check& check : suite()) checks.push_back(check);
  }
  return checks;
}

}  // namespace conformance
