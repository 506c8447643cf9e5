#include "target/target.hpp"

#include <algorithm>

namespace conformance {

const System* system_named(Systems systems, std::string_view name) {
  const auto found = std::find_if(systems.begin(), systems.end(),
                                  [&](const System* system) { return system->name == name; });
  return found == systems.end() ? nullptr : *found;
}

std::string names_of(Systems systems, std::string_view last_separator) {
  std::string names;
  for (const System* system : systems) {
    if (system == systems.back() && !names.empty()) {
      names += last_separator;
    } else if (!names.empty()) {
      names += ", ";
    }
    names += system->name;
  }
  return names;
}

std::vector<Check> checks_of(Systems systems) {
  std::vector<Check> checks;
  for (const System* system : systems) {
    const std::vector<Check> more = system->checks();
    checks.insert(checks.end(), more.begin(), more.end());
  }
  return checks;
}

}  // namespace conformance
