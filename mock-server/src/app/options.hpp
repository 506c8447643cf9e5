// The command line of dex-mock-server.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "app/log.hpp"
#include "lane/lane_config.hpp"
#include "net/server.hpp"

namespace mock {

/// --lane. Either `listen` or `config_file` is empty.
struct NamedLane {
  std::string name;
  std::string listen;       ///< HOST:PORT of a listener of its own; otherwise as the main lane
  std::string config_file;  ///< says how it is configured (lane_config_json.hpp)
};

struct Options {
  LaneConfig main;  ///< what a lane can be configured with, --listen included
  std::vector<NamedLane> lanes;
  std::string lane_files;  ///< folder of what requests may name; empty: none
  std::optional<TlsFiles> tls;
  std::string tls_self_signed;           ///< folder for a certificate made at start; empty: none
  std::string store = "dex-mock-store";  ///< a folder, "memory" or "discard"
  bool fsync = false;
  std::string control_listen;     ///< HOST:PORT that serves /_mock/ alone; empty: the others do
  std::string control_token_env;  ///< names the variable that holds the token; empty: none
  std::string run_id;             ///< never empty
  std::string ready_file;
  LogLevel log_level = LogLevel::info;
  LogFormat log_format = LogFormat::human;
};

/// What the command line asks for instead of a server: text for stdout (`--help`), or one line for
/// stderr and exit code 2.
struct Exit {
  int code = 0;
  std::string text;
};

/// Checks every value that can be checked without touching the file system.
[[nodiscard]] std::variant<Options, Exit> parse_options(int argc, const char* const* argv);

}  // namespace mock
