#include "compare/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "redact/printable.hpp"
#include "stats/criterion.hpp"

namespace loadgen {
namespace {

using Named = std::vector<std::pair<std::string, std::string>>;

constexpr double least_seconds = 20;
/// In a longer run, a slot is longer than a second.
constexpr double most_slots = 20'000;
/// With fewer uploads beyond it, a percentile rests on too few.
constexpr double least_evidence = 5;

Result<void> same(const Named& base, const Named& now) {
  const std::size_t count = std::max(base.size(), now.size());
  const std::pair<std::string, std::string> none{"", "nothing"};
  for (std::size_t i = 0; i < count; ++i) {
    const auto& [name, value] = i < base.size() ? base[i] : none;
    const auto& [other_name, other] = i < now.size() ? now[i] : none;
    if (name == other_name && value == other) continue;
    return failure(redact::printable(name.empty() ? other_name : name),
                   fmt::format("is {} in BASE and {} in NEW", quote(value), quote(other)),
                   "only runs of the same scenario can be compared; the seed may be another");
  }
  return {};
}

Result<void> comparable(const Recorded& base, const Recorded& now) {
  if (auto good = same(base.scenario, now.scenario); !good) return good;
  if (base.parts && now.parts) {
    if (auto good = same(*base.parts, *now.parts); !good) return good;
  }
  for (const Recorded* run : {&base, &now}) {
    if (run->elapsed() < least_seconds) {
      return failure(run->folder,
                     fmt::format("its load took {:.1f} s: how sure a figure is cannot be told of "
                                 "less than {:.0f} s",
                                 std::max(0.0, run->elapsed()), least_seconds),
                     "let it run longer");
    }
  }
  return {};
}

/// What bears on all figures, of one run.
void note(const char* which, const Recorded& run, std::vector<std::string>& notes) {
  const double unmet = run.number("not_started");
  const double late = run.number("late_starts");
  if (unmet > 0) {
    notes.push_back(
        fmt::format("{}: {:.0f} uploads were due and could not start: the load was not "
                    "the one that was asked for",
                    which, unmet));
  }
  if (late > 0.05 * run.number("uploads")) {
    notes.push_back(
        fmt::format("{}: {:.0f} uploads started 100 ms or more after they were due", which, late));
  }
  if (const double lag = run.number("loop_lag_p99_ms"); lag > 100) {
    notes.push_back(
        fmt::format("{}: the client itself was behind, by {:.0f} ms at p99 of its loop "
                    "lag: it had too little of its machine",
                    which, lag));
  }
  if (run.acknowledged.empty()) {
    notes.push_back(
        fmt::format("{}: without seconds.csv, as 0.1.0 wrote it: bytes count when their "
                    "upload ended",
                    which));
  }
}

std::size_t longest_block(const std::array<std::vector<double>, 3>& series) {
  std::size_t longest = 1;
  for (const auto& one : series) longest = std::max(longest, block_length(one));
  return longest;
}

std::array<std::vector<double>, 3> between(const Sampled& base, const Sampled& now) {
  auto series = now.series();
  const auto from = base.series();
  for (std::size_t i = 0; i < series.size(); ++i) {
    for (std::size_t slot = 0; slot < series[i].size(); ++slot) series[i][slot] -= from[i][slot];
  }
  return series;
}

/// The least change of a figure that counts: the tolerance, or what the lag of the client's own
/// timers makes of the figure, if that is more.
double least_change(const Figure& figure, double base, const ComparedRuns& of) {
  const auto lag = [&](int percentile) {
    const auto name = fmt::format("loop_lag_p{}_ms", percentile);
    return std::max(of.base.number(name), of.now.number(name));
  };
  double least = of.options.tolerance * std::abs(base);
  if (figure.percentile > 0) return std::max(least, lag(figure.percentile));
  if (!figure.more_is_better) return least;
  // If timers lag by a part of an upload's time, uploads become fewer by that part.
  const double takes = std::max(1e-3, of.base.number("service_p50_ms"));
  return std::max(least, std::min(1.0, lag(50) / takes) * std::abs(base));
}

ChangeKind judged(const Difference& difference) {
  if (!difference.change) return ChangeKind::unknown;
  const bool more = difference.change->low > difference.least;
  const bool less = difference.change->high < -difference.least;
  if (!more && !less) return ChangeKind::same;
  return more == difference.figure->more_is_better ? ChangeKind::better : ChangeKind::worse;
}

/// The standard error of each figure's change, estimated from the resamples.
class Errors {
 public:
  void add(const std::vector<double>& base, const std::vector<double>& now) {
    ++drawn_;
    sums_.resize(base.size());
    for (std::size_t i = 0; i < base.size(); ++i) {
      const double change = now[i] - base[i];
      if (std::isnan(change)) continue;
      Sums& sums = sums_[i];
      // Welford's method: plain sums of squares lose precision where large figures differ by
      // little.
      const double before = change - sums.mean;
      sums.mean += before / ++sums.count;
      sums.squares += before * (change - sums.mean);
    }
  }
  [[nodiscard]] std::optional<double> of(std::size_t figure) const {
    const Sums& sums = sums_[figure];
    if (sums.count < 0.9 * static_cast<double>(drawn_)) return std::nullopt;
    return std::sqrt(sums.squares / (sums.count - 1));
  }

