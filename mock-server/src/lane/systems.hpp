// The systems of a lane, made as its configuration says.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lane/lane_config.hpp"
#include "lane/lane_content.hpp"
#include "notice.hpp"
#include "protocol/error.hpp"
#include "services.hpp"
#include "system/system.hpp"

namespace mock {

/// What a system is made of. Everything by reference outlives it.
struct SystemGround {
  Services& services;
  const LaneConfig& config;
  const LaneContent& content;
  /// Of all lanes together; nullopt: the store is not on disk.
  std::optional<std::filesystem::path> store_folder = {};
  /// Where the lane keeps what it delivers.
  std::optional<std::filesystem::path> delivery_folder = {};
  /// What its configuration is to be warned of has not been told yet.
  bool warns = false;
  std::function<std::string()> issuer = {};  ///< of the lane's tokens
  Notify notify = {};
};

/// `name` as a profile says it. An Error is about the configuration, or names a folder.
[[nodiscard]] Result<std::unique_ptr<System>> make_system(std::string_view name,
                                                          const SystemGround& ground);

}  // namespace mock
