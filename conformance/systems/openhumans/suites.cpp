#include "openhumans/suites.hpp"

namespace conformance::suites {

std::vector<Check> openhumans_checks() {
  return joined({
      openhumans_auth,
      openhumans_metadata,
      openhumans_upload,
      openhumans_files,
  });
}

}  // namespace conformance::suites
