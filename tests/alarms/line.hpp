// Slow lines: they carry every byte, in order.
#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string_view>

#include "door.hpp"
#include "socket.hpp"

namespace alarms {

/// How a line passes bytes on; the same in both directions.
struct Pace {
  std::string_view name;
  std::string_view does;
  std::chrono::milliseconds delay{0};  ///< of each byte
  /// Size of a piece: `fine` for the first `fine_for` bytes after a silence, then `coarse`.
  std::size_t fine = 65536;
  std::size_t coarse = 65536;
  std::size_t fine_for = 0;          ///< bytes
  std::chrono::milliseconds gap{0};  ///< after each piece
  std::size_t room = 1U << 20U;      ///< what the line holds; beyond it, a sender waits
  int buffer = 0;                    ///< of each socket in the kernel; 0: its default
};

[[nodiscard]] std::span<const Pace> paces();
/// nullptr when there is no pace of that name.
[[nodiscard]] const Pace* pace_named(std::string_view name);

/// Carries bytes between a client and a server until both have ended or one has reset. The end of a
/// stream and a reset are delayed as bytes are.
void carry(relays::Socket client, relays::Socket server, const Pace& pace);

}  // namespace alarms
