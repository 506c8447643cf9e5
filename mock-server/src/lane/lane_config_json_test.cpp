#include "lane/lane_config_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "dex/dex_settings.hpp"
#include "lane/lane.hpp"
#include "system/registered.hpp"
#include "tus/tus_settings.hpp"

namespace mock {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Result<LaneConfig> read(std::string_view text, const LaneConfig& base = {},
                        ConfigWriter writer = ConfigWriter::us) {
  return json::decode(
      text, "body", [&](const json::Cursor& root) { return read_lane_config(root, base, writer); });
}

const TusConfig& tus(const LaneConfig& config) { return config.systems.get<TusConfig>(); }
const DexConfig& dex(const LaneConfig& config) { return config.systems.get<DexConfig>(); }

TEST(LaneConfigJson, WhatIsNotGivenIsTheBase) {
  LaneConfig base;
  base.profile = "tus";
  base.systems.get<TusConfig>().max_size = Bytes{5};
  base.faults = {"reset-mid-body"};
  base.listen = "127.0.0.1:8080";
  base.issuer = "https://issuer.example";
  const auto same = read("{}", base);
  ASSERT_TRUE(same) << same.error().line();
  EXPECT_EQ(same->profile, "tus");
  EXPECT_EQ(tus(*same).max_size, Bytes{5});
  EXPECT_THAT(same->faults, ElementsAre("reset-mid-body"));
  EXPECT_EQ(same->issuer, "");
  EXPECT_EQ(same->listen, "") << "two listeners cannot share an address";
  const auto other = read(R"({"max_size": null, "faults": []})", base);
  ASSERT_TRUE(other) << other.error().line();
  EXPECT_FALSE(tus(*other).max_size);
  EXPECT_THAT(other->faults, IsEmpty());
}

TEST(LaneConfigJson, GivesEverythingBack) {
  const auto first = read(R"({
    "profile": "tus", "contract": "guide", "auth": "jwt", "secure": true, "issuer": "https://i",
    "users": "u.json", "token_lifetime": "90s", "upload_configs": "configs", "deliver": "d.yml",
    "deliver_root": "out",
    "rules": ["r.json", {"name": "own", "when": {"method": "PATCH"}, "then": {"socket": "rst"}}],
    "defects": ["a"], "faults": ["b", "c"], "seed": 18446744073709551615, "max_size": "1MiB",
    "expire_after": "1.5s", "early_error": "close", "chunked_and_length": "take", "listen": "[::1]:0",
    "limits": {"header_timeout": "1s", "read_timeout": "2s", "write_timeout": "3s",
               "idle_timeout": "4s", "header_bytes": "5KiB", "target_bytes": 600,
               "drain_bytes": "7MiB"}})");
  ASSERT_TRUE(first) << first.error().line();
  EXPECT_EQ(first->seed, 18446744073709551615U);
  EXPECT_EQ(first->token_lifetime, std::chrono::seconds{90});
  EXPECT_EQ(tus(*first).expire_after, Milliseconds{1500});
  EXPECT_EQ(tus(*first).max_size, Bytes{1U << 20U});
  EXPECT_EQ(first->early_error, UnreadBody::close);
  EXPECT_EQ(first->chunked_and_length, HttpOptions::ChunkedAndLength::take);
  EXPECT_FALSE(read(R"({"chunked_and_length": null})", *first)->chunked_and_length);
  EXPECT_EQ(dex(*first).deliver_root, LaneInput::file("out"));
  EXPECT_THAT(first->rule_files, ElementsAre(LaneInput::file("r.json")));
  ASSERT_EQ(first->rules.size(), 1U);
  EXPECT_THAT(first->rules[0], HasSubstr("\"own\""));
  EXPECT_EQ(first->limits.idle_timeout, std::chrono::seconds{4});
  EXPECT_EQ(first->limits.target_bytes, Bytes{600});
  const auto text = to_json(*first).dump();
  const auto second = read(text);
  ASSERT_TRUE(second) << second.error().line();
  EXPECT_EQ(to_json(*second).dump(), text);
}

/// Without the settings of systems that version 0.1.0 did not have.
std::string written(const LaneConfig& config) {
  auto json = to_json(config);
  for (const auto& system : registered_systems()) {
    if (system.name == "tus" || system.name == "dex" || system.settings == nullptr) continue;
    for (const auto& setting : system.settings()) json.erase(setting.key);
  }
  return json.dump();
}

