// What a connection may take, and how long.
#pragma once

#include <chrono>
#include <cstddef>

#include "protocol/units.hpp"

namespace mock {

struct Limits {
  Milliseconds header_timeout{std::chrono::seconds{20}};  ///< for a whole request head
  Milliseconds read_timeout{std::chrono::seconds{30}};    ///< between two reads of a body
  Milliseconds write_timeout{std::chrono::seconds{30}};   ///< in which no byte of a reply is taken
  Milliseconds idle_timeout{std::chrono::seconds{75}};    ///< between two requests
  Bytes header_bytes{64UL << 10U};                        ///< a longer head is answered 431
  std::size_t header_lines = 1000;                        ///< more of them are answered 431
  Bytes target_bytes{16UL << 10U};                        ///< a longer request-line is answered 414
  Bytes drain_bytes{64UL << 20U};  ///< of an unread body; beyond that the connection closes
  Milliseconds shutdown_grace{std::chrono::seconds{5}};
};

}  // namespace mock
