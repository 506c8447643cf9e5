// What an object store is set to, by the profile and by flags.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "objects/objects_options.hpp"
#include "protocol/json/decode.hpp"
#include "system/ground.hpp"
#include "system/setting.hpp"
#include "system/system.hpp"

namespace mock {

/// What flags say.
struct ObjectsConfig {
  std::optional<ETag> etag = {};  ///< nullopt: as the profile
};

[[nodiscard]] const std::vector<SystemSetting>& objects_settings();
void read_objects_profile(const json::Cursor& at, TypedValues& into);
/// Of both.
[[nodiscard]] ObjectsOptions objects_options_of(const SystemValues& values);
[[nodiscard]] Result<std::unique_ptr<System>> make_objects(const SystemGround& ground);

}  // namespace mock
