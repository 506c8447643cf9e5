#include "scenario/scenario.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "payload/payload.hpp"
#include "scenario/file.hpp"
#include "scenario/forecast.hpp"
#include "scenario/parts.hpp"
#include "scenario/resolved.hpp"
#include "scenario/roster.hpp"
#include "scenario/shard.hpp"
#include "testkit/temp_folder.hpp"

namespace loadgen {
namespace {
using namespace std::chrono_literals;
using testing::HasSubstr;

const std::filesystem::path folder = std::filesystem::path(DEX_FIXTURES) / "scenarios";

Result<Scenario> complete_of(const std::string& text, double scale = 1) {
  Scenario scenario;
  if (auto read = apply_scenario_text(scenario, text, "s.json"); !read) {
    return tl::unexpected(read.error());
  }
  scenario.settings.url = "http://127.0.0.1:1/files";
  scenario.scale = scale;
  if (auto done = complete(scenario); !done) return tl::unexpected(done.error());
  return scenario;
}

Scenario good(const std::string& text, double scale = 1) {
  auto scenario = complete_of(text, scale);
  EXPECT_TRUE(scenario) << scenario.error().line();
  return scenario ? *std::move(scenario) : Scenario{};
}

TEST(Scenario, WithoutGroupsIsOneInOnePhase) {
  const Scenario flat = good(R"({"uploads": 7, "concurrency": 3})");
  ASSERT_EQ(flat.groups.size(), 1U);
  ASSERT_EQ(flat.phases.size(), 1U);
  const Roster roster(flat);
  EXPECT_EQ(roster.at_once(), 3U);
  EXPECT_EQ(roster.uploads(), 7U);
  for (std::uint64_t n = 0; n < 7; ++n) {
    const Who who = roster.who(0, n);
    EXPECT_EQ(roster.upload(who, 0), n);
    EXPECT_EQ(roster.size_of(who, 0), flat.settings.size.size_of(1, n));
  }
}

constexpr const char* mixed = R"({
  // Comments are allowed,
  "seed": 5, /* of both kinds */ "size": "1KiB", "network": "flaky",
  "phases": [{"phase": "ramp", "for": "10s", "load": "10/s"},
             {"phase": "hold", "for": "10s", "load": "10/s"},
             {"phase": "drain"}],
  "partners": [
    {"name": "labs", "weight": 3, "files": "1-4", "size": "uniform:1KiB-9KiB", "network": "perfect"},
    {"name": "clinics", "weight": 1, "payload": "hl7", "size": "64KiB"},
    {"name": "state", "count": 5, "arrival": "poisson", "over": "20s", "files": 6, "parallel": 2,
     "think": "10ms-90ms"}]})";

TEST(Scenario, AGroupHasTheSettingsOfTheRunAndItsOwn) {
  const Scenario s = good(mixed);
  EXPECT_EQ(s.groups.at(0).settings.network.name, "perfect");
  EXPECT_EQ(s.groups.at(1).settings.network.name, "flaky");
  EXPECT_EQ(s.groups.at(1).settings.payload, PayloadKind::hl7);
  EXPECT_EQ(s.groups.at(2).settings.size.text(), "1KiB");
  EXPECT_EQ(s.groups.at(2).settings.url, "http://127.0.0.1:1/files");
}

TEST(Scenario, AFlagWinsOverTheFileAndItsGroups) {
  Scenario s;
  ASSERT_TRUE(apply_scenario_text(s, mixed, "s.json"));
  for (const Setting& setting : settings_table()) {
    if (setting.name == "network") {
      ASSERT_TRUE(apply_flag(s, setting, "slow-3g"));
    }
    if (setting.name == "url") {
      ASSERT_TRUE(apply_flag(s, setting, "http://127.0.0.1:1/files"));
    }
  }
  ASSERT_TRUE(complete(s));
  for (const Group& group : s.groups) EXPECT_EQ(group.settings.network.name, "slow-3g");
  EXPECT_EQ(s.groups.at(0).settings.size.text(), "uniform:1KiB-9KiB");
}

