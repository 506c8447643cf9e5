#include "profile/profile.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tus/tus_handler.hpp"

namespace mock {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const TusOptions& tus_of(const Profile& profile) { return profile.offered.get<TusOptions>(); }

std::string error_of(const std::string& json) {
  const auto loaded = load_profile_text(json, "my.json");
  return loaded ? "(loaded)" : loaded.error().line();
}

/// The smallest profile, with `more` in it.
std::string profile(const std::string& more) {
  return R"({"name": "mine", "description": "d", "system": "tus")" + more + "}";
}

TEST(Profile, EveryOneOfTheProgramLoadsAndIsNamedAfterItsFile) {
  ASSERT_FALSE(profile_files().empty());
  for (const auto& file : profile_files()) {
    const auto loaded = load_profile(std::string(file.stem()));
    ASSERT_TRUE(loaded.has_value()) << loaded.error().line();
    EXPECT_EQ(loaded->name, file.stem());
  }
  EXPECT_EQ(list_profiles().size(), profile_files().size());
}

TEST(Profile, DexAndTusAreCorrectServers) {
  const auto dex = *load_profile("dex");
  EXPECT_EQ(dex.systems, std::vector<std::string>{"dex"});
  EXPECT_TRUE(dex.defects.empty());
  EXPECT_FALSE(tus_of(dex).downloads);       // DEX-ROUTE-009
  EXPECT_TRUE(tus_of(dex).trust_forwarded);  // DEX-TUS-004
  EXPECT_FALSE(tus_of(dex).max_size);
  const auto tus = *load_profile("tus");
  EXPECT_EQ(tus.systems, std::vector<std::string>{"tus"});
  EXPECT_TRUE(tus.defects.empty());
  EXPECT_TRUE(tus_of(tus).downloads);
  EXPECT_EQ(tus_of(tus).max_size, Bytes{1ULL << 40U});
}

TEST(Profile, SeveralStandSideBySide) {
  const auto both = load_profile("dex,openhumans");
  ASSERT_TRUE(both) << both.error().line();
  EXPECT_EQ(both->name, "dex,openhumans");
  EXPECT_THAT(both->systems, ElementsAre("dex", "openhumans"));
  EXPECT_FALSE(tus_of(*both).downloads);  // as dex has it
  EXPECT_FALSE(tus_of(*load_profile("openhumans,dex")).downloads);
  EXPECT_THAT(load_profile("openhumans,dex-2.8")->defects,
              testing::ContainerEq(load_profile("dex-2.8")->defects));
  const auto line = [](const std::string& names) { return load_profile(names).error().line(); };
  EXPECT_EQ(line("dex,dex-2.8"),
            "--profile: two of 'dex,dex-2.8' are the system dex (name profiles of different "
            "systems)");
  EXPECT_THAT(line("dex,openhuman"),
              HasSubstr("no profile 'openhuman' (the nearest are openhumans"));
  EXPECT_THAT(line("dex,"), HasSubstr("there is no profile ''"));
  EXPECT_THAT(line("./mine.json,dex"), HasSubstr("./mine.json,dex"));
}

TEST(Profile, HoldsWhatAServerOffersAndWhatIsWrongWithIt) {
  const auto loaded = load_profile_text(
      profile(R"(, "tus": {"extensions": ["creation", "expiration"], "max_size": "1KiB",
                 "expire_after": "2h", "downloads": false, "metadata": "lenient",
                 "empty_is_absent": true, "draft_end_signal": ["3", "5"], "ietf_draft": ["8", "10"],
                 "draft_limits": {"min_append_size": 1, "max_append_size": "1KiB"}},
       "defects": ["version-list-missing", "metadata-damaged"],
       "rules": [{"then": {"reply": {"headers": {"drop": "Date"}}}}],
       "not_reproduced": [{"requirement": "TUS-CORE-VER-001", "reason": "because"},
                          {"requests": ["a/*", "b#1"], "in": ["body*"], "reason": "so"}])"),
      "my.json");
  ASSERT_TRUE(loaded.has_value()) << loaded.error().line();
  const auto tus = tus_of(*loaded);
  EXPECT_THAT(tus.extensions, ElementsAre("creation", "expiration"));
  EXPECT_EQ(tus.max_size, Bytes{1024});
  EXPECT_EQ(tus.expire_after, Milliseconds{7'200'000});
  EXPECT_FALSE(tus.downloads);
  EXPECT_TRUE(tus.empty_is_absent);
  EXPECT_THAT(tus.draft_end_signal, ElementsAre("3", "5"));
  EXPECT_THAT(tus.ietf_draft, ElementsAre(8, 10));
  EXPECT_EQ(tus.draft_min_append, Bytes{1});
  EXPECT_EQ(tus.draft_max_append, Bytes{1024});
  EXPECT_EQ(tus.metadata, tus::MetadataStrictness::lenient);
  ASSERT_EQ(loaded->rules.size(), 1U);
  EXPECT_EQ(loaded->rules[0].name, "mine#1");
  ASSERT_EQ(loaded->not_reproduced.size(), 2U);
  EXPECT_EQ(loaded->not_reproduced[0].requirement, "TUS-CORE-VER-001");
  EXPECT_EQ(loaded->not_reproduced[0].reason, "because");
  EXPECT_THAT(loaded->not_reproduced[1].requests, ElementsAre("a/*", "b#1"));
  EXPECT_THAT(loaded->not_reproduced[1].in, ElementsAre("body*"));
  EXPECT_EQ(loaded->not_reproduced[1].reason, "so");

