// What DEX can be set to, and how a lane's DEX is made of it.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "dex/delivery_config.hpp"
#include "dex/upload_configs.hpp"
#include "protocol/error.hpp"
#include "system/ground.hpp"
#include "system/lane_input.hpp"
#include "system/setting.hpp"
#include "system/system.hpp"

namespace mock {

/// Values as the command line takes them.
struct DexConfig {
  LaneInput upload_configs;
  LaneInput deliver;
  /// --deliver-root: the folder with a folder for each target. From `start`, or from a `request`:
  /// then `name` is inside the lane's own folder, and there is no text.
  LaneInput deliver_root;
};

/// What they name, read and understood.
struct DexContent {
  std::optional<DeliveryConfig> delivery;            ///< nullopt: the built-in one
  std::optional<UploadConfigSource> upload_configs;  ///< nullopt: the built-in one
};

[[nodiscard]] const std::vector<SystemSetting>& dex_settings();
/// Reads upload configs and delivery targets. Any thread; may take a while.
[[nodiscard]] Loaded<void> load_dex(const SystemInputs& inputs, TypedValues& into);
/// Loop thread only. An Error is about the configuration, or names a folder.
[[nodiscard]] Result<std::unique_ptr<System>> make_dex(const SystemGround& ground);

}  // namespace mock