TEST(Scenario, ScalesPartnersAndWhatTheyShare) {
  const std::string text = R"({"phases": [{"phase": "hold", "for": "10s", "load": "100/s"}],
    "regions": [{"name": "r", "uplink": "10MB/s"}],
    "partners": [{"name": "a"}, {"name": "b", "count": 50, "region": "r"}]})";
  const Scenario s = good(text, 0.1);
  EXPECT_DOUBLE_EQ(s.phases.at(0).to->value, 10);
  EXPECT_EQ(s.phases.at(0).lasts, Milliseconds{10'000});
  EXPECT_EQ(s.groups.at(1).count, 5U);
  EXPECT_DOUBLE_EQ(s.regions.at(0).uplink.value, 1e6);
  const auto none = complete_of(
      R"({"phases": [{"phase": "hold", "for": "1s", "load": 5}], "partners": [{"name": "a"}]})",
      0.1);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().where, "--scale");
}

enum class Bytewise { yes, no };

/// All that is drawn for a run, as `threads` threads share it: files with their digests, or only
/// with what determines these.
std::map<std::uint64_t, std::string> drawn(const Scenario& s, std::uint64_t threads,
                                           Bytewise bytewise = Bytewise::yes) {
  const Roster roster(s);
  std::map<std::uint64_t, std::string> all;
  for (std::uint64_t thread = 0; thread < threads; ++thread) {
    for (std::size_t stream = 0; stream < roster.streams().size(); ++stream) {
      const Time start{};
      Schedule schedule(roster.schedule(stream, thread, threads), start);
      for (Time now = start; !schedule.exhausted(now);) {
        while (const auto due = schedule.take(now)) {
          const Who who = roster.who(stream, due->partner);
          for (std::uint64_t file = 0; file < who.files; ++file) {
            const auto index = roster.upload(who, file);
            const Bytes size = roster.size_of(who, file);
            const auto& of = s.groups[who.group].settings;
            const Payload payload(of.payload, s.settings.seed, index, size);
            const auto text = std::to_string(who.group) + " at " +
                              std::to_string((due->intended - start).count()) + " " +
                              std::to_string(size.value) + " " +
                              std::to_string(roster.think(who, file).count()) + " " +
                              (bytewise == Bytewise::yes ? payload.digest(DigestAlgorithm::sha256)
                                                         : std::string(to_string(of.payload)));
            EXPECT_TRUE(all.emplace(index, text).second) << "two uploads have number " << index;
          }
          schedule.ended(now);
        }
        const auto next = schedule.next_due(now);
        if (!next) break;
        now = *next;
      }
    }
  }
  return all;
}

TEST(Roster, SizesDigestsAndArrivalsAreThoseOfTheSeedOnAnyNumberOfThreads) {
  for (const char* const arrival : {"constant", "poisson"}) {
    Scenario s = good(mixed);
    s.settings.arrival = std::string(arrival) == "poisson" ? Arrival::poisson : Arrival::constant;
    const auto one = drawn(s, 1);
    EXPECT_GT(one.size(), 250U);
    EXPECT_EQ(one, drawn(s, 2));
    EXPECT_EQ(one, drawn(s, 3));
    s.settings.seed = 6;
    EXPECT_NE(one, drawn(s, 1));
  }
}

Scenario part_of(const Scenario& whole, const Shard& shard) {
  Scenario part = whole;
  part.shard = shard;
  return part;
}

