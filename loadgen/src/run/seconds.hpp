// What a run comes to second by second.
#pragma once

#include <optional>

#include "run/run.hpp"

namespace loadgen {

/// Reads the counters of a run; on one thread.
class Seconds {
 public:
  Seconds(Progress& progress, Time start) : progress_(progress), start_(start) {}

  /// Called more often than once a second; the figures of a second when it is over.
  [[nodiscard]] std::optional<Second> look(Time now);
  /// The fewest bytes that a whole second of the load acknowledged; nullopt: it had none.
  [[nodiscard]] std::optional<Bytes> slowest() const { return slowest_; }

 private:
  Progress& progress_;
  Time start_;
  Second before_;  ///< sums
  std::optional<Bytes> slowest_;
};

}  // namespace loadgen
