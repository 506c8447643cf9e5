#include "objects/suites.hpp"

namespace conformance::suites {

std::vector<Check> objects_checks() {
  return joined({
      objects_post,
  });
}

}  // namespace conformance::suites
