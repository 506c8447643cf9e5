#include "scenario/file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

namespace loadgen {
namespace {

const std::filesystem::path folder = std::filesystem::path(DEX_FIXTURES) / "scenarios";

TEST(Scenario, EveryFileIsAValidScenario) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    if (!name.ends_with(".json") || name.ends_with(".schema.json")) continue;
    ++files;
    Scenario scenario;
    std::vector<std::string> notes;
    const auto done = apply_scenario(scenario, entry.path().string(), notes);
    ASSERT_TRUE(done) << done.error().line();
    scenario.settings.url = "http://127.0.0.1:1/files";
    const auto whole = complete(scenario);
    EXPECT_TRUE(whole) << whole.error().line();
  }
  EXPECT_GT(files, 0);
}

/// What only those systems have that the schema does not list: it leaves room for it.
std::set<std::string> names_of_other_systems() {
  std::set<std::string> names;
  for (const auto& kind : systems()) {
    for (const auto& own : kind.settings) names.insert(own.name);
  }
  for (const char* const listed : {"tus", "dex", "openhumans", "onecodex", "onecodex-multipart"}) {
    for (const auto& own : system_named(listed)->settings) names.erase(own.name);
  }
  return names;
}

TEST(Scenario, TheSchemaHasExactlyTheSettingsOfTheTable) {
  std::ifstream in(folder / "scenario.schema.json");
  const auto schema = nlohmann::json::parse(in);
  std::set<std::string> in_schema;
  for (const auto& [key, value] : schema.at("properties").items()) {
    // The keys after the first two are parts with tables of their own: see scenario_test.
    if (std::set<std::string>{"$schema", "description", "partners", "phases", "regions", "events"}
            .count(key) == 0) {
      in_schema.insert(key);
    }
  }
  std::set<std::string> in_table;
  const auto others = names_of_other_systems();
  for (const auto& setting : settings_table()) {
    if (!setting.in_scenario || others.contains(setting.name)) continue;
    std::string key = setting.name;
    std::replace(key.begin(), key.end(), '-', '_');
    in_table.insert(key);
    if (setting.times != settings::Times::once) {
      EXPECT_EQ(schema["properties"][key]["type"], "array") << key;
    }
  }
  EXPECT_EQ(in_schema, in_table);
}

TEST(Scenario, FlagsAndScenariosMeanTheSame) {
  Scenario scenario;
  const Settings& s = scenario.settings;
  ASSERT_TRUE(apply_scenario_text(
      scenario, R"({"url":"http://127.0.0.1:8080/files/","uploads":7,"rate":"90/min",
    "network":"flaky","fail_if":["failed>0","lost > 0"],"retry_delays":"0s,250ms","chunk":"1MiB"})",
      "s"));
  EXPECT_EQ(s.url, "http://127.0.0.1:8080/files");
  EXPECT_EQ(s.uploads, 7U);
  EXPECT_DOUBLE_EQ(s.rate, 1.5);
  EXPECT_EQ(s.network.name, "flaky");
  EXPECT_EQ(s.fail_if.size(), 2U);
  EXPECT_THAT(s.retry_delays, testing::ElementsAre(Milliseconds{0}, Milliseconds{250}));
  EXPECT_EQ(s.chunk, Bytes{1U << 20U});
}

class BadScenario : public testing::TestWithParam<std::pair<const char*, const char*>> {};
TEST_P(BadScenario, NamesTheFileAndTheField) {
  Scenario s;
  const auto done = apply_scenario_text(s, GetParam().first, "s.json");
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().line(), testing::HasSubstr("s.json"));
  EXPECT_THAT(done.error().line(), testing::HasSubstr(GetParam().second));
}
INSTANTIATE_TEST_SUITE_P(
    All, BadScenario,
    testing::Values(std::pair("", ""), std::pair("[]", ""), std::pair("{", ""),
                    std::pair(R"({"uploads":0})", "uploads"),
                    std::pair(R"({"uploads":1.5})", "uploads"),
                    std::pair(R"({"uploads":null})", "uploads"), std::pair(R"({"url":"x"})", "url"),
                    std::pair(R"({"fail_if":"failed>0"})", "fail_if"),
                    std::pair(R"({"fail_if":["failed"]})", "fail_if"),
                    std::pair(R"({"retry-delays":"0s"})", "retry-delays"),
                    std::pair(R"({"i_own_this_target":true})", "i_own_this_target"),
                    std::pair(R"({"password":"secret"})", "password")));

TEST(Scenario, AMisspeltKeyIsAnsweredWithTheNearest) {
  Scenario s;
  const auto done = apply_scenario_text(s, R"({"retry_delay":"0s"})", "s.json");
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().line(), testing::HasSubstr("the nearest are retry_delays, "));
}

