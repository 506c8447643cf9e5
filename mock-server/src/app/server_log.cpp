#include "app/server_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <utility>

#include "http/addressed.hpp"
#include "http/intercept.hpp"
#include "lane/lanes.hpp"

namespace mock {
namespace {

using Json = nlohmann::ordered_json;

// Longer than real paths, ids and methods. If each byte is escaped as six, a line is still below
// PIPE_BUF bytes.
constexpr std::size_t longest_path = 360;
constexpr std::size_t longest_id = 200;
constexpr std::size_t longest_method = 24;

std::string clipped(std::string text, std::size_t longest) {
  if (text.size() <= longest) return text;
  text.resize(longest);
  return text + "...";
}

bool went_wrong(const ExchangeRecord& record) {
  return record.status >= 400 || record.status == 0 || record.aborted;
}

std::string outcome(const ExchangeRecord& record) {
  auto text = record.status == 0 ? std::string("no reply") : std::to_string(record.status);
  if (record.aborted) text += ", aborted";
  return text;
}

std::string kind_of(const ExchangeRecord& record) {
  return fmt::format("{}, route {}", outcome(record), record.request.addressed.route.name());
}

std::string upload_of(const ExchangeRecord& record) {
  return upload_of(record.request.addressed, record.status, record.reply_fields);
}

std::string path_of(const Request& request) {
  return clipped(request.mount + request.path, longest_path);
}

/// "" also where no lane could be told (no_lane).
std::string lane_of(const Request& request) {
  return request.lane == no_lane ? std::string() : request.lane;
}

/// ", upload U, lane L" as far as there is one.
std::string whereabouts(const std::string& upload, const std::string& lane) {
  std::string text;
  if (!upload.empty()) text += ", upload " + clipped(upload, longest_id);
  if (!lane.empty()) text += ", lane " + lane;
  return text;
}

std::vector<std::string> fired_in(const ExchangeRecord& record) {
  return record.intercept != nullptr ? record.intercept->fired() : std::vector<std::string>();
}

std::string for_people(const ExchangeRecord& record) {
  const Request& request = record.request;
  auto line = fmt::format("{} {} {} {} B in {} ms", request.remote,
                          request.method.empty()
                              ? "(no request head)"
                              : clipped(request.method, longest_method) + " " + path_of(request),
                          record.status == 0 ? std::string("-") : std::to_string(record.status),
                          record.body_received.value,
                          std::chrono::duration_cast<Milliseconds>(record.duration).count());
  if (record.aborted) line += ", aborted";
  // Of a creation only: elsewhere the path names it.
  const bool creates = request.addressed.route.creates();
  line += whereabouts(creates ? upload_of(record) : std::string(), lane_of(request));
  if (const auto fired = fired_in(record); !fired.empty()) {
    line += fmt::format(", rules {}", fmt::join(fired, " "));
  }
  return line;
}

Json text_or_null(std::string text) { return text.empty() ? Json(nullptr) : Json(std::move(text)); }

Json for_programs(const ExchangeRecord& record) {
  const Request& request = record.request;
  return {{"event", "exchange"},
          {"lane", lane_of(request)},
          {"connection", request.connection},
          {"remote", request.remote},
          {"method", clipped(request.method, longest_method)},
          {"path", path_of(request)},
          {"route", request.addressed.route.name()},
          {"upload", text_or_null(clipped(upload_of(record), longest_id))},
          {"status", record.status},
          {"bytes_received", record.body_received.value},
          {"bytes_sent", record.sent.value},
          {"duration_ms", static_cast<double>(record.duration.count()) / 1000},
          {"aborted", record.aborted},
          {"rules", fired_in(record)}};
}

void put(LogLevel level, const ExchangeRecord& record) {
  if (log_format() == LogFormat::human) {
    log_text(level, for_people(record));
  } else {
    log_object(level, for_programs(record));
  }
}

/// Writes `text` for people; for programs an object with the fields of `event`, then `text`.
void put(LogLevel level, Json event, const std::string& text) {
  if (log_format() == LogFormat::human) return log_text(level, text);
  event["message"] = text;
  log_object(level, event);
}

void tell_withheld(LogLevel level, const std::vector<LineLimit::Withheld>& all) {
  for (const auto& [kind, count] : all) {
    put(level, {{"event", "withheld"}, {"kind", kind}, {"count", count}},
        fmt::format("... and {} more of this kind in the last second: {}", count, kind));
  }
}

}  // namespace

void ServerLog::on_exchange(const ExchangeRecord& record) {
  if (!went_wrong(record)) {
    if (logged(LogLevel::debug)) put(LogLevel::debug, record);
  } else if (logged(LogLevel::info)) {
    write(infos_, kind_of(record), [&] { put(LogLevel::info, record); });
  }
}

void ServerLog::rule_fired(const std::string& rule, const std::string& upload,
                           const std::string& lane) {
  if (!logged(LogLevel::info)) return;
  write(infos_, "rule " + rule, [&] {
    put(LogLevel::info,
        {{"event", "rule"},
         {"lane", lane},
         {"upload", text_or_null(clipped(upload, longest_id))},
         {"rule", rule}},
        fmt::format("rule {} fired{}", rule, whereabouts(upload, lane)));
  });
}

Notify ServerLog::notices() {
  return [this, &loop = loop_, home = std::this_thread::get_id(),
          alive = std::weak_ptr(alive_)](const Notice& notice) {
    if (std::this_thread::get_id() != home) {
      loop.post([this, alive, notice] {
        if (!alive.expired()) tell(notice);
      });
    } else if (!alive.expired()) {
      tell(notice);
    }
  };
}

void ServerLog::tell(const Notice& notice) {
  write(warnings_, notice.kind, [&] {
    put(LogLevel::warning,
        {{"event", notice.kind},
         {"lane", notice.lane},
         {"upload", text_or_null(clipped(notice.upload, longest_id))}},
        notice.text + whereabouts(notice.upload, notice.lane));
  });
}

// ---- how many

void ServerLog::write(Channel& channel, const std::string& kind,
                      const std::function<void()>& line) {
  if (!logged(channel.level)) return;
  if (logged(LogLevel::debug)) return line();
  const auto now = loop_.now();
  tell_withheld(channel.level, channel.limit.ended(now));
  if (channel.limit.admits(kind, now)) return line();
  if (!timer_) wake_later();
}

void ServerLog::tell_ended() {
  const auto now = loop_.now();
  for (auto* channel : {&infos_, &warnings_}) {
    tell_withheld(channel->level, channel->limit.ended(now));
  }
}

/// Sets the timer to the end of the first second in which something was withheld, so that it is
/// told even if nothing more happens.
void ServerLog::wake_later() {
  std::optional<TimePoint> due;
  for (const auto* channel : {&infos_, &warnings_}) {
    if (const auto next = channel->limit.next()) due = due ? std::min(*due, *next) : *next;
  }
  if (!due) return;
  const auto wait = std::chrono::ceil<Milliseconds>(*due - loop_.now());
  timer_ = loop_.after(std::max(wait, Milliseconds{1}), [this] {
    // Posted: Loop does not promise that a callback may destroy its own Timer.
    loop_.post([this, alive = std::weak_ptr(alive_)] {
      if (alive.expired()) return;
      timer_.reset();
      tell_ended();
      wake_later();
    });
  });
}

void ServerLog::finish() {
  timer_.reset();
  for (auto* channel : {&infos_, &warnings_}) tell_withheld(channel->level, channel->limit.rest());
}

}  // namespace mock
