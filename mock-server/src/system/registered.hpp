// The registration: which systems there are, and all that others know of one. Rules, journal and
// logs know their endpoints by name, whether or not a lane serves them. Code that knows no system
// asks here. The list itself is in the room above them all, systems/registered.cpp; whatever links
// this room needs that list, or one of its own.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"
#include "http/route.hpp"
#include "protocol/error.hpp"
#include "protocol/json/decode.hpp"
#include "system/attribute_names.hpp"
#include "system/ground.hpp"
#include "system/journal_fields.hpp"
#include "system/setting.hpp"
#include "system/system.hpp"
#include "system/typed_values.hpp"

namespace mock {

/// All that others know of a system. A constant; call its functions from any thread, but `make`.
struct RegisteredSystem {
  std::string_view name;                 ///< as a profile spells it
  std::span<const RoutePattern> routes;  ///< its own, beside those of a system that it is built on
  JournalFields journal = {};            ///< likewise
  std::span<const AttributeName> attributes = {};  ///< of its uploads; likewise
  /// How those are kept; null: as the system that it is built on does it.
  const AttributeSchema& (*schema)() = nullptr;
  /// Loop thread only. An Error is about the configuration, or names a folder.
  Result<std::unique_ptr<System>> (*make)(const SystemGround& ground) = nullptr;
  /// Flags and keys of a lane, whether or not the lane has the system; null: none.
  const std::vector<SystemSetting>& (*settings)() = nullptr;
  /// Reads what stands under its name in a profile, or fails there; null: it takes nothing there.
  void (*read_profile)(const json::Cursor& at, TypedValues& into) = nullptr;
  /// Reads what its settings name, before a lane with it is made; may take a while. Null: nothing.
  Loaded<void> (*load)(const SystemInputs& inputs, TypedValues& into) = nullptr;
  /// The id of the access key that the head of a request, not yet admitted anywhere, names; proves
  /// nothing. Null: its clients have none.
  std::optional<std::string> (*access_key)(const Request& request) = nullptr;
};

/// All that there are; constants.
[[nodiscard]] std::span<const RegisteredSystem> registered_systems();
/// nullptr: there is none of that name.
[[nodiscard]] const RegisteredSystem* registered_system(std::string_view name);

/// What the first of them finds in the request (RegisteredSystem::access_key).
[[nodiscard]] std::optional<std::string> claimed_key(const Request& request);

/// Their endpoints, and those of every lane.
[[nodiscard]] std::vector<std::span<const RoutePattern>> registered_routes();

/// The endpoint called so; "unknown" is none. An Error, without a place, lists the names.
[[nodiscard]] Result<Route> parse_route(std::string_view name);

/// The attribute called so; nullptr: no system has one.
[[nodiscard]] const AttributeName* find_attribute(std::string_view name);
/// Of all systems.
[[nodiscard]] std::vector<std::string_view> attribute_names();
/// Of all systems, for a store that may hold uploads of each.
[[nodiscard]] AttributeSchemas attribute_schemas();

}  // namespace mock
