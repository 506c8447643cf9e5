// Whom a load goes to: addresses of a host, looked up once, as a lookup inside libcurl would start
// a thread each.
#pragma once

#include <string>
#include <vector>

#include "protocol/error.hpp"

namespace transport {

struct ResolvedHost {
  std::string host;  ///< without brackets
  std::string port;
  std::vector<std::string> addresses;  ///< numeric
  bool loopback = false;               ///< all of them are
};
/// An Error when `url` is not http(s), or its host has no address.
[[nodiscard]] Result<ResolvedHost> resolve(const std::string& url);

}  // namespace transport
