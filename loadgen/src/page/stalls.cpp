#include "page/stalls.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <numbers>
#include <optional>

#include "page/buckets.hpp"

namespace loadgen {
namespace {

// How much slower: so much that people would call it trouble, and not a percentile that moves.
constexpr double times_slower = 5, ms_slower = 100;
constexpr std::uint64_t least_seconds = 3;
// How many uploads must have ended in a stretch, and outside it, for a comparison.
constexpr std::uint64_t least_slow = 5, least_others = 20;
/// The share of the uploads that ended in a stretch that must be slow.
constexpr double most_of_it = 0.75;
/// The share of the others that may be as slow: with more, being slow is usual.
constexpr double usual_share = 0.25;
/// The longest stretches of a phase that are looked at: more of them need no list.
constexpr std::size_t most_told = 20;
/// The chance that any stretch of a run without trouble looks like a stall: one run in ten
/// thousand.
constexpr double chance = 1e-4;

double seconds_of(Milliseconds time) { return static_cast<double>(time.count()) / 1000; }
double upper_s(int bucket) { return Histogram::upper_us(bucket) / 1e6; }
double ms_of(std::chrono::microseconds time) { return static_cast<double>(time.count()) / 1000; }

/// Some seconds of a list, `last` included.
struct Run {
  std::size_t first = 0, last = 0;
};

/// Looks within one phase, as another has another load. Counts time from the start of an upload: a
/// wait before it is the doing of this machine or of the scenario.
class PhaseSearch {
 public:
  PhaseSearch(const Results& results, std::vector<const SecondResults*> seconds,
              std::uint64_t in_flight_before)
      : results_(results), seconds_(std::move(seconds)) {
    Buckets all = buckets();
    for (std::size_t i = 0; i < seconds_.size(); ++i) {
      ends_.emplace_back();
      for (const auto& one : seconds_[i]->service) {
        if (has_event(begin_of(i) - upper_s(one.first), end_of(i), 0)) continue;
        ends_.back().push_back(one);
        all.add(one.first, one.second);
      }
    }
    if (all.count() == 0) return;
    const double usual = all.percentile_ms(50);
    limit_ms_ = std::max(times_slower * usual, usual + ms_slower);
    std::uint64_t in_flight = in_flight_before;
    for (std::size_t i = 0; i < seconds_.size(); ++i) {
      note(i, in_flight);
      in_flight = seconds_[i]->figures.in_flight;
    }
  }

  [[nodiscard]] std::vector<Stall> find() const {
    std::vector<Stall> found;
    auto longest = runs();
    std::ranges::stable_sort(longest, std::greater{},
                             [](const Run& run) { return run.last - run.first; });
    if (longest.size() > most_told) longest.resize(most_told);
    for (const Run& run : longest) {
      if (const auto stall = judged(run)) found.push_back(*stall);
    }
    std::ranges::sort(found, {}, &Stall::from);
    return found;
  }

 private:
  [[nodiscard]] Buckets buckets() const { return Buckets(results_.stats.service.max()); }
  [[nodiscard]] const Second& second(std::size_t i) const { return seconds_[i]->figures; }
  [[nodiscard]] double begin_of(std::size_t i) const {
    return static_cast<double>(second(i).number) - 1;
  }
  [[nodiscard]] double end_of(std::size_t i) const { return begin_of(i) + 1; }

  /// Whether an event was in that time, or `margin` seconds from it.
  [[nodiscard]] bool has_event(double from, double to, double margin) const {
    return std::ranges::any_of(results_.events, [&](const EventResults& event) {
      return from < seconds_of(event.end()) + margin && to > seconds_of(event.at) - margin;
    });
  }

  void note(std::size_t i, std::uint64_t in_flight_before) {
    Buckets ends = buckets();
    ends.add(ends_[i]);
    const bool event = has_event(begin_of(i), end_of(i), 0);
    const double median = ends.count() > 0 ? ends.percentile_ms(50) : 0;
    // An answer that waits for this machine is not late.
    const bool ours = 4 * ms_of(second(i).loop_lag_max) >= median;
    median_ms_.push_back(median);
    slow_.push_back(!event && median >= limit_ms_ && !ours);
    idle_.push_back(!event && seconds_[i]->service.empty() && in_flight_before > 0);
  }

