// What One Codex can be set to, and how that of a lane is made.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "protocol/error.hpp"
#include "protocol/units.hpp"
#include "system/ground.hpp"
#include "system/setting.hpp"
#include "system/system.hpp"

namespace mock {

/// Values as the command line takes them.
struct OneCodexConfig {
  std::vector<std::string> api_keys{"demodemodemodemodemodemodemodemo"};
  Milliseconds lifetime{24L * 60 * 60 * 1000};  ///< the service's own is not known
  Milliseconds import_time{1'000};
};

[[nodiscard]] const std::vector<SystemSetting>& onecodex_settings();
/// Loop thread only. An Error is about the configuration.
[[nodiscard]] Result<std::unique_ptr<System>> make_onecodex(const SystemGround& ground);

}  // namespace mock
