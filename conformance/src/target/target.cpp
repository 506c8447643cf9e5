#include "target/target.hpp"

#include <algorithm>

#include "transport/url.hpp"

namespace conformance {

std::string Target::why_not_offered(std::string_view extension) const {
  return std::string(extension) + " is not offered (Tus-Extension of OPTIONS)";
}

const System* system_named(Systems systems, std::string_view name) {
  const auto found = std::find_if(systems.begin(), systems.end(),
                                  [&](const System* system) { return system->name == name; });
  return found == systems.end() ? nullptr : *found;
}

std::vector<std::string_view> names_of(Systems systems) {
  std::vector<std::string_view> names;
  for (const System* system : systems) names.push_back(system->name);
  return names;
}

settings::Owners<OwnSetting> owners(Systems systems) {
  settings::Owners<OwnSetting> all;
  for (const System* system : systems) all.push_back({system->name, &system->settings});
  return all;
}

Result<std::string> read_address(const std::string& text) {
  if (const auto parts = transport::parse_url(text); !parts) {
    const Error& e = parts.error();
    return failure("", e.where == text ? quote(redact::shown_url(text)) + ": " + e.what : e.what,
                   e.hint);
  }
  return text;
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
