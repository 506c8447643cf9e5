// fixtures/misbehaviours: its examples load, and its schema knows what the loader knows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "misbehave/load.hpp"
#include "system/registered.hpp"

namespace mock::misbehave {
namespace {

const std::filesystem::path folder = std::filesystem::path{DEX_FIXTURES} / "misbehaviours";

std::string content(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<std::string> examples() {
  const auto readme = content(folder / "README.md");
  std::vector<std::string> examples;
  constexpr std::string_view open = "```json\n";
  for (auto at = readme.find(open); at != std::string::npos; at = readme.find(open, at)) {
    at += open.size();
    examples.push_back(readme.substr(at, readme.find("```", at) - at));
  }
  return examples;
}

TEST(MisbehavioursReadme, ItsExamplesLoad) {
  EXPECT_GE(examples().size(), 8U);
  for (const auto& example : examples()) {
    const auto loaded = load_text(example, "README.md");
    ASSERT_TRUE(loaded.has_value()) << loaded.error().line() << "\n" << example;
    std::vector<const Rule*> rules;
    for (const auto& rule : loaded->rules) rules.push_back(&rule);
    EXPECT_TRUE(fit_together(rules).has_value()) << example;
  }
}

TEST(MisbehavioursReadme, TheFilesItNamesAreThere) {
  const auto readme = content(folder / "README.md");
  std::size_t named = 0;
  for (const std::string kind : {"`defects/", "`faults/"}) {
    for (auto at = readme.find(kind); at != std::string::npos; at = readme.find(kind, at + 1)) {
      const auto name = readme.substr(at + 1, readme.find('`', at + 1) - at - 1);
      if (name.ends_with('/')) continue;
      EXPECT_TRUE(std::filesystem::exists(folder / (name + ".json"))) << name;
      ++named;
    }
  }
  EXPECT_GT(named, 50U);
}

/// The keys that the loader's refusal of the key "?" in `rule` says are there.
std::set<std::string> keys_of_loader(const std::string& rule) {
  const auto loaded = load_text(rule, "x.json");
  if (loaded) return {"(loaded)"};
  const auto& what = loaded.error().what;
  constexpr std::string_view before = "expected ";
  const auto at = what.find(before);
  if (what.find("unknown key") == std::string::npos || at == std::string::npos) return {what};
  std::set<std::string> keys;
  std::stringstream list(what.substr(at + before.size(), what.find(" (rule") - at - before.size()));
  for (std::string key; std::getline(list >> std::ws, key, ',');) keys.insert(key);
  return keys;
}

TEST(MisbehavioursSchema, KnowsTheKeysThatTheLoaderKnows) {
  const auto schema = nlohmann::json::parse(content(folder / "rule.schema.json"));
  const std::string when = "/$defs/when/properties";
  const std::string then = "/$defs/then/properties";
  const std::string reply = then + "/reply/oneOf/1/properties";
  const std::pair<std::string, const char*> objects[] = {
      {"", R"({"?": 1, "then": {"socket": "rst"}})"},
      {"/$defs/rule", R"({"rules": [{"?": 1, "then": {"socket": "rst"}}]})"},
      {"/$defs/condition", R"({"when": {"headers": {"X": {"?": 1}}}})"},
      {"/$defs/when", R"({"when": {"?": 1}})"},
      {when + "/upload", R"({"when": {"upload": {"?": 1}}})"},
      {"/$defs/numbers", R"({"when": {"upload": {"length": {"?": 1}}}})"},
      {when + "/upload/properties/parts", R"({"when": {"upload": {"parts": {"?": 1}}}})"},
      {when + "/upload/properties/others", R"({"when": {"upload": {"others": {"?": 1}}}})"},
      {when + "/rate", R"({"when": {"rate": {"?": 1}}})"},
      {when + "/concurrent", R"({"when": {"concurrent": {"?": 1}}})"},
      {when + "/reply", R"({"when": {"reply": {"?": 1}}})"},
      {when + "/on_connection", R"({"when": {"on_connection": {"?": 1}}})"},
      {when + "/connection", R"({"when": {"connection": {"?": 1}}})"},
      {when + "/effect", R"({"when": {"effect": {"?": 1}}})"},
      {"/$defs/then", R"({"then": {"?": 1}})"},
      {then + "/request", R"({"then": {"request": {"?": 1}}})"},
      {then + "/request/properties/body/oneOf/1", R"({"then": {"request": {"body": {"?": 1}}}})"},
      {then + "/request/properties/body/oneOf/1/properties/form",
       R"({"then": {"request": {"body": {"form": {"?": 1}}}}})"},
      {then + "/commit", R"({"then": {"commit": {"?": 1}}})"},
      {then + "/commit/properties/found", R"({"then": {"commit": {"found": {"?": 1}}}})"},
      {then + "/reply/oneOf/1", R"({"then": {"reply": {"?": 1}}})"},
      {reply + "/truncate", R"({"then": {"reply": {"truncate": {"?": 1}}}})"},
      {reply + "/replay/oneOf/1", R"({"then": {"reply": {"replay": {"?": 1}}}})"},
      {"/$defs/fields", R"({"then": {"reply": {"headers": {"?": 1}}}})"},
      {then + "/interim/oneOf/1", R"({"then": {"interim": {"?": 1}}})"},
      {"/$defs/ahead", R"({"then": {"ahead": {"?": 1}}})"},
      {then + "/ahead/oneOf/1", R"({"then": {"ahead": {"send": {"status": 103}, "?": 1}}})"},
      {reply + "/framing/oneOf/1", R"({"then": {"reply": {"framing": {"?": 1}}}})"},
      {then + "/socket/oneOf/1", R"({"then": {"socket": {"?": 1}}})"},
      {then + "/pace", R"({"then": {"pace": {"?": 1}}})"},
      {"/$defs/delay/oneOf/1", R"({"then": {"pace": {"before": {"mean": "1s", "?": 1}}}})"},
      {"/$defs/delay/oneOf/2", R"({"then": {"pace": {"before": {"p50": "1s", "?": 1}}}})"},
      {"/$defs/damage/oneOf/1", R"({"then": {"commit": {"corrupt": {"?": 1}}}})"},
      {then + "/connection", R"({"then": {"connection": {"?": 1}}})"},
      {then + "/connection/properties/handshake/oneOf/1",
       R"({"then": {"connection": {"handshake": {"?": 1}}}})"},
      {then + "/effect", R"({"then": {"effect": {"?": 1}}})"},
      {then + "/upload", R"({"then": {"upload": {"?": 1}}})"},
      {then + "/server", R"({"then": {"server": {"?": 1}}})"},
  };
  for (const auto& [place, rule] : objects) {
    std::set<std::string> keys;
    const auto& object = schema.at(nlohmann::json::json_pointer{place});
    EXPECT_EQ(object.at("additionalProperties"), false) << place;
    for (const auto& [key, value] : object.at("properties").items()) keys.insert(key);
    EXPECT_EQ(keys_of_loader(rule), keys) << place;
  }
}

/// The endpoints of systems beside tus and DEX: the schema lists none of them, and accepts them.
std::set<std::string> endpoints_of_other_systems() {
  std::set<std::string> names;
  for (const auto& system : registered_systems()) {
    if (system.name == "tus" || system.name == "dex") continue;
    for (const auto& pattern : system.routes) names.emplace(pattern.endpoint.name);
  }
  return names;
}

TEST(MisbehavioursSchema, LeavesToSeveralRulesWhatTheLoaderDoes) {
  const auto schema = nlohmann::json::parse(content(folder / "rule.schema.json"));
  std::set<std::string> keys;
  for (const auto& [key, value] : schema.at("properties").items()) {
    if (!schema.at("then").at("properties").contains(key)) keys.insert(key);
  }
  EXPECT_EQ(keys_of_loader(R"({"?": 1, "rules": [{"then": {"socket": "rst"}}]})"), keys);
  EXPECT_FALSE(schema.contains("oneOf")) << "an editor then tells of no key by its name";
}

TEST(MisbehavioursSchema, KnowsTheWordsThatTheLoaderKnows) {
  const auto schema = nlohmann::json::parse(content(folder / "rule.schema.json"));
  const std::pair<const char*, const char*> words[] = {
      {"/$defs/route/examples", R"({"when": {"route": "?"}})"},
      {"/$defs/method/enum", R"({"when": {"method": "?"}})"},
      {"/$defs/end/enum", R"({"then": {"socket": "?"}})"},
      {"/$defs/when/properties/event/enum", R"({"when": {"event": "?"}})"},
      {"/$defs/when/properties/effect/properties/kind/enum",
       R"({"when": {"effect": {"kind": "?"}}})"},
      {"/$defs/then/properties/connection/properties/certificate/enum",
       R"({"then": {"connection": {"certificate": "?"}}})"},
      {"/$defs/then/properties/connection/properties/tls/enum",
       R"({"then": {"connection": {"tls": "?"}}})"},
      {"/$defs/then/properties/connection/properties/handshake/oneOf/1/properties/after/enum",
       R"({"then": {"connection": {"handshake": {"after": "?", "end": "rst"}}}})"},
      {"/$defs/then/properties/connection/properties/handshake/oneOf/1/properties/end/enum",
       R"({"then": {"connection": {"handshake": {"after": "finished", "end": "?"}}}})"},
  };
  for (const auto& [place, rule] : words) {
    const auto loaded = load_text(rule, "x.json");
    ASSERT_FALSE(loaded.has_value()) << rule;
    const auto& what = loaded.error().what;
    const auto at = what.find("one of ");
    ASSERT_NE(at, std::string::npos) << what;
    std::set<std::string> expected;
    std::stringstream list(what.substr(at + 7, what.find(" (rule") - at - 7));
    for (std::string word; std::getline(list >> std::ws, word, ',');) expected.insert(word);
    if (place == words[0].first)
      for (const auto& other : endpoints_of_other_systems()) expected.erase(other);
    const auto known = schema.at(nlohmann::json::json_pointer{place}).get<std::set<std::string>>();
    EXPECT_EQ(known, expected) << place;
  }
}

}  // namespace
}  // namespace mock::misbehave
