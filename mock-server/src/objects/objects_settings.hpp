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
  /// In place of the profile's keys, and of this lane alone; empty: the profile's.
  std::vector<s3::Credentials> keys = {};
};

[[nodiscard]] const std::vector<SystemSetting>& objects_settings();
void read_objects_profile(const json::Cursor& at, TypedValues& into);
/// What profile and flags say together.
[[nodiscard]] ObjectsOptions objects_options_of(const SystemValues& values);
[[nodiscard]] Result<std::unique_ptr<System>> make_objects(const SystemGround& ground);
/// The id of the access key that the head of a request claims. That of a form is in its body.
[[nodiscard]] std::optional<std::string> object_access_key(const Request& request);

}  // namespace mock
