// A run that is over, as results.
#pragma once

#include "results/results.hpp"
#include "run/run.hpp"

namespace loadgen {

/// Masked with RunReport::secrets. Goes through all uploads once.
[[nodiscard]] Results results_of(const RunReport& report);

}  // namespace loadgen
