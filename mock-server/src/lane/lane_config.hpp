// What a lane is configured with: the part of the command line that is not about the process.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "auth/auth_mode.hpp"
#include "http/http_options.hpp"
#include "http/limits.hpp"
#include "http/message.hpp"
#include "protocol/error.hpp"
#include "protocol/units.hpp"
#include "system/lane_input.hpp"
#include "system/typed_values.hpp"

namespace mock {

struct Profile;

/// What a lane follows where a system's public guide and its service disagree.
enum class Contract { server, guide };

/// Values as the command line takes them; file names are the server's. A value type.
struct LaneConfig {
  std::string profile = "dex";  ///< a name in fixtures/profiles, or a file
  LaneInput profile_file;       ///< instead of `profile`, unless it is nothing
  Contract contract = Contract::server;
  AuthMode auth = AuthMode::none;
  bool secure = false;  ///< closes holes that DEX has
  LaneInput users;
  std::chrono::seconds token_lifetime{3600};
  std::vector<LaneInput> rule_files;
  std::vector<std::string> rules;  ///< rules themselves, as JSON
  std::vector<std::string> defects;
  std::vector<std::string> faults;
  std::uint64_t seed = 1;
  UnreadBody early_error = UnreadBody::drain;
  std::optional<HttpOptions::ChunkedAndLength> chunked_and_length;  ///< overrides the profile's
  std::string issuer;  ///< of tokens; empty: derived from where the lane is served
  /// HOST:PORT of a listener of its own; empty: it shares those of the main lane.
  std::string listen;
  /// Of connections, so they hold on the lane's own listener only; a lane without one has those of
  /// the listener that a request came to. All else here is each lane's.
  Limits limits;
  TypedValues systems;  ///< the systems' own settings
};

/// Whether the values are possible, each by itself and together. The place of the Error is the key,
/// as in lane_config_json.hpp; the flag has the same name, with '-' for '_'.
[[nodiscard]] Result<void> check(const LaneConfig& config);

/// The HTTP layer of `profile`, as far as `config` does not say otherwise.
[[nodiscard]] HttpOptions http_options_of(const LaneConfig& config, const Profile& profile);

}  // namespace mock
