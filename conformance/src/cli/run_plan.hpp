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

/// All that a run works with, before its target is found out. Move-only.
struct RunPlan {
  const RunCommand* command = nullptr;  ///< outlives the plan
  Systems systems;
  redact::Secrets secrets;
  std::chrono::steady_clock::time_point start;  ///< when its time began: after --wait-for
  Catalogue catalogue;
  std::optional<Baseline> baseline;
  std::optional<verdicts::Column> against;
  TargetOptions target_options;  ///< for further requests beside the checks
  std::shared_ptr<Target> target;
  std::shared_ptr<Session> session;
  std::optional<Reports> reports;  ///< set when the plan is whole
  RunReport report;                ///< its head: what is known before anything is sent

  /// Of --run-timeout; may be negative.
  [[nodiscard]] Milliseconds time_left() const;
};

struct NotPlanned {
  ExitCode code = ExitCode::usage;
  Error error;
};

/// Catalogue, files, flags and credentials. Secrets that it meets are added to `secrets`.
[[nodiscard]] tl::expected<RunPlan, NotPlanned> plan_run(const RunCommand& command, Systems systems,
                                                         redact::Secrets secrets);

}  // namespace conformance
