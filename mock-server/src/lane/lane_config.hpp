// What a lane is configured with: the part of the command line that is not about the process.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "auth/auth_mode.hpp"
#include "http/http_options.hpp"
#include "http/limits.hpp"
#include "http/message.hpp"
#include "protocol/error.hpp"
#include "protocol/units.hpp"

namespace mock {

struct Profile;
struct TusOptions;

/// A document that a lane is configured with, and where it comes from. A value type.
struct LaneInput {
  enum class From {
    nothing,  ///< there is none
    start,    ///< a file that the command line names, or a file of the command line's
    folder,   ///< a name inside --lane-files, the only files that a request can name
    request,  ///< the document itself
  };
  From from = From::nothing;
  std::string name;                              ///< of the file; of `request` nothing
  std::shared_ptr<const std::string> text = {};  ///< of `request`

  [[nodiscard]] static LaneInput file(std::string name) {
    return {name.empty() ? From::nothing : From::start, std::move(name)};
  }
  bool operator==(const LaneInput& other) const {
    return from == other.from && name == other.name &&
           (text == other.text || (text && other.text && *text == *other.text));
  }
};

/// Where DEX's public guide and the service disagree, what a lane follows.
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
  LaneInput upload_configs;
  LaneInput deliver;
  /// --deliver-root: the folder with a folder for each target. From `start`, or from a `request`:
  /// then `name` is inside the lane's own folder, and there is no text.
  LaneInput deliver_root;
  std::vector<LaneInput> rule_files;
  std::vector<std::string> rules;  ///< themselves, as JSON
  std::vector<std::string> defects;
  std::vector<std::string> faults;
  std::uint64_t seed = 1;
  std::optional<Bytes> max_size;             ///< overrides the profile's
  std::optional<Milliseconds> expire_after;  ///< overrides the profile's
  UnreadBody early_error = UnreadBody::drain;
  std::optional<HttpOptions::ChunkedAndLength> chunked_and_length;  ///< overrides the profile's
  std::string issuer;  ///< of tokens; empty: derived from where the lane is served
  /// HOST:PORT of a listener of its own; empty: it shares those of the main lane.
  std::string listen;
  /// They belong to a connection, and so they are in force on the lane's own listener only. A lane
  /// without one has those of the listener that a request came to; all else here is each lane's.
  Limits limits;
};

/// Whether the values can be at all, each and together. The place of the Error is the key, as in
/// lane_config_json.hpp; the flag is called alike.
[[nodiscard]] Result<void> check(const LaneConfig& config);

/// What `profile` offers, as far as `config` does not say otherwise.
[[nodiscard]] TusOptions tus_options_of(const LaneConfig& config, const Profile& profile);
/// The same of its HTTP layer.
[[nodiscard]] HttpOptions http_options_of(const LaneConfig& config, const Profile& profile);

}  // namespace mock
