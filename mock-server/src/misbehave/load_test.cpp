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
  const auto loaded =
      load_text(R"({"rules": [{"then": {"reply": {"status": 500}}}, {"then": {"socket": "fin"}}]})",
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
      {R"({"when": {"upload": {"kind": "whole"}}, "then": {"socket": "rst"}})",
       "expected one of normal, partial, final"},
      {R"({"when": {"upload": {"attributes": {"kint": "final"}}}, "then": {"socket": "rst"}})",
       "did you mean kind?"},
      {R"({"when": {"upload": {"attributes": {"kind": "whole"}}}, "then": {"socket": "rst"}})",
       "expected one of normal, partial, final"},
      {R"({"when": {"upload": {"attributes": {}}}, "then": {"socket": "rst"}})", "names nothing"},
      {R"({"when": {"upload": {"exists": false, "attributes": {"kind": true}}},
           "then": {"socket": "rst"}})",
       "has no state"},
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
      {R"({"then": {"commit": {"told": "stored", "lasting": "until_patch"}}})", "until_head"},
      {R"({"when": {"within": "3ms"}, "then": {"socket": "rst"}})", "within"},
      {R"({"when": {"event": "overrun", "within": "3ms"}, "then": {"socket": "rst"}})", "within"},
      {R"({"when": {"reply": {"status": 100}}, "then": {"socket": "rst"}})", "200 to 599"},
      {R"({"when": {"reply": {"status": "1xx"}}, "then": {"socket": "rst"}})", "4xx"},
      {R"({"when": {"after": "3s", "until": "2s"}, "then": {"socket": "rst"}})", "leave no time"},
      {R"({"when": {"until": "0ms"}, "then": {"socket": "rst"}})", "leave no time"},
      {R"({"when": {"event": "stalled"}, "then": {"socket": "rst"}})", "nobody"},
      {R"({"when": {"event": "stalled", "body_byte": 3}, "then": {"commit": {"bytes": 0}}})",
       "either"},
      {R"({"when": {"method": "HEAD", "event": "overrun"}, "then": {"socket": "rst"}})",
       "no bytes"},
      {R"({"when": {"event": "overrun", "body_byte": 3}, "then": {"socket": "rst"}})",
       "other moments"},
      {R"({"when": {"event": "overrun", "upload": {"deferred": true}}, "then": {"socket": "rst"}})",
       "no end"},
      {R"({"when": {"event": "delivered", "method": "PATCH"}, "sets": "m"})", "no request"},
      {R"({"when": {"event": "delivered"}, "then": {"effect": {"drop": true}}})", "no request"},
      {R"({"when": {"effect": {"kind": "part"}}, "then": {"effect": {"drop": true}}})", "deliver"},
      {R"({"when": {"effect": {}}, "then": {"effect": {"deliver": true}}})", "part"},
      {R"({"then": {"effect": {"deliver": true, "repeat": 1}}})", "deliver"},
      {R"({"when": {"route": "info"}, "then": {"effect": {"drop": true}}})", "no request"},
      {R"({"when": {"effect": {"kind": "delivery"}}, "then": {"socket": "rst"}})", "no request"},
      {R"({"when": {"effect": {"kind": "delivry"}}, "then": {"effect": {"drop": true}}})",
       "expected one of"},
      {R"({"when": {"effect": {"kind": "report", "attempt": 2}}, "then": {"effect": {"drop": true}}})",
       "attempted"},
      {R"({"when": {"effect": {"attempt": 0}}, "then": {"effect": {"drop": true}}})", "never fire"},
      {R"({"then": {"effect": {"drop": true, "repeat": 2}}})", "nothing for the other"},
      {R"({"then": {"effect": {"pretend": true, "fail": "x"}}})", "either"},
      {R"({"then": {"effect": {"repeat": 0}}})", "repeats nothing"},
      {R"({"then": {"effect": {"rename": "a/b"}}})", "no name"},
      {R"({"then": {"effect": {"fail": "{request.host}"}}})", "not known there"},
      {R"({"when": {"connection": {"nth": 1}}, "then": {"socket": "rst"}})", "accepted"},
      {R"({"when": {"method": "GET"}, "then": {"connection": {"end": "rst"}}})", "accepted"},
      {R"({"when": {"connection": {"nth": 0}}, "then": {"connection": {"end": "rst"}}})",
       "never fire"},
      {R"({"then": {"connection": {"end": "keep"}}})", "changes nothing"},
      {R"({"then": {"connection": {"handshake": "fail", "end": "rst"}}})", "either"},
      {R"({"then": {"connection": {"handshake": "slow"}}})", "expected one of"},
      {R"({"then": {"connection": {"tls": "1.1", "end": "rst"}}})", "either"},
      {R"({"then": {"connection": {"tls": "1.2"}}})", "1.0, 1.1"},
      {R"({"then": {"connection": {"certificate": "stale"}}})", "expected one of expired,"},
      {R"({"then": {"connection": {"handshake": {"after": "server_hello", "end": "alert"}}}})",
       "answers the client_hello"},
      {R"({"then": {"connection": {"handshake": {"after": "server_hello"}}}})", "end"},
      {R"({"then": {"connection": {"certificate": "expired",
           "handshake": {"after": "server_hello", "end": "fin"}}}})",
       "no certificate is shown"},
      {R"({"then": {"connection": {"tls": "1.1", "handshake": "fail"}}})", "no version is agreed"},
      {R"({"when": {"connection": {"server_name": "a"}}, "then": {"connection": {"delay": "1s"}}})",
       "ClientHello"},
      {R"({"when": {"connection": {"server_name": {"above": 1}}}, "then": {"connection": {"tls": "1.1"}}})",
       "never a number"},
      {R"({"then": {"pace": {"before": {"mean": "1s", "jitter": "2s"}}}})", "larger than"},
      {R"({"then": {"pace": {"receive": "64"}}})", "receive"},
      {R"({"then": {"pace": {"receive": "0KiB/s"}}})", "receive"},
      {R"({"when": {"body_byte": 9}, "then": {"pace": {"receive": "1KiB/s"}}})", "before the body"},
      {R"({"when": {"method": "GET"}, "then": {"request": {"body": "x"}}})", "no body"},
      {R"({"then": {"request": {"body": {"form": {}}}}})", "nothing to edit"},
      {R"({"then": {"reply": {"body": {"form": {"drop": "a"}}}}})", "no forms"},
      {R"({"then": {"reply": {"early": true, "status": 500}, "request": {"method": "PUT"}}})",
       "never asked"},
      {R"({"then": {"reply": {"replay": "last"}}})", "expected one of"},
      {R"({"then": {"reply": {"replay": {"mark": ""}}}})", "is empty"},
      {R"({"then": {"upload": {}}})", "changes nothing"},
      {R"({"then": {"upload": {"forget": true, "roll_back": 0}}})", "nothing to expire"},
      {R"({"when": {"route": "health"}, "then": {"upload": {"forget": true}}})", "names an upload"},
      {R"({"when": {"route": "creation"}, "then": {"upload": {"forget": true, "at": "before"}}})",
       "no upload before"},
      {R"({"when": {"reply": {"status": 204}}, "then": {"server": {"crash": true, "at": "before"}}})",
       "before the handler"},
      {R"({"then": {"server": {"crash": true}, "socket": "rst"}})", "nobody is left"},
      {R"({"then": {"server": {"crash": true, "outage": "1s"}}})", "either"},
      {R"({"then": {"server": {"outage": "0s"}}})", "no time"},
      {R"({"then": {"request": {"headers": {"set": {"A": "{reply.location}"}}}}})",
       "handler has not answered"},
      {R"({"then": {"request": {"target": "/files/{received}"}}})", "no byte"},
      {R"({"then": {"reply": {"early": true, "status": 500, "body": "{reply.date}"}}})",
       "handler has not answered"},
      {R"({"when": {"route": "health"}, "then": {"reply": {"headers": {"set": {"A": "{id}"}}}}})",
       "names an upload"},
      {R"({"when": {"route": "creation"}, "then": {"request": {"headers": {"set": {"A": "{id}"}}}}})",
       "not created yet"},
      {R"({"then": {"interim": {}}})", "changes nothing"},
      {R"({"then": {"interim": {"of": 100}}})", "changes nothing"},
      {R"({"then": {"interim": {"of": 200, "drop": true}}})", "interim HTTP status"},
      {R"({"then": {"interim": {"status": 101}}})", "interim HTTP status"},
      {R"({"then": {"interim": {"drop": true, "twice": true}}})", "nothing for the other"},
      {R"({"when": {"reply": {"status": 201}}, "then": {"interim": "none"}})", "they went out"},
      {R"({"when": {"event": "aborted"}, "then": {"interim": "none"}})", "nobody"},
      {R"({"then": {"interim": "none", "reply": {"early": true, "status": 500}}})", "early reply"},
      {R"({"then": {"interim": {"headers": {"set": {"A": "{reply.location}"}}}}})",
       "handler has not answered"},
      {R"({"rules": [{"then": {"interim": {"of": [100, 104], "drop": true}}}, {"then": {"interim": {"of": 104, "twice": true}}}]})",
       "stands behind"},
      {R"({"then": {"socket": "rst"}, "sets": ""})", "is empty"},
      {R"({"rules": [{"then": {"socket": "rst"}}, {"when": {"method": "GET"}, "then": {"socket": "fin"}}]})",
       "rules[1]"},
      {R"({"rules": [{"when": {"method": ["GET", "HEAD"], "headers": {"A": true}}, "then": {"reply": {"status": 500, "headers": {"drop": ["b", "c"]}}}},
                     {"when": {"method": "HEAD", "headers": {"A": true, "B": "1"}}, "then": {"reply": {"headers": {"set": {"B": 1}}}}}]})",
       "stands behind"},
  };
  for (const auto& [json, says] : cases) EXPECT_THAT(error_of(json), HasSubstr(says)) << json;
}