  [[nodiscard]] std::vector<Run> runs() const {
    std::vector<Run> all;
    for (std::size_t i = 0; i < slow_.size(); ++i) {
      if (!slow_[i]) continue;
      // What ended now was under way in the seconds in which nothing did.
      const auto reach = static_cast<std::size_t>(std::ceil(upper_s(ends_[i].back().first)));
      std::size_t first = i;
      while (first > 0 && i - first < reach && idle_[first - 1]) --first;
      const bool goes_on = !all.empty() && first <= all.back().last + 2 &&
                           !has_event(end_of(all.back().last), begin_of(first) + 0.5, 0);
      if (goes_on) {
        all.back().last = i;
      } else {
        all.push_back({first, i});
      }
    }
    return all;
  }

  [[nodiscard]] std::optional<Stall> judged(const Run& run) const {
    const double from = begin_of(run.first);
    const double to = end_of(run.last);
    if (to - from < least_seconds) return std::nullopt;
    // An upload that was under way in an event may end later by all the time that it took.
    const auto slowest =
        *std::max_element(median_ms_.begin() + static_cast<std::ptrdiff_t>(run.first),
                          median_ms_.begin() + static_cast<std::ptrdiff_t>(run.last) + 1);
    if (has_event(from, to, 1 + slowest / 1000)) return std::nullopt;
    // What the phase before left behind.
    if (run.first <= 1 && second(0).phase > 0) return std::nullopt;
    if (!unlikely(run) || !load_as_usual(run) || !groups_are_usually_fast(run)) return std::nullopt;
    return told(run);
  }

  [[nodiscard]] bool unlikely(const Run& run) const {
    const double from = begin_of(run.first);
    const double to = end_of(run.last);
    std::uint64_t ended = 0, slow = 0, others = 0, slow_others = 0;
    for (std::size_t i = 0; i < seconds_.size(); ++i) {
      for (const auto& [bucket, count] : ends_[i]) {
        const double took = upper_s(bucket);
        const bool is_slow = 1000 * took >= limit_ms_;
        if (i >= run.first && i <= run.last) {
          ended += count;
          // Large uploads that began long ago are no sign of what happens now.
          if (is_slow && end_of(i) - took >= from - 1) slow += count;
        } else if (end_of(i) <= from || begin_of(i) - took >= to) {
          others += count;
          if (is_slow) slow_others += count;
        }
      }
    }
    const auto n = static_cast<double>(ended);
    const auto s = static_cast<double>(slow);
    if (slow < least_slow || others < least_others || s < most_of_it * n) return false;
    const double share = (static_cast<double>(slow_others) + 1) / (static_cast<double>(others) + 2);
    if (share > usual_share) return false;
    // P(at least s of n) <= 2^n share^s, for each second that a stretch could begin in.
    const double log_chance = n * std::numbers::ln2 + s * std::log(share) +
                              std::log(static_cast<double>(seconds_.size()));
    return log_chance < std::log(chance);
  }

  /// Neither more uploads began at once, nor were they larger.
  [[nodiscard]] bool load_as_usual(const Run& run) const {
    std::uint64_t starts = 0, other_starts = 0;
    double bytes = 0, ends = 0, other_bytes = 0, other_ends = 0;
    for (std::size_t i = 0; i < seconds_.size(); ++i) {
      if (has_event(begin_of(i), end_of(i), 0)) continue;
      double ended = 0;
      for (const auto& [bucket, count] : seconds_[i]->service) ended += static_cast<double>(count);
      const auto acknowledged = static_cast<double>(second(i).acknowledged.value);
      if (i + 1 >= run.first && i <= run.last) starts = std::max(starts, second(i).started);
      if (i >= run.first && i <= run.last) {
        bytes += acknowledged;
        ends += ended;
      } else {
        if (i + 1 != run.first) other_starts = std::max(other_starts, second(i).started);
        other_bytes += acknowledged;
        other_ends += ended;
      }
    }
    if (starts > 2 * other_starts + 5 || ends == 0 || other_ends == 0) return false;
    return bytes / ends <= 2 * other_bytes / other_ends;
  }

