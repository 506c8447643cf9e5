// GoogleTest as the list of rows: one test per row, which waits for its outcome and reports it.
#pragma once

#include <functional>
#include <vector>

#include "run/summary.hpp"

namespace conformance {

/// Registers a test per row, runs them all and returns when each has its judgement. `judgement` is
/// called once per row, in order, on this thread. GTEST_* variables, filters and shards have no
/// effect; an Error when GoogleTest nevertheless ran another number of tests. Once per process.
[[nodiscard]] Result<void> run_as_gtest_rows(
    const std::vector<const Requirement*>& rows,
    const std::function<const Judgement&(std::size_t index)>& judgement);

}  // namespace conformance
