#include "misbehave/load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

namespace mock::misbehave {
namespace {

using testing::HasSubstr;

std::string error_of(std::string_view json) {
  const auto loaded = load_text(json, "my.json");
  return loaded ? "(loaded)" : loaded.error().line();
}

TEST(LoadRules, ReadsTheExampleOfTheDesign) {
  const auto loaded = load_text(R"({ "name": "lost-ack", "breaks": ["TUS-CORE-PATCH-022"],
    "seen": "tus/tus-node-server#207",
    "when": { "method": "PATCH", "route": "upload", "nth": 2, "body_byte": "1MiB" },
    "then": { "commit": { "bytes": "all" }, "reply": "none", "socket": "rst" }, "times": 1 })",
                                "x.json");
  ASSERT_TRUE(loaded.has_value()) << loaded.error().line();
  EXPECT_EQ(loaded->name, "lost-ack");
  EXPECT_EQ(loaded->breaks, std::vector<std::string>{"TUS-CORE-PATCH-022"});
  EXPECT_EQ(loaded->seen, std::vector<std::string>{"tus/tus-node-server#207"});
  ASSERT_EQ(loaded->rules.size(), 1U);
  const auto& rule = loaded->rules.front();
  EXPECT_EQ(rule.moment(), Moment::body);
  EXPECT_EQ(rule.when.body_byte, Bytes{1U << 20U});
  EXPECT_EQ(rule.times, 1U);
  EXPECT_EQ(rule.then.socket->end, SocketEnd::rst);
}

TEST(LoadRules, NamesRulesOfAListAfterTheFile) {
  const auto loaded = load_text(
      R"({"rules": [{"then": {"reply": {"status": 500}}}, {"then": {"reply": {"status": 501}}}]})",
      "a/b/story.json");
  ASSERT_TRUE(loaded.has_value()) << loaded.error().line();
  EXPECT_EQ(loaded->rules[0].name, "story#1");
  EXPECT_EQ(loaded->rules[1].name, "story#2");
}

TEST(LoadRules, ErrorsNameFilePlaceAndRule) {
  const auto error = error_of(
      R"({"rules": [{"name": "bad", "when": {"method": "PTACH"}, "then": {"socket": "rst"}}]})");
  EXPECT_THAT(error, HasSubstr("my.json"));
  EXPECT_THAT(error, HasSubstr("rules[0].when.method"));
  EXPECT_THAT(error, HasSubstr("'bad'"));
  EXPECT_THAT(error, HasSubstr("PTACH"));
}

struct Refused {
  const char* json;
  const char* says;
};

