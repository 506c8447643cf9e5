// Lines that carry every byte in its order, and are slow about it.
#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string_view>

#include "door.hpp"
#include "socket.hpp"

namespace alarms {

/// How bytes go along, the same in both directions.
struct Pace {
  std::string_view name;
  std::string_view does;
  std::chrono::milliseconds delay{0};  ///< of each byte
  /// Given on at once: `fine` bytes for the first of what comes after a silence, then `coarse`.
  std::size_t fine = 65536;
  std::size_t coarse = 65536;
  std::size_t fine_for = 0;          ///< so many bytes
  std::chrono::milliseconds gap{0};  ///< after each piece
  std::size_t room = 1U << 20U;      ///< what the line holds; beyond it, a sender waits
  int buffer = 0;                    ///< of each socket in the kernel; 0: its default
};

[[nodiscard]] std::span<const Pace> paces();
/// nullptr: none of that name.
[[nodiscard]] const Pace* pace_named(std::string_view name);

/// Carries what one client and one server say until both have ended or one was reset; the end and a
/// reset come as late as bytes do.
void carry(relays::Socket client, relays::Socket server, const Pace& pace);

}  // namespace alarms
