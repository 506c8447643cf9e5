// --wait-for: a target that is being started.
#pragma once

#include <chrono>
#include <functional>
#include <iosfwd>

#include "cli/run_plan.hpp"

namespace conformance {

/// The clock, and how to pause: tests have their own.
struct Pauses {
  std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;
  std::function<void(Milliseconds)> pause;  ///< empty: the thread sleeps
};

/// Asks the target of `plan` again and again, for as long as --wait-for says. Tells `err` why it
/// waits, whenever that changes and every ten seconds. Any answer ends the waiting but 502, 503 and
/// 504, by which a gateway says that a server is not there yet. So does a failure that no waiting
/// mends, such as a certificate: the run reports it. The time of the run begins when this returns.
[[nodiscard]] Result<void> wait_for_target(RunPlan& plan, std::ostream& err,
                                           const Pauses& pauses = {});

}  // namespace conformance