constexpr const char* in_regions = R"({
  "seed": 5, "size": "uniform:1KiB-9KiB", "arrival": "poisson",
  "phases": [{"phase": "ramp", "for": "5s", "load": "30/s"}, {"phase": "hold", "for": "5s", "load": "30/s"},
             {"phase": "drain"}],
  "regions": [{"name": "north", "uplink": "50Mbit/s"}, {"name": "south", "uplink": "50Mbit/s"},
              {"name": "unlimited"}],
  "partners": [
    {"name": "labs", "weight": 3, "files": "1-4"}, {"name": "clinics", "weight": 1, "region": "north"},
    {"name": "schools", "weight": 1, "region": "south"},
    {"name": "far", "weight": 1, "region": "unlimited"},
    {"name": "state", "count": 50, "region": "south", "files": 2},
    {"name": "cities", "count": 9, "arrival": "constant", "over": "3s", "after": "1s"}]})";

TEST(Roster, ShardsHaveTogetherWhatOneMachineHas) {
  for (const char* const text : {mixed, in_regions}) {
    const Scenario whole = good(text);
    const auto one = drawn(whole, 1, Bytewise::no);
    const Roster all(whole);
    for (const std::uint64_t of : {2U, 3U, 4U, 9U}) {
      for (const std::uint64_t threads : {1U, 3U}) {
        std::map<std::uint64_t, std::string> together;
        std::uint64_t at_once = 0, uploads = 0;
        for (std::uint64_t number = 1; number <= of; ++number) {
          const Scenario part = part_of(whole, {number, of});
          auto of_part = drawn(part, threads, Bytewise::no);
          const auto count = of_part.size();
          together.merge(of_part);
          EXPECT_TRUE(of_part.empty()) << "an upload is in two shards";
          const Roster roster(part);
          at_once += roster.weights()[number - 1];
          EXPECT_EQ(forecast(part).all.uploads, count);
          uploads += forecast(part).all.uploads;
        }
        EXPECT_EQ(together, one) << of << " shards of " << threads << " threads";
        EXPECT_EQ(at_once, all.at_once());
        EXPECT_EQ(uploads, one.size());
      }
    }
  }
}

TEST(Roster, ASharedLineIsOfOneShard) {
  const Scenario whole = good(in_regions);
  std::map<std::string, std::set<std::uint64_t>> homes;
  const Scenario part = part_of(whole, {1, 4});
  const Roster roster(part);
  for (std::size_t stream = 0; stream < roster.streams().size(); ++stream) {
    for (std::uint64_t n = 0; n < 9; ++n) {
      const Who who = roster.who(stream, n + 40);
      homes[whole.groups[who.group].region].insert(roster.shard_of(stream, n + 40));
    }
  }
  EXPECT_EQ(homes["north"], std::set<std::uint64_t>{0});
  EXPECT_EQ(homes["south"], std::set<std::uint64_t>{1});
  EXPECT_GT(homes[""].size(), 2U);
  EXPECT_EQ(roster.shard_of_region("unlimited"), std::nullopt) << "there is no line to share";
  EXPECT_THAT(
      to_string(forecast(part), part),
      testing::AllOf(HasSubstr("shard      1/4"),
                     HasSubstr("region south: schools, state share 6.0 MiB/s up, in another")));
}

TEST(Roster, FindsAnUploadByItsIndex) {
  for (const char* const text : {mixed, in_regions}) {
    const Scenario s = good(text);
    const Roster roster(s);
    std::set<std::uint64_t> known;
    for (const auto& [index, of] : drawn(s, 1, Bytewise::no)) known.insert(index);
    for (std::uint64_t index = 0; index < *known.rbegin(); ++index) {
      const auto place = roster.place_of(index);
      // The mix has no end but that of its phases.
      if (known.contains(index)) {
        ASSERT_TRUE(place) << index;
      }
      if (place) {
        EXPECT_EQ(roster.upload(place->who, place->file), index);
        EXPECT_EQ(roster.who(place->stream, place->who.in_group).group, place->who.group);
      }
    }
  }
}

// Threads beyond the level of the mix had partners that never found room, and the run never ended.
TEST(Roster, NoThreadHasPartnersWithoutRoom) {
  const Scenario s = good(R"({"uploads": 20, "concurrency": 50, "size": "1KiB",
    "phases": [{"phase": "hold", "load": 2}],
    "partners": [{"name": "mix"}, {"name": "many", "count": 50}]})");
  EXPECT_EQ(drawn(s, 8, Bytewise::no).size(), 70U);
}

