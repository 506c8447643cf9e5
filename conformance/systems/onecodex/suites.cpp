#include "onecodex/suites.hpp"

namespace conformance::suites {

std::vector<Check> onecodex_checks() {
  return joined({
      onecodex_auth,
      onecodex_init,
      onecodex_upload,
  });
}

}  // namespace conformance::suites
