// Answers that ask to come back later.
#pragma once

#include <optional>

#include "protocol/units.hpp"
#include "transport/exchange.hpp"

namespace conformance {

/// 423 (RFC 4918 section 11.3), 429 (RFC 6585 section 4) or 503 (RFC 9110 section 15.6.4): they say
/// nothing about the request itself.
struct Busy {
  int status = 0;
  /// Retry-After (RFC 9110 section 10.2.3), at most ten seconds; one second when there is none.
  Milliseconds pause{0};
  bool operator==(const Busy&) const = default;
};
[[nodiscard]] std::optional<Busy> busy_of(const transport::Response& response);

}  // namespace conformance
