#include "page/findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "html/plot.hpp"

namespace loadgen {
namespace {

using html::time_text;
using html::Tone;

double seconds_of(Milliseconds time) { return static_cast<double>(time.count()) / 1000; }

std::string plural(std::uint64_t count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

/// What the scenario itself did in that time.
std::string excuse(const Results& results, double from, double to) {
  std::vector<std::string> all;
  for (const EventResults& event : results.events) {
    const double begin = seconds_of(event.at);
    if (begin < to && from <= begin + seconds_of(event.lasts) + 1) all.push_back(event_text(event));
  }
  return all.empty() ? "" : fmt::format("{}", fmt::join(all, "; "));
}

void tell_causes(const Results& results, std::vector<Finding>& all) {
  const Stats& s = results.stats;
  const std::uint64_t bad = bad_of(s, results.rules);
  if (bad == 0) return;
  std::vector<std::pair<std::uint64_t, std::string>> causes;
  for (const auto& [what, cause] : s.causes) causes.emplace_back(cause.count, what);
  std::sort(causes.rbegin(), causes.rend());
  std::vector<std::string> named;
  for (std::size_t i = 0; i < std::min<std::size_t>(causes.size(), 4); ++i) {
    named.push_back(fmt::format("{} ({})", causes[i].second, causes[i].first));
  }
  std::string text = fmt::format("{} of {} did not end well", plural(bad, "upload"), s.started);
  if (!named.empty()) text += fmt::format(". Most often because of {}", fmt::join(named, ", "));
  all.push_back({Tone::bad, text + "."});
}

void tell_standstills(const Results& results, std::vector<Finding>& all) {
  auto still = standstills(results);
  std::erase_if(still, [](const Standstill& one) { return one.to - one.from < 2; });
  std::ranges::sort(still, std::greater{}, [](const auto& one) { return one.to - one.from; });
  if (still.size() > 3) still.resize(3);
  for (const Standstill& one : still) {
    const auto from = static_cast<double>(one.from);
    const auto to = static_cast<double>(one.to);
    const std::string why = excuse(results, from, to);
    all.push_back(
        {Tone::warning,
         fmt::format("Nothing was sent or acknowledged from {} to {}, with uploads in flight. {}",
                     time_text(from), time_text(to),
                     why.empty() ? "No event of the scenario is at that time: the server, or the "
                                   "way to it, stood still."
                                 : "The scenario has an event then: " + why + ".")});
  }
}

/// How long requests took that bring nothing of a file and were answered: the server's own time,
/// and a round trip.
std::vector<double> answer_times(const Results& results) {
  std::vector<double> all;
  for (const Specimen& one : results.specimens) {
    if (!one.sampled) continue;
    for (const Attempt& attempt : one.upload.trace.attempts) {
      const bool answered = attempt.how == AttemptEnd::answered && attempt.end && !attempt.brings;
      // What waits for a delivery asks again and again, and is another matter.
      if (!answered || attempt.method == Method::get) continue;
      all.push_back(
          std::chrono::duration<double, std::milli>(*attempt.end - attempt.begin).count());
    }
  }
  std::ranges::sort(all);
  return all;
}

void tell_answers(const Results& results, std::vector<Finding>& all) {
  const auto times = answer_times(results);
  if (times.size() < 5) return;
  const double median = times[times.size() / 2];
  const double high = times[times.size() * 9 / 10];
  const double loop = results.stats.loop_lag.percentile_ms(50);
  if (median < 250 || median < 4 * loop) return;
  all.push_back({Tone::warning,
                 fmt::format("The server is slow to answer: requests that bring no byte of a file "
                             "took {} at the median of the sampled uploads, and {} at the 90th "
                             "percentile (round trips of the partners' networks included).",
                             latency_text(median), latency_text(high))});
}

/// A group of partners, or a phase, that is much slower than the one in the middle.
template <class Part>
void tell_slow_parts(const char* what, const std::vector<Part>& parts, std::vector<Finding>& all) {
  std::vector<std::pair<double, const Part*>> medians;
  for (const Part& part : parts) {
    const Histogram& latency = part.stats.end_to_end;
    if (latency.count() >= 5) medians.emplace_back(latency.percentile_ms(50), &part);
  }
  if (medians.size() < 2) return;
  std::ranges::sort(medians, {}, &std::pair<double, const Part*>::first);
  const auto& [slow, slowest] = medians.back();
  const auto& [usual, middle] = medians[(medians.size() - 1) / 2];
  if (slow < 3 * usual || slow < 100) return;
  all.push_back(
      {Tone::neutral,
       fmt::format("The slowest {} is {}: half of its uploads took more than {}. In {} "
                   "that is {}.",
                   what, slowest->name, latency_text(slow), middle->name, latency_text(usual))});
}

void tell_waste(const Results& results, std::vector<Finding>& all) {
  const Stats& s = results.stats;
  if (s.sent.value == 0) return;
  const double percent =
      100 * static_cast<double>(s.waste().value) / static_cast<double>(s.sent.value);
  if (percent < 1) return;
  const auto most = std::ranges::max_element(s.in_vain);
  std::string text = fmt::format("{:.1f} % of what was sent was in vain ({} of {})", percent,
                                 to_string(s.waste()), to_string(s.sent));
  if (most->value > 0) {
    const auto how = static_cast<AttemptEnd>(most - s.in_vain.begin());
    text += fmt::format(", most of it in requests that ended so: {}", in_words(how));
  }
  all.push_back({percent >= 25 ? Tone::warning : Tone::neutral, text + "."});
}

void tell_client(const Results& results, std::vector<Finding>& all) {
  const Stats& s = results.stats;
  const double lag = s.loop_lag.percentile_ms(99);
  const double late =
      s.started > 0 ? 100 * static_cast<double>(s.late_starts) / static_cast<double>(s.started) : 0;
  if (s.not_started > 0 || late >= 1 || lag >= 250) {
    all.push_back({Tone::warning,
                   fmt::format("This machine may have been the limit: {} started 100 ms or more "
                               "after they were due, {} never started, and its loop was up to {} "
                               "late (99th percentile). Latencies have that in them.",
                               plural(s.late_starts, "upload"), s.not_started, latency_text(lag))});
  } else if (s.started > 0) {
    all.push_back({Tone::good,
                   fmt::format("This machine was not the limit: its loop was at most {} late (99th "
                               "percentile), and {} started late.",
                               latency_text(lag), plural(s.late_starts, "upload"))});
  }
}

}  // namespace

std::string latency_text(double ms) {
  if (ms >= 10'000) return fmt::format("{:.1f} s", ms / 1000);
  if (ms >= 1000) return fmt::format("{:.2f} s", ms / 1000);
  return ms >= 100 ? fmt::format("{:.0f} ms", ms) : fmt::format("{:.1f} ms", ms);
}

std::string in_words(AttemptEnd how) {
  constexpr std::array<const char*, attempt_ends> words{
      "answered well, and denied later or sent twice",
      "refused by a status",
      "cut by the partner's network, as simulated",
      "the client's process ended, as the scenario has it",
      "no progress until the client gave up",
      "the connection was closed or reset by the other end",
      "not finished when the run ended"};
  return words.at(static_cast<std::size_t>(how));
}

std::string event_text(const EventResults& event) {
  const double at = seconds_of(event.at);
  std::string text = event.event;
  if (event.status != 0) text += fmt::format(" {}", event.status);
  text += event.lasts.count() > 0 ? fmt::format(" from {} to {}", time_text(at),
                                                time_text(at + seconds_of(event.lasts)))
                                  : fmt::format(" at {}", time_text(at));
  std::vector<std::string> whom = event.partners;
  if (!event.region.empty()) whom.push_back("region " + event.region);
  if (event.share < 1) whom.push_back(fmt::format("{:.0f} % of the partners", 100 * event.share));
  return whom.empty() ? text : fmt::format("{} ({})", text, fmt::join(whom, ", "));
}

std::vector<Standstill> standstills(const Results& results) {
  std::vector<Standstill> all;
  const double end =
      results.stats.last_end
          ? std::chrono::duration<double>(results.stats.last_end->time_since_epoch()).count()
          : 0;
  std::uint64_t in_flight = 0;
  for (const SecondResults& second : results.seconds) {
    const Second& s = second.figures;
    const bool still = !s.verifying && s.acknowledged.value == 0 && s.sent.value == 0 &&
                       in_flight > 0 && static_cast<double>(s.number) <= end;
    if (still && !all.empty() && all.back().to == s.number - 1) {
      all.back().to = s.number;
    } else if (still) {
      all.push_back({s.number - 1, s.number});
    }
    in_flight = s.in_flight;
  }
  return all;
}

std::vector<Finding> findings_of(const Results& results) {
  std::vector<Finding> all;
  tell_causes(results, all);
  tell_standstills(results, all);
  tell_answers(results, all);
  tell_waste(results, all);
  tell_slow_parts("phase", results.phases, all);
  tell_slow_parts("group of partners", results.groups, all);
  tell_client(results, all);
  return all;
}

}  // namespace loadgen
