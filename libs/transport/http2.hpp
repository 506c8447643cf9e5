// What libcurl makes of HTTP/2.
#pragma once

#include "transport/exchange.hpp"

namespace transport {

/// Whether the server ended the stream before all of the body was sent, as it may once it has
/// answered (RFC 9113 section 8.1), and libcurl kept the answer to itself: 7.88, Debian 12's, does
/// when it notices while it sends. The failure's message says so.
[[nodiscard]] bool lost_answer(const Exchange& exchange);

}  // namespace transport
