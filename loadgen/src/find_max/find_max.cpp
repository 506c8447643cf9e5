#include "find_max/find_max.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace loadgen {
namespace {

/// A target whose verdicts keep changing near its limit would be searched for ever.
constexpr std::size_t most_steps = 100;

/// Whose limit the lowest bad rate met.
Found::Limit limit_of(const Found& found) {
  if (!found.worst) return Found::Limit::bound;
  const auto by_client = [&](const Step& step) {
    return step.rate == *found.worst && !step.good && !step.client.empty();
  };
  const auto by_target = [&](const Step& step) {
    return step.rate == *found.worst && !step.good && step.client.empty();
  };
  if (std::ranges::count_if(found.steps, by_client) >
      std::ranges::count_if(found.steps, by_target)) {
    return Found::Limit::client;
  }
  return found.best ? Found::Limit::target : Found::Limit::below;
}

}  // namespace

std::string_view to_string(Found::Limit limit) {
  switch (limit) {
    case Found::Limit::target:
      return "target";
    case Found::Limit::client:
      return "client";
    case Found::Limit::bound:
      return "to";
    case Found::Limit::below:
      return "from";
  }
  return "";
}

ExitCode Found::exit_code() const {
  if (stopped) return stopped->code;
  return best ? ExitCode::good : ExitCode::bad_run;
}

Result<Scenario> at_rate(Scenario given, double rate, const FindMaxOptions& options) {
  const Settings& s = given.settings;
  const std::pair<bool, const char*> of_its_own[]{{!given.phases.empty(), "phases"},
                                                  {s.rate > 0, "rate"},
                                                  {s.duration.has_value(), "duration"},
                                                  {s.uploads.has_value(), "uploads"},
                                                  {!s.report.empty(), "report"}};
  for (const auto& [there, name] : of_its_own) {
    if (!there) continue;
    return failure(given.file.empty() ? "--" + std::string(name) : given.file + ": " + name,
                   "is what find-max says itself", "leave it out; see find-max --help");
  }
  if (!given.groups.empty() &&
      std::ranges::all_of(given.groups, [](const Group& g) { return g.count.has_value(); })) {
    return failure(given.file, "has no mix of partners, whose rate could be searched",
                   "give one of its groups a \"weight\" in the place of \"count\"");
  }
  for (const auto& [name, lasts] :
       {std::pair{"warm-up", options.warm_up}, {"hold", options.step}}) {
    Phase phase;
    phase.name = name;
    phase.lasts = lasts;
    phase.to = Level{rate, true};
    given.phases.push_back(std::move(phase));
  }
  if (const auto done = complete(given); !done) return tl::unexpected(done.error());
  return given;
}

Found find_max(const FindMaxOptions& options, const TryRate& try_rate,
               const std::function<void(const Step&)>& told) {
  Found found;
  found.options = options;
  Search search(options.bounds);
  for (auto rate = search.next(); rate && found.steps.size() < most_steps; rate = search.next()) {
    auto step = try_rate(*rate);
    if (!step) {
      found.stopped = std::move(step.error());
      break;
    }
    search.tried(*rate, step->good);
    told(*step);
    found.steps.push_back(std::move(*step));
  }
  found.best = search.best();
  found.worst = search.worst();
  found.limit = limit_of(found);
  return found;
}

TryRate by_runs(const Scenario& given, const FindMaxOptions& options, RunHooks& hooks) {
  return [&given, &options, &hooks](double rate) -> RunResult<Step> {
    auto scenario = at_rate(given, rate, options);
    if (!scenario) return tl::unexpected(RunError{ExitCode::usage, scenario.error()});
    Progress progress(scenario->groups.size());
    Judge judge;
    judge.precision = options.bounds.precision;
    RunHooks of_run = hooks;
    of_run.progress = &progress;
    of_run.second = [&judge](const Second& second) {
      judge.most_in_flight = std::max(judge.most_in_flight, second.in_flight);
    };
    auto report = run(std::make_shared<const Scenario>(*std::move(scenario)), of_run);
    if (!report) return tl::unexpected(std::move(report.error()));
    hooks.secrets = report->secrets;
    if (report->was_interrupted) {
      return tl::unexpected(RunError{ExitCode::interrupted, Error{"", "interrupted", ""}});
    }
    return judged(rate, *report, judge);
  };
}

}  // namespace loadgen
