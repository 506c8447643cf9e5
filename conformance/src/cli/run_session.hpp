// The second step of a run: the target is found out, and its rows are judged.
#pragma once

#include "cli/run_plan.hpp"
#include "report/terminal.hpp"
#include "run/plan.hpp"

namespace conformance {

/// Fills the report of its plan. Used by one thread; `open`, `judge` and `close` in that order.
class RunSession {
 public:
  explicit RunSession(RunPlan& plan) : plan_(plan) {}

  /// Finds the target out, and with it the list of what is judged.
  [[nodiscard]] tl::expected<void, NotPlanned> open();
  [[nodiscard]] std::size_t cases() const { return rows_.cases.size(); }
  /// Judges all of them and tells `terminal` of each. An Error is one of the harness.
  [[nodiscard]] Result<void> judge(TerminalReport& terminal);
  /// Takes away what was made.
  void close();

 private:
  RunPlan& plan_;
  Plan rows_;
  Rules rules_;
};

/// What a signal sets; see interrupt() of cli.hpp.
void interrupt_checks() noexcept;
/// True when threads of abandoned checks are still running.
[[nodiscard]] bool checks_left_behind() noexcept;

}  // namespace conformance
