// Dates on the wire: IMF-fixdate (RFC 9110 section 5.6.7) and RFC 3339.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace http {

/// Nanoseconds since 1970 in 64 bits reach from 1677 to 2262: the parsers below take the years 1678
/// to 2261. As in Go, a leap second (":60") is not a date.
using TimePoint = std::chrono::sys_time<std::chrono::nanoseconds>;

/// "Sun, 06 Nov 1994 08:49:37 GMT"
[[nodiscard]] std::string format_imf_fixdate(TimePoint time);
/// Strict IMF-fixdate only: GMT, the right weekday, no obsolete form.
[[nodiscard]] std::optional<TimePoint> parse_imf_fixdate(std::string_view text);

/// "2026-11-21T20:47:50.123456789Z"; trailing zeros of the fraction are cut as Go's RFC3339Nano
/// does, and a whole second has no fraction.
[[nodiscard]] std::string format_rfc3339(TimePoint time);
/// RFC 3339 section 5.6 with up to nine fractional digits; any numeric offset is turned into UTC.
[[nodiscard]] std::optional<TimePoint> parse_rfc3339(std::string_view text);

}  // namespace http
