// One thread of a run: one loop, one schedule, its own uploads and numbers.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "link/cut.hpp"
#include "link/line.hpp"
#include "run/run.hpp"
#include "schedule/schedule.hpp"
#include "system/client.hpp"
#include "transport/load_engine.hpp"
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
};

/// Runs on the thread that calls `run`; results are read after it returned.
class Worker {
 public:
  Worker(const RunPlan& plan, const RunHooks& hooks, ScheduleOptions schedule, Time start);
  /// Load, then verification.
  void run();

  [[nodiscard]] std::vector<UploadResult>& results() { return results_; }
  [[nodiscard]] std::uint64_t not_started() const { return not_started_; }
  [[nodiscard]] VerifyMethod verified_by() const { return verified_by_; }

 private:
  /// One upload and its own stretch of the network.
  struct Partner {
    CutLink link;
    std::unique_ptr<Upload> upload;
  };

  void fill();
  void watch_interrupt();
  void begin(const Schedule::Start& start);
  void ended(std::uint64_t index);
  static UploadResult with_cuts(UploadResult result, const Partner& partner);
  void maybe_verify();
  void stop();

  const RunPlan& plan_;
  const RunHooks& hooks_;
  transport::LoadEngine engine_;
  Line line_;
  Authorizer authorizer_;
  Schedule schedule_;
  bool due_timer_ = false;
  bool verifying_ = false;
  bool closed_ = false;
  std::unordered_map<std::uint64_t, std::unique_ptr<Partner>> partners_;
  std::vector<UploadResult> results_;
  std::unique_ptr<Verifier> verifier_;
  std::uint64_t not_started_ = 0;
  VerifyMethod verified_by_ = VerifyMethod::none;
};

}  // namespace loadgen
