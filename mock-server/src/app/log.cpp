#include "app/log.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "app/stderr_sink.hpp"
#include "protocol/http/date.hpp"
#include "protocol/units.hpp"
#include "redact/printable.hpp"
#include "settings/choice.hpp"

namespace mock {
namespace {

using Json = nlohmann::ordered_json;
using redact::printable;

struct Style {
  LogFormat format = LogFormat::human;
  std::string run_id;
  std::shared_ptr<StderrSink> sink;
};
Style& style() {
  static Style the_style;
  return the_style;
}

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
    case LogLevel::off:
      break;
  }
  return spdlog::level::off;
}

void put_text(LogLevel level, std::string_view line) {
  spdlog::log(level_of(level), "{}", printable(line));
}

void put_object(LogLevel level, const Json& fields) {
  const auto now = std::chrono::floor<Milliseconds>(std::chrono::system_clock::now());
  Json line{{"time", ::http::format_rfc3339(now)},
            {"level", settings::name_of(log_levels, level)},
            {"run_id", style().run_id}};
  line.update(fields);
  // In ASCII, so that no terminal is steered; what is not UTF-8 becomes U+FFFD.
  spdlog::log(level_of(level), "{}",
              line.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace));
}

void write(LogLevel level, std::string_view line) {
  if (log_format() == LogFormat::human) return log_text(level, line);
  log_object(level, {{"event", "message"}, {"message", line}});
}

/// Before a line that can be written: how many could not.
void tell_dropped() {
  const auto dropped = style().sink ? style().sink->take_dropped() : 0;
  if (dropped == 0) return;
  const auto text = fmt::format("{} lines were not written: nobody read the log", dropped);
  if (log_format() == LogFormat::human) return put_text(LogLevel::warning, text);
  put_object(LogLevel::warning, {{"event", "dropped"}, {"count", dropped}, {"message", text}});
}

}  // namespace

void start_log(LogLevel level, LogFormat format, std::string run_id) {
  style() = {format, std::move(run_id), std::make_shared<StderrSink>()};
  auto logger = std::make_shared<spdlog::logger>("", style().sink);
  logger->set_pattern(format == LogFormat::json ? "%v" : "%Y-%m-%dT%H:%M:%S.%e %^%l%$ %v");
  logger->set_level(level_of(level));
  logger->flush_on(spdlog::level::warn);
  spdlog::set_default_logger(std::move(logger));
}

void log_info(std::string_view line) { write(LogLevel::info, line); }
void log_warning(std::string_view line) { write(LogLevel::warning, line); }
void log_error(std::string_view line) { write(LogLevel::error, line); }

bool logged(LogLevel level) { return spdlog::should_log(level_of(level)); }

LogFormat log_format() { return style().format; }

void log_text(LogLevel level, std::string_view line) {
  if (!logged(level)) return;
  tell_dropped();
  put_text(level, line);
}

void log_object(LogLevel level, const Json& fields) {
  if (!logged(level)) return;
  tell_dropped();
  put_object(level, fields);
}

}  // namespace mock