  /// Groups that were slow then must have been fast at other times.
  [[nodiscard]] bool groups_are_usually_fast(const Run& run) const {
    const std::size_t groups = second(0).groups.size();
    std::vector<std::uint64_t> then(groups), fast(groups);
    std::uint64_t all = 0;
    for (std::size_t i = 0; i < seconds_.size(); ++i) {
      const auto& service = seconds_[i]->service;
      const bool is_fast = !service.empty() && 1000 * upper_s(service.back().first) < limit_ms_;
      const bool in_it = i >= run.first && i <= run.last;
      for (std::size_t g = 0; g < groups; ++g) {
        const auto& group = second(i).groups.at(g);
        if (in_it) then[g] += group.uploaded + group.failed;
        if (in_it) all += group.uploaded + group.failed;
        if (!in_it && is_fast) fast[g] += group.uploaded;
      }
    }
    std::uint64_t unknown = 0;
    for (std::size_t g = 0; g < groups; ++g) {
      if (fast[g] < least_slow) unknown += then[g];
    }
    return groups < 2 || 5 * unknown <= all;
  }

  [[nodiscard]] std::optional<Stall> told(const Run& run) const {
    Stall stall;
    stall.from = second(run.first).number - 1;
    stall.to = second(run.last).number;
    Buckets then(results_.stats.end_to_end.max()), others(results_.stats.end_to_end.max());
    std::vector<std::uint64_t> of_groups(second(0).groups.size());
    for (std::size_t i = 0; i < seconds_.size(); ++i) {
      if (i < run.first || i > run.last) {
        for (const auto& [bucket, count] : seconds_[i]->end_to_end) {
          const double begin = begin_of(i) - upper_s(bucket);
          if (has_event(begin, end_of(i), 0)) continue;
          if (i < run.first || begin >= end_of(run.last)) others.add(bucket, count);
        }
        continue;
      }
      then.add(seconds_[i]->end_to_end);
      stall.loop_lag_ms = std::max(stall.loop_lag_ms, ms_of(second(i).loop_lag_max));
      for (std::size_t g = 0; g < of_groups.size(); ++g) {
        of_groups[g] += second(i).groups[g].uploaded + second(i).groups[g].failed;
      }
    }
    stall.uploads = then.count();
    stall.median_ms = then.percentile_ms(50);
    stall.usual_ms = others.percentile_ms(50);
    // Where every upload waits long for its turn, nobody saw a difference.
    if (others.count() == 0 || stall.median_ms < 2 * stall.usual_ms) return std::nullopt;
    for (std::size_t g = 0; g < of_groups.size(); ++g) {
      if (of_groups.size() > 1 && of_groups[g] > 0) stall.groups.push_back(g);
    }
    return stall;
  }

  const Results& results_;
  std::vector<const SecondResults*> seconds_;
  std::vector<BucketCounts> ends_;  ///< but for what was under way in an event
  double limit_ms_ = 0;
  std::vector<double> median_ms_;
  std::vector<bool> slow_, idle_;
};

/// Where the load changes on purpose, so do latencies.
bool is_even(const Results& results, std::size_t phase) {
  if (phase >= results.phases.size()) return true;
  const PhaseKind kind = results.phases[phase].kind;
  return kind == PhaseKind::hold || kind == PhaseKind::soak;
}

}  // namespace

std::vector<Stall> stalls(const Results& results) {
  std::vector<Stall> all;
  std::vector<const SecondResults*> of_phase;
  std::uint64_t in_flight = 0;  // before it
  for (std::size_t i = 0; i < results.seconds.size(); ++i) {
    const SecondResults& second = results.seconds[i];
    if (second.figures.verifying) break;
    of_phase.push_back(&second);
    const bool ends = i + 1 == results.seconds.size() || results.seconds[i + 1].figures.verifying ||
                      results.seconds[i + 1].figures.phase != second.figures.phase;
    if (!ends) continue;
    const std::uint64_t after = second.figures.in_flight;
    if (is_even(results, second.figures.phase)) {
      const auto found = PhaseSearch(results, std::move(of_phase), in_flight).find();
      all.insert(all.end(), found.begin(), found.end());
    }
    of_phase = {};
    in_flight = after;
  }
  return all;
}

}  // namespace loadgen
