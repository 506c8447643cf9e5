// The two ways in which S3 writes a time.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "protocol/http/date.hpp"

namespace s3 {

/// "20180527T122227Z": x-amz-date.
[[nodiscard]] std::string format_basic(http::TimePoint time);
[[nodiscard]] std::optional<http::TimePoint> parse_basic(std::string_view text);
/// "2018-05-27T12:22:27Z": error bodies.
[[nodiscard]] std::string format_seconds(http::TimePoint time);

/// What a Date field may say: IMF-fixdate, also with "+0000" (RFC 822) for "GMT", as in AWS's own
/// examples, or with "UTC", as rclone writes it.
[[nodiscard]] std::optional<http::TimePoint> parse_date_field(std::string_view text);

}  // namespace s3
