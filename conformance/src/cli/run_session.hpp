// The second step of a run: discovery of the target, then its rows are judged.
#pragma once

#include <mutex>

#include "cli/run_plan.hpp"
#include "report/terminal.hpp"
#include "run/causes.hpp"
#include "run/plan.hpp"
#include "run/runner.hpp"

namespace conformance {

/// Fills the report of its plan. Used by one thread; `open`, `judge` and `close` in that order.
class RunSession {
 public:
  explicit RunSession(RunPlan& plan) : plan_(plan) {}

  /// Discovers the target, and makes the list of rows that are judged.
  [[nodiscard]] tl::expected<void, NotPlanned> open();
  [[nodiscard]] std::size_t cases() const { return rows_.cases.size(); }
  /// Judges all rows and tells `terminal` of each. An Error is a fault of the harness.
  [[nodiscard]] Result<void> judge(TerminalReport& terminal);
  /// Finds the causes of what is red, and deletes the uploads that were made.
  void close();

 private:
  /// What the first requests say against judging at all.
  [[nodiscard]] std::optional<Error> objection(const Discovered& found);
  [[nodiscard]] RunnerOptions runner_options();
  /// Why no more can be judged; waits for a target that is starting again.
  [[nodiscard]] std::optional<Outcome> hopeless();
  /// How much of the run's time is kept for trying foundations and for deleting uploads.
  [[nodiscard]] Milliseconds time_to_end() const;
  [[nodiscard]] Milliseconds time_for_rows() const;
  [[nodiscard]] bool knock() const;
  /// Waits for a target that is starting again, as long as there is patience and time.
  [[nodiscard]] bool is_back();
  [[nodiscard]] bool unsure(const CaseResult& result) const;
  [[nodiscard]] bool again(const CaseResult& first);
  void ran_again(const CaseResult& second);
  /// Judges all rows once more (--repeat).
  void judge_again(TerminalReport& terminal);
  void find_causes();

  RunPlan& plan_;
  Plan rows_;
  Rules rules_;
  std::vector<Trial> early_;  ///< what discovery had to try

  std::mutex mutex_;  ///< so that one thread at a time looks whether the target is back
  std::optional<Outcome> given_up_;
  std::optional<Death> death_;
  Milliseconds waited_{0};     ///< for a busy target
  std::size_t ran_again_ = 0;  ///< rows, because the target was busy
  std::size_t after_death_ = 0;
};

/// Whether the run was interrupted.
[[nodiscard]] bool checks_interrupted() noexcept;
/// What a signal handler calls; see interrupt() of cli.hpp.
void interrupt_checks() noexcept;
/// True when threads of abandoned checks are still running.
[[nodiscard]] bool checks_left_behind() noexcept;

}  // namespace conformance
