// What a run is to do. One table feeds the command line, scenario files and their schema, so that
// the three never disagree.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "network/network.hpp"
#include "payload/payload.hpp"
#include "protocol/error.hpp"
#include "protocol/units.hpp"
#include "scenario/size_distribution.hpp"
#include "schedule/arrivals.hpp"
#include "settings/own.hpp"
#include "settings/setting.hpp"
#include "stats/criterion.hpp"
#include "systems/systems.hpp"
#include "upload/options.hpp"
#include "verify/verify.hpp"

namespace loadgen {

/// How many of the uploads that were due may fail to start.
struct AllowedLate {
  std::uint64_t count = 0;
  double percent = 0;
};

struct Settings {
  std::string url;
  const SystemKind* system = &systems().front();
  settings::OwnSettings own;  ///< what only some systems have
  std::optional<std::uint64_t> uploads;
  std::optional<Milliseconds> duration;
  std::optional<std::uint64_t> concurrency;
  double rate = 0;                      ///< uploads per second; 0: closed loop
  Arrival arrival = Arrival::constant;  ///< of an open loop
  Connections connections = Connections::own;
  SizeDistribution size;
  Bytes chunk;
  Content payload;  ///< of the user's own file, also the size
  Network network;
  std::uint64_t seed = 1;
  unsigned threads = 1;
  std::vector<Milliseconds> retry_delays = UploadOptions{}.retry_delays;
  VerifyMethod verify = VerifyMethod::automatic;
  std::string delivered_dir;
  std::string oauth_url;
  std::vector<std::string> trusted_origins;           ///< URLs
  std::string username_env, password_env, token_env;  ///< names of variables, never secrets
  std::string ca_file, client_cert;
  std::vector<Criterion> fail_if;
  AllowedLate allow_late;
  bool allow_rollback = false;
  Milliseconds give_up{std::chrono::seconds{30}};  ///< 0: never
  std::optional<Milliseconds> stall_timeout;       ///< instead of the network's
  std::string proxy;                               ///< URL; empty: the environment's
  std::string proxy_user_env;                      ///< as token_env
  BytesPerSecond max_rate;                         ///< of all bodies together; 0: no ceiling
  std::optional<Bytes> max_bytes;                  ///< of all files that are begun
  std::optional<std::uint64_t> max_connections;    ///< open at a time
  bool cleanup = false;                            ///< uploads are removed in the end
  std::string report;                              ///< a folder; empty: none
  bool i_own_this_target = false;
};

/// One setting: `--name VALUE` on the command line, "name" with underscores in a scenario. There a
/// switch is a boolean, and what may be given often a list of strings.
struct Setting : settings::Setting<Settings> {
  bool in_scenario = true;
  bool of_partners = false;  ///< a group of partners may have it otherwise than the run
  /// For a setting that takes a file: puts in the file's content, as JSON, which a scenario may
  /// hold in place of its name. Empty: it may not.
  Apply apply_inline = {};
};
[[nodiscard]] const std::vector<Setting>& settings_table();
/// Its key in a scenario.
[[nodiscard]] std::string key_of(const settings::Flag& flag);

/// Completes and checks what no single setting can: combinations that make no sense, and defaults
/// that depend on others (uploads, concurrency).
[[nodiscard]] Result<void> complete(Settings& settings);

/// The client of the system that `settings`, which are complete, name.
[[nodiscard]] Result<std::unique_ptr<Client>> client_of(const Settings& settings,
                                                        const std::string& run_id,
                                                        const Numbering& numbering = {});

}  // namespace loadgen
