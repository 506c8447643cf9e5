// What a system of a lane is made of.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "http/message.hpp"
#include "notice.hpp"
#include "services.hpp"
#include "system/lane_input.hpp"
#include "system/typed_values.hpp"

namespace mock {

/// What a system may read before it is made. Not owning.
struct SystemInputs {
  const TypedValues& config;
  const LaneFiles& files;
  /// Of a lane with this system that is open: what is configured alike is not read again, since it
  /// may have been a pipe. Null: there is none.
  const TypedValues* known_config = nullptr;
  const TypedValues* known = nullptr;  ///< what was read of `known_config`
};

/// What a system is told. Not owning: the values are of the moment in which it is made.
struct SystemValues {
  const TypedValues& profile;  ///< what the profile says (RegisteredSystem::read_profile)
  const TypedValues& config;   ///< what the lane is set to (RegisteredSystem::settings)
  const TypedValues& content;  ///< what was read of it (RegisteredSystem::load)
  // What each lane is set to.
  UnreadBody early_error = UnreadBody::drain;
  bool secure = false;
  bool by_guide = false;  ///< --contract guide
};

/// And what it works with, which outlives it.
struct SystemGround {
  Services& services;  ///< those of its lane
  SystemValues values;
  /// Of the lane's tokens, where they name one; empty: they do not.
  std::function<std::string()> issuer = {};
  /// Of all lanes together; nullopt: the store is not on disk.
  std::optional<std::filesystem::path> store_folder = {};
  /// Where the lane keeps what it delivers.
  std::optional<std::filesystem::path> delivery_folder = {};
  /// What its configuration is to be warned of has not been told yet.
  bool warns = false;
  Notify notify = {};
};

}  // namespace mock