TEST(LaneConfigJson, IsWrittenAsTheFirstVersionWroteIt) {
  EXPECT_EQ(written({}),
            R"({"profile":"dex","contract":"server","auth":"none","secure":false,)"
            R"("token_lifetime":"3600s","seed":1,"early_error":"drain","defects":[],"faults":[],)"
            R"("rules":[]})");
  const auto full = read(R"({
    "limits": {"drain_bytes": 9}, "listen": "[::1]:0", "chunked_and_length": "refuse",
    "expire_after": "2m", "max_size": 7, "deliver_root": "out", "deliver": "d.yml",
    "upload_configs": {"a_b": {}}, "users": "u.json", "issuer": "https://i", "rules": ["r.json", {}],
    "faults": ["f"], "defects": ["d"], "early_error": "close", "seed": 3, "token_lifetime": "2s",
    "secure": true, "auth": "opaque", "contract": "guide", "profile": "p.json"})");
  ASSERT_TRUE(full) << full.error().line();
  EXPECT_EQ(
      written(*full),
      R"({"profile":"p.json","contract":"guide","auth":"opaque","secure":true,)"
      R"("token_lifetime":"2s","seed":3,"early_error":"close","defects":["d"],"faults":["f"],)"
      R"("rules":["r.json",{}],"issuer":"https://i","users":"u.json","upload_configs":{"a_b":{}},)"
      R"("deliver":"d.yml","deliver_root":"out","max_size":7,"expire_after":"120000ms",)"
      R"("chunked_and_length":"refuse","listen":"[::1]:0","limits":{"header_timeout":"20000ms",)"
      R"("read_timeout":"30000ms","write_timeout":"30000ms","idle_timeout":"75000ms",)"
      R"("header_bytes":65536,"target_bytes":16384,"drain_bytes":9}})");
}

struct Bad {
  const char* text;
  const char* says;
};
class BadLaneConfig : public testing::TestWithParam<Bad> {};

TEST_P(BadLaneConfig, IsOneLineThatNamesTheKey) {
  const auto config = read(GetParam().text);
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().line(), HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadLaneConfig,
    testing::Values(
        Bad{R"([])", "object"}, Bad{R"({"prolife": "tus"})", "prolife"},
        Bad{R"({"auth": "basic"})", "body: auth: expected one of none, jwt, opaque"},
        Bad{R"({"auth": "JWT"})",
            "body: auth: expected one of none, jwt, opaque (the nearest is jwt)"},
        Bad{R"({"auth": null})", "auth"}, Bad{R"({"profile": ""})", "profile"},
        Bad{R"({"seed": -1})", "seed"}, Bad{R"({"seed": "1"})", "seed"},
        Bad{R"({"max_size": "many"})", "max_size"}, Bad{R"({"max_size": -1})", "max_size"},
        Bad{R"({"token_lifetime": "100ms"})", "body: token_lifetime: must be at least 1s"},
        Bad{R"({"token_lifetime": 90})", "token_lifetime"},
        Bad{R"({"expire_after": "0s"})", "expire_after"},
        Bad{R"({"chunked_and_length": "both"})",
            "chunked_and_length: expected one of refuse, take"},
        Bad{R"({"secure": true})", "body: secure"}, Bad{R"({"secure": "yes"})", "secure"},
        Bad{R"({"defects": "a"})", "defects"}, Bad{R"({"faults": [1]})", "faults[0]"},
        Bad{R"({"rules": [7]})", "rules[0]"}, Bad{R"({"listen": "8080"})", "HOST:PORT"},
        Bad{R"({"limits": {"read_timeout": "1s"}})", "listen"},
        Bad{R"({"listen": "127.0.0.1:0", "limits": {"read_timeout": "0s"}})",
            "limits.read_timeout"},
        Bad{R"({"listen": "127.0.0.1:0", "limits": {"max": 1}})", "max"}));

TEST(LaneConfigJson, AClientNamesNoFileOfTheServers) {
  for (const auto* const key : {"users", "upload_configs", "deliver", "profile"}) {
    for (const auto* const name :
         {"/etc/passwd", "../x.json", "a/../b.json", "./a.json", "a//b.json"}) {
      const auto text = nlohmann::json{{key, name}}.dump();
      const auto config = read(text, {}, ConfigWriter::client);
      ASSERT_FALSE(config) << text;
      EXPECT_THAT(config.error().line(), HasSubstr("--lane-files")) << text;
      EXPECT_TRUE(read(text, {}, ConfigWriter::us)) << text;
    }
  }
  EXPECT_FALSE(read(R"({"rules": ["/etc/passwd"]})", {}, ConfigWriter::client));
  EXPECT_FALSE(read(R"({"users": {"lane_file": "/etc/passwd"}, "deliver": "a\u0000b"})", {},
                    ConfigWriter::client));
}

