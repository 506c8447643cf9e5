// Every entry of the table does what it says, and fixtures/openapi/control.json says the same.
#include "lane/lane_settings.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "lane/lane_config_json.hpp"
#include "system/registered.hpp"

namespace mock {
namespace {

using Json = nlohmann::json;

Result<LaneConfig> read(const Json& config, const LaneConfig& base = {}) {
  return json::decode(config.dump(), "body", [&](const json::Cursor& root) {
    return read_lane_config(root, base, ConfigWriter::us);
  });
}

/// What the contract of /_mock/ says of a lane's configuration, or of its "limits".
const Json& contract(bool of_listener) {
  static const Json lane = [] {
    std::ifstream in(DEX_FIXTURES "/openapi/control.json");
    return Json::parse(in).at("components").at("schemas").at("LaneConfig").at("properties");
  }();
  return of_listener ? lane.at("limits").at("properties") : lane;
}

/// Values of all kinds: each setting takes one of them that is not its default.
std::vector<Json> candidates(const LaneSetting& setting) {
  std::vector<Json> all{
      "127.0.0.1:0", "https://issuer.example", "1234s",  1234,        true,
      "other",       {"one", "two"},           "opaque", "ID=secret", Json::array({"ID=secret"})};
  const auto property = contract(setting.of_listener).value(setting.key, Json::object());
  if (property.contains("enum"))
    all.insert(all.end(), property["enum"].begin(), property["enum"].end());
  return all;
}

Json with(const LaneSetting& setting, const Json& value) {
  Json config{{setting.key, value}};
  if (setting.of_listener) config = {{"limits", config}, {"listen", "[::1]:0"}};
  // "secure" alone is refused.
  if (setting.key == "secure") config["auth"] = "jwt";
  return config;
}

/// What is kept of `config` under the setting's key; null: nothing.
Json kept(const LaneSetting& setting, const LaneConfig& config) {
  const Json all = to_json(config);
  const Json& place = setting.of_listener ? all.value("limits", Json::object()) : all;
  return place.value(setting.key, Json());
}

class LaneSettings : public testing::TestWithParam<std::size_t> {
 protected:
  const LaneSetting& setting_ = lane_settings().at(GetParam());

  [[nodiscard]] Json by_default() const {
    LaneConfig config;
    if (setting_.of_listener) config.listen = "[::1]:0";
    return kept(setting_, config);
  }
};

TEST_P(LaneSettings, IsReadAndWhatIsReadIsKept) {
  for (const auto& value : candidates(setting_)) {
    const auto first = read(with(setting_, value));
    if (!first || kept(setting_, *first) == by_default()) continue;
    const Json text = to_json(*first);
    const auto again = read(text);
    ASSERT_TRUE(again) << again.error().line();
    EXPECT_EQ(Json(to_json(*again)), text);
    return;
  }
  ADD_FAILURE() << setting_.key << ": no candidate is read and kept; add one to this test";
}

// After a restart, what a lane's file does not say is as the main lane has it.
TEST_P(LaneSettings, WhatIsTakenAwayIsKeptOverAMainLaneThatHasIt) {
  for (const auto& value : candidates(setting_)) {
    const auto base = read(with(setting_, value));
    if (!base || kept(setting_, *base) == by_default()) continue;
    const auto without = read(with(setting_, nullptr), *base);
    if (!without) continue;  // it cannot be taken away
    EXPECT_NE(kept(setting_, *without), kept(setting_, *base));
    const Json text = to_json(*without, *base);
    const auto again = read(text, *base);
    ASSERT_TRUE(again) << again.error().line();
    EXPECT_EQ(Json(to_json(*again, *base)), text);
  }
}

TEST_P(LaneSettings, TheFlagMeansWhatTheKeyMeans) {
  if (!setting_.apply) return;
  for (const auto& value : candidates(setting_)) {
    if (!value.is_string() && !value.is_number() && value != true) continue;
    LaneConfig config;
    if (setting_.of_listener) config.listen = "[::1]:0";
    const auto text = value.is_string() ? value.get<std::string>() : value.dump();
    if (!setting_.apply(config, text) || kept(setting_, config) == by_default()) continue;
    const bool list = by_default().is_array();
    const auto same = read(with(setting_, list ? Json{value} : value));
    ASSERT_TRUE(same) << same.error().line();
    EXPECT_EQ(kept(setting_, config), kept(setting_, *same));
    return;
  }
  ADD_FAILURE() << "--" << setting_.name << ": no candidate is taken; add one to this test";
}

std::string setting_name(const testing::TestParamInfo<std::size_t>& info) {
  return lane_settings().at(info.param).key;
}
INSTANTIATE_TEST_SUITE_P(Table, LaneSettings,
                         testing::Range(std::size_t{0}, lane_settings().size()), setting_name);

/// Of systems that the contract does not list: it leaves room for them.
std::set<std::string> keys_of_other_systems() {
  std::set<std::string> keys;
  for (const auto& system : registered_systems()) {
    if (system.name == "tus" || system.name == "dex" || system.settings == nullptr) continue;
    for (const auto& setting : system.settings()) keys.insert(setting.key);
  }
  return keys;
}

TEST(LaneSettingsTable, HasTheKeysOfTheContractAndNoOthers) {
  const auto others = keys_of_other_systems();
  for (const bool of_listener : {false, true}) {
    std::set<std::string> ours;
    for (const auto& setting : lane_settings()) {
      if (setting.of_listener != of_listener) continue;
      if (!of_listener && others.contains(setting.key)) continue;
      EXPECT_TRUE(ours.insert(setting.key).second) << setting.key << " is there twice";
    }
    if (!of_listener) ours.insert("limits");
    std::set<std::string> theirs;
    for (const auto& [key, property] : contract(of_listener).items()) theirs.insert(key);
    EXPECT_EQ(ours, theirs);
  }
}

TEST(LaneSettingsTable, ListsAreInThePluralAndKeysAreFlags) {
  for (const auto& setting : lane_settings()) {
    auto name = setting.name;
    std::replace(name.begin(), name.end(), '-', '_');
    if (setting.times != settings::Times::once && !name.ends_with('s')) name += 's';
    EXPECT_EQ(setting.key, name);
  }
}

}  // namespace
}  // namespace mock
