// The shards of a run put together: one report, as of one machine, which alone is judged.
#pragma once

#include <string>
#include <vector>

#include "protocol/error.hpp"
#include "run/run.hpp"
#include "stats/criterion.hpp"

namespace loadgen {

/// Histograms and figures are added, never averaged, and so are the seconds, by the clock. An Error
/// of one line tells of shards that are missing, given twice, of another run, or that did not run
/// at the same time, and of a file that does not fit the others. Nothing is written. The report is
/// to go to `out`, which is none of `folders`; its uploads are read again from the shards each time
/// they are shown. `fail_if` is added to the conditions of the run.
[[nodiscard]] Result<RunReport> merge(const std::vector<std::string>& folders,
                                      const std::string& out,
                                      const std::vector<Criterion>& fail_if);

}  // namespace loadgen
