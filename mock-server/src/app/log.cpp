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
#include "protocol/json/encode.hpp"
#include "protocol/units.hpp"

namespace mock {
namespace {

using Json = nlohmann::ordered_json;

struct Style {
  LogFormat format = LogFormat::human;
  std::string run_id;
  std::shared_ptr<StderrSink> sink;
};
Style& style() {
  static Style the_style;
  return the_style;
}

/// Control characters, C1 ones and what is not UTF-8 are escaped: a line stays one line, and no
/// terminal is steered.
std::string printable(std::string_view text) {
  const bool utf8 = json::is_utf8(text);
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool c1 = byte == 0xc2 && i + 1 < text.size() &&
                    static_cast<unsigned char>(text[i + 1]) < 0xa0;  // U+0080 to U+009F
    if (byte < 0x20 || byte == 0x7f || c1 || (byte >= 0x80 && !utf8)) {
      out += fmt::format("\\x{:02x}", byte);
      if (c1 && utf8) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[++i]));
    } else {
      out += text[i];
    }
  }
  return out;
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
      break;
  }
  return spdlog::level::err;
}

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      break;
  }
  return "error";
}

void put_text(LogLevel level, std::string_view line) {
  spdlog::log(level_of(level), "{}", printable(line));
}

void put_object(LogLevel level, const Json& fields) {
  const auto now = std::chrono::floor<Milliseconds>(std::chrono::system_clock::now());
  Json line{
      {"time", ::http::format_rfc3339(now)}, {"level", name_of(level)}, {"run_id", style().run_id}};
  line.update(fields);
  spdlog::log(level_of(level), "{}", json::dump(line));
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

void start_log(std::string_view level, LogFormat format, std::string run_id) {
  style() = {format, std::move(run_id), std::make_shared<StderrSink>()};
  auto logger = std::make_shared<spdlog::logger>("", style().sink);
  logger->set_pattern(format == LogFormat::json ? "%v" : "%Y-%m-%dT%H:%M:%S.%e %^%l%$ %v");
  logger->set_level(spdlog::level::from_str(std::string(level)));
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
