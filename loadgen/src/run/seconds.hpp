// What a run comes to second by second.
#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "run/run.hpp"

namespace loadgen {

/// Reads the counters of a run; on one thread.
class Seconds {
 public:
  /// `phase_at` says the phase at a time from the start.
  Seconds(
      Progress& progress, Time start,
      std::function<std::size_t(Duration)> phase_at = [](Duration) { return std::size_t{0}; })
      : progress_(progress), start_(start), phase_at_(std::move(phase_at)) {}

  /// Call it more often than once a second. Gives the figures of a second when it is over.
  [[nodiscard]] std::optional<Second> look(Time now);
  /// The fewest bytes that a whole second of the load acknowledged; nullopt: it had none.
  [[nodiscard]] std::optional<Bytes> slowest() const { return slowest_; }
  /// The number of the last second of the load; 0: it had none.
  [[nodiscard]] std::uint64_t of_load() const { return of_load_; }

 private:
  Progress& progress_;
  Time start_;
  std::function<std::size_t(Duration)> phase_at_;
  Second before_;  ///< sums
  std::optional<Bytes> slowest_;
  std::uint64_t of_load_ = 0;
};

}  // namespace loadgen
