// Requests of tus 1.0.0 that are sent outside of checks: to find a target out and to try it.
#pragma once

#include <optional>
#include <string>

#include "transport/exchange.hpp"

namespace conformance {

/// With Tus-Resumable (core protocol, Headers) besides `headers`. `url` is absolute.
[[nodiscard]] transport::Request tus_request(std::string method, std::string url,
                                             http::Fields headers = {},
                                             std::optional<std::string> body = std::nullopt);

}  // namespace conformance
