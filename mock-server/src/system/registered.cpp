#include "system/registered.hpp"

#include <algorithm>
#include <string>

#include "system/identity_routes.hpp"

namespace mock {

const RegisteredSystem* registered_system(std::string_view name) {
  const auto all = registered_systems();
  const auto found = std::ranges::find(all, name, &RegisteredSystem::name);
  return found == all.end() ? nullptr : &*found;
}

std::optional<std::string> claimed_key(const Request& request) {
  for (const auto& system : registered_systems()) {
    if (system.access_key == nullptr) continue;
    if (auto key = system.access_key(request)) return key;
  }
  return std::nullopt;
}

std::vector<std::span<const RoutePattern>> registered_routes() {
  std::vector<std::span<const RoutePattern>> all;
  for (const auto& system : registered_systems()) all.push_back(system.routes);
  all.insert(all.end(), {identity_routes, own_routes});
  return all;
}

Result<Route> parse_route(std::string_view name) {
  std::string names;
  Route last;
  for (const auto& patterns : registered_routes()) {
    for (const auto& pattern : patterns) {
      const Route route = pattern.endpoint;
      if (route.name() == name) return route;
      if (route == last || route.is_control()) continue;
      names.append(route.name()).append(", ");
      last = route;
    }
  }
  if (name == Route{}.name()) return Route{};
  return failure({}, names.append(Route{}.name()));
}

const AttributeName* find_attribute(std::string_view name) {
  for (const auto& system : registered_systems()) {
    for (const auto& attribute : system.attributes) {
      if (attribute.name == name) return &attribute;
    }
  }
  return nullptr;
}

std::vector<std::string_view> attribute_names() {
  std::vector<std::string_view> names;
  for (const auto& system : registered_systems()) {
    for (const auto& attribute : system.attributes) names.push_back(attribute.name);
  }
  return names;
}

AttributeSchemas attribute_schemas() {
  AttributeSchemas all;
  for (const auto& system : registered_systems()) {
    if (system.schema != nullptr) all.push_back(&system.schema());
  }
  return all;
}

}  // namespace mock
