// One thread of a run: one loop, one schedule, its own uploads and numbers.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "link/cut.hpp"
#include "link/line.hpp"
#include "link/pulse.hpp"
#include "link/rate.hpp"
#include "run/run.hpp"
#include "run/seconds.hpp"
#include "schedule/schedule.hpp"
#include "stats/spool.hpp"
#include "system/client.hpp"
#include "transport/load_engine.hpp"
#include "verify/cleanup.hpp"
#include "verify/verify.hpp"

namespace loadgen {

/// Shared by all workers, constant while they run. Outlives them.
struct RunPlan {
  const Settings& settings;
  std::unique_ptr<Client> client;
  Credentials credentials;
  transport::LoadEngineOptions engine;
  std::vector<transport::ResolvedHost> hosts;
  std::string control_url;
  std::optional<Milliseconds> give_up;  ///< without progress for this long; nullopt: never
};

/// What the loops of a run know of each other. Thread-safe.
struct Shared {
  Shared(Time start, Progress& progress) : pulse(start), seconds(progress, start) {}
  Pulse pulse;
  Seconds seconds;  ///< looked at by the first loop only
  Spool results;
  std::shared_ptr<Copies> copies = std::make_shared<Copies>();
  std::atomic<bool> gave_up{false};
  std::atomic<std::uint64_t> begun_bytes{0};  ///< sizes of the files of uploads that were begun
};

/// Runs on the thread that calls `run`; its figures are read after it returned.
class Worker {
 public:
  Worker(const RunPlan& plan, const RunHooks& hooks, Shared& shared, ScheduleOptions schedule,
         Time start);
  /// Load, then verification.
  void run();

  [[nodiscard]] const Stats& stats() const { return stats_; }
  [[nodiscard]] std::uint64_t not_started() const { return not_started_; }
  [[nodiscard]] std::uint64_t removed() const { return cleanup_ ? cleanup_->removed() : 0; }
  [[nodiscard]] std::uint64_t left_behind() const { return cleanup_ ? cleanup_->left_behind() : 0; }
  [[nodiscard]] const Histogram& loop_lag() const { return loop_lag_; }
  [[nodiscard]] VerifyMethod verified_by() const { return verified_by_; }

 private:
  /// One upload and its own stretch of the network.
  struct Partner {
    Partner(transport::LoadTransport& below, const Network& network, CutPlan cuts)
        : rate(below, network.upload_rate), link(rate, std::move(cuts)) {}
    RateLink rate;
    CutLink link;
    std::optional<Time> possible;
    std::optional<Time> ended;  ///< its last byte was acknowledged, or never will be
    std::unique_ptr<Upload> upload;
  };

  void fill();
  /// Ten times a second: signals, figures, and whether the run gets on.
  void tick();
  void get_on(Time now);
  /// Ends at once with what is known.
  void break_off(const std::optional<Cause>& cause);
  void begin(const Schedule::Start& start, Bytes size);
  void ended(std::uint64_t index);
  /// With what only this side knows of it.
  static UploadResult completed(UploadResult result, const Partner& partner);
  /// An upload has ended: it is counted, or waits to be verified.
  void keep(UploadResult result);
  /// The next of them that is not verified yet.
  std::optional<UploadResult> next_unjudged();
  void judged(const UploadResult& result);
  void maybe_verify();
  void clean_up();
  /// `cause`: why it was not verified, for what was not.
  void stop(const std::optional<Cause>& cause);

  const RunPlan& plan_;
  const RunHooks& hooks_;
  Shared& shared_;
  transport::LoadEngine engine_;
  PulseLink pulse_;
  Line line_;
  Authorizer authorizer_;
  Schedule schedule_;
  bool due_timer_ = false;
  bool verifying_ = false;
  Time idle_since_;  ///< when an upload ended last
  bool closed_ = false;
  std::optional<Time> tick_due_;
  Histogram loop_lag_;
  Bytes sent_;  ///< that was told
  std::unordered_map<std::uint64_t, std::unique_ptr<Partner>> partners_;
  Stats stats_;
  std::uint64_t looked_at_ = 0;  ///< of this loop's uploads, in their order
  std::uint64_t unjudged_ = 0;   ///< of those kept
  ScheduleOptions own_;
  std::unique_ptr<Verifier> verifier_;
  std::unique_ptr<Asker> asker_;
  std::unique_ptr<Cleanup> cleanup_;
  std::uint64_t not_started_ = 0;
  VerifyMethod verified_by_ = VerifyMethod::none;
};

}  // namespace loadgen
