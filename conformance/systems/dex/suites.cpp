#include "dex/suites.hpp"

namespace conformance::suites {

std::vector<Check> dex_checks() {
  return joined({
      dex_routes,
      dex_tus,
      dex_clients,
      dex_metadata,
      dex_manifest,
      dex_info,
      dex_delivery,
      dex_route,
      dex_auth,
      dex_health,
      dex_metrics,
      dex_security,
  });
}

}  // namespace conformance::suites
