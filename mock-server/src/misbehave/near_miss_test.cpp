// What reports tell of the request that came nearest to a rule: wanted and got, field by field.
#include "misbehave/near_miss.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "misbehave/pattern.hpp"
#include "misbehave/test_rules.hpp"

namespace mock::misbehave {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class NearMisses : public testing::Test {
 protected:
  Rules rules(std::string_view json) { return {json, {}, world_.services}; }
  /// "headers.X: wanted "1", got "2", no"
  static std::vector<std::string> lines(const RuleInterceptor& rules) {
    const auto report = rules.report().at(0);
    if (!report.nearest) return {"none"};
    std::vector<std::string> lines;
    for (const auto& one : report.nearest->conditions)
      lines.push_back(one.field + ": wanted " + one.wanted + ", got " + one.got +
                      (one.matched ? "" : ", no"));
    return lines;
  }

  World world_;
};

TEST_F(NearMisses, TellWantedAndGotFieldByField) {
  world_.upload("u1", 10, "abcd", "a.txt");
  auto engine = rules(R"({"when": {"method": ["PATCH", "HEAD"], "route": "upload",
      "path": "^/files/", "query": {"part": "2"}, "http_version": "1.1",
      "headers": {"X": {"regex": "^1"}, "Y": false}, "metadata": {"filename": "b.txt"},
      "spelled": {"x": true},
      "upload": {"id": "u1", "offset": {"above": 4}, "length": 10, "complete": false,
                 "kind": "normal", "older_than": "1s"}},
      "then": {"reply": {"status": 500}}})");
  EXPECT_THAT(lines(engine), ElementsAre("none"));
  auto asked = request("PATCH", "/files/u1", {{"X", "2"}, {"Authorization", "Bearer x"}});
  asked.query = "part=1";
  exchange(engine, asked, reply(204));
  const auto report = engine.report().at(0);
  EXPECT_EQ(report.near_miss, "spelled");
  EXPECT_EQ(report.nearest->method, "PATCH");
  EXPECT_EQ(report.nearest->target, "/files/u1") << "a query may hold a password";
  EXPECT_THAT(
      lines(engine),
      ElementsAre(
          R"(method: wanted ["PATCH","HEAD"], got "PATCH")",
          R"(route: wanted "upload", got "upload")", R"(http_version: wanted "1.1", got "1.1")",
          R"(spelled.x: wanted true, got false, no)", R"(path: wanted "^/files/", got "/files/u1")",
          R"(query.part: wanted "2", got "1", no)",
          R"(headers.X: wanted {"regex":"^1"}, got "2", no)",
          R"(headers.Y: wanted false, got null)",
          R"(metadata.filename: wanted "b.txt", got "a.txt", no)",
          R"(upload.id: wanted "u1", got "u1")", R"(upload.kind: wanted "normal", got "normal")",
          R"(upload.complete: wanted false, got false)", R"(upload.length: wanted 10, got 10)",
          R"(upload.offset: wanted {"above":4}, got 4, no)",
          R"(upload.older_than: wanted "1s", got "0ms", no)"));
}

TEST_F(NearMisses, OfNoUploadNothingIsFound) {
  auto engine = rules(R"({"when": {"route": "upload", "upload": {"complete": true, "offset": 1,
      "unwritten_for": "1s"}}, "then": {"reply": {"status": 500}}})");
  exchange(engine, request("HEAD", "/files/none"), reply(404));
  EXPECT_EQ(engine.report().at(0).near_miss, "upload exists");
  EXPECT_THAT(lines(engine), ElementsAre(R"(route: wanted "upload", got "upload")",
                                         R"(upload.complete: wanted true, got null, no)",
                                         R"(upload.offset: wanted 1, got null, no)",
                                         R"(upload.unwritten_for: wanted "1s", got null, no)"));
}

TEST_F(NearMisses, AreOfTheReplyWhenTheRequestWasRight) {
  auto engine = rules(R"({"when": {"method": "GET", "reply": {"status": "4xx",
      "headers": {"X": true}, "json": {"/a": "1"}}}, "then": {"reply": {"status": 500}}})");
  exchange(engine, request("GET", "/files/u1"), reply(404, {}, R"({"a": 2})"));
  EXPECT_EQ(engine.report().at(0).near_miss, "reply header X");
  EXPECT_THAT(lines(engine), ElementsAre(R"(method: wanted "GET", got "GET")",
                                         R"(reply.status: wanted "4xx", got 404)",
                                         R"(reply.headers.X: wanted true, got null, no)",
                                         R"(reply.json./a: wanted "1", got "2", no)"));
  // One that fails earlier is no nearer.
  exchange(engine, request("GET", "/files/u1"), reply(200, {{"X", "y"}}));
  EXPECT_THAT(lines(engine), testing::Contains(R"(reply.status: wanted "4xx", got 200, no)"))
      << "it came as near: both were at the reply";
}