  const auto all = misbehaviours_of(*loaded, {});
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].name, "mine");
  EXPECT_EQ(all[1].name, "version-list-missing");
  // A defect that the user loads as well must not be there twice.
  EXPECT_EQ(misbehaviours_of(*loaded, {"version-list-missing"}).size(), 2U);
}

TEST(Profile, SaysHowAServerRefuses) {
  const auto loaded =
      load_profile_text(profile(R"(, "tus": {"refusals": {"unknown-upload": {"body": "gone\n"},
                                        "length": {"status": 422, "body": ""}}})"),
                        "my.json");
  ASSERT_TRUE(loaded.has_value()) << loaded.error().line();
  const auto refusals = tus_of(*loaded).refusals;
  EXPECT_EQ(refusals.at("unknown-upload").body, "gone\n");
  EXPECT_EQ(refusals.at("unknown-upload").status, std::nullopt);
  EXPECT_EQ(refusals.at("length").status, 422);
  EXPECT_THAT(
      error_of(profile(R"(, "tus": {"refusals": {"lenght": {"body": "no"}}})")),
      testing::AllOf(HasSubstr("tus.refusals: there is no refusal 'lenght'"), HasSubstr("length")));
  EXPECT_THAT(
      error_of(profile(R"(, "tus": {"refusals": {"length": {"status": 204, "body": ""}}})")),
      HasSubstr("tus.refusals.length.status: must be from 400 to 599"));
  EXPECT_THAT(error_of(profile(R"(, "tus": {"refusals": {"length": {"status": 400}}})")),
              HasSubstr("tus.refusals.length"));
}

TEST(Profile, HoldsTheMannersOfAnHttpLayer) {
  const auto loaded = load_profile_text(
      profile(R"(, "http": {"chunked_and_length": "take", "length_twice": "take", "ids": "rest",
        "unclean_paths": "redirect", "asterisk": "answer", "drain": "256KiB", "continue": "always",
        "cut_off": "silent", "forwarded": "verbatim", "refuses": ["odd_host", "empty_line"],
        "header_bytes": "1MiB", "target_bytes": 5000, "header_lines": 9,
        "refusals": {"host": {"status": 400, "reason": "No", "body": "b", "framed": false}}})"),
      "my.json");
  ASSERT_TRUE(loaded.has_value()) << loaded.error().line();
  const auto& http = loaded->http;
  EXPECT_EQ(http.chunked_and_length, HttpOptions::ChunkedAndLength::take);
  EXPECT_TRUE(http.takes_lengths_twice && http.ids_hold_slashes && http.redirects_unclean_paths &&
              http.answers_asterisk && http.continues_always && http.forwarded_verbatim);
  EXPECT_FALSE(http.announces_cut_off);
  EXPECT_EQ(http.drain_bytes, Bytes{256U << 10U});
  EXPECT_TRUE(http.refuses_odd_hosts && http.refuses_empty_lines);
  EXPECT_FALSE(http.refuses_odd_percents || http.refuses_long_lengths);
  EXPECT_EQ(http.header_bytes, Bytes{1U << 20U});
  EXPECT_EQ(http.target_bytes, Bytes{5000});
  EXPECT_EQ(http.header_lines, 9U);
  ASSERT_EQ(http.refusals.count("host"), 1U);
  EXPECT_EQ(http.refusals.at("host").reason, "No");
  EXPECT_FALSE(http.refusals.at("host").framed);
  for (const auto* const plain : {"tus", "tus-node-2.4"}) {
    const auto manners = load_profile(plain)->http;
    EXPECT_TRUE(manners.refusals.empty() && !manners.ids_hold_slashes) << plain;
  }
}

TEST(Profile, UnknownNamesAreToldWithTheNearest) {
  const auto unknown = load_profile("tusd-2.1");
  ASSERT_FALSE(unknown.has_value());
  EXPECT_THAT(unknown.error().line(), HasSubstr("--profile"));
  EXPECT_THAT(unknown.error().line(), HasSubstr("no profile 'tusd-2.1'"));
  EXPECT_THAT(unknown.error().line(), HasSubstr("nearest are "));
  EXPECT_THAT(error_of(profile(R"(, "defects": ["version-list-mising"])")),
              HasSubstr("version-list-missing"));
  EXPECT_THAT(error_of(profile(R"(, "tus": {"extensions": ["checksums"]})")),
              HasSubstr("nearest are checksum"));
}

