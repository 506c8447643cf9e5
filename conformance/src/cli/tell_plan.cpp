#include "cli/tell_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <set>

#include "catalogue/costs.hpp"
#include "cli/complaint.hpp"
#include "cli/run_plan.hpp"

namespace conformance {
namespace {

struct Sum {
  std::size_t rows = 0;
  std::size_t unmeasured = 0;
  std::size_t slow_left_out = 0;
  Cost cost;
  std::uint64_t longest_ms = 0;
};

/// The cost of all rows that may be judged: only discovery tells which ones the target offers.
Sum sum_of(const RunPlan& plan, const Costs& costs) {
  const RunCommand& command = *plan.command;
  std::set<std::string_view> judged;
  const std::vector<Check> checks = checks_of(plan.systems);
  for (const Check& check : checks) judged.insert(check.requirement);
  Sum sum;
  for (const Requirement& row : plan.catalogue.rows()) {
    if (!applies(row, *command.system) || !selects(command.selection, row)) continue;
    if (row.slow && !asks_for_slow(command.selection, row)) {
      ++sum.slow_left_out;
      continue;
    }
    if (!judged.contains(row.id)) continue;
    ++sum.rows;
    const auto cost = costs.rows.find(row.id);
    if (cost == costs.rows.end()) {
      ++sum.unmeasured;
      continue;
    }
    sum.cost += cost->second;
    sum.longest_ms = std::max(sum.longest_ms, cost->second.ms);
  }
  return sum;
}

double in_seconds(std::uint64_t ms) { return static_cast<double>(ms) / 1000.0; }

}  // namespace

int tell_plan(const RunCommand& run, Systems systems, std::ostream& out, std::ostream& err) {
  RunCommand command = run;
  // No report file is opened.
  for (std::string RunCommand::*const path :
       {&RunCommand::junit, &RunCommand::json, &RunCommand::evidence, &RunCommand::record,
        &RunCommand::update_baseline, &RunCommand::html, &RunCommand::badge}) {
    (command.*path).clear();
  }
  const redact::Secrets secrets = secrets_of(command.arguments, systems);
  const auto plan = plan_run(command, systems, secrets);
  if (!plan) return complain({err, secrets}, plan.error().error, plan.error().code);
  const auto costs = load_costs(embedded_costs(), command.system->name);
  if (!costs) return complain({err, plan->secrets}, costs.error(), ExitCode::harness);
  const Sum sum = sum_of(*plan, *costs);
  if (sum.rows == 0) {
    return complain({err, plan->secrets}, Error{"--select", "nothing is selected", ""},
                    ExitCode::usage);
  }
  const std::size_t times = command.repeat;
  const Cost& cost = sum.cost;
  const std::uint64_t alone = cost.ms / command.jobs;
  const std::uint64_t seconds_ms = std::max(alone, sum.longest_ms) * times;
  const std::uint64_t per_trip_ms = cost.requests * times * 50 / command.jobs;
  out << fmt::format("plan: {} rows of {} as {}{}; nothing was sent\n", sum.rows,
                     plan->secrets.mask(redact::shown_url(command.url)), command.system->name,
                     times > 1 ? fmt::format(", {} times each", times) : "");
  out << fmt::format(
      "  requests  at most {}, {} to find out what the target is, and one to delete each "
      "upload where that can be done\n",
      cost.requests * times, costs->besides.requests);
  out << fmt::format("  bytes     at most {} in bodies\n",
                     ::to_string(Bytes{cost.bytes * times + costs->besides.bytes}));
  const auto given = command.system->uploads_given;
  if (const std::size_t theirs = given == nullptr ? 0 : given(command.own); theirs > 0) {
    out << fmt::format(
        "  uploads   none is created: {} given, one for each row that finds one of its "
        "length; rows that find none are skipped, and send nothing\n",
        theirs == 1 ? "1 is" : fmt::format("{} are", theirs));
  } else {
    out << fmt::format("  uploads   at most {}{}\n", cost.uploads * times + costs->besides.uploads,
                       costs->left_behind.empty() ? "" : "; " + costs->left_behind);
  }
  out << fmt::format(
      "  seconds   about {:.0f} with --jobs {} where an answer takes no time, and {:.0f} more for "
      "each 50 ms of round trip; never more than {} (--run-timeout) and what cleaning up takes\n",
      std::max(1.0, in_seconds(seconds_ms)), command.jobs, in_seconds(per_trip_ms),
      ::to_string(command.run_timeout));
  if (sum.slow_left_out > 0) {
    out << fmt::format("left out: {} slow rows (--slow)\n", sum.slow_left_out);
  }
  if (sum.unmeasured > 0) {
    out << fmt::format("without a figure: {} rows, which the mock had nothing for\n",
                       sum.unmeasured);
  }
  out << "measured: " << costs->measured
      << ". A target that offers less is sent less; one where rows are red is asked again, and "
         "more.\n";
  return 0;
}

}  // namespace conformance