TEST(LoadRules, RefusesWhatCannotBeMeant) {
  const Refused cases[] = {
      {"", "my.json"},
      {"[]", "my.json"},
      {"{}", "then"},
      {R"({"then": {}})", "does nothing"},
      {R"({"then": {"socket": "rst"}, "tims": 1})", "tims"},
      {R"({"when": {"metod": "GET"}, "then": {"socket": "rst"}})", "metod"},
      {R"({"rules": []})", "holds no rule"},
      {R"({"when": {"method": "FETCH"}, "then": {"socket": "rst"}})", "unknown method"},
      {R"({"when": {"method": []}, "then": {"socket": "rst"}})", "never fire"},
      {R"({"when": {"route": "uploads"}, "then": {"socket": "rst"}})", "expected one of"},
      {R"({"when": {"route": "control"}, "then": {"socket": "rst"}})", "expected one of"},
      {R"({"when": {"path": "("}, "then": {"socket": "rst"}})", "regular expression"},
      {R"({"when": {"headers": {"a b": true}}, "then": {"socket": "rst"}})", "header name"},
      {R"({"when": {"headers": {"A": 3}}, "then": {"socket": "rst"}})", "expected true"},
      {R"({"when": {"nth": 0}, "then": {"socket": "rst"}})", "never fire"},
      {R"({"when": {"every": 0}, "then": {"socket": "rst"}})", "never fire"},
      {R"({"when": {"probability": 0}, "then": {"socket": "rst"}})", "never fire"},
      {R"({"when": {"probability": 1.5}, "then": {"socket": "rst"}})", "at most 1"},
      {R"({"when": {"nth": 1, "every": 2}, "then": {"socket": "rst"}})", "exclude"},
      {R"({"then": {"socket": "rst"}, "times": 0})", "never fire"},
      {R"({"when": {"body_byte": 0}, "then": {"socket": "rst"}})", "counts from 1"},
      {R"({"when": {"body_byte": "1MB per s"}, "then": {"socket": "rst"}})", "body_byte"},
      {R"({"when": {"method": "HEAD", "body_byte": 1}, "then": {"socket": "rst"}})", "no body"},
      {R"({"when": {"method": "HEAD", "event": "aborted"}, "then": {"commit": {"bytes": 0}}})",
       "no body"},
      {R"({"when": {"event": "aborted"}, "then": {"reply": {"status": 500}}})", "nobody"},
      {R"({"when": {"event": "gone"}, "then": {"socket": "rst"}})", "aborted"},
      {R"({"when": {"reply": {"status": "6xx"}}, "then": {"socket": "rst"}})", "4xx"},
      {R"({"when": {"reply": {"status": 404}}, "then": {"request": {"method": "PUT"}}})",
       "then.request"},
      {R"({"when": {"reply": {"status": 404}}, "then": {"commit": {"bytes": 0}}})", "then.commit"},
      {R"({"when": {"reply": {"json": {"a/b": true}}}, "then": {"socket": "rst"}})",
       "JSON pointer"},
      {R"({"when": {"upload": {"complete": true, "completing": true}}, "then": {"socket": "rst"}})",
       "exclude each other"},
      {R"({"when": {"upload": {"complete": true, "deferred": true}}, "then": {"socket": "rst"}})",
       "never complete"},
      {R"({"when": {"route": "creation", "upload": {"complete": true}}, "then": {"socket": "rst"}})",
       "route"},
      {R"({"when": {"route": "health", "upload": {"complete": true}}, "then": {"socket": "rst"}})",
       "no such route"},
      {R"({"when": {"upload": {"older_than": "2s", "younger_than": "1s"}}, "then": {"socket": "rst"}})",
       "no age"},
      {R"({"then": {"reply": "none"}})", "what the socket does"},
      {R"({"then": {"reply": {"early": true}}})", "needs a status"},
      {R"({"then": {"reply": {"raw": "x", "status": 200}}})", "whole reply"},
      {R"({"then": {"reply": {"status": 100}}})", "final HTTP status"},
      {R"({"then": {"reply": {"headers": {"set": {"A": "x\r\nB: y"}}}}})", "line break"},
      {R"({"then": {"reply": {"headers": {"set": {"A": "{ofset}"}}}}})", "ofset"},
      {R"({"then": {"reply": {"body": {"json_patch": [{"op": "drop", "path": "/a"}]}}}})", "op"},
      {R"({"then": {"pace": {"slice": 3}}})", "belong together"},
      {R"({"then": {"pace": {"before": "3"}}})", "before"},
      {R"({"then": {"socket": {"end": "rst", "at": "before"}, "reply": {"status": 500}}})",
       "nothing is answered"},
      {R"({"then": {"commit": {"fail": {"apend": "io"}}}})", "unknown call"},
      {R"({"then": {"commit": {"skip": "append"}}})", "bytes: none"},
      {R"({"then": {"commit": {"lasting": true}}})", "lasting"},
  };
  for (const auto& [json, says] : cases) EXPECT_THAT(error_of(json), HasSubstr(says)) << json;
}

TEST(LoadRules, NamesAndFilesKeepTheirOrder) {
  const auto all = load_all({"version-400"}, {"lost-ack"}, {});
  ASSERT_TRUE(all.has_value()) << all.error().line();
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ((*all)[0].name, "version-400");
  EXPECT_EQ((*all)[1].name, "lost-ack");
  EXPECT_THAT(load_all({}, {"lost-acks"}, {}).error().line(), HasSubstr("lost-ack"));
  EXPECT_THAT(load_all({}, {}, {"/nowhere/a.json"}).error().line(), HasSubstr("/nowhere/a.json"));
}

TEST(LoadRules, RefusesAMissingFileByName) {
  const auto loaded = load_file("/nowhere/rules.json");
  ASSERT_FALSE(loaded.has_value());
  EXPECT_THAT(loaded.error().line(), HasSubstr("/nowhere/rules.json"));
}

Misbehaviour loaded(std::string_view json) {
  auto result = load_text(json, "x.json");
  EXPECT_TRUE(result.has_value());
  return std::move(*result);
}

std::string misfit(const std::vector<Misbehaviour>& misbehaviours) {
  std::vector<const Rule*> rules;
  for (const auto& one : misbehaviours)
    for (const auto& rule : one.rules) rules.push_back(&rule);
  const auto fit = fit_together(rules);
  return fit ? "" : fit.error().line();
}

TEST(RulesTogether, ADuplicateNameIsRefused) {
  const auto one = loaded(R"({"name": "twin", "then": {"socket": "rst"}})");
  EXPECT_THAT(misfit({one, one}), HasSubstr("twin"));
}

TEST(RulesTogether, AMarkThatNobodySetsIsRefused) {
  const auto needs = loaded(R"({"name": "b", "then": {"socket": "rst"}, "needs": "seen"})");
  EXPECT_THAT(misfit({needs}), HasSubstr("'seen'"));
  const auto sets = loaded(R"({"name": "a", "sets": "seen"})");
  EXPECT_EQ(misfit({sets, needs}), "");
}

TEST(NamedMisbehaviours, EachLoadsUnderItsNameAndSaysWhatItIs) {
  for (const auto& text : named_texts()) {
    const auto loaded = load_named(text.kind, text.name);
    ASSERT_TRUE(loaded.has_value()) << loaded.error().line();
    EXPECT_EQ(loaded->name, text.name);
    EXPECT_FALSE(loaded->description.empty()) << text.name;
    if (text.kind == Named::defect) {
      EXPECT_FALSE(loaded->breaks.empty()) << text.name;
    }
  }
  EXPECT_GE(list_named(Named::defect).size(), 25U);
  EXPECT_GE(list_named(Named::fault).size(), 12U);
}

TEST(NamedMisbehaviours, CanAllBeLoadedTogether) {
  auto all = list_named(Named::defect);
  for (auto& fault : list_named(Named::fault)) all.push_back(std::move(fault));
  EXPECT_EQ(misfit(all), "");
}

TEST(NamedMisbehaviours, AnUnknownNameBringsTheNearest) {
  const auto loaded = load_named(Named::defect, "version-40");
  ASSERT_FALSE(loaded.has_value());
  EXPECT_THAT(loaded.error().line(), HasSubstr("version-400"));
}

}  // namespace
}  // namespace mock::misbehave
