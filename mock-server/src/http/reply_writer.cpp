#include "http/reply_writer.hpp"

#include <algorithm>
#include <utility>

namespace mock {

namespace {

bool forbids_length(int status) { return status < 200 || status == 204; }

std::optional<std::string> value_of(const Reply& reply, std::string_view name) {
  const auto value = reply.fields.find(name);
  return value ? std::optional<std::string>(*value) : std::nullopt;
}

/// As format_imf_fixdate, but made once for all replies of a second.
const std::string& date_of(TimePoint now) {
  thread_local std::chrono::sys_seconds second{std::chrono::seconds{-1}};
  thread_local std::string text;
  const auto this_second = std::chrono::floor<std::chrono::seconds>(now);
  if (text.empty() || this_second != second) {
    second = this_second;
    text = ::http::format_imf_fixdate(now);
  }
  return text;
}

void put(Reply& reply, std::string_view name, const std::optional<std::string>& value) {
  if (value) {
    reply.fields.set(name, *value);
  } else {
    reply.fields.remove(name);
  }
}

}  // namespace

bool carries_body(int status, bool head_request) {
  return !head_request && status >= 200 && status != 204 && status != 205 && status != 304;
}

Framing::Framing(bool head_request, int minor_version, TimePoint now)
    : head_request_(head_request), minor_version_(minor_version), now_(now) {}

std::optional<std::string> Framing::length_of(const Reply& reply) const {
  if (forbids_length(reply.status)) return std::nullopt;
  if (reply.status == 205) return "0";
  if (reply.status == 304 || (head_request_ && reply.length() == Bytes{0})) {
    return std::nullopt;
  }
  return std::to_string(reply.length().value);
}

std::optional<std::string> Framing::connection_of(bool close) const {
  if (close) return "close";
  if (minor_version_ == 0) return "keep-alive";
  return std::nullopt;
}

void Framing::apply(Reply& reply, bool close) {
  if (!reply.fields.has("Date")) reply.fields.add("Date", date_of(now_));
  const bool own_length = reply.fields.has("Content-Length") && !forbids_length(reply.status) &&
                          (head_request_ || reply.status == 304);
  if (!own_length) put(reply, "Content-Length", length_of(reply));
  length_ = value_of(reply, "Content-Length");
  put(reply, "Connection", connection_of(close));
  connection_ = value_of(reply, "Connection");
}

void Framing::renew(Reply& reply, bool close) {
  const auto single = [&](std::string_view name) { return reply.fields.count(name) < 2; };
  if (single("Content-Length") && value_of(reply, "Content-Length") == length_ &&
      !(head_request_ && length_)) {
    put(reply, "Content-Length", length_of(reply));
  }
  if (single("Connection") && value_of(reply, "Connection") == connection_) {
    put(reply, "Connection", connection_of(close));
  }
}

std::string serialise_head(const Reply& reply) {
  std::string out;
  out.reserve(512);
  out += "HTTP/1.1 ";
  out += std::to_string(std::clamp(reply.status, 100, 999));
  out += ' ';
  if (!reply.no_reason) {
    out += reply.reason.empty() || !::http::is_field_value(reply.reason)
               ? reason_phrase(reply.status)
               : std::string_view(reply.reason);
  }
  out += "\r\n";
  for (const auto& field : reply.fields) {
    if (!::http::is_token(field.name) || !::http::is_field_value(field.value)) continue;
    out += field.name;
    out += ": ";
    out += field.value;
    out += "\r\n";
  }
  out += "\r\n";
  return out;
}

}  // namespace mock