TEST(LoadRules, ARuleThatIsOnlySometimesInTheWayHidesNothing) {
  for (
      const auto* rules : {
          R"([{"then": {"socket": "rst"}, "times": 1}, {"then": {"socket": "fin"}}])",
          R"([{"when": {"nth": 2}, "then": {"socket": "rst"}}, {"then": {"socket": "fin"}}])",
          R"([{"when": {"until": "9s"}, "then": {"socket": "rst"}}, {"then": {"socket": "fin"}}])",
          R"([{"when": {"method": "GET"}, "then": {"socket": "rst"}}, {"then": {"socket": "fin"}}])",
          R"([{"then": {"socket": "rst"}}, {"then": {"socket": "fin"}, "sets": "m"}])",
          R"([{"then": {"socket": "rst"}}, {"then": {"socket": {"end": "fin", "at": "before"}}}])",
          R"([{"then": {"socket": "rst"}}, {"when": {"body_byte": 1}, "then": {"socket": "fin"}}])",
          R"([{"then": {"reply": {"headers": {"drop": "A"}}}}, {"then": {"reply": {"headers": {"drop": ["A", "B"]}}}}])",
          R"([{"then": {"interim": {"of": 100, "delay": "1s"}}}, {"then": {"interim": {"of": 104, "delay": "2s"}}}])",
          R"([{"then": {"interim": {"drop": true}}}, {"then": {"interim": {"of": 104, "headers": {"drop": "A"}}}}])",
          R"([{"then": {"upload": {"expire": true}}}, {"then": {"upload": {"forget": true}}}])",
      })
    EXPECT_EQ(error_of(std::string{R"({"rules": )"} + rules + "}"), "(loaded)") << rules;
}

