// The server's log: lines on stderr.
#pragma once

#include <memory>
#include <string_view>

#include "http/handler.hpp"

namespace mock {

/// Sets up the log once per process. `level`: debug, info, warning, error, off.
void start_log(std::string_view level);
void log_info(std::string_view line);
void log_warning(std::string_view line);
void log_error(std::string_view line);

/// Writes a line per exchange at level debug, and passes everything on to `next` (may be null).
/// Targets are logged without their query, which may hold a password (census row DEX-AUTH-020).
[[nodiscard]] std::unique_ptr<Observer> make_access_log(Observer* next);

}  // namespace mock
