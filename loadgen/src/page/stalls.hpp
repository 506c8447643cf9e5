// Stretches of a run in which uploads were much slower than in the rest of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "results/results.hpp"

namespace loadgen {

/// Three seconds or more in a row in which half of the uploads that ended had taken five times as
/// long as usual, and at least 100 ms more. Seconds just before, in which nothing ended, belong to
/// it.
struct Stall {
  std::uint64_t from = 0, to = 0;   ///< seconds from the start, `to` not included
  std::uint64_t uploads = 0;        ///< that ended in it
  double median_ms = 0;             ///< of these, end to end
  double usual_ms = 0;              ///< ... of the others of the same phase
  double loop_lag_ms = 0;           ///< of this machine, the most in it
  std::vector<std::size_t> groups;  ///< of these uploads; empty: there is only one group
};

/// Only those that nothing else explains: no event, phase, load, other or larger uploads, this
/// machine, or chance. In doubt there is none. In the order of time.
[[nodiscard]] std::vector<Stall> stalls(const Results& results);

}  // namespace loadgen
