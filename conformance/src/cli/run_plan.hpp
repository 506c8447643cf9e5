// The first step of a run: what is asked is read and checked, and nothing is sent.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "catalogue/catalogue.hpp"
#include "cli/options.hpp"
#include "protocol/error.hpp"
#include "redact/secrets.hpp"
#include "report/files.hpp"
#include "run/baseline.hpp"
#include "run/session.hpp"
#include "run/summary.hpp"

namespace conformance {

/// All that a run works with, before discovery. Move-only.
struct RunPlan {
  const RunCommand* command = nullptr;  ///< outlives the plan
  Systems systems;
  redact::Secrets secrets;
  std::chrono::steady_clock::time_point start;  ///< when the run's time began: after --wait-for
  Catalogue catalogue;
  std::optional<Baseline> baseline;
  std::optional<verdicts::Column> against;
  TargetOptions target_options;  ///< for requests beside the checks: trials of foundations
  std::shared_ptr<Target> target;
  std::shared_ptr<Session> session;
  std::optional<Reports> reports;  ///< set when the plan is whole
  RunReport report;                ///< so far: what is known before anything is sent

  /// What is left of --run-timeout; may be negative.
  [[nodiscard]] Milliseconds time_left() const;
};

struct NotPlanned {
  ExitCode code = ExitCode::usage;
  Error error;
};

/// Reads catalogue, files, flags and credentials. Secrets that it meets are added to `secrets`.
[[nodiscard]] tl::expected<RunPlan, NotPlanned> plan_run(const RunCommand& command, Systems systems,
                                                         redact::Secrets secrets);

}  // namespace conformance
