// Who uploads what, when, and what happens meanwhile. A run without a scenario file is one group of
// partners in one phase: there is no other kind of run.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "protocol/units.hpp"
#include "scenario/settings.hpp"
#include "scenario/shard.hpp"
#include "schedule/arrivals.hpp"

namespace loadgen {

/// A whole number between both limits, which are included.
struct CountRange {
  std::uint64_t least = 1, most = 1;
};
/// The same for a time.
struct TimeRange {
  Milliseconds least{0}, most{0};
};

/// A setting and how it is put in.
struct Override {
  const Setting* setting = nullptr;
  std::function<Result<void>(Settings&)> apply;
};

/// Partners of one kind.
struct Group {
  std::string name;
  /// How many partners arrive on their own; nullopt: they are a part of the mix that phases make
  /// arrive.
  std::optional<std::uint64_t> count;
  double weight = 1;                  ///< of the mix, the part compared with other groups
  CountRange files;                   ///< that a partner uploads
  std::uint64_t parallel = 1;         ///< of them at a time, on his one line
  TimeRange think;                    ///< between the end of a file and the next
  Arrival arrival = Arrival::closed;  ///< of a count; closed: all at once
  Milliseconds after{0};              ///< from the start of the run to the first arrival
  Milliseconds over{0};               ///< in which a count arrives, unless all at once
  std::string region;                 ///< its name; empty: none
  std::uint64_t accounts = 1;         ///< that its partners log in with, one after the other

  /// What the file says of these partners in place of what it says of the run.
  std::vector<Override> own;
  /// Once the scenario is complete: the settings of the run with `own` put in. Settings that only
  /// the run has mean nothing here.
  Settings settings;
};

enum class PhaseKind {
  ramp,   ///< the load goes evenly from one level to another
  hold,   ///< it stays, as in the next two, which say what for
  spike,  ///< for a moment, to see what a peak does
  soak,   ///< for hours, to see what adds up
  drain,  ///< nothing starts
};
[[nodiscard]] std::string_view to_string(PhaseKind kind);

/// Of partners: so many a second (open loop), or so many at a time (closed loop).
struct Level {
  double value = 0;
  bool per_second = false;
};

struct Phase {
  std::string name;  ///< unique
  PhaseKind kind = PhaseKind::hold;
  std::optional<Milliseconds> lasts;  ///< nullopt: to the end; of the last one only
  std::optional<Level> from, to;      ///< from: of a ramp; nullopt: as the phase before ends
};

/// Where partners have a line in common.
struct Region {
  std::string name;
  BytesPerSecond uplink{0};  ///< of all of them together; 0: no limit
};

struct Event {
  enum class Kind {
    outage,            ///< nothing gets through, and nobody is told
    answer,            ///< a proxy answers in place of the service, with a page
    captive_portal,    ///< the same, as networks do that want a log-in
    restart,           ///< the client's process ends, and begins again with what it stored
    tokens_forgotten,  ///< clients ask for new ones
    tokens_revoked,    ///< ... as theirs are void, which clients are not told
  };
  Kind kind = Kind::outage;
  Milliseconds at{0};
  Milliseconds lasts{0};            ///< 0: it is a moment
  int status = 0;                   ///< of `answer` and `captive_portal`
  double share = 1;                 ///< of the partners that it may happen to
  std::vector<std::string> groups;  ///< names; empty: all
  std::string region;               ///< its name; empty: everywhere
  std::string revocation_url;       ///< RFC 7009; empty: the mock server's own way
  /// Whether it happens to partners of that group.
  [[nodiscard]] bool concerns(const Group& group) const;
};
[[nodiscard]] std::string_view to_string(Event::Kind kind);

struct Scenario {
  std::string file;  ///< that it was read from, for errors; empty: none
  std::string description;
  /// Of the run, and of partners where their group says nothing else.
  Settings settings;
  std::vector<Group> groups;
  std::vector<Phase> phases;
  std::vector<Region> regions;
  std::vector<Event> events;
  double scale = 1;                      ///< of all counts and rates of partners
  std::set<std::string> given_as_flags;  ///< settings, which groups cannot change then
  /// As they were given: the file without its comments, and flags with their texts.
  std::string document;
  std::vector<std::pair<const Setting*, std::string>> flags;

  // Of this machine.
  std::optional<Shard> shard;               ///< what it does of the run; nullopt: all
  std::optional<http::TimePoint> start_at;  ///< nullopt: as soon as it is ready
  [[nodiscard]] Shard part() const { return shard.value_or(Shard{}); }
};

/// Completes and checks what no single setting can: names that are not there, combinations that
/// make no sense, and defaults that depend on others. An Error says where. Without one there is at
/// least one group and one phase, and ceilings are this machine's part of the run's.
[[nodiscard]] Result<void> complete(Scenario& scenario);

}  // namespace loadgen