TEST(Shard, NeedsRoomAndHasItsPartOfCeilings) {
  Scenario s;
  ASSERT_TRUE(apply_scenario_text(s, R"({"uploads": 100, "concurrency": 10, "max_connections": 7,
      "max_rate": "10MB/s", "max_bytes": "1MB"})",
                                  "s.json"));
  s.settings.url = "http://127.0.0.1:1/files";
  std::uint64_t connections = 0, bytes = 0;
  double rate = 0;
  for (std::uint64_t number = 1; number <= 3; ++number) {
    Scenario part = part_of(s, {number, 3});
    ASSERT_TRUE(complete(part));
    EXPECT_EQ(Roster(part).at_once(), number == 1 ? 4U : 3U);
    connections += *part.settings.max_connections;
    bytes += part.settings.max_bytes->value;
    rate += part.settings.max_rate.value;
  }
  EXPECT_EQ(connections, 7U);
  EXPECT_EQ(bytes, 1'000'000U);
  EXPECT_DOUBLE_EQ(rate, 1e7);
  for (std::uint64_t number : {1U, 11U}) {
    Scenario part = part_of(s, {number, 11});
    const auto done = complete(part);
    ASSERT_FALSE(done) << "all of them refuse, so that no load begins by halves";
    EXPECT_THAT(done.error().what, HasSubstr("11/11 would have none"));
  }
  for (std::uint64_t number : {1U, 3U}) {
    Scenario part = part_of(s, {number, 9});
    const auto done = complete(part);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().where, "--max-connections");
    EXPECT_EQ(done.error().what, "leaves none for 3/9");
  }
}

TEST(Shard, IsCountedFromOne) {
  EXPECT_EQ(parse_shard("2/4"), (Shard{2, 4}));
  EXPECT_EQ(parse_shard("1000/1000"), (Shard{1000, 1000}));
  for (const char* const bad : {"", "/", "1", "1/", "/4", "0/4", "5/4", "-1/4", "1/-4", "1/4/4",
                                " 1/4", "1/4 ", "1/1001", "a/b", "1/99999999999999999999"}) {
    EXPECT_FALSE(parse_shard(bad)) << bad;
  }
}

TEST(Shard, StartsAtATimeToCome) {
  const auto now = *http::parse_rfc3339("2026-11-29T17:00:00Z");
  EXPECT_EQ(*parse_start("+30s", now), now + 30s);
  EXPECT_EQ(*parse_start("2026-11-29T17:00:00.5Z", now), now + 500ms);
  EXPECT_EQ(*parse_start("2026-11-29T19:00:00+01:00", now), now + 1h);
  for (const auto& [bad, part] :
       std::map<std::string, std::string>{{"2026-11-29T16:59:57Z", "3.0 s ago"},
                                          {"2026-11-29T17:00:00Z", "ago"},
                                          {"2027-11-29T17:00:00Z", "week"},
                                          {"+30", "no time"},
                                          {"+999999h", "week"},
                                          {"+-5s", "no time"},
                                          {"17:00", "no time"},
                                          {"", "no time"},
                                          {"2026-11-29", "no time"}}) {
    const auto start = parse_start(bad, now);
    ASSERT_FALSE(start) << bad;
    EXPECT_THAT(start.error().line(), HasSubstr(part)) << bad;
  }
}

