// What a run has to know before it begins, and what its loops know of each other.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "link/pulse.hpp"
#include "run/run.hpp"
#include "run/seconds.hpp"
#include "scenario/roster.hpp"
#include "stats/spool.hpp"
#include "system/client.hpp"
#include "transport/load_engine.hpp"
#include "upload/authorizer.hpp"
#include "verify/copies.hpp"

namespace loadgen {

/// What a group of partners uploads with.
struct GroupPlan {
  const Settings* settings = nullptr;  ///< the group's
  std::unique_ptr<Client> client;
  std::vector<Credentials> accounts;  ///< one at least, which may be empty
  std::string control_url;
};

/// Constant while the loops run. Outlives them.
struct RunPlan {
  explicit RunPlan(const Scenario& of) : scenario(of), roster(of) {}

  [[nodiscard]] const Settings& settings() const { return scenario.settings; }

  const Scenario& scenario;  ///< complete
  Roster roster;
  std::vector<GroupPlan> groups;
  transport::LoadEngineOptions engine;
  std::vector<transport::ResolvedHost> hosts;
  bool told_in_full = false;            ///< requests are recorded, and seconds kept
  std::optional<Milliseconds> give_up;  ///< without progress for this long; nullopt: never
};

/// Thread-safe.
struct Shared {
  Shared(Time begin, Progress& progress, const Roster& roster)
      : start(begin),
        pulse(begin),
        seconds(progress, begin, [&roster](Duration at) { return roster.phase_at(at); }) {}
  Time start;
  Pulse pulse;
  Seconds seconds;               ///< looked at by the first loop only
  std::vector<Second> happened;  ///< likewise; where a report is wanted
  Spool results;
  std::shared_ptr<Copies> copies = std::make_shared<Copies>();
  std::atomic<bool> gave_up{false};
  std::atomic<std::uint64_t> begun_bytes{0};  ///< sizes of the files of uploads that were begun
};

/// Makes `most` at least `time`. Thread-safe.
inline void raise(std::atomic<std::int64_t>& most, Time::duration time) {
  const auto value = std::chrono::duration_cast<std::chrono::microseconds>(time).count();
  std::int64_t former = most.load();
  while (former < value && !most.compare_exchange_weak(former, value)) {
  }
}

}  // namespace loadgen