TEST(Profile, AFileThatIsMissingIsOneError) {
  const auto missing = load_profile("no/such/profile.json");
  ASSERT_FALSE(missing.has_value());
  EXPECT_THAT(missing.error().line(), HasSubstr("no/such/profile.json"));
}

struct Refused {
  const char* json;
  const char* says;
};

TEST(Profile, RefusesWhatCannotBeMeant) {
  const Refused cases[] = {
      {"", "my.json"},
      {"[]", "my.json"},
      {R"({"name": "a", "description": "d"})", "system"},
      {R"({"name": "", "description": "d", "system": "tus"})", "name: must not be empty"},
      {R"({"name": "a", "description": "d", "system": "dux"})", "no system 'dux'"},
      {R"({"name": "a", "description": "d", "system": "tus", "defect": []})", "defect"},
      {R"({"name": "a", "description": "d", "system": "tus", "tus": {"max_size": "big"}})",
       "tus.max_size"},
      {R"({"name": "a", "description": "d", "system": "tus", "tus": {"expire_after": "1h"}})",
       "belong together"},
      {R"({"name": "a", "description": "d", "system": "tus", "tus": {"extensions": ["expiration"]}})",
       "belong together"},
      {R"({"name": "a", "description": "d", "system": "tus",
          "tus": {"extensions": ["expiration"], "expire_after": "0s"}})",
       "at least 1s"},
      {R"({"name": "a", "description": "d", "system": "tus",
          "tus": {"extensions": ["creation", "creation"]}})",
       "extensions[1]: 'creation' is listed twice"},
      {R"({"name": "a", "description": "d", "system": "tus", "tus": {"draft_end_signal": ["8"]}})",
       "no interop version with such a signal '8'"},
      {R"({"name": "a", "description": "d", "system": "tus", "tus": {"ietf_draft": ["08"]}})",
       "tus.ietf_draft[0]: must be an interop version"},
      {R"({"name": "a", "description": "d", "system": "tus",
          "tus": {"draft_limits": {"min_append_size": 2, "max_append_size": 1}}})",
       "max_append_size is below min_append_size"},
      {R"({"name": "a", "description": "d", "system": "tus", "tus": {"metadata": "lax"}})",
       "tus.metadata"},
      {R"({"name": "a", "description": "d", "system": "tus",
          "tus": {"cors": {"headers": ["a b"]}}})",
       "tus.cors.headers[0]: must be the name"},
      {R"({"name": "a", "description": "d", "system": "tus", "tus": {"cors": {"preflight": "all"}}})",
       "no kind of preflight 'all'"},
      {R"({"name": "a", "description": "d", "system": "tus",
          "http": {"chunked_and_length": "both"}})",
       "http.chunked_and_length: there is no choice 'both'"},
      {R"({"name": "a", "description": "d", "system": "tus", "http": {"refuses": ["odd_hosts"]}})",
       "http.refuses[0]: there is no strictness 'odd_hosts'; the nearest are odd_host"},
      {R"({"name": "a", "description": "d", "system": "tus",
          "http": {"refusals": {"hosts": {"status": 400}}}})",
       "http.refusals.hosts: there is no refusal 'hosts'; the nearest are host"},
      {R"({"name": "a", "description": "d", "system": "tus",
          "http": {"refusals": {"host": {"status": 200}}}})",
       "http.refusals.host.status: must be from 400 to 599"},
      {R"({"name": "a", "description": "d", "system": "tus", "defects": ["zero-length", "zero-length"]})",
       "defects[1]"},
      {R"({"name": "a", "description": "d", "system": "tus", "rules": []})", "holds no rule"},
      {R"({"name": "a", "description": "d", "system": "tus",
          "rules": [{"then": {"socket": "rst"}}, {"when": {"method": "PTACH"}, "then": {"socket": "rst"}}]})",
       "rules[1].when.method"},
      {R"({"name": "a", "description": "d", "system": "tus",
          "rules": [{"needs": "x", "then": {"socket": "rst"}}]})",
       "which no rule sets"},
      {R"({"name": "a", "description": "d", "system": "tus", "not_reproduced": [{"requirement": "A"}]})",
       "reason"},
      {R"({"name": "a", "description": "d", "system": "tus", "not_reproduced": [
          {"requirement": "A", "reason": "r"}, {"requirement": "A", "reason": "s"}]})",
       "not_reproduced[1]: 'A' is listed twice"},
  };
  for (const auto& one : cases) {
    EXPECT_THAT(error_of(one.json), testing::AllOf(HasSubstr("my.json"), HasSubstr(one.says)))
        << one.json;
  }
}

}  // namespace
}  // namespace mock
