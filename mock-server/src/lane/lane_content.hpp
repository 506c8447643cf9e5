// What a lane's configuration names, read and understood, before the lane is made of it.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "auth/users.hpp"
#include "lane/lane_config.hpp"
#include "misbehave/rule.hpp"
#include "profile/profile.hpp"
#include "protocol/error.hpp"
#include "system/lane_input.hpp"
#include "system/typed_values.hpp"

namespace mock {

/// Immutable once made, and shared by the lanes that are configured alike.
struct LaneContent {
  std::shared_ptr<const Profile> profile;
  Users users;
  /// In the order in which they count.
  std::shared_ptr<const std::vector<misbehave::Misbehaviour>> misbehaviours;
  /// Those of them that were files of the command line, by name.
  std::map<std::string, misbehave::Misbehaviour> rule_files;
  TypedValues systems;  ///< what the systems of the profile read
};

/// What there is to read from.
struct LaneSources {
  LaneFiles folder;
  /// The content of a lane that is open, and its configuration. What is configured alike is taken
  /// from there and not read again, since it may have been a pipe. Null: there is none.
  std::shared_ptr<const LaneContent> known;
  LaneConfig known_config;
};

/// Reads what `config` names and parses all of it. Any thread; may take a while.
[[nodiscard]] Loaded<std::shared_ptr<const LaneContent>> load_lane_content(
    const LaneConfig& config, const LaneSources& sources);

}  // namespace mock