TEST_F(NearMisses, AreTheLatestOfThoseThatComeEquallyNear) {
  auto engine =
      rules(R"({"when": {"headers": {"X": "1"}, "nth": 2}, "then": {"reply": {"status": 500}}})");
  const auto ask = [&](const std::string& x) {
    exchange(engine, request("GET", "/files/u1", {{"X", x}}), reply(200));
  };
  for (std::uint64_t i = 0; i < told_limit; ++i) ask("2");
  EXPECT_THAT(lines(engine), ElementsAre(R"(headers.X: wanted "1", got "2", no)"));
  auto fresh = rules(R"({"when": {"headers": {"X": "1"}}, "then": {"reply": {"status": 500}}})");
  for (const auto* x : {"2", "3"}) {
    exchange(fresh, request("GET", "/files/u1", {{"X", x}}), reply(200));
    EXPECT_THAT(lines(fresh), ElementsAre(HasSubstr("got \"" + std::string(x) + "\"")));
  }
  ask("1");
  EXPECT_THAT(engine.report().at(0).near_miss, HasSubstr("nth"));
  EXPECT_THAT(lines(engine), ElementsAre(R"(headers.X: wanted "1", got "1")"));
  engine.reset_counts();
  EXPECT_THAT(lines(engine), ElementsAre("none"));
}

TEST_F(NearMisses, OfMoreThanALimitTheLastOfTheseIsTold) {
  auto engine = rules(R"({"when": {"upload": {"offset": 1}}, "then": {"socket": "rst"}})");
  world_.upload("u1", 10, "ab");
  world_.upload("u2", 10, "abc");
  for (std::uint64_t i = 0; i < told_limit; ++i)
    exchange(engine, request("HEAD", "/files/u1"), reply(200));
  exchange(engine, request("HEAD", "/files/u2"), reply(200));
  EXPECT_THAT(lines(engine), ElementsAre("upload.offset: wanted 1, got 2, no"));
}

TEST_F(NearMisses, OfManyRulesTheConditionIsTold) {
  std::string json = R"({"rules": [)";
  for (int i = 0; i < 300; ++i)
    json += std::string(i > 0 ? "," : "") + R"({"name": "r)" + std::to_string(i) +
            R"(", "when": {"headers": {"X": "v)" + std::to_string(i) +
            R"("}}, "then": {"reply": {"status": 500}}})";
  auto engine = rules(json + "]}");
  exchange(engine, request("GET", "/files/u1", {{"X", "2"}}), reply(200));
  EXPECT_EQ(engine.report().at(0).near_miss, "header X");
  EXPECT_EQ(exchange(engine, request("GET", "/files/u1", {{"X", "v299"}}), reply(200)).reply.status,
            500);
}

TEST_F(NearMisses, AreOfConnectionsAndEffectsToo) {
  auto accepted = rules(R"({"when": {"connection": {"nth": 2}}, "control": true,
      "then": {"connection": {"end": "rst"}}})");
  accepted.on_connection("", 1);
  EXPECT_THAT(lines(accepted), ElementsAre("connection.nth: wanted 2, got 1, no"));
  auto effects = rules(R"({"when": {"effect": {"kind": "delivery", "name": "edav",
      "attempt": 2}, "upload": {"offset": 3}}, "then": {"effect": {"drop": true}}})");
  Upload upload;
  upload.id = "u1";
  upload.offset = Bytes{3};
  effects.before({Effect::Kind::delivery, "ncird", 1}, upload);
  EXPECT_THAT(lines(effects), ElementsAre(R"(effect.kind: wanted "delivery", got "delivery")",
                                          R"(effect.name: wanted "edav", got "ncird", no)",
                                          R"(effect.attempt: wanted 2, got 1, no)",
                                          R"(upload.offset: wanted 3, got 3)"));
  EXPECT_THAT(effects.report().at(0).nearest->method, IsEmpty());
}

TEST_F(NearMisses, TakeNoWorkFromThePatternsOfOtherRules) {
  // So long that to look at it twice would use up what all rules have.
  const auto costly = Pattern::compile("(a*)\\1c");
  ASSERT_TRUE(costly.has_value());
  std::string path;
  PatternWork work;
  for (std::size_t n = 64; work.left > PatternWork{}.left / 2; n += 8) {
    path = "/" + std::string(n, 'a') + "b";
    work = {};
    ASSERT_EQ(costly->found_in(path, work), Pattern::Found::no);
  }
  auto engine = rules(R"({"rules": [
      {"name": "first", "when": {"path": "(a*)\\1c"}, "then": {"socket": "rst"}},
      {"name": "second", "when": {"path": "(a*)\\1b"}, "then": {"reply": {"status": 500}}}]})");
  EXPECT_EQ(exchange(engine, request("GET", path), reply(200)).reply.status, 500);
  EXPECT_THAT(lines(engine), ElementsAre(HasSubstr("path: wanted")));
}

}  // namespace
}  // namespace mock::misbehave
