#include "page/findings.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <functional>
#include <optional>

#include "html/plot.hpp"
#include "page/buckets.hpp"
#include "page/stalls.hpp"

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

/// "outage of region north", "answer 502 for labs (50 % of its partners)".
std::string event_name(const EventResults& event) {
  std::string text = event.event;
  if (event.status != 0) text += fmt::format(" {}", event.status);
  std::vector<std::string> whom = event.partners;
  if (!event.region.empty()) whom.push_back("region " + event.region);
  if (!whom.empty()) {
    text += fmt::format(" {} {}", event.event == "outage" ? "of" : "for", fmt::join(whom, ", "));
  }
  if (event.share < 1) {
    text += fmt::format(" ({:.0f} % of {})", 100 * event.share,
                        whom.empty() ? "the partners" : "its partners");
  }
  return text;
}

std::string event_time(const EventResults& event) {
  const std::string at = time_text(seconds_of(event.at));
  return event.lasts.count() > 0 ? fmt::format("{} to {}", at, time_text(seconds_of(event.end())))
                                 : at;
}

/// The slowest upload that ended in the time of an event, or in the second after it; NaN: none did.
double slowest_ended_ms(const Results& results, const EventResults& event) {
  Buckets all(results.stats.end_to_end.max());
  for (const SecondResults& second : results.seconds) {
    const auto end = static_cast<double>(second.figures.number);
    if (end > seconds_of(event.at) && end - 1 <= seconds_of(event.end()) + 1) {
      all.add(second.end_to_end);
    }
  }
  return all.percentile_ms(100);
}

struct Met {
  double slowest_ms = 0;
  Finding finding;
};

/// What an event did; nullopt: it touched nobody.
std::optional<Met> met(const Results& results, const EventResults& event) {
  const std::string what =
      fmt::format("{}: {}, as the scenario has it: ", event_time(event), event_name(event));
  const std::string usual = fmt::format("half of all uploads of the run took at most {}",
                                        latency_text(results.stats.end_to_end.percentile_ms(50)));
  if (!event.toll) {
    const double slowest = slowest_ended_ms(results, event);
    if (std::isnan(slowest)) return std::nullopt;
    return Met{slowest,
               {Tone::neutral, fmt::format("{}uploads that ended then, or a second later, took up "
                                           "to {} ({}).",
                                           what, latency_text(slowest), usual)}};
  }
  const Toll& toll = *event.toll;
  if (toll.uploads == 0) return std::nullopt;
  std::vector<std::string> of;
  for (const GroupResults& group : results.groups) {
    if (event.concerns(group)) of.push_back(group.name);
  }
  const bool some = of.size() < results.groups.size() && of.size() <= 6;
  const double slowest = static_cast<double>(toll.slowest.count()) / 1000;
  std::string text = fmt::format("{}{}{} that {} due or under way then took up to {} ({})", what,
                                 plural(toll.uploads, "upload"),
                                 some ? fmt::format(" of {}", fmt::join(of, ", ")) : "",
                                 toll.uploads == 1 ? "was" : "were", latency_text(slowest), usual);
  if (toll.retried > 0) text += fmt::format("; {} sent requests again", toll.retried);
  text += toll.failed > 0 ? fmt::format("; {} did not end well.", toll.failed)
                          : "; all of them ended well.";
  return Met{slowest, {toll.failed > 0 ? Tone::warning : Tone::neutral, text}};
}

void tell_events(const Results& results, std::vector<Finding>& all) {
  std::vector<Met> told;
  for (const EventResults& event : results.events) {
    if (auto one = met(results, event)) told.push_back(*std::move(one));
  }
  constexpr std::size_t most = 8;
  std::vector<double> slowest;
  slowest.reserve(told.size());
  for (const Met& one : told) slowest.push_back(one.slowest_ms);
  std::ranges::sort(slowest, std::greater{});
  const double least = slowest.size() > most ? slowest[most - 1] : 0;
  std::size_t left = most;
  for (Met& one : told) {
    if (one.slowest_ms < least || left == 0) continue;
    --left;
    all.push_back(std::move(one.finding));
  }
  if (told.size() > most) {
    all.push_back({Tone::neutral, fmt::format("{} of the scenario touched uploads less than these.",
                                              plural(told.size() - most, "more event"))});
  }
}

/// "14:38:32 UTC", at so many seconds from the start.
std::string clock_text(const Results& results, std::uint64_t second) {
  const auto begun = std::chrono::floor<std::chrono::seconds>(results.begun);
  const auto at = static_cast<std::time_t>(begun.count() + static_cast<std::int64_t>(second));
  std::tm utc{};
  ::gmtime_r(&at, &utc);
  return fmt::format("{:%H:%M:%S} UTC", utc);
}

