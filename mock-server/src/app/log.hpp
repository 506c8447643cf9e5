// The server's log: lines on stderr, for people or for programs.
#pragma once

#include <array>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace mock {

enum class LogFormat {
  human,
  json,  ///< an object a line: time (UTC), level, run_id, event, and what belongs to the event
};
/// The level of a line, or the lowest that is written; no line has `off`.
enum class LogLevel { debug, info, warning, error, off };
/// As --log-level takes them.
inline constexpr std::array<std::pair<std::string_view, LogLevel>, 5> log_levels{
    {{"debug", LogLevel::debug},
     {"info", LogLevel::info},
     {"warning", LogLevel::warning},
     {"error", LogLevel::error},
     {"off", LogLevel::off}}};

/// Sets up the log once per process.
void start_log(LogLevel level, LogFormat format = LogFormat::human, std::string run_id = {});

// Any thread. A line that stderr does not take at once is dropped, and counted.

void log_info(std::string_view line);
void log_warning(std::string_view line);
void log_error(std::string_view line);

/// Whether lines of that level are written at all.
[[nodiscard]] bool logged(LogLevel level);
[[nodiscard]] LogFormat log_format();
/// For LogFormat::human. Control characters, and what is not UTF-8, are escaped.
void log_text(LogLevel level, std::string_view line);
/// For LogFormat::json: `fields` follow time, level and run_id.
void log_object(LogLevel level, const nlohmann::ordered_json& fields);

}  // namespace mock
