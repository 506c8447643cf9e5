// The addresses that a load goes to, looked up once: libcurl would start a thread for each lookup.
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
