// One rate that was tried: whether it is good, and if not, who could not do more.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "run/run.hpp"
#include "stats/stats.hpp"

namespace loadgen {

/// How fast a duration grows over the times at which uploads were due. At a rate that exceeds what
/// the target takes by a part p, waits grow by p seconds each second.
struct Trend {
  double slope = 0;
  double error = 0;  ///< standard error of the slope
  /// Whether it grows by more than `part`, and not by chance.
  [[nodiscard]] bool grows(double part) const;
};
/// Least squares. `due` and `times` in seconds, of the same uploads; fewer than ten have no trend.
[[nodiscard]] Trend trend_of(const std::vector<double>& due, const std::vector<double>& times);

struct Step {
  double rate = 0;  ///< uploads due per second
  bool good = false;
  std::vector<std::string> reasons;  ///< why it is not
  /// Signs that this client could not do more, or was not to: then the target's limit is not known.
  std::vector<std::string> client;
  Stats stats;  ///< of the uploads that were due in the time that counts
  Histogram loop_lag;
};

/// What else is needed to judge a run, whose second phase is the one that counts.
struct Judge {
  double precision = 0.05;           ///< of the search; growth by more than half of it counts
  std::uint64_t most_in_flight = 0;  ///< at the end of any second of the run
};
[[nodiscard]] Step judged(double rate, const RunReport& report, const Judge& by);

}  // namespace loadgen
