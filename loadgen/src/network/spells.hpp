// Good and bad times of a line, in turn.
#pragma once

#include <cstdint>

#include "transport/load_timers.hpp"

namespace loadgen {

/// How often something bad begins, and how long it lasts, on average.
struct Recurrence {
  double every = 0;   ///< seconds from one beginning to the next; more than `length`
  double length = 0;  ///< seconds
  /// The share of time that is bad.
  [[nodiscard]] double share() const { return every > 0 ? length / every : 0; }
};

/// Both lengths are drawn from exponential distributions: the two states of Gilbert and Elliott in
/// time instead of packets. A pure function of `seed` and `start`. Not thread-safe.
class Spells {
 public:
  Spells(const Recurrence& recurrence, std::uint64_t seed, transport::LoadTime start);

  struct Bad {
    transport::LoadTime begin, end;
  };
  /// The bad time that is under way at `at`, or else the next one. `at` must not go back: earlier
  /// ones are forgotten.
  const Bad& next(transport::LoadTime at);

 private:
  [[nodiscard]] transport::LoadClock::duration draw(double mean_seconds);

  Recurrence recurrence_;
  std::uint64_t seed_;
  std::uint64_t drawn_ = 0;
  Bad bad_;
};

}  // namespace loadgen
