// What a lane is configured with: the part of the command line that is not about the process.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "http/message.hpp"
#include "protocol/units.hpp"

namespace mock {

/// Values as the command line takes them; file names are the server's. A value type.
struct LaneConfig {
  std::string profile = "dex";
  std::string contract = "server";  ///< server, guide
  std::string auth = "none";        ///< none, jwt, opaque
  bool secure = false;
  std::string users_file;
  std::chrono::seconds token_lifetime{3600};
  std::string upload_configs;
  std::string delivery_file;
  std::vector<std::string> rule_files;
  std::vector<std::string> defects;
  std::vector<std::string> faults;
  std::uint64_t seed = 1;
  std::optional<Bytes> max_size;             ///< overrides the profile's
  std::optional<Milliseconds> expire_after;  ///< overrides the profile's
  UnreadBody early_error = UnreadBody::drain;
};

}  // namespace mock
