#include "objects/suites.hpp"

namespace conformance::suites {

std::vector<Check> objects_checks() {
  return joined({
      objects_post,
      objects_policy,
      objects_presigned,
      objects_signed,
      objects_transfer,
  });
}

}  // namespace conformance::suites