/// What of this run, besides the server, could slow all uploads down at once.
std::string others_to_blame(const Results& results) {
  std::vector<std::string> all;
  for (const auto& [name, value] : results.settings) {
    if (name == "max-rate" || name == "max-connections") all.push_back("--" + name);
  }
  for (const GroupResults& group : results.groups) {
    if (!group.settings || !group.region) continue;
    const bool shares = std::ranges::any_of(
        *group.settings, [](const auto& setting) { return setting.first == "uplink"; });
    const std::string line = fmt::format("the line of region {}", *group.region);
    if (shares && std::ranges::count(all, line) == 0) all.push_back(line);
  }
  return all.empty() ? ""
                     : fmt::format(" (or {}, which the run itself limits)", fmt::join(all, ", "));
}

/// What a sentence about a stall says of this machine.
std::string not_ours(const Stall& stall) {
  const std::string lag = latency_text(stall.loop_lag_ms);
  const bool late = stall.loop_lag_ms >= static_cast<double>(late_after.count());
  return late ? fmt::format("this machine, which was late by {} at most, does not either", lag)
              : fmt::format("this machine was not late (by {} at most)", lag);
}

void tell_stalls(const Results& results, const std::vector<Stall>& stalls,
                 std::vector<Finding>& all) {
  constexpr std::size_t most = 6;
  for (std::size_t i = 0; i < std::min(stalls.size(), most); ++i) {
    const Stall& one = stalls[i];
    std::vector<std::string> of;
    for (const std::size_t g : one.groups) of.push_back(results.groups.at(g).name);
    const bool named = !of.empty() && of.size() <= 6;
    all.push_back(
        {Tone::warning,
         fmt::format(
             "{} to {}: uploads{} took {} in place of {} (medians of the {} that ended then, and "
             "of others). No event of the scenario explains it, and {}: look at the server, or "
             "what "
             "is between{}, at {}.",
             time_text(static_cast<double>(one.from)), time_text(static_cast<double>(one.to)),
             named ? fmt::format(" of {}", fmt::join(of, ", ")) : "", latency_text(one.median_ms),
             latency_text(one.usual_ms), one.uploads, not_ours(one), others_to_blame(results),
             clock_text(results, one.from))});
  }
  if (stalls.size() > most) {
    all.push_back(
        {Tone::warning, fmt::format("{} like these.", plural(stalls.size() - most, "more stall"))});
  }
}

void tell_standstills(const Results& results, const std::vector<Stall>& stalls,
                      std::vector<Finding>& all) {
  auto still = standstills(results);
  std::erase_if(still, [&](const Standstill& one) {
    const bool told = std::ranges::any_of(
        stalls, [&](const Stall& stall) { return one.from < stall.to && stall.from < one.to; });
    return told || one.to - one.from < 2;
  });
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
                                   "way to it, stood still, from " +
                                       clock_text(results, one.from) + " on."
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
      // GET polls for a delivery, which is another matter.
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

/// How late timers were.
std::string loop_text(const Histogram& lag) {
  const double high = lag.percentile_ms(99);
  const double most = static_cast<double>(lag.max().count()) / 1000;
  std::string text =
      fmt::format("in 99 of 100 rounds its loop was at most {} late", latency_text(high));
  if (latency_text(most) != latency_text(high)) {
    text += fmt::format(", and once {}", latency_text(most));
  }
  return text;
}

void tell_client(const Results& results, std::vector<Finding>& all) {
  const Stats& s = results.stats;
  const double lag = s.loop_lag.percentile_ms(99);
  const double late =
      s.started > 0 ? 100 * static_cast<double>(s.late_starts) / static_cast<double>(s.started) : 0;
  if (s.not_started > 0 || late >= 1 || lag >= 250) {
    all.push_back(
        {Tone::warning,
         fmt::format("This machine may have been the limit: {} started 100 ms or more "
                     "after they were due, {} never started, and {}. Latencies have that "
                     "in them.",
                     plural(s.late_starts, "upload"), s.not_started, loop_text(s.loop_lag))});
  } else if (s.started > 0) {
    all.push_back(
        {Tone::good, fmt::format("This machine was not the limit: {}, and {} started late.",
                                 loop_text(s.loop_lag), plural(s.late_starts, "upload"))});
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
  const auto slow = stalls(results);
  tell_stalls(results, slow, all);
  tell_standstills(results, slow, all);
  tell_events(results, all);
  tell_answers(results, all);
  tell_waste(results, all);
  tell_slow_parts("phase", results.phases, all);
  tell_slow_parts("group of partners", results.groups, all);
  tell_client(results, all);
  return all;
}

}  // namespace loadgen
