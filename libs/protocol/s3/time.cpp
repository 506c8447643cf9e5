#include "protocol/s3/time.hpp"

#include <algorithm>

namespace s3 {

std::string format_seconds(http::TimePoint time) {
  return http::format_rfc3339(std::chrono::floor<std::chrono::seconds>(time));
}

std::string format_basic(http::TimePoint time) {
  std::string text = format_seconds(time);
  text.erase(std::remove_if(text.begin(), text.end(), [](char c) { return c == '-' || c == ':'; }),
             text.end());
  return text;
}

std::optional<http::TimePoint> parse_basic(std::string_view text) {
  constexpr std::string_view form = "yyyyMMddTHHmmssZ";
  if (text.size() != form.size() || text[8] != 'T' || text[15] != 'Z') return std::nullopt;
  std::string extended(text);
  for (const std::size_t at : {13U, 11U}) extended.insert(at, ":");
  for (const std::size_t at : {6U, 4U}) extended.insert(at, "-");
  return http::parse_rfc3339(extended);
}

std::optional<http::TimePoint> parse_date_field(std::string_view text) {
  for (const std::string_view zone : {" +0000", " UTC"}) {
    if (!text.ends_with(zone)) continue;
    text.remove_suffix(zone.size());
    return http::parse_imf_fixdate(std::string(text) + " GMT");
  }
  return http::parse_imf_fixdate(text);
}

}  // namespace s3
