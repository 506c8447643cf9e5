// A whole run: threads, loops, uploads, verification, and the numbers at the end.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "protocol/error.hpp"
#include "protocol/http/date.hpp"
#include "redact/secrets.hpp"
#include "results/judge.hpp"
#include "scenario/scenario.hpp"
#include "stats/result.hpp"
#include "stats/second.hpp"
#include "stats/stats.hpp"
#include "stats/tally.hpp"
#include "upload/authorizer.hpp"

namespace loadgen {

struct RunError {
  ExitCode code = ExitCode::usage;
  Error error;
};
template <class T>
using RunResult = tl::expected<T, RunError>;

/// Counters that a progress line may read while the run goes on.
struct Progress {
  explicit Progress(std::size_t count = 1) : groups(count) {}
  struct OfGroup {
    std::atomic<std::uint64_t> started{0}, in_flight{0}, uploaded{0}, failed{0},
        acknowledged_bytes{0};
  };
  std::vector<OfGroup> groups;
  std::atomic<std::uint64_t> started{0}, in_flight{0}, uploaded{0}, failed{0}, verified{0}, cuts{0},
      sent_bytes{0}, acknowledged_bytes{0};
  std::atomic<std::int64_t> start_lag_max_us{0}, loop_lag_max_us{0};  ///< of the present second
  std::atomic<bool> verifying{false};
  std::atomic<Time::rep> starts_at{0};  ///< on the steady clock: when a load that waits will begin
};

/// What one machine did of a run.
struct PartOfRun {
  Shard shard;
  std::string run_id, target;
  http::TimePoint began;
  std::uint64_t uploads = 0;  ///< that it started
};

struct RunReport {
  std::string run_id;
  Settings settings;
  Stats stats;
  /// What the run was, complete; of its groups and phases `tally` has the figures.
  std::shared_ptr<const Scenario> scenario;
  Tally tally;
  VerifyMethod verified_by = VerifyMethod::none;
  /// Shows every upload, by index.
  std::function<void(const std::function<void(const UploadResult&)>&)> each_upload =
      [](const std::function<void(const UploadResult&)>&) {};
  Time begin;                      ///< that the times of uploads count from
  http::TimePoint begun;           ///< the same moment by the clock of this machine
  std::uint64_t load_seconds = 0;  ///< the last whole second in which there was load
  std::vector<Second> seconds;     ///< where a report is wanted
  bool was_interrupted = false;
  bool gave_up = false;                        ///< there was no progress for Settings::give_up
  std::uint64_t removed = 0, left_behind = 0;  ///< by --cleanup
  std::vector<std::string> notes;              ///< of what the run could not do as it was told
  std::vector<std::string> conditions_hit;     ///< --fail-if, with the values found
  redact::Secrets secrets;                     ///< that no report may hold
  std::optional<RunError> stopped;             ///< why there was no load, or not all of it
  std::vector<PartOfRun> parts;                ///< that were merged; empty: it is no merged run
  /// It is the part of one of several machines, whose outcome is not judged.
  [[nodiscard]] bool is_part() const { return scenario && scenario->shard; }
  [[nodiscard]] Ending ending() const;
  [[nodiscard]] ExitCode exit_code() const {
    return exit_code_of(stats, rules_of(settings), ending());
  }
};

struct RunHooks {
  Progress* progress = nullptr;  ///< never null while a run goes on
  redact::Secrets secrets;       ///< what the run is given and what it is issued is added
  /// Asked ten times a second on every loop: 0 go on, 1 start nothing more, 2 stop at once.
  std::function<int()> interrupted = [] { return 0; };
  /// Called when all is ready, if the load is to begin at a given time.
  std::function<void(http::TimePoint at)> waits = [](http::TimePoint) {};
  /// Called once before the load, from the calling thread, with the creation URL that is used.
  std::function<void(const std::string& run_id, const std::string& url, Time begin)> begun =
      [](const std::string&, const std::string&, Time) {};
  /// Called as uploads end, before they are verified, on any loop.
  std::function<void(const UploadResult&)> ended = [](const UploadResult&) {};
  /// Called for each whole second of the load, on one of the loops.
  std::function<void(const Second&)> second = [](const Second&) {};
};

/// Environment variables that `settings` names, for one of the accounts of its partners; an Error
/// names the flag and the variable.
[[nodiscard]] Result<Credentials> credentials_of(const Settings& settings, std::uint64_t account);

/// `scenario` is complete. Blocks until the run is over.
[[nodiscard]] RunResult<RunReport> run(const std::shared_ptr<const Scenario>& scenario,
                                       const RunHooks& hooks);

}  // namespace loadgen
