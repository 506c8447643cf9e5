// How long it is worth waiting for a peer on a line that may be slow.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "protocol/units.hpp"

namespace transport {

/// Has no clock: it is told the time. Without `at_most` the wait is over when `silence` has passed
/// since `start`. With `at_most` it is over when nothing has moved for `silence`; at `at_most`, if
/// anything moved; or when the rest of a body cannot be through by then.
class Movement {
 public:
  using Clock = std::chrono::steady_clock;
  Movement(Clock::time_point start, Milliseconds silence,
           std::optional<Clock::time_point> at_most = std::nullopt);

  /// `figure` grows by the bytes that moved since the last time.
  void note(Clock::time_point now, std::int64_t figure);
  /// For a body that goes out: how many bytes have arrived so far, and how many have not.
  void sent(Clock::time_point now, std::int64_t arrived, std::int64_t left);

  [[nodiscard]] bool over(Clock::time_point now) const;
  /// Whether it is over although 256 bytes a second or more were moving: what trickles for ever is
  /// no slow line.
  [[nodiscard]] bool slow(Clock::time_point now) const;
  /// When to look next: no event tells that bytes have left the kernel.
  [[nodiscard]] Clock::time_point look_again(Clock::time_point now) const;

 private:
  Clock::time_point start_;
  Milliseconds silence_;
  std::optional<Clock::time_point> at_most_;
  Clock::time_point last_;
  std::optional<std::int64_t> figure_;
  std::int64_t moved_ = 0;
  bool hopeless_ = false;
};

/// Bytes that the other end of TCP has not acknowledged (SIOCOUTQ of tcp(7)); 0 when the kernel
/// does not tell. They are out of a program's hands, and may still be long under way.
[[nodiscard]] std::int64_t unacknowledged(int fd);

}  // namespace transport
