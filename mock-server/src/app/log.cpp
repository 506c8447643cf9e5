#include "app/log.hpp"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "control/journal.hpp"
#include "http/intercept.hpp"
#include "http/route.hpp"
#include "protocol/http/date.hpp"
#include "protocol/json/encode.hpp"

namespace mock {
namespace {

using Json = nlohmann::ordered_json;

struct Style {
  LogFormat format = LogFormat::human;
  std::string run_id;
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

std::string_view name_of(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::debug:
      return "debug";
    case spdlog::level::info:
      return "info";
    case spdlog::level::warn:
      return "warning";
    default:
      return "error";
  }
}

Json json_line(spdlog::level::level_enum level) {
  const auto now = std::chrono::floor<Milliseconds>(std::chrono::system_clock::now());
  return {
      {"time", ::http::format_rfc3339(now)}, {"level", name_of(level)}, {"run_id", style().run_id}};
}

void write(spdlog::level::level_enum level, std::string_view line) {
  if (!spdlog::should_log(level)) return;
  if (style().format == LogFormat::human) return spdlog::log(level, "{}", printable(line));
  auto json = json_line(level);
  json["message"] = line;
  spdlog::log(level, "{}", json::dump(json));
}

class AccessLog : public Observer {
 public:
  void on_exchange(const ExchangeRecord& record) override {
    if (!spdlog::should_log(spdlog::level::debug)) return;
    const auto fired =
        record.intercept != nullptr ? record.intercept->fired() : std::vector<std::string>();
    if (style().format == LogFormat::human) {
      human(record, fired);
    } else {
      json(record, fired);
    }
  }
  void on_connections(std::size_t) override {}

 private:
  static void human(const ExchangeRecord& record, const std::vector<std::string>& fired) {
    const Request& request = record.request;
    std::string line = fmt::format(
        "{} {} {}{} {} {} B in {} ms", request.remote, request.method, request.mount, request.path,
        record.status == 0 ? std::string("-") : std::to_string(record.status),
        record.body_received.value,
        std::chrono::duration_cast<Milliseconds>(record.duration).count());
    if (record.aborted) line += ", aborted";
    // Elsewhere the path names it.
    if (match_route(request.path).route == Route::creation) {
      if (const auto made = upload_of(record); !made.empty()) line += ", upload " + made;
    }
    if (!request.lane.empty()) line += ", lane " + request.lane;
    if (!fired.empty()) line += fmt::format(", rules {}", fmt::join(fired, " "));
    spdlog::debug("{}", printable(line));
  }

  static void json(const ExchangeRecord& record, const std::vector<std::string>& fired) {
    const Request& request = record.request;
    auto line = json_line(spdlog::level::debug);
    line["lane"] = request.lane;
    line["connection"] = request.connection;
    line["remote"] = request.remote;
    line["method"] = request.method;
    line["path"] = request.mount + request.path;
    line["route"] = route_name(match_route(request.path).route);
    const auto upload = upload_of(record);
    line["upload"] = upload.empty() ? Json(nullptr) : Json(upload);
    line["status"] = record.status;
    line["bytes_received"] = record.body_received.value;
    line["bytes_sent"] = record.sent.value;
    line["duration_ms"] = static_cast<double>(record.duration.count()) / 1000;
    line["aborted"] = record.aborted;
    line["rules"] = fired;
    spdlog::debug("{}", json::dump(line));
  }
};

}  // namespace

void start_log(std::string_view level, LogFormat format, std::string run_id) {
  style() = {format, std::move(run_id)};
  // The sink colours only when stderr is a terminal.
  auto logger =
      std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  logger->set_pattern(format == LogFormat::json ? "%v" : "%Y-%m-%dT%H:%M:%S.%e %^%l%$ %v");
  logger->set_level(spdlog::level::from_str(std::string(level)));
  logger->flush_on(spdlog::level::warn);
  spdlog::set_default_logger(std::move(logger));
}

void log_info(std::string_view line) { write(spdlog::level::info, line); }
void log_warning(std::string_view line) { write(spdlog::level::warn, line); }
void log_error(std::string_view line) { write(spdlog::level::err, line); }

std::unique_ptr<Observer> make_access_log() { return std::make_unique<AccessLog>(); }

}  // namespace mock
