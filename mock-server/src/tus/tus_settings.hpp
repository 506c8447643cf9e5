// What tus can be set to, and how a lane's tus is made of it.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "protocol/error.hpp"
#include "protocol/json/decode.hpp"
#include "protocol/units.hpp"
#include "system/ground.hpp"
#include "system/setting.hpp"
#include "system/system.hpp"
#include "tus/tus_handler.hpp"

namespace mock {

/// Values as the command line takes them; what is not given is the profile's.
struct TusConfig {
  std::optional<Bytes> max_size;
  std::optional<Milliseconds> expire_after;
};

[[nodiscard]] const std::vector<SystemSetting>& tus_settings();
/// Reads "tus" of a profile, into TusOptions; `early_error` is the lane's. An unknown extension
/// fails at its place.
void read_tus_profile(const json::Cursor& at, TypedValues& into);
/// What the profile offers, as far as the lane does not say otherwise; also for a system that is
/// built on tus.
[[nodiscard]] TusOptions tus_options_of(const SystemValues& values);
/// Loop thread only.
[[nodiscard]] Result<std::unique_ptr<System>> make_tus(const SystemGround& ground);

}  // namespace mock
