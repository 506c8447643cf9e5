#include "suites.hpp"

#include <initializer_list>

namespace conformance {

// The order of the catalogue. A suite is added here when its file lands.
std::vector<Check> all_checks() {
  using Suite = std::vector<Check> (*)();
  const std::initializer_list<Suite> suites = {
      // suites::core_version,
  };
  std::vector<Check> checks;
  for (const Suite suite : suites) {
    for (const Check& check : suite()) checks.push_back(check);
  }
  return checks;
}

}  // namespace conformance
