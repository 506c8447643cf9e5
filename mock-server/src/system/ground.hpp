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
  /// The configuration of an open lane with this system. What is configured alike is not read
  /// again, since it may have been a pipe. Null: there is none.
  const TypedValues* known_config = nullptr;
  const TypedValues* known = nullptr;  ///< what was read of `known_config`
};

/// What a system is told. Not owning: valid only while the system is made.
struct SystemValues {
  const TypedValues& profile;  ///< what the profile says (RegisteredSystem::read_profile)
  const TypedValues& config;   ///< what the lane is set to (RegisteredSystem::settings)
  const TypedValues& content;  ///< what was read of it (RegisteredSystem::load)
  // What each lane is set to.
  UnreadBody early_error = UnreadBody::drain;
  bool secure = false;
  bool by_guide = false;  ///< --contract guide
};

/// What a system is made with. `services` outlive it.
struct SystemGround {
  Services& services;  ///< those of its lane
  SystemValues values;
  /// The issuer that the lane's tokens name; empty: they name none.
  std::function<std::string()> issuer = {};
  /// The folder of the store of all lanes; nullopt: it is not on disk.
  std::optional<std::filesystem::path> store_folder = {};
  /// Where the lane keeps what it delivers.
  std::optional<std::filesystem::path> delivery_folder = {};
  /// Whether to warn of its configuration: not again for each lane that a request opens.
  bool warns = false;
  Notify notify = {};
};

}  // namespace mock
