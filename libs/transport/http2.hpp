// What libcurl makes of HTTP/2.
#pragma once

#include "transport/exchange.hpp"

namespace transport {

/// Whether libcurl lost the answer. A server that has answered may end the stream before all of the
/// body was sent (RFC 9113 section 8.1); if libcurl 7.88, Debian 12's, notices that while it sends,
/// it drops the answer. The failure's message says so.
[[nodiscard]] bool lost_answer(const Exchange& exchange);

}  // namespace transport