TEST(Resolved, ComesToTheSameRunWithoutTheFilesThatItNames) {
  const testkit::TempFolder files;
  const auto network =
      files.write("n.json", R"({"name": "mine", "description": "d", "cut_probability": 0.5})");
  Scenario given;
  ASSERT_TRUE(
      apply_scenario_text(given,
                          R"({"seed": 3, "size": "4KiB", "uploads": 9, "fail_if": ["lost>0"],
    "partners": [{"name": "a", "network": ")" +
                              network + R"(", "size": "1KiB"}, {"name": "b"}]})",
                          "s.json"));
  for (const Setting& setting : settings_table()) {
    if (setting.name == "size") {
      ASSERT_TRUE(apply_flag(given, setting, "2KiB"));
    }
    if (setting.name == "fail-if") {
      ASSERT_TRUE(apply_flag(given, setting, "failed>1"));
    }
    if (setting.name == "url") {
      ASSERT_TRUE(apply_flag(given, setting, "http://127.0.0.1:1/files"));
    }
  }
  const std::string document = resolved(given);
  ASSERT_TRUE(complete(given));
  std::filesystem::remove(network);
  Scenario again;
  ASSERT_TRUE(apply_scenario_text(again, document, "shard"));
  ASSERT_TRUE(complete(again));
  EXPECT_EQ(again.groups[0].settings.network.name, "mine");
  EXPECT_EQ(again.groups[0].settings.network.cut_probability, 0.5);
  EXPECT_EQ(again.groups[0].settings.size.text(), "2KiB");
  EXPECT_EQ(again.settings.fail_if.size(), 2U);
  EXPECT_EQ(drawn(again, 1), drawn(given, 1));
  EXPECT_EQ(resolved(again), document);
}

