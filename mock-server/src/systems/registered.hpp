// The registration: whose endpoints there are, and what of their exchanges is recorded. Rules,
// journal and logs know endpoints by name, whether or not a lane serves them.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "systems/dex_routes.hpp"
#include "systems/identity_routes.hpp"
#include "systems/journal_fields.hpp"
#include "systems/tus_journal.hpp"
#include "systems/tus_routes.hpp"

namespace mock {

struct RegisteredSystem {
  std::string_view name;                 ///< as a profile spells it
  std::span<const RoutePattern> routes;  ///< its own, beside those of a system that it is built on
  JournalFields journal = {};            ///< likewise
};

/// One line for each system; how it is made is in lane/systems.cpp.
inline constexpr std::array registered_systems{
    RegisteredSystem{"tus", tus_routes, tus_journal},
    RegisteredSystem{"dex", dex_routes},
};

/// Theirs, and those of every lane.
inline constexpr auto registered_routes = [] {
  std::array<std::span<const RoutePattern>, registered_systems.size() + 2> all;
  for (std::size_t i = 0; i < registered_systems.size(); ++i) all[i] = registered_systems[i].routes;
  all[registered_systems.size()] = identity_routes;
  all[registered_systems.size() + 1] = own_routes;
  return all;
}();

/// The one called so; "unknown" is none. An Error, without a place, names those that there are.
[[nodiscard]] Result<Route> parse_route(std::string_view name);

}  // namespace mock
