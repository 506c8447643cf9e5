#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/nearest.hpp"
#include "scenario/roster.hpp"
#include "scenario/scenario.hpp"
#include "scenario/values.hpp"

namespace loadgen {
namespace {

/// The status of a portal whose event gives none.
constexpr int portal_status = 302;
constexpr std::uint64_t most_groups = 1000;

tl::unexpected<Error> wrong(std::string where, std::string what, std::string hint = "") {
  return failure(std::move(where), std::move(what), std::move(hint));
}

template <class Named>
std::vector<std::string_view> names_of(const std::vector<Named>& all) {
  std::vector<std::string_view> names;
  names.reserve(all.size());
  for (const auto& one : all) names.push_back(one.name);
  return names;
}

/// The Error of a name that is none of `names`.
tl::unexpected<Error> no_such(std::string where, const char* what, const std::string& name,
                              const std::vector<std::string_view>& names) {
  if (names.empty()) return wrong(std::move(where), fmt::format("there is no {}", what));
  return wrong(std::move(where), fmt::format("there is no {} {}", what, quote(name)),
               fmt::format("the nearest are {}", nearest_names(name, names)));
}

template <class Named>
Result<void> each_once(const std::vector<Named>& all, const char* what) {
  auto names = names_of(all);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice == names.end()) return {};
  return wrong(what, fmt::format("there are two of the name {}", quote(*twice)));
}

std::string place(const Group& group) { return fmt::format("partners {}", quote(group.name)); }

/// The one phase that the settings of the run describe, where no phases are given.
Phase only_phase(const Settings& s) {
  Phase phase;
  phase.name = "all";
  phase.lasts = s.duration;
  phase.to = s.rate > 0 ? Level{s.rate, true}
                        : Level{static_cast<double>(s.concurrency.value_or(10)), false};
  return phase;
}

/// Names, levels and lengths of phases that are given.
Result<void> complete_phases(Scenario& scenario) {
  const Level* before = nullptr;  // where the phase before ends
  for (std::size_t i = 0; i < scenario.phases.size(); ++i) {
    Phase& phase = scenario.phases[i];
    if (phase.name.empty()) phase.name = to_string(phase.kind);
    const auto same = [&](const Phase& other) { return other.name == phase.name; };
    const auto end = scenario.phases.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::any_of(scenario.phases.begin(), end, same)) {
      phase.name += fmt::format("-{}", i + 1);
    }
    const std::string where = fmt::format("phases[{}]", i);
    const bool last = i + 1 == scenario.phases.size();
    if (!phase.lasts && !last) return wrong(where, "\"for\" is missing; only the last is without");
    if (phase.kind == PhaseKind::drain) {
      if (phase.to || phase.from) return wrong(where, "nothing starts in a drain: it has no load");
      before = nullptr;
      continue;
    }
    if (!phase.to) return wrong(where, "\"load\" is missing", "as in 20/s, or 50 at a time");
    if (phase.kind != PhaseKind::ramp) {
      if (phase.from) return wrong(where, "\"from\" is for a ramp only");
      if (phase.to->value <= 0) return wrong(where, "nothing would start", "say drain");
    } else {
      if (!phase.lasts) return wrong(where, "a ramp needs \"for\"");
      if (!phase.from) phase.from = before ? *before : Level{0, phase.to->per_second};
      if (phase.from->value <= 0 && phase.to->value <= 0) {
        return wrong(where, "nothing would start", "say drain");
      }
    }
    if (before && before->value > 0) {
      if (before->per_second != phase.to->per_second) {
        return wrong(where, "a load per second and one at a time cannot follow each other",
                     "as in 20/s or 50, in all phases");
      }
    }
    if (phase.from && phase.from->value > 0 && phase.from->per_second != phase.to->per_second &&
        phase.to->value > 0) {
      return wrong(where, "a ramp begins and ends in the same unit", "as in 2/s and 20/s");
    }
    before = &*phase.to;
  }
  if (!scenario.phases.back().lasts && !scenario.settings.uploads &&
      scenario.phases.back().kind != PhaseKind::drain) {
    return wrong(fmt::format("phases[{}]", scenario.phases.size() - 1), "it would never end",
                 "give it \"for\", or the run \"uploads\"");
  }
  const Settings& s = scenario.settings;
  if (s.rate > 0 || s.duration) {
    return wrong(s.rate > 0 ? "rate" : "duration", "is said by \"phases\" here");
  }
  return {};
}

/// Whether a flag gives this setting, or the one that excludes it.
bool said_by_flag(const std::set<std::string>& flags, const std::string& setting) {
  if (setting == "file" || setting == "payload") {
    return flags.contains("file") || flags.contains("payload");
  }
  return flags.contains(setting);
}

