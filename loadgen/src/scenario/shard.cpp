#include "scenario/shard.hpp"

#include <fmt/format.h>

#include <charconv>
#include <string_view>

#include "protocol/units.hpp"

namespace loadgen {
namespace {

/// A whole number from 0 to `most_shards` without signs; -1: it is none.
std::int64_t number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool good = code == std::errc{} && end == text.data() + text.size();
  return good && value <= most_shards ? static_cast<std::int64_t>(value) : -1;
}

Milliseconds in_ms(http::TimePoint::duration time) {
  return std::chrono::duration_cast<Milliseconds>(time);
}

}  // namespace

std::string to_string(const Shard& shard) { return fmt::format("{}/{}", shard.number, shard.of); }

Result<Shard> parse_shard(const std::string& text) {
  const auto slash = text.find('/');
  const auto which = number(std::string_view(text).substr(0, slash));
  const auto of =
      slash == std::string::npos ? -1 : number(std::string_view(text).substr(slash + 1));
  if (which < 0 || of < 1 || which > of) {
    return failure("", fmt::format("{} is not one of at most {} shards", quote(text), most_shards),
                   "as in 1/4, 2/4, 3/4 and 4/4");
  }
  if (which == 0) return failure("", "shards are counted from 1", "as in 1/4 to 4/4");
  return Shard{static_cast<std::uint64_t>(which), static_cast<std::uint64_t>(of)};
}

Result<http::TimePoint> parse_start(const std::string& text, http::TimePoint now) {
  constexpr std::chrono::hours week{24 * 7};
  std::optional<http::TimePoint> at;
  if (text.starts_with('+')) {
    const auto after = parse_duration(std::string_view(text).substr(1));
    if (after && *after <= week) at = now + *after;
    if (after && !at) return failure("", "is more than a week from now");
  } else {
    at = http::parse_rfc3339(text);
  }
  if (!at) {
    return failure("", fmt::format("{} is no time", quote(text)),
                   "as in 2026-11-29T17:00:00Z, or +30s");
  }
  if (!text.starts_with('+') && *at <= now) {
    return failure("",
                   fmt::format("{} was {} ago by the clock of this machine", text,
                               ::to_string(in_ms(now - *at))),
                   "give a time to come");
  }
  if (*at - now > week) return failure("", "is more than a week from now");
  return *at;
}

}  // namespace loadgen
