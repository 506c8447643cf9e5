#include "scenario/parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "scenario/values.hpp"
#include "settings/choice.hpp"
#include "upload/read.hpp"

namespace loadgen {
namespace {

using settings::Times;
using settings::whole_number;

constexpr std::array<std::pair<std::string_view, PhaseKind>, 5> phases{
    {{"ramp", PhaseKind::ramp},
     {"hold", PhaseKind::hold},
     {"spike", PhaseKind::spike},
     {"soak", PhaseKind::soak},
     {"drain", PhaseKind::drain}}};

constexpr std::array<std::pair<std::string_view, Event::Kind>, 6> events{
    {{"outage", Event::Kind::outage},
     {"answer", Event::Kind::answer},
     {"captive-portal", Event::Kind::captive_portal},
     {"restart", Event::Kind::restart},
     {"tokens-forgotten", Event::Kind::tokens_forgotten},
     {"tokens-revoked", Event::Kind::tokens_revoked}}};

constexpr std::array<std::pair<std::string_view, Arrival>, 3> arrivals{
    {{"at-once", Arrival::closed}, {"constant", Arrival::constant}, {"poisson", Arrival::poisson}}};

template <class Names>
auto one_of(const Names& names) {
  return [&names](const std::string& text) -> Result<typename Names::value_type::second_type> {
    if (const auto value = settings::value_named(names, text)) return *value;
    return settings::not_one_of(text, settings::names_in(names));
  };
}

/// A name as it stands in reports, in tables and in the names of columns.
Result<std::string> name(const std::string& text) {
  const bool good =
      !text.empty() && text.size() <= 40 && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_' || c == '.';
      });
  if (good) return text;
  return failure("", fmt::format("{} is not a name: at most 40 letters, digits, '-', '_' and '.'",
                                 quote(text)));
}

Result<int> status(const std::string& text) {
  return whole_number(200, 599)(text).map([](std::uint64_t v) { return static_cast<int>(v); });
}

Result<BytesPerSecond> line_rate(const std::string& text) {
  auto value = parse_rate(text);
  if (value && value->value < 1) return failure("", "at least 1 byte per second is expected");
  return value;
}

/// Stores what `parse` makes of a text.
template <class Target, class Parse, class T>
auto stored(Parse parse, T Target::*member) {
  return settings::parsed(std::move(parse), [member](Target& target, auto value) {
    target.*member = std::move(value);
  });
}

template <class Target, class Parse, class T>
auto added(Parse parse, std::vector<T> Target::*member) {
  return settings::parsed(std::move(parse), [member](Target& target, auto value) {
    (target.*member).push_back(std::move(value));
  });
}

}  // namespace

std::string_view to_string(PhaseKind kind) { return settings::name_of(phases, kind); }

std::string_view to_string(Event::Kind kind) { return settings::name_of(events, kind); }

const std::vector<settings::Setting<Group>>& group_table() {
  static const std::vector<settings::Setting<Group>> table{
      {{"name", "NAME", "of the group, in reports"}, stored(name, &Group::name)},
      {{"count", "N", "so many partners, which arrive on their own"},
       stored(whole_number(1, 10'000'000), &Group::count)},
      {{"weight", "W", "without a count: its part of the mix that phases make arrive [1]"},
       stored(parse_factor, &Group::weight)},
      {{"files", "N|N-M", "that a partner uploads [1]"}, stored(parse_count_range, &Group::files)},
      {{"parallel", "N", "of his files at a time, on one line [1]"},
       stored(whole_number(1, 100), &Group::parallel)},
      {{"think", "TIME|FROM-TO", "between the end of a file and the next [0s]"},
       stored(parse_time_range, &Group::think)},
      {{"arrival", "at-once|constant|poisson", "of a count [at-once]"},
       stored(one_of(arrivals), &Group::arrival)},
      {{"after", "TIME", "of a count: from the start of the run to the first arrival [0s]"},
       stored(parse_duration, &Group::after)},
      {{"over", "TIME", "of a count: in which it arrives, where not at once"},
       stored(positive_duration, &Group::over)},
      {{"region", "NAME", "where they are"}, stored(name, &Group::region)},
      {{"accounts", "N", "that they log in with, one after the other [1]"},
       stored(whole_number(1, 10'000), &Group::accounts)},
  };
  return table;
}

const std::vector<settings::Setting<Phase>>& phase_table() {
  static const std::vector<settings::Setting<Phase>> table{
      {{"phase", settings::shown_choice(phases), "what it is"},
       stored(one_of(phases), &Phase::kind)},
      {{"name", "NAME", "in reports [that of its kind]"}, stored(name, &Phase::name)},
      {{"for", "TIME", "how long; the last one may be without"},
       stored(positive_duration, &Phase::lasts)},
      {{"load", "R/s|N", "partners per second, or at a time; of a ramp where it ends"},
       stored(parse_level, &Phase::to)},
      {{"from", "R/s|N", "of a ramp where it begins [where the phase before ends]"},
       stored(parse_level, &Phase::from)},
  };
  return table;
}

const std::vector<settings::Setting<Region>>& region_table() {
  static const std::vector<settings::Setting<Region>> table{
      {{"name", "NAME", "that groups and events give"}, stored(name, &Region::name)},
      {{"uplink", "RATE", "that all its partners share, as in 50Mbit/s [no limit]"},
       stored(line_rate, &Region::uplink)},
  };
  return table;
}

const std::vector<settings::Setting<Event>>& event_table() {
  static const std::vector<settings::Setting<Event>> table{
      {{"event", settings::shown_choice(events), "what happens"},
       stored(one_of(events), &Event::kind)},
      {{"at", "TIME", "from the start of the run"}, stored(parse_duration, &Event::at)},
      {{"for", "TIME", "how long; of a restart, until the client is there again"},
       stored(positive_duration, &Event::lasts)},
      {{"status", "CODE", "of the proxy's answer, or of the portal's [302]"},
       stored(status, &Event::status)},
      {{"share", "P%", "of the partners, always the same ones of a seed [100%]"},
       stored(parse_share, &Event::share)},
      {{"partners", "NAME", "groups that it happens to [all]", "Options", "", Times::often},
       added(name, &Event::groups)},
      {{"region", "NAME", "where it happens [everywhere]"}, stored(name, &Event::region)},
      {{"revocation_url", "URL", "where tokens are revoked (RFC 7009) [the mock server's own way]"},
       stored(http_url, &Event::revocation_url)},
  };
  return table;
}

}  // namespace loadgen
