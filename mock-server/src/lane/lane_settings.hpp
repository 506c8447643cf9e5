// What a lane can be configured with: its own table and those of all systems.
#pragma once

#include <vector>

#include "lane/lane_config.hpp"
#include "system/setting.hpp"

namespace mock {

struct LaneSetting : KeptSetting<LaneConfig> {
  bool of_listener = false;  ///< the key is in "limits"
};

/// In the order of --help.
[[nodiscard]] const std::vector<LaneSetting>& lane_settings();

}  // namespace mock