 private:
  struct Sums {
    double count = 0, mean = 0, squares = 0;
  };
  std::vector<Sums> sums_;
  std::size_t drawn_ = 0;
};

/// Whether `condition` holds: of a change with an interval, at both ends of it.
bool holds(const Condition& condition, const ComparedRuns& of, std::string& found) {
  const auto name = [&](const Difference& d) { return d.figure->name == condition.figure; };
  const auto figure = std::ranges::find_if(of.differences, name);
  const bool known = figure != of.differences.end();
  const double base = known ? figure->base : of.base.number(condition.figure);
  const double now = known ? figure->now : of.now.number(condition.figure);
  if (!condition.change) {
    found = fmt::format("it is {:.6g}", now);
    return condition.holds(now);
  }
  const double unit = condition.percent ? std::abs(base) / 100 : 1;
  if (condition.percent && base == 0) {
    // In percent of 0, any change is infinite.
    found = fmt::format("it was 0 and is {:.6g}", now);
    return now != 0 && condition.holds(std::copysign(1e300, now));
  }
  const char* const sign = condition.percent ? " %" : "";
  if (!known) {
    found = fmt::format("the change is {:+.6g}{}", (now - base) / unit, sign);
    return condition.holds((now - base) / unit);
  }
  if (!figure->change) return false;
  const double low = figure->change->low / unit;
  const double high = figure->change->high / unit;
  found = fmt::format("the change is between {:+.3g}{} and {:+.3g}{}", low, sign, high, sign);
  return condition.holds(low) && condition.holds(high);
}

}  // namespace

std::string_view to_string(ChangeKind finding) {
  switch (finding) {
    case ChangeKind::same:
      return "no certain change";
    case ChangeKind::better:
      return "better";
    case ChangeKind::worse:
      return "worse";
    case ChangeKind::unknown:
      return "unknown";
  }
  return "";
}

std::vector<std::string> names_of_conditions() {
  std::vector<std::string> names;
  for (const Figure& figure : figures()) names.push_back(figure.name);
  for (const auto& [name, value] : summary_fields({})) {
    if (std::ranges::count(names, name) == 0) names.push_back(name);
  }
  return names;
}

bool ComparedRuns::worse() const {
  if (!options.fail_if.empty()) return !conditions_hit.empty();
  return std::ranges::any_of(differences,
                             [](const Difference& d) { return d.finding == ChangeKind::worse; });
}

Result<ComparedRuns> compare(Recorded base, Recorded now, CompareOptions options) {
  if (const auto good = comparable(base, now); !good) return tl::unexpected(good.error());
  ComparedRuns result;
  result.options = std::move(options);
  result.paired = base.seed == now.seed;
  result.slots_base = static_cast<std::size_t>(std::min(most_slots, base.elapsed()));
  result.slots_now = static_cast<std::size_t>(std::min(most_slots, now.elapsed()));
  if (result.paired) {
    result.slots_base = result.slots_now = std::min(result.slots_base, result.slots_now);
  }
  const Sampled before(base, result.slots_base);
  const Sampled after(now, result.slots_now, result.paired ? &before.slots_of_uploads() : nullptr);
  if (result.paired) {
    result.block_base = result.block_now = longest_block(between(before, after));
  } else {
    result.block_base = longest_block(before.series());
    result.block_now = longest_block(after.series());
  }
  Errors errors;
  Resampler draw(result.slots_base, result.block_base, result.options.seed);
  Resampler other(result.slots_now, result.block_now, result.options.seed + 1);
  for (std::size_t i = 0; i < result.options.resamples; ++i) {
    const Weights& weights = draw.next();
    errors.add(before.values(weights), after.values(result.paired ? weights : other.next()));
  }

  const auto blocks = [](std::size_t slots, std::size_t block) {
    return static_cast<double>(slots) / static_cast<double>(block);
  };
  const double of_base = blocks(result.slots_base, result.block_base);
  const double of_now = blocks(result.slots_now, result.block_now);
  const double degrees = result.paired ? of_base - 1 : of_base + of_now - 2;
  // Resamples vary around the mean of their own blocks, which makes their spread too small.
  const double few = std::sqrt(1 / (1 - 1 / std::min(of_base, of_now)));

  const auto as_it_is = before.values(Weights(result.slots_base, 1));
  const auto as_it_became = after.values(Weights(result.slots_now, 1));
  const auto behind_base = before.evidence();
  const auto behind_now = after.evidence();
  result.base = std::move(base);
  result.now = std::move(now);
  // Bonferroni counts figures that vary and differ: equal ones are no further chances to err.
  std::set<std::pair<double, double>> chances;
  for (std::size_t i = 0; i < figures().size(); ++i) {
    Difference difference;
    difference.figure = &figures()[i];
    difference.base = as_it_is[i];
    difference.now = as_it_became[i];
    const bool both = !std::isnan(difference.base) && !std::isnan(difference.now);
    if (!both) {
      const bool neither = std::isnan(difference.base) && std::isnan(difference.now);
      difference.untold = neither ? "none in both" : "none in one of them";
    } else if (difference.figure->percentile > 0 &&
               std::min(behind_base[i], behind_now[i]) < least_evidence) {
      difference.untold = "too few uploads";
    } else if (!errors.of(i)) {
      difference.untold = "in too few seconds";
    } else if (*errors.of(i) > 0) {
      chances.emplace(difference.base, difference.now);
    }
    result.differences.push_back(std::move(difference));
  }
  const double reaches = few * reach(result.options.confidence, chances.size(), degrees);
  for (std::size_t i = 0; i < result.differences.size(); ++i) {
    Difference& difference = result.differences[i];
    if (!difference.untold.empty()) continue;
    const double change = difference.now - difference.base;
    const double error = reaches * *errors.of(i);
    difference.change = Interval{change - error, change + error};
    difference.least = least_change(*difference.figure, difference.base, result);
    difference.finding = judged(difference);
  }
  note("BASE", result.base, result.notes);
  note("NEW", result.now, result.notes);
  for (const Condition& condition : result.options.fail_if) {
    std::string found;
    if (holds(condition, result, found)) {
      result.conditions_hit.push_back(fmt::format("{} ({})", condition.text, found));
    }
  }
  return result;
}

}  // namespace loadgen
