// Where the requests of a run may go, and which of them may carry its credentials.
#pragma once

#include <string>

#include "target/target.hpp"
#include "transport/origins.hpp"

namespace conformance {

enum class Reach {
  entrusted,  ///< with credentials: an origin of the target, or one of --trust-origin
  anonymous,  ///< without: the token endpoint, where it has an origin of its own
  nothing,    ///< an origin that only the target named: nothing is sent there
};

/// By the origin of `url` (RFC 6454): scheme, host and port. `trusted` is what --trust-origin let
/// in. What cannot be parsed as a URL is the target's own when it begins with the target's origin.
[[nodiscard]] Reach reach_of(const Target& target, const transport::Origins& trusted,
                             const std::string& url);

/// Why nothing is sent to `url`, and what lets it in; one line.
[[nodiscard]] std::string why_not_sent(const Target& target, const std::string& url);

}  // namespace conformance
