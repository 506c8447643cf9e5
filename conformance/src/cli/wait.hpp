// --wait-for: a target that is being started.
#pragma once

#include <chrono>
#include <functional>
#include <iosfwd>

#include "cli/run_plan.hpp"

namespace conformance {

/// The time, and how it passes: tests have their own.
struct Pauses {
  std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;
  std::function<void(Milliseconds)> pause;  ///< empty: the thread sleeps
};

/// Asks the target of `plan` again and again, for as long as --wait-for says, and tells `err` why
/// it waits, whenever that changes and every ten seconds. What answers is there, but for 502, 503
/// and 504, which a gateway says of a server that is not there yet; so is what fails in a way that
/// no waiting mends, as a certificate: the run tells of it. The time of the run begins when this
/// returns.
[[nodiscard]] Result<void> wait_for_target(RunPlan& plan, std::ostream& err,
                                           const Pauses& pauses = {});

}  // namespace conformance