TEST(Resolved, IsTheSameWhereverTheTargetIs) {
  const auto of = [](const std::string& text) {
    Scenario s;
    EXPECT_TRUE(apply_scenario_text(s, text, "s"));
    return sameness(resolved(s));
  };
  EXPECT_EQ(of(R"({"uploads": 5, "url": "http://a/files", "report": "x"})"),
            of(R"({"url": "http://b/files", "uploads": 5, "threads": 2})"));
  EXPECT_NE(of(R"({"uploads": 5})"), of(R"({"uploads": 6})"));
  EXPECT_NE(of(R"({"uploads": 5})"), of(R"({"uploads": 5, "network": "flaky"})"));
}

TEST(Roster, AMixIsByWeight) {
  const Scenario s = good(R"({"uploads": 10000, "partners": [
    {"name": "a", "weight": 70}, {"name": "b", "weight": 25}, {"name": "c", "weight": 5}]})");
  const Roster roster(s);
  std::vector<int> counts(3);
  for (std::uint64_t n = 0; n < 10'000; ++n) ++counts[roster.who(0, n).group];
  // Within four standard deviations.
  EXPECT_NEAR(counts[0], 7000, 184);
  EXPECT_NEAR(counts[1], 2500, 174);
  EXPECT_NEAR(counts[2], 500, 88);
}

TEST(Roster, KnowsThePhaseOfATime) {
  const Roster roster(good(mixed));
  EXPECT_EQ(roster.phase_at(0s), 0U);
  EXPECT_EQ(roster.phase_at(9999ms), 0U);
  EXPECT_EQ(roster.phase_at(10s), 1U);
  EXPECT_EQ(roster.phase_at(1h), 2U);
}

TEST(Forecast, IsWhatTheRunDraws) {
  const Scenario s = good(mixed);
  const auto runs = drawn(s, 1);
  const Forecast f = forecast(s);
  EXPECT_EQ(f.all.uploads, runs.size());
  std::uint64_t bytes = 0;
  for (const auto& [index, text] : runs) {
    const auto at = text.find(' ', text.find("at ") + 3);
    bytes += std::stoull(text.substr(at + 1));
  }
  EXPECT_EQ(f.all.bytes.value, bytes);
  EXPECT_FALSE(f.open_end);
  EXPECT_EQ(f.groups.at(2).uploads, 30U);
  EXPECT_EQ(f.phases.at(0).due.partners + f.phases.at(1).due.partners + f.phases.at(2).due.partners,
            f.all.partners);
  const std::string text = to_string(f, s);
  EXPECT_THAT(text, HasSubstr("state"));
  EXPECT_THAT(text, HasSubstr("1-4 files each"));
}

TEST(Forecast, SaysWhatNobodyKnowsBefore) {
  const Forecast f = forecast(good(R"({"duration": "10s", "concurrency": 4})"));
  EXPECT_TRUE(f.open_end);
  EXPECT_EQ(f.all.uploads, 4U);
  EXPECT_THAT(to_string(f, good(R"({"duration": "10s", "concurrency": 4})")),
              HasSubstr("at least 4"));
}

/// A document, and what the one line says.
struct Bad {
  const char* text;
  const char* where;
  const char* what;
};

class BadPart : public testing::TestWithParam<Bad> {};
TEST_P(BadPart, IsOneLineWithPlaceAndCure) {
  const auto scenario = complete_of(GetParam().text);
  ASSERT_FALSE(scenario) << GetParam().text;
  const std::string line = scenario.error().line();
  EXPECT_THAT(line, HasSubstr(GetParam().where));
  EXPECT_THAT(line, HasSubstr(GetParam().what));
  EXPECT_EQ(line.find('\n'), std::string::npos);
}
INSTANTIATE_TEST_SUITE_P(
    All, BadPart,
    testing::Values(
        Bad{R"({"partners": [{"name": "a", "thnik": "1s"}]})", "s.json: partners[0]",
            "the nearest are think"},
        Bad{R"({"partners": [{"count": 1}]})", "s.json: partners[0]", "\"name\" is missing"},
        Bad{R"({"partners": [{"name": "a b"}]})", "s.json: partners[0].name", "not a name"},
        Bad{R"({"partners": [{"name": "a", "seed": 1}]})", "s.json: partners[0].seed",
            "of the whole run"},
        Bad{R"({"partners": []})", "s.json: partners", "empty"},
        Bad{R"({"partners": {"name": "a"}})", "s.json: partners", "expected an array"},
        Bad{R"({"partners": [{"name": "a"}, {"name": "a"}]})", "s.json: partners",
            "two of the name"},
        Bad{R"({"partners": [{"name": "a", "size": "1XB"}]})", "s.json: partners[0].size",
            "as in 8MiB"},
        Bad{R"({"partners": [{"name": "a", "count": 0}]})", "s.json: partners[0].count",
            "from 1 to"},
        Bad{R"({"partners": [{"name": "a", "count": 1, "weight": -1}]})",
            "s.json: partners[0].weight", "above 0"},
        Bad{R"({"partners": [{"name": "a", "files": "5-2"}]})", "s.json: partners[0].files",
            "the first number is above"},
        Bad{R"({"partners": [{"name": "a", "parallel": 2}]})", "s.json: partners \"a\"",
            "2 files at a time"},
        Bad{R"({"partners": [{"name": "a", "count": 1, "arrival": "poisson"}]})",
            "s.json: partners \"a\"", "\"over\" is missing"},
        Bad{R"({"partners": [{"name": "a", "over": "1s"}]})", "s.json: partners \"a\"",
            "of a \"count\""},
        Bad{R"({"partners": [{"name": "a", "region": "nroth"}], "regions": [{"name": "north"}]})",
            "s.json: partners \"a\"", "the nearest are north"},
        Bad{R"({"partners": [{"name": "a", "payload": "hl7", "size": "1KiB"}]})",
            "s.json: partners \"a\": --size", "at least"},
        Bad{R"({"partners": [{"name": "a", "file": "/etc/passwd", "size": "1KiB"}]})",
            "s.json: partners[0]", "\"file\" and \"size\" are one too many"},
        Bad{R"({"file": "/etc/passwd", "payload": "hl7"})", "s.json",
            "\"file\" and \"payload\" are one too many"},
        Bad{R"({"file": "/etc/passwd", "partners": [{"name": "a", "size": "1KiB"}]})",
            "s.json: partners \"a\"", "\"file\" has a size"},
        Bad{R"({"partners": [{"name": "a", "file": "/no/such"}]})", "s.json: partners[0].file",
            "No such file"},
        Bad{R"({"phases": [{"phase": "rmap", "for": "1s", "load": "1/s"}]})",
            "s.json: phases[0].phase", "the nearest is ramp"},
        Bad{R"({"phases": [{"for": "1s", "load": "1/s"}]})", "s.json: phases[0]",
            "\"phase\" is missing"},
        Bad{R"({"phases": [{"phase": "hold", "for": "1s"}]})", "s.json: phases[0]",
            "\"load\" is missing"},
        Bad{R"({"phases": [{"phase": "hold", "load": 1}, {"phase": "drain"}]})",
            "s.json: phases[0]", "\"for\" is missing"},
        Bad{R"({"phases": [{"phase": "hold", "load": 1}]})", "s.json: phases[0]", "never end"},
        Bad{R"({"phases": [{"phase": "hold", "for": "1s", "load": 1},
                           {"phase": "hold", "for": "1s", "load": "1/s"}]})",
            "s.json: phases[1]", "cannot follow"},
        Bad{R"({"phases": [{"phase": "hold", "for": "1s", "load": "fast"}]})",
            "s.json: phases[0].load", "as in 20/s"},
        Bad{R"({"rate": "1/s", "phases": [{"phase": "hold", "for": "1s", "load": 1}]})",
            "s.json: rate", "said by \"phases\""},
        Bad{R"({"events": [{"event": "outage", "at": "1s"}]})", "s.json: events[0]",
            "\"for\" is missing"},
        Bad{R"({"events": [{"event": "answer", "at": "1s", "for": "1s"}]})", "s.json: events[0]",
            "\"status\" is missing"},
        Bad{R"({"events": [{"event": "outage", "for": "1s"}]})", "s.json: events[0]",
            "\"at\" is missing"},
        Bad{R"({"events": [{"event": "outage", "at": "1s", "for": "1s", "partners": ["al"]}]})",
            "s.json: events[0]", "the nearest are all"},
        Bad{R"({"events": [{"event": "restart", "at": "1s", "share": "0%"}]})",
            "s.json: events[0].share", "not a share"},
        Bad{R"({"events": [{"event": "tokens-revoked", "at": "1s"}]})", "s.json: events[0]",
            "username_env"},
        Bad{R"({"phasse": []})", "s.json", "the nearest are phases"}));

