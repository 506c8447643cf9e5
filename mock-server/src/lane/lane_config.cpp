#include "lane/lane_config.hpp"

#include "profile/profile.hpp"
#include "tus/tus_handler.hpp"

namespace mock {

TusOptions tus_options_of(const LaneConfig& config, const Profile& profile) {
  auto tus = tus_options(profile);
  if (config.expire_after) {
    tus.extensions.insert("expiration");
    tus.expire_after = config.expire_after;
  }
  if (config.max_size) tus.max_size = config.max_size;
  tus.early_error = config.early_error;
  return tus;
}

}  // namespace mock
