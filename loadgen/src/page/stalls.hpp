// Stretches of a run in which uploads were much slower than in the rest of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "results/results.hpp"

namespace loadgen {

/// Three seconds or more, one after the other, in which half of what ended had taken five times as
/// long as is usual, and 100 ms more; seconds before, in which nothing ended, are a part of it.
struct Stall {
  std::uint64_t from = 0, to = 0;   ///< seconds from the start, `to` not included
  std::uint64_t uploads = 0;        ///< that ended in it
  double median_ms = 0;             ///< of these, end to end
  double usual_ms = 0;              ///< ... of the others of the same phase
  double loop_lag_ms = 0;           ///< of this machine, the most in it
  std::vector<std::size_t> groups;  ///< that these were of; empty: there is but one
};

/// Those that neither an event, a phase, the load, other or larger uploads, this machine nor chance
/// explains: where it is not sure, there is none. In the order of time.
[[nodiscard]] std::vector<Stall> stalls(const Results& results);

}  // namespace loadgen
