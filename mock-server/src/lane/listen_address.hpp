// HOST:PORT, as flags and configurations spell it.
#pragma once

#include <cstdint>
#include <string>

#include "protocol/error.hpp"

namespace mock {

struct ListenAddress {
  std::string host;  ///< without the brackets of an IPv6 address
  std::uint16_t port = 0;
};

/// "127.0.0.1:8080", "[::1]:0", "localhost:9000". The Error's text goes on after the value.
[[nodiscard]] Result<ListenAddress> parse_listen_address(const std::string& text);

}  // namespace mock