nlohmann::json schema() {
  std::ifstream in(folder / "scenario.schema.json");
  return nlohmann::json::parse(in);
}

template <class Table>
std::set<std::string> names_of(const Table& table) {
  std::set<std::string> names;
  for (const auto& entry : table) names.insert(entry.name);
  return names;
}

std::set<std::string> keys_of(const nlohmann::json& properties) {
  std::set<std::string> keys;
  for (const auto& [key, value] : properties.items()) keys.insert(key);
  return keys;
}

TEST(Scenario, TheSchemaHasThePartsAsTheTablesHaveThem) {
  const auto document = schema();
  const auto& defs = document.at("$defs");
  EXPECT_EQ(keys_of(defs.at("phase").at("properties")), names_of(phase_table()));
  EXPECT_EQ(keys_of(defs.at("region").at("properties")), names_of(region_table()));
  EXPECT_EQ(keys_of(defs.at("event").at("properties")), names_of(event_table()));
  auto group = names_of(group_table());
  group.insert("description");
  std::set<std::string> of_partners;
  for (const Setting& setting : settings_table()) {
    if (!setting.of_partners) continue;
    std::string key = setting.name;
    std::replace(key.begin(), key.end(), '-', '_');
    of_partners.insert(key);
  }
  for (const auto& key : keys_of(defs.at("group").at("properties"))) {
    EXPECT_TRUE(group.contains(key) || of_partners.contains(key)) << key;
  }
  for (const auto& key : group) EXPECT_TRUE(defs.at("group").at("properties").contains(key)) << key;
}

}  // namespace
}  // namespace loadgen
