// What a lane can be configured with, as a table: an entry is a flag of the command line, a key of
// the lane's JSON, and what is kept of it on disk.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "lane/lane_config.hpp"
#include "lane/lane_config_json.hpp"
#include "protocol/json/decode.hpp"
#include "settings/setting.hpp"

namespace mock {

struct LaneSetting : settings::Setting<LaneConfig> {
  std::string key;           ///< the flag's name with '_' for '-', in the plural for a list
  bool of_listener = false;  ///< the key is in "limits"
  /// Takes the key's value, which may be null, or fails at its place.
  std::function<void(LaneConfig&, const json::Cursor& value, ConfigWriter)> read;
  /// What is read from again; null: it is not set, and need not be kept.
  std::function<nlohmann::ordered_json(const LaneConfig&, ConfigReader)> write;
};

/// In the order of --help.
[[nodiscard]] const std::vector<LaneSetting>& lane_settings();

}  // namespace mock
