// What a lane's configuration names, read and understood, before the lane is made of it.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "auth/users.hpp"
#include "dex/delivery_config.hpp"
#include "dex/upload_configs.hpp"
#include "lane/lane_config.hpp"
#include "misbehave/rule.hpp"
#include "profile/profile.hpp"
#include "protocol/error.hpp"

namespace mock {

/// Immutable once made, and shared by the lanes that are configured alike.
struct LaneContent {
  std::shared_ptr<const Profile> profile;
  Users users;
  /// In the order in which they count.
  std::shared_ptr<const std::vector<misbehave::Misbehaviour>> misbehaviours;
  /// Those of them that were files at the start, by name.
  std::map<std::string, misbehave::Misbehaviour> rule_files;
  std::optional<DeliveryConfig> delivery;            ///< nullopt: the built-in one
  std::optional<UploadConfigSource> upload_configs;  ///< nullopt: the built-in one
};

/// What there is to read from.
struct LaneSources {
  /// --lane-files: where the names that a request sends are looked up; nullopt: nowhere.
  std::optional<std::filesystem::path> folder;
  /// Of a lane that is open: what is configured alike is not read again, since it may have been a
  /// pipe. Null: there is none.
  std::shared_ptr<const LaneContent> known;
  LaneConfig known_config;
};

struct LaneContentError {
  Error told;          ///< for whoever wrote the configuration; nothing out of a file of the folder
  std::string detail;  ///< for the log of the server, when it is more than `told`
};

/// Reads what `config` names and parses all of it. Any thread; may take a while.
[[nodiscard]] tl::expected<std::shared_ptr<const LaneContent>, LaneContentError> load_lane_content(
    const LaneConfig& config, const LaneSources& sources);

}  // namespace mock
