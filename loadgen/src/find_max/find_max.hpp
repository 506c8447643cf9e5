// The highest rate at which a target meets the thresholds.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "find_max/search.hpp"
#include "find_max/step.hpp"
#include "protocol/units.hpp"
#include "scenario/scenario.hpp"

namespace loadgen {

struct FindMaxOptions {
  SearchBounds bounds;
  Milliseconds warm_up{std::chrono::seconds{2}};
  Milliseconds step{std::chrono::seconds{10}};
};

/// What was found, and how.
struct Found {
  enum class Limit {
    target,  ///< a higher rate does not meet the thresholds, and the client could do more
    client,  ///< ... and the client could not
    bound,   ///< no limit was met up to the highest rate to be tried
    below,   ///< not even the lowest rate meets the thresholds
  };
  FindMaxOptions options;
  std::vector<Step> steps;  ///< in the order in which they were tried
  std::optional<double> best, worst;
  Limit limit = Limit::target;
  std::optional<RunError> stopped;  ///< why the search is not over
  redact::Secrets secrets;          ///< that no report may hold

  [[nodiscard]] ExitCode exit_code() const;
};
[[nodiscard]] std::string_view to_string(Found::Limit limit);

/// `given` as a scenario that warms up at `rate` and then holds it: two phases. It may have no
/// phases, rate, duration or number of uploads of its own; an Error names what it has.
[[nodiscard]] Result<Scenario> at_rate(Scenario given, double rate, const FindMaxOptions& options);

/// Tries one rate.
using TryRate = std::function<RunResult<Step>(double rate)>;
/// `told` is called after each step.
[[nodiscard]] Found find_max(const FindMaxOptions& options, const TryRate& try_rate,
                             const std::function<void(const Step&)>& told);

/// A TryRate that makes real runs. All three arguments outlive it. Each run asks
/// `hooks.interrupted` and calls `hooks.begun`.
[[nodiscard]] TryRate by_runs(const Scenario& given, const FindMaxOptions& options,
                              RunHooks& hooks);

}  // namespace loadgen