TEST(LoadRules, ThousandsInAFileAreLookedThroughAtOnce) {
  const auto file = [](int count, const std::string& last) {
    std::string text = R"({"rules": [)";
    for (int i = 0; i < count; ++i)
      text += R"({"when": {"headers": {"A": "same", "X": "v)" + std::to_string(i) +
              R"("}}, "then": {"socket": "rst"}},)";
    return text + last + "]}";
  };
  const auto hidden =
      R"({"when": {"method": "GET", "headers": {"A": "same", "X": "v4000", "B": "b"}},
                          "then": {"socket": "fin"}})";
  EXPECT_THAT(error_of(file(5000, hidden)), HasSubstr("stands behind rule 'my#4001'"));
  EXPECT_EQ(error_of(file(5000, R"({"then": {"socket": "fin"}})")), "(loaded)");
  EXPECT_THAT(error_of(file(10'000, R"({"then": {"socket": "fin"}})")),
              HasSubstr("holds 10001 rules: at most 10000"));
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

TEST(RulesTogether, AMarkThatIsReplayedHasToBeSetToo) {
  const auto replays = loaded(R"({"name": "b", "then": {"reply": {"replay": {"mark": "seen"}}}})");
  EXPECT_THAT(misfit({replays}), HasSubstr("'seen'"));
  EXPECT_EQ(misfit({loaded(R"({"name": "a", "sets": "seen"})"), replays}), "");
}

TEST(RulesTogether, AMarkThatNobodySetsIsRefused) {
  const auto needs = loaded(R"({"name": "b", "then": {"socket": "rst"}, "needs": "seen"})");
  EXPECT_THAT(misfit({needs}), HasSubstr("'seen'"));
  const auto sets = loaded(R"({"name": "a", "sets": "seen"})");
  EXPECT_EQ(misfit({sets, needs}), "");
}

TEST(NamedMisbehaviours, EachLoadsUnderItsNameAndSaysWhatItIs) {
  for (const auto kind : {Named::defect, Named::fault}) {
    for (const auto& file : kind == Named::defect ? defect_files() : fault_files()) {
      const auto loaded = load_named(kind, file.stem());
      ASSERT_TRUE(loaded.has_value()) << loaded.error().line();
      EXPECT_EQ(loaded->name, file.stem());
      EXPECT_FALSE(loaded->description.empty()) << file.path;
      if (kind == Named::defect) {
        EXPECT_FALSE(loaded->breaks.empty()) << file.path;
      }
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
