// The command line of dex-mock-server.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "net/server.hpp"
#include "profile/profile.hpp"
#include "protocol/error.hpp"
#include "tus/tus_handler.hpp"

namespace mock {

struct Options {
  ListenOptions listen;
  std::string tls_self_signed;           ///< folder for a certificate made at start; empty: none
  std::string store = "dex-mock-store";  ///< a folder, "memory" or "discard"
  bool fsync = false;
  std::string profile = "dex";  ///< a name in fixtures/profiles, or a file
  std::string auth = "none";    ///< none, jwt, opaque
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
  std::string ready_file;
  std::string log_level = "info";
};

/// What the command line asks for instead of a server: text for stdout (`--help`), or one line for
/// stderr and exit code 2.
struct Exit {
  int code = 0;
  std::string text;
};

/// Checks every value that can be checked without touching the file system.
[[nodiscard]] std::variant<Options, Exit> parse_options(int argc, const char* const* argv);

/// "127.0.0.1:8080", "[::1]:0", "localhost:9000".
[[nodiscard]] Result<ListenOptions> parse_listen(const std::string& text);

/// What `profile` offers, as far as the command line does not say otherwise.
[[nodiscard]] TusOptions tus_options_of(const Options& options, const Profile& profile);

}  // namespace mock
