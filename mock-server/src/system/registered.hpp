// The registration: which systems there are, and what of their exchanges is recorded. Rules,
// journal and logs know their endpoints by name, whether or not a lane serves them. What knows no
// system asks here; the list itself is in the room above them all, systems/registered.cpp, and
// whatever is linked with this room is given one.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "http/route.hpp"
#include "protocol/error.hpp"
#include "system/journal_fields.hpp"

namespace mock {

struct RegisteredSystem {
  std::string_view name;                 ///< as a profile spells it
  std::span<const RoutePattern> routes;  ///< its own, beside those of a system that it is built on
  JournalFields journal = {};            ///< likewise
};

/// All that there are; constants.
[[nodiscard]] std::span<const RegisteredSystem> registered_systems();

/// Their endpoints, and those of every lane.
[[nodiscard]] std::vector<std::span<const RoutePattern>> registered_routes();

/// The one called so; "unknown" is none. An Error, without a place, names those that there are.
[[nodiscard]] Result<Route> parse_route(std::string_view name);

}  // namespace mock
