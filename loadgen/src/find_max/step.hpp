// One rate that was tried: whether it is good, and if not, who could not do more.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "run/run.hpp"
#include "stats/stats.hpp"

namespace loadgen {

/// How fast a time grows while uploads come: its slope over when they were due. Twice as many as
/// are taken wait longer by a second each second: a rate is above what is taken by this part.
struct Trend {
  double slope = 0;
  double error = 0;  ///< standard error of the slope
  /// That it grows by more than `part`, and not by chance.
  [[nodiscard]] bool grows(double part) const;
};
/// Least squares. `due` and `times` in seconds, of the same uploads; fewer than ten have no trend.
[[nodiscard]] Trend trend_of(const std::vector<double>& due, const std::vector<double>& times);

struct Step {
  double rate = 0;  ///< uploads that were due, a second
  bool good = false;
  std::vector<std::string> reasons;  ///< why it is not
  /// Signs that this client could not do more, or was not to: then the target's limit is not known.
  std::vector<std::string> client;
  Stats stats;  ///< of the uploads that were due in the time that counts
  Histogram loop_lag;
};

/// What is needed besides of a run whose second phase is the one that counts.
struct Judge {
  double precision = 0.05;           ///< of the search: a growth of half of it is one
  std::uint64_t most_in_flight = 0;  ///< that a second of the run ended with
};
[[nodiscard]] Step judged(double rate, const RunReport& report, const Judge& by);

}  // namespace loadgen
