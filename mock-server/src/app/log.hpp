// The server's log: lines on stderr, for people or for programs.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "http/handler.hpp"

namespace mock {

enum class LogFormat {
  human,
  json,  ///< an object a line: time (UTC), level, run_id, and either message or what an exchange
         ///< was
};

/// Sets up the log once per process. `level`: debug, info, warning, error, off.
void start_log(std::string_view level, LogFormat format = LogFormat::human,
               std::string run_id = {});
void log_info(std::string_view line);
void log_warning(std::string_view line);
void log_error(std::string_view line);

/// Writes a line per exchange at level debug, with lane, upload and the rules that fired. Targets
/// are logged without their query, which may hold a password (census row DEX-AUTH-020), and nothing
/// that a client sends can begin a line of its own or steer a terminal.
[[nodiscard]] std::unique_ptr<Observer> make_access_log();

}  // namespace mock
