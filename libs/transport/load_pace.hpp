// How fast a line is, whatever goes over it.
#pragma once

#include <cstdint>

#include "protocol/units.hpp"
#include "transport/load_timers.hpp"

namespace transport {

/// A token bucket: requests that share one never send more than `rate` times the time since it was
/// made, however many they are. While nobody waits, at most one slice (a twentieth of a second of
/// the line, or 1 KiB) is saved up. Not thread-safe.
class Pace {
 public:
  /// `rate` is above 0.
  Pace(BytesPerSecond rate, LoadTime start);

  /// How many bytes may go at `now` of a body that has `left` to go, which is more than 0. 0: not
  /// before `wait` is over, as less than a slice (or than `left`) has come together.
  [[nodiscard]] std::uint64_t available(LoadTime now, std::uint64_t left);
  [[nodiscard]] LoadClock::duration wait(std::uint64_t left) const;
  /// So many went. More than was available is a debt, which the next ones wait for.
  void spend(std::uint64_t bytes);

 private:
  [[nodiscard]] double due(std::uint64_t left) const;
  void refill(LoadTime now);

  double rate_;
  double slice_;
  double saved_ = 0;
  LoadTime at_;
  bool waiting_ = false;
};

}  // namespace transport
