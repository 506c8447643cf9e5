// One thread of a run: one loop, its partners, and its own numbers.
#pragma once

#include <memory>
#include <vector>

#include "link/pulse.hpp"
#include "run/crowd.hpp"
#include "run/plan.hpp"
#include "run/run.hpp"
#include "stats/tally.hpp"
#include "transport/load_engine.hpp"
#include "verify/cleanup.hpp"
#include "verify/verify.hpp"

namespace loadgen {

/// Runs on the thread that calls `run`; its figures are read after it returned.
class Worker {
 public:
  /// The part `first` of `stride` of a run.
  Worker(const RunPlan& plan, const RunHooks& hooks, Shared& shared, std::uint64_t first,
         std::uint64_t stride);
  /// Load, then verification.
  void run();

  [[nodiscard]] const Tally& tally() const { return tally_; }
  [[nodiscard]] std::uint64_t removed() const;
  [[nodiscard]] std::uint64_t left_behind() const;
  [[nodiscard]] const std::vector<std::string>& notes() const { return crowd_.notes(); }
  [[nodiscard]] const Histogram& loop_lag() const { return loop_lag_; }
  [[nodiscard]] VerifyMethod verified_by() const { return verified_by_; }

 private:
  /// Ten times a second: signals, figures, and whether the run makes progress.
  void tick();
  void get_on(Time now);
  /// Ends at once with what is known.
  void break_off(const std::optional<Cause>& cause);
  /// An upload has ended: it is counted, or waits to be verified.
  void keep(UploadResult result);
  void maybe_verify();
  void count_not_started();
  /// Group by group, as each has a client of its own.
  void verify(std::size_t group);
  /// The next upload of a group, or of all, that is not verified yet.
  std::optional<UploadResult> next_unjudged(std::optional<std::size_t> group);
  void judged(const UploadResult& result);
  void clean_up(std::size_t group);
  /// `cause`: why uploads are left unverified.
  void stop(const std::optional<Cause>& cause);

  const RunPlan& plan_;
  const RunHooks& hooks_;
  Shared& shared_;
  bool first_;
  transport::LoadEngine engine_;
  PulseLink pulse_;
  Crowd crowd_;
  bool closed_ = false;
  bool verifying_ = false;
  std::optional<Time> tick_due_;
  Histogram loop_lag_;
  Bytes sent_;  ///< counted in the progress so far
  Tally tally_;
  Crowd::Begun looked_at_;
  std::uint64_t unjudged_ = 0;  ///< of those kept
  // Of each group in turn, in this order; all live until the end.
  std::vector<std::unique_ptr<Verifier>> verifiers_;
  std::vector<std::unique_ptr<Asker>> askers_;
  std::vector<std::unique_ptr<Cleanup>> cleanups_;
  VerifyMethod verified_by_ = VerifyMethod::none;
};

}  // namespace loadgen