/// `of_run` are the settings of the run as they were given.
Result<void> complete_group(const Scenario& scenario, const Settings& of_run, Group& group) {
  const std::string where = place(group);
  group.settings = of_run;
  std::vector<std::string> begun;
  for (const Override& own : group.own) {
    if (said_by_flag(scenario.given_as_flags, own.setting->name)) continue;
    // A list that the group gives takes the place of the run's.
    if (std::ranges::count(begun, own.setting->name) == 0) {
      group.settings.own.erase(own.setting->name);
      begun.push_back(own.setting->name);
    }
    if (auto applied = own.apply(group.settings); !applied) return applied;
  }
  if (auto done = complete(group.settings); !done) {
    Error error = done.error();
    if (!group.name.empty() && !group.own.empty()) error.where = where + ": " + error.where;
    return tl::unexpected(std::move(error));
  }
  const bool sized = std::ranges::any_of(
      group.own, [](const Override& own) { return own.setting->name == "size"; });
  if (sized && group.settings.payload.own && !scenario.given_as_flags.contains("file")) {
    return wrong(where, "\"size\" is of what is made, and \"file\" has a size");
  }
  if (!group.count) {
    if (group.arrival != Arrival::closed || group.over.count() > 0 || group.after.count() > 0) {
      return wrong(where, "\"arrival\", \"after\" and \"over\" are of a \"count\"",
                   "the partners of a mix arrive as the phases have it");
    }
  } else if ((group.arrival == Arrival::closed) != (group.over.count() == 0)) {
    return wrong(where, group.over.count() == 0 ? "\"over\" is missing: in which time they arrive"
                                                : "\"over\" is for constant or poisson arrival");
  }
  if (group.parallel > group.files.most) {
    return wrong(where, fmt::format("{} files at a time are more than the {} of a partner",
                                    group.parallel, group.files.most));
  }
  if (!group.region.empty() && std::ranges::count(names_of(scenario.regions), group.region) == 0) {
    return no_such(where, "region", group.region, names_of(scenario.regions));
  }
  return {};
}

Result<void> complete_event(const Scenario& scenario, Event& event, std::size_t number) {
  const std::string where = fmt::format("events[{}]", number);
  const bool has_status =
      event.kind == Event::Kind::answer || event.kind == Event::Kind::captive_portal;
  const bool lasts = has_status || event.kind == Event::Kind::outage;
  if (lasts && event.lasts.count() == 0) return wrong(where, "\"for\" is missing: how long");
  if (!lasts && event.lasts.count() > 0 && event.kind != Event::Kind::restart) {
    return wrong(where, "it is a moment: \"for\" means nothing here");
  }
  if (event.status != 0 && !has_status) return wrong(where, "\"status\" is of an answer only");
  if (event.kind == Event::Kind::captive_portal && event.status == 0) event.status = portal_status;
  if (event.kind == Event::Kind::answer && event.status == 0) {
    return wrong(where, "\"status\" is missing", "as proxies answer: 413, 502, 504");
  }
  if (!event.revocation_url.empty() && event.kind != Event::Kind::tokens_revoked) {
    return wrong(where, "\"revocation_url\" is of tokens-revoked only");
  }
  if (!event.region.empty() && std::ranges::count(names_of(scenario.regions), event.region) == 0) {
    return no_such(where, "region", event.region, names_of(scenario.regions));
  }
  for (const auto& name : event.groups) {
    if (std::ranges::count(names_of(scenario.groups), name) == 0) {
      return no_such(where, "group of partners", name, names_of(scenario.groups));
    }
  }
  const auto concerned = [&](const Group& group) { return event.concerns(group); };
  if (std::none_of(scenario.groups.begin(), scenario.groups.end(), concerned)) {
    return wrong(where, "happens to nobody: none of its partners is in that region");
  }
  for (const Group& group : scenario.groups) {
    if (!event.concerns(group)) continue;
    const bool tokens =
        event.kind == Event::Kind::tokens_forgotten || event.kind == Event::Kind::tokens_revoked;
    if (tokens && group.settings.username_env.empty()) {
      return wrong(where, fmt::format("{} has no tokens that are issued", quote(group.name)),
                   "give \"username_env\" and \"password_env\"");
    }
  }
  return {};
}

void scale(Scenario& scenario) {
  const double by = scenario.scale;
  const auto scaled = [by](std::uint64_t count) {
    return std::max<std::uint64_t>(
        1, static_cast<std::uint64_t>(std::llround(static_cast<double>(count) * by)));
  };
  for (Group& group : scenario.groups) {
    if (group.count) group.count = scaled(*group.count);
  }
  for (Phase& phase : scenario.phases) {
    if (phase.from) phase.from->value *= by;
    if (phase.to) phase.to->value *= by;
  }
  // Uplinks are scaled as well, so that fewer partners crowd them as much.
  for (Region& region : scenario.regions) region.uplink.value *= by;
  if (scenario.settings.uploads) scenario.settings.uploads = scaled(*scenario.settings.uploads);
}