TEST(LaneConfigJson, WhatAClientSendsIsTheDocumentOrANameInTheFolder) {
  const auto config = read(R"({
    "users": [{"username": "lab", "password": "hush"}], "upload_configs": "configs",
    "deliver": "targets: {}\nversion: 1.0\n", "profile": {"name": "x"}, "rules": ["r.json"]})",
                           {}, ConfigWriter::client);
  ASSERT_TRUE(config) << config.error().line();
  EXPECT_EQ(*config->users.text, R"({"users":[{"password":"hush","username":"lab"}]})");
  EXPECT_EQ(dex(*config).upload_configs, (LaneInput{LaneInput::From::folder, "configs"}));
  EXPECT_EQ(dex(*config).deliver.from, LaneInput::From::request);
  EXPECT_EQ(config->rule_files.at(0).from, LaneInput::From::folder);
  const auto kept = to_json(*config).dump();
  const auto again = read(kept);
  ASSERT_TRUE(again) << again.error().line();
  EXPECT_EQ(to_json(*again).dump(), kept);
  EXPECT_EQ(dex(*again).upload_configs, dex(*config).upload_configs)
      << "a name in the folder stays one";
  const auto shown = shown_json(*config);
  EXPECT_THAT(shown.dump(), ::testing::Not(HasSubstr("hush")));
  EXPECT_EQ(shown.at("rules").at(0), "r.json");
}

TEST(LaneConfigJson, AClientsDeliverRootIsInsideTheLane) {
  LaneConfig base;
  base.systems.get<DexConfig>().deliver_root = LaneInput::file("/srv/out");
  const auto same = read(R"({"deliver_root": "/srv/out"})", base, ConfigWriter::client);
  ASSERT_TRUE(same) << same.error().line();
  EXPECT_EQ(dex(*same).deliver_root, dex(base).deliver_root);
  for (const auto* const bad : {R"("/srv")", R"("../out")", R"("")", "7"}) {
    const auto text = R"({"deliver_root": )" + std::string(bad) + "}";
    EXPECT_FALSE(read(text, base, ConfigWriter::client)) << text;
  }
  const auto inside = read(R"({"deliver_root": "out"})", base, ConfigWriter::client);
  ASSERT_TRUE(inside) << inside.error().line();
  EXPECT_EQ(dex(*inside).deliver_root.from, LaneInput::From::request);
  EXPECT_EQ(shown_json(*inside).at("deliver_root"), "out");
  const auto again = read(to_json(*inside).dump());
  ASSERT_TRUE(again) << again.error().line();
  EXPECT_EQ(dex(*again).deliver_root, dex(*inside).deliver_root);
  const auto none = read(R"({"deliver_root": null})", base, ConfigWriter::client);
  ASSERT_TRUE(none) << none.error().line();
  EXPECT_EQ(dex(*none).deliver_root, LaneInput());
}

TEST(LaneConfigJson, AClientMayNameWhatTheBaseWasStartedWith) {
  LaneConfig base;
  base.users = LaneInput::file("/srv/users.json");
  base.rule_files = {LaneInput::file("/srv/rules.json")};
  const auto config = read(R"({"users": "/srv/users.json", "rules": ["/srv/rules.json"]})", base,
                           ConfigWriter::client);
  ASSERT_TRUE(config) << config.error().line();
  EXPECT_EQ(config->users, base.users);
  EXPECT_EQ(config->rule_files, base.rule_files);
  EXPECT_FALSE(read(R"({"deliver": "/srv/users.json"})", base, ConfigWriter::client));
}

TEST(LaneNames, AreSingleSafePathComponents) {
  for (const auto* const good : {"a", "lane-7", "A_b.c", "..."}) EXPECT_TRUE(is_lane_name(good));
  EXPECT_TRUE(is_lane_name(std::string(64, 'x')));
  for (const auto* const bad : {"", ".", "..", "a/b", "a b", "a%2F", "\xc3\xa4", "a\n"}) {
    EXPECT_FALSE(is_lane_name(bad)) << bad;
  }
  EXPECT_FALSE(is_lane_name(std::string(65, 'x')));
}

}  // namespace
}  // namespace mock