TEST(Settings, UrlsAreHttpWithoutCredentials) {
  const auto& table = settings_table();
  const auto url = std::find_if(table.begin(), table.end(),
                                [](const Setting& setting) { return setting.name == "url"; });
  ASSERT_NE(url, table.end());
  Settings s;
  for (const char* bad : {"", "h:80", "ftp://h/", "http://", "/files", "http://h:x/",
                          "http://h:65536/", "http://user:hush@h/files", "http://u:hush@h/ x"}) {
    const auto applied = url->apply(s, bad);
    ASSERT_FALSE(applied) << bad;
    EXPECT_THAT(applied.error().line(), testing::Not(testing::HasSubstr("hush")));
  }
  ASSERT_TRUE(url->apply(s, "http://[::1]:8080/files/"));
  EXPECT_EQ(s.url, "http://[::1]:8080/files");
}

std::vector<std::string> urls_of(const Settings& s) {
  const auto client = client_of(s, "r");
  return client ? (*client)->urls() : std::vector<std::string>{client.error().line()};
}

TEST(Complete, DerivesWhatFollowsFromTheRest) {
  Settings s;
  s.url = "https://host.example/upload";
  ASSERT_TRUE(complete(s));
  EXPECT_THAT(urls_of(s), testing::ElementsAre("https://host.example/upload/info"));
  EXPECT_EQ(s.oauth_url, "https://host.example/oauth");
  EXPECT_EQ(s.uploads, 100U);
  EXPECT_EQ(s.concurrency, 10U);
  EXPECT_EQ(s.network.name, "perfect");
  EXPECT_EQ((*client_of(s, "r"))->options().metadata.at("data_stream_id"), "dextesting");
  Settings timed;
  timed.url = "http://127.0.0.1:8080/files";
  timed.duration = Milliseconds{1000};
  ASSERT_TRUE(complete(timed));
  EXPECT_EQ(timed.uploads, std::nullopt);
  EXPECT_THAT(urls_of(timed), testing::ElementsAre("http://127.0.0.1:8080/info"));
}

Result<void> completed(const char* system, const std::map<std::string, std::string>& given) {
  Settings s;
  s.url = "http://127.0.0.1:8080/files";
  s.system = system_named(system);
  for (const auto& setting : settings_table()) {
    const auto text = given.find(setting.name);
    if (text == given.end()) continue;
    if (auto applied = setting.apply(s, text->second); !applied) return applied;
  }
  return complete(s);
}

TEST(Systems, WhatOnlyOneHasIsRefusedOrIgnoredElsewhere) {
  for (const char* own : {"expect-target", "info-url"}) {
    const std::map<std::string, std::string> given{{own, "http://127.0.0.1:8080/x"}};
    EXPECT_TRUE(completed("dex", given)) << own;
    const auto elsewhere = completed("tus", given);
    ASSERT_FALSE(elsewhere) << own;
    EXPECT_EQ(elsewhere.error().where, std::string("--") + own);
    EXPECT_THAT(elsewhere.error().line(), testing::HasSubstr("drop --system tus"));
  }
  // As scenarios of 0.1.0 have it.
  EXPECT_TRUE(completed("tus", {{"deliver-timeout", "5s"}}));
}

TEST(Systems, ADigestIsNotAskedForWhereNoneIsKnown) {
  Settings s;
  s.url = "http://127.0.0.1:8080";
  s.system = system_named("openhumans");
  s.own = {{"member", {"12345678"}}};
  Settings by_default = s;
  ASSERT_TRUE(complete(by_default));
  s.verify = VerifyMethod::digest;
  const auto refused = complete(s);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().where, "--verify");
}

TEST(Systems, EachSettingIsInTheTableOnce) {
  std::map<std::string, std::string> helps;
  std::set<std::string> names;
  for (const auto& setting : settings_table()) {
    EXPECT_TRUE(names.insert(setting.name).second) << setting.name;
  }
  for (const auto& kind : systems()) {
    EXPECT_EQ(system_named(kind.name), &kind);
    for (const auto& own : kind.settings) {
      EXPECT_TRUE(names.contains(own.name)) << own.name;
      EXPECT_EQ(helps.emplace(own.name, own.help).first->second, own.help)
          << "two systems mean something else by --" << own.name;
    }
  }
  EXPECT_EQ(system_named("none"), nullptr);
}

TEST(Complete, StaysBehindThePrefixOfTheTarget) {
  Settings proxied;
  proxied.url = "http://127.0.0.1:8080/some/prefix/files";
  ASSERT_TRUE(complete(proxied));
  EXPECT_THAT(urls_of(proxied), testing::ElementsAre("http://127.0.0.1:8080/some/prefix/info"));
  EXPECT_EQ(proxied.oauth_url, "http://127.0.0.1:8080/some/prefix/oauth");
  Settings gateway;
  gateway.url = "https://host.example/prefix/upload";
  ASSERT_TRUE(complete(gateway));
  EXPECT_THAT(urls_of(gateway), testing::ElementsAre("https://host.example/prefix/upload/info"));
  EXPECT_EQ(gateway.oauth_url, "https://host.example/prefix/oauth");
}
}  // namespace
}  // namespace loadgen
