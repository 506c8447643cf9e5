#include "scenario/forecast.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "scenario/roster.hpp"
#include "scenario/values.hpp"

namespace loadgen {
namespace {

Milliseconds in_ms(Duration time) { return std::chrono::duration_cast<Milliseconds>(time); }

void add(Forecast::Sum& sum, const Forecast::Sum& more) {
  sum.partners += more.partners;
  sum.uploads += more.uploads;
  sum.bytes += more.bytes;
}

/// Puts the n-th partner of a stream into the sums; `due` from the start of the run.
void count(Forecast& sums, const Roster& roster, std::size_t stream, std::uint64_t n,
           Duration due) {
  const Who who = roster.who(stream, n);
  Forecast::Sum his{1, who.files, Bytes{}};
  for (std::uint64_t file = 0; file < who.files; ++file) his.bytes += roster.size_of(who, file);
  add(sums.groups[who.group], his);
  add(sums.phases[roster.phase_at(due)].due, his);
  add(sums.all, his);
  const Milliseconds at = in_ms(due);
  sums.last_arrival = std::max(sums.last_arrival.value_or(at), at);
}

void count_closed(Forecast& sums, const Roster& roster, std::size_t stream, std::uint64_t most) {
  const Stream& of = roster.streams()[stream];
  // A stream that no number limits goes on for its time, at the speed of the target.
  const auto first = static_cast<std::uint64_t>(std::ceil(of.course.peak()));
  sums.open_end = sums.open_end || !of.partners || of.course.end();
  const std::uint64_t partners = of.partners.value_or(first);
  sums.cut_short = sums.cut_short || partners > most;
  for (std::uint64_t n = 0; n < std::min(partners, most); ++n) {
    if (!roster.has(stream, n)) continue;
    const auto room =
        of.course.rises_to(std::min(static_cast<double>(n + 1), of.course.peak()), Duration{0});
    count(sums, roster, stream, n, room.value_or(Duration{0}));
  }
}

void count_open(Forecast& sums, const Roster& roster, std::size_t stream, std::uint64_t most,
                std::uint64_t seed) {
  const Stream& of = roster.streams()[stream];
  Arrivals next(of.course, of.arrival, seed, stream);
  for (std::uint64_t n = 0; next.due() && n < of.partners.value_or(n + 1); next.advance(1), ++n) {
    if (n == most) {
      sums.cut_short = true;
      return;
    }
    if (roster.has(stream, n)) count(sums, roster, stream, n, *next.due());
  }
}

std::string per_second(std::uint64_t count, Milliseconds time) {
  const double seconds = std::chrono::duration<double>(time).count();
  return seconds > 0 ? fmt::format("{:.3g}/s", static_cast<double>(count) / seconds) : "-";
}

std::string offered(Bytes bytes, Milliseconds time) {
  const double seconds = std::chrono::duration<double>(time).count();
  if (seconds <= 0) return "-";
  return ::to_string(BytesPerSecond{static_cast<double>(bytes.value) / seconds});
}

std::string load_of(const Phase& phase) {
  if (!phase.to) return "nothing starts";
  if (phase.from) return fmt::format("{} to {}", to_string(*phase.from), to_string(*phase.to));
  return to_string(*phase.to);
}

std::string arrival_of(const Group& group) {
  if (!group.count) return fmt::format("weight {:g}", group.weight);
  std::string text =
      group.after.count() > 0 ? fmt::format("from {}", ::to_string(group.after)) : "";
  if (group.arrival == Arrival::closed) return text.empty() ? "at once" : text + " at once";
  return fmt::format("{}{}over {}{}", text, text.empty() ? "" : ", ", ::to_string(group.over),
                     group.arrival == Arrival::poisson ? ", by chance" : "");
}

std::string happens(const Event& event) {
  std::string text = fmt::format("{:>9}  {}", ::to_string(event.at), to_string(event.kind));
  if (event.status != 0) text += fmt::format(" {}", event.status);
  if (event.lasts.count() > 0) text += fmt::format(" for {}", ::to_string(event.lasts));
  if (event.share < 1) text += fmt::format(", {:.3g} % of", 100 * event.share);
  if (!event.groups.empty()) {
    text += fmt::format(" {}", fmt::join(event.groups, ", "));
  } else if (event.share < 1) {
    text += " all partners";
  }
  if (!event.region.empty()) text += fmt::format(" in {}", event.region);
  return text;
}

/// An estimate from above: 29 KB were measured for each of many uploads, 80 KB for each of a few,
/// whose buffers of 256 KiB (run.cpp) may be in use besides; what a partner keeps is not measured.
Bytes memory_for(std::uint64_t at_once) {
  return Bytes{(16U << 20U) + at_once * (at_once > 500 ? 40'000 : 350'000)};
}

}  // namespace

Forecast forecast(const Scenario& scenario, std::uint64_t most) {
  const Roster roster(scenario);
  Forecast sums;
  sums.groups.resize(scenario.groups.size());
  sums.phases.resize(scenario.phases.size());
  sums.at_once = roster.at_once();
  for (std::size_t s = 0; s < roster.streams().size(); ++s) {
    if (roster.streams()[s].arrival == Arrival::closed) {
      count_closed(sums, roster, s, most);
    } else {
      count_open(sums, roster, s, most, scenario.settings.seed);
    }
  }
  for (const Region& region : scenario.regions) {
    const auto home = roster.shard_of_region(region.name);
    if (home && *home + 1 != scenario.part().number) sums.elsewhere.push_back(region.name);
  }
  Milliseconds at{0};
  for (std::size_t i = 0; i < scenario.phases.size(); ++i) {
    sums.phases[i].begins = at;
    if (!scenario.phases[i].lasts) break;
    at += *scenario.phases[i].lasts;
    sums.phases[i].ends = at;
  }
  return sums;
}

std::string to_string(const Forecast& f, const Scenario& scenario) {
  std::string out;
  auto to = std::back_inserter(out);
  const char* const least = f.open_end ? "at least " : "";
  if (!scenario.description.empty()) fmt::format_to(to, "{}\n\n", scenario.description);
  if (scenario.shard) {
    fmt::format_to(to, "shard      {}: all figures are of this part\n", to_string(*scenario.shard));
  }
  fmt::format_to(to, "partners   {}{}\nuploads    {}{}, {} of files\n", least, f.all.partners,
                 least, f.all.uploads, ::to_string(f.all.bytes));
  if (f.open_end) {
    out += "           how many more depends on the target: the next one starts when one ends\n";
  }
  if (f.cut_short) out += "           the count was cut short: there are more\n";
  if (f.last_arrival && f.last_arrival->count() > 0) {
    fmt::format_to(to, "arrivals   the last one at {}\n", ::to_string(*f.last_arrival));
  }
  fmt::format_to(to, "seed       {}{}\n", scenario.settings.seed,
                 scenario.scale == 1 ? "" : fmt::format(", --scale {:g}", scenario.scale));

  fmt::format_to(to, "\n{:<18}{:>9}{:>9}{:>11}  {:<14}{:<10}{}\n", "partners", "count", "uploads",
                 "bytes", "network", "system", "arrive");
  for (std::size_t i = 0; i < scenario.groups.size(); ++i) {
    const Group& group = scenario.groups[i];
    const Forecast::Sum& sum = f.groups[i];
    fmt::format_to(to, "{:<18}{:>9}{:>9}{:>11}  {:<14}{:<10}{}\n", group.name, sum.partners,
                   sum.uploads, ::to_string(sum.bytes), group.settings.network.name,
                   group.settings.system->name, arrival_of(group));
    if (group.files.most > 1) {
      fmt::format_to(to, "{:<18}  {} files each, {} at a time, {} between\n", "",
                     to_string(group.files), group.parallel, to_string(group.think));
    }
  }
  // Phases make the mix arrive; groups with a count arrive on their own.
  const bool mixed = std::ranges::any_of(scenario.groups, [](const Group& g) { return !g.count; });
  if (mixed) {
    fmt::format_to(to, "\n{:<18}{:>12}{:>12}{:>9}{:>10}{:>13}  {}\n", "phase", "from", "to",
                   "uploads", "a second", "offered", "load");
  }
  for (std::size_t i = 0; mixed && i < scenario.phases.size(); ++i) {
    const Phase& phase = scenario.phases[i];
    const Forecast::OfPhase& of = f.phases[i];
    const bool timed = of.ends.has_value();
    const Milliseconds lasts = timed ? *of.ends - *of.begins : Milliseconds{0};
    fmt::format_to(to, "{:<18}{:>12}{:>12}{:>9}{:>10}{:>13}  {}\n", phase.name,
                   of.begins ? ::to_string(*of.begins) : "-", timed ? ::to_string(*of.ends) : "end",
                   of.due.uploads, timed ? per_second(of.due.uploads, lasts) : "-",
                   timed ? offered(of.due.bytes, lasts) : "-", load_of(phase));
  }
  for (const Region& region : scenario.regions) {
    std::vector<std::string> who;
    for (const Group& group : scenario.groups) {
      if (group.region == region.name) who.push_back(group.name);
    }
    const bool away = std::ranges::count(f.elsewhere, region.name) > 0;
    fmt::format_to(to, "\nregion {}: {}{}{}\n", region.name, fmt::join(who, ", "),
                   region.uplink.value > 0 ? fmt::format(" share {} up", ::to_string(region.uplink))
                                           : std::string(),
                   away ? ", in another shard" : "");
  }
  if (!scenario.events.empty()) out += "\nwhat happens\n";
  for (const Event& event : scenario.events) out += happens(event) + "\n";

  fmt::format_to(to,
                 "\nof this machine: {} connections at most, {} open files, about {} of memory\n",
                 f.at_once, f.at_once + 64 + 8ULL * scenario.settings.threads,
                 ::to_string(memory_for(f.at_once)));
  return out;
}

}  // namespace loadgen