/// A machine whose partners never find room would wait for ever.
Result<void> check_rooms(const Roster& roster, std::uint64_t shards) {
  for (std::size_t s = 0; s < roster.streams().size(); ++s) {
    const Stream& stream = roster.streams()[s];
    const std::uint64_t at_once = stream.at_once();
    if (stream.partners && *stream.partners <= at_once) continue;
    const auto rooms = roster.rooms(s);
    const auto none = std::ranges::find(rooms, 0U);
    if (none == rooms.end()) continue;
    return wrong("--shard",
                 fmt::format("of {} partners at a time {}/{} would have none", at_once,
                             none - rooms.begin() + 1, shards),
                 "take fewer shards, or more partners at a time");
  }
  return {};
}

/// Ceilings are for all machines together: each gets its part, by how many uploads it has at a
/// time.
Result<void> share_ceilings(Settings& s, const Roster& roster, const Shard& shard) {
  const auto& weights = roster.weights();
  const std::uint64_t all = std::accumulate(weights.begin(), weights.end(), std::uint64_t{0});
  const std::uint64_t mine = weights[shard.number - 1];
  if (mine == 0) return {};
  // Each machine's part of `whole`.
  const auto parts = [&](std::uint64_t whole) {
    std::vector<std::uint64_t> list;
    std::uint64_t sum = 0, before = 0;
    for (const auto weight : weights) {
      sum += weight;
      const auto to =
          static_cast<std::uint64_t>(static_cast<long double>(whole) *
                                     static_cast<long double>(sum) / static_cast<long double>(all));
      list.push_back(to - before);
      before = to;
    }
    return list;
  };
  s.max_rate.value *= static_cast<double>(mine) / static_cast<double>(all);
  if (s.max_bytes) s.max_bytes = Bytes{parts(s.max_bytes->value)[shard.number - 1]};
  if (!s.max_connections) return {};
  const auto connections = parts(*s.max_connections);
  for (std::size_t i = 0; i < connections.size(); ++i) {
    if (connections[i] > 0 || weights[i] == 0) continue;
    return wrong("--max-connections", fmt::format("leaves none for {}/{}", i + 1, shard.of),
                 "take fewer shards");
  }
  s.max_connections = connections[shard.number - 1];
  return {};
}

}  // namespace

bool Event::concerns(const Group& group) const {
  return (region.empty() || region == group.region) &&
         (groups.empty() || std::ranges::count(groups, group.name) > 0);
}

namespace {

Result<void> completed(Scenario& scenario) {
  Settings& s = scenario.settings;
  if (scenario.groups.size() > most_groups) {
    return wrong("partners", fmt::format("more than {} groups", most_groups));
  }
  for (const char* const other : {"payload", "size"}) {
    const auto& flags = scenario.given_as_flags;
    if (!flags.contains("file") || !flags.contains(other)) continue;
    return wrong("--file", fmt::format("it is given together with --{}", other),
                 "a file has bytes and a size of its own");
  }
  const bool flat = scenario.groups.empty();
  if (flat) {
    scenario.groups.emplace_back();
    scenario.groups.back().name = "all";
  }
  const bool mix = std::ranges::any_of(scenario.groups, [](const Group& g) { return !g.count; });
  const bool phased = !scenario.phases.empty();
  const bool open = s.rate > 0 || std::ranges::any_of(scenario.phases, [](const Phase& phase) {
                      return phase.to && phase.to->per_second;
                    });
  if (mix && !phased && !s.uploads && !s.duration) s.uploads = 100;
  if (!mix && (s.uploads || s.rate > 0)) {
    return wrong(s.uploads ? "uploads" : "rate", "every group says its \"count\" itself");
  }
  if (!s.concurrency) s.concurrency = open ? 1000 : 10;
  const Settings given = s;
  if (auto done = complete(s); !done) return done;
  s.uploads = given.uploads;
  if (phased) {
    if (auto done = complete_phases(scenario); !done) return done;
  } else {
    scenario.phases.push_back(only_phase(s));
    if (!mix) scenario.phases.back().lasts.reset();
  }
  for (const auto& once :
       {each_once(scenario.groups, "partners"), each_once(scenario.regions, "regions")}) {
    if (!once) return once;
  }
  for (Group& group : scenario.groups) {
    if (auto done = complete_group(scenario, given, group); !done) return done;
  }
  for (std::size_t i = 0; i < scenario.events.size(); ++i) {
    if (auto done = complete_event(scenario, scenario.events[i], i); !done) return done;
  }
  scale(scenario);
  const Roster roster(scenario);
  for (const Stream& stream : roster.streams()) {
    if (stream.arrival == Arrival::closed && stream.course.peak() < 1) {
      return wrong("--scale", "leaves less than one partner at a time", "give a larger one");
    }
  }
  s.threads = static_cast<unsigned>(std::min<std::uint64_t>(s.threads, roster.at_once()));
  if (!scenario.shard) return {};
  if (auto good = check_rooms(roster, scenario.shard->of); !good) return good;
  return share_ceilings(s, roster, *scenario.shard);
}

}  // namespace

Result<void> complete(Scenario& scenario) {
  auto done = completed(scenario);
  if (done || scenario.file.empty() || done.error().where.starts_with("--")) return done;
  Error error = done.error();
  error.where = scenario.file + ": " + error.where;
  return tl::unexpected(std::move(error));
}

}  // namespace loadgen
