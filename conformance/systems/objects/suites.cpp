#include "objects/suites.hpp"

namespace conformance::suites {

std::vector<Check> objects_checks() {
  return joined({
      objects_post,
      objects_policy,
  });
}

}  // namespace conformance::suites
