// Timers by the ten thousand: one hashed wheel instead of one kernel timer per handle.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace transport {

using LoadClock = std::chrono::steady_clock;
using LoadTime = LoadClock::time_point;

/// Names one armed timer; a fired or cancelled one is never named again.
struct TimerId {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;  ///< 0: no timer
  bool operator==(const TimerId&) const = default;
};

/// A wheel of 4096 slots of one millisecond; later timers go round more than once. Arming and
/// cancelling are O(1). A timer never fires early, and late by at most one tick plus the caller's
/// own delay. Owns the callbacks. Not thread-safe.
class TimerWheel {
 public:
  explicit TimerWheel(LoadTime origin);

  TimerId arm(LoadTime due, std::function<void()> fire);
  /// Fires in the next call of `advance`, before all others and in the order of these calls.
  TimerId soon(std::function<void()> fire);
  /// Nothing happens when it has fired or was cancelled before.
  void cancel(TimerId id);
  /// Fires what is due at `now`, in order of its millisecond. A callback may arm and cancel; what
  /// it arms for the past fires in the next call.
  void advance(LoadTime now);
  /// The earliest moment at which `advance` may have something to do; nullopt when none is armed.
  [[nodiscard]] std::optional<LoadTime> next() const;
  [[nodiscard]] std::size_t armed() const { return armed_; }

 private:
  static constexpr std::uint32_t slots = 4096;
  static constexpr std::uint32_t at_once = slots;  ///< one more slot, for what is due in any case
  static constexpr std::uint32_t none = 0xffffffff;
  struct Node {
    std::uint64_t tick = 0;
    std::uint32_t slot = 0;
    std::uint32_t previous = none;
    std::uint32_t following = none;
    std::uint32_t generation = 1;
    bool armed = false;
    std::function<void()> fire;
  };

  [[nodiscard]] std::uint64_t tick_at_or_after(LoadTime time) const;
  TimerId link(std::uint64_t tick, std::uint32_t slot, std::function<void()> fire);
  void unlink(std::uint32_t index);

  LoadTime origin_;
  std::uint64_t done_ = 0;  ///< every tick below this one has been fired
  std::size_t armed_ = 0;
  std::array<std::uint32_t, slots + 1> heads_{};
  std::array<std::uint64_t, slots / 64> occupied_{};
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> free_;
};

}  // namespace transport
