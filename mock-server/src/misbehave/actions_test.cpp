// What the keys of `then` do beyond axes_test.cpp: added lines, replies ahead, framing, damage,
// recorded latency.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "misbehave/test_rules.hpp"

namespace mock::misbehave {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Actions : public testing::Test {
 protected:
  Rules rules(std::string_view json, RuleOptions options = {}) {
    return {json, std::move(options), world_.services};
  }
  World world_;
};

std::string error_of(const std::string& then) {
  const auto loaded = load_text(R"({"then": )" + then + "}", "my.json");
  return loaded ? "(loaded)" : loaded.error().line();
}

struct Refused {
  const char* then;
  const char* says;
};

TEST(LoadActions, RefusesWhatCannotBeMeant) {
  const Refused cases[] = {
      {R"({"reply": {"headers": {"add": {"A b": "x"}}}})", "header name"},
      {R"({"reply": {"headers": {"add": {"A": "x\ny"}}}})", "line break"},
      {R"({"reply": {"headers": {"add": {"A": []}}}})", "add.A"},
      {R"({"request": {"headers": {"add": {"A": "{reply.location}"}}}})", "headers.add.A"},
      {R"({"commit": {"corrupt": {"at": 1, "bytes": 0}}})", "damages nothing"},
      {R"({"commit": {"corrupt": {"bytes": 3}}})", "at"},
      {R"({"commit": {"corrupt": {"at": 1, "to": "ones"}}})", "expected one of flipped, zeros"},
      {R"({"commit": {"corrupt": []}})", "corrupt"},
      {R"({"pace": {"before": {"p50": "1s"}}})", "two percentiles"},
      {R"({"pace": {"before": {"p0": "1s", "p100": "2s"}}})", "two percentiles"},
      {R"({"pace": {"before": {"p50": "1s", "median": "2s", "p99": "3s"}}})", "another name"},
      {R"({"pace": {"before": {"p50": "1s", "p90": "900ms"}}})", "lower percentile"},
      {R"({"pace": {"before": {"p50": "1s", "p90": "2s", "p100": "1s"}}})", "lower percentile"},
      {R"({"pace": {"before": {"p50": "0s", "p90": "2s"}}})", "longer than 0"},
      {R"({"pace": {"before": {"maen": "1s"}}})", "mean, jitter, p0"},
      {R"({"pace": {"before": {}}})", "mean"},
      {R"({"ahead": {"status": 101}})", "interim HTTP status"},
      {R"({"ahead": {}})", "status"},
      {R"({"ahead": {"status": 103, "headers": {"drop": "A"}}})", "takes set and add"},
      {R"({"ahead": {"status": 103, "times": 0}})", "sends nothing"},
      {R"({"ahead": {"status": 103, "headers": {"set": {"A": "{received}"}}}})", "no byte"},
      {R"({"ahead": {"send": []}})", "send"},
      {R"({"server": {"unanswered": "0s"}})", "no time"},
      {R"({"server": {"unanswered": "1s", "outage": "1s"}})", "is answered"},
      {R"({"server": {"unanswered": "1s", "crash": true}})", "takes either"},
      {R"({"effect": {"from": "next"}})", "expected one of previous"},
      {R"({"effect": {"path": "a/../../b"}})", "is no path below"},
      {R"({"effect": {"path": "/etc/passwd"}})", "is no path below"},
      {R"({"effect": {"path": ""}})", "is no path below"},
      {R"({"effect": {"path": "{request.host}"}})", "not known there"},
      {R"({"effect": {"drop": true, "bytes": 3}})", "nothing for the other"},
      {R"({"effect": {"pretend": true, "corrupt": 3}})", "copies nothing"},
      {R"({"effect": {"fail": "x", "path": "a"}})", "copies nothing"},
      {R"({"reply": {"framing": "chunked"}})", "expected one of none"},
      {R"({"reply": {"framing": "none", "headers": {"set": {"content-length": 3}}}})",
       "leave it out of headers"},
      {R"({"reply": {"framing": "none", "raw": "x"}})", "whole reply"},
  };
  for (const auto& [then, says] : cases) EXPECT_THAT(error_of(then), HasSubstr(says)) << then;
}

TEST(LoadActions, ARuleBehindOneThatAlwaysTakesWhatItWouldChangeIsRefused) {
  const auto together = [](const char* first, const char* second) {
    const auto loaded = load_text(
        std::string{R"({"rules": [{"then": )"} + first + R"(}, {"then": )" + second + "}]}",
        "my.json");
    return loaded ? "(loaded)" : loaded.error().line();
  };
  const std::pair<const char*, const char*> hidden[] = {
      {R"({"reply": {"headers": {"set": {"A": "x"}}}})",
       R"({"reply": {"headers": {"add": {"a": "y"}}}})"},
      {R"({"reply": {"headers": {"add": {"A": "x"}}}})",
       R"({"reply": {"headers": {"drop": "A"}}})"},
      {R"({"interim": {"of": 104, "headers": {"add": {"A": "x"}}}})",
       R"({"interim": {"of": 104, "headers": {"set": {"A": "x"}}}})"},
      {R"({"commit": {"corrupt": 1}})", R"({"commit": {"corrupt": [{"at": 3}]}})"},
      {R"({"pace": {"before": {"median": "1s", "p99": "3s"}}})", R"({"pace": {"before": "1s"}})"},
      {R"({"ahead": {"status": 103}})", R"({"ahead": {"status": 102}})"},
      {R"({"reply": {"framing": "none"}})",
       R"({"reply": {"headers": {"set": {"Content-Length": 3}}}})"},
  };
  for (const auto& [first, second] : hidden)
    EXPECT_THAT(together(first, second), HasSubstr("stands behind")) << second;
  const auto event = load_text(
      R"({"when": {"effect": {"kind": "event"}}, "then": {"effect": {"bytes": 3}}})", "my.json");
  EXPECT_THAT(event ? "(loaded)" : event.error().line(), HasSubstr("about a delivery"));
  EXPECT_EQ(together(R"({"reply": {"headers": {"add": {"A": "x"}}}})",
                     R"({"reply": {"headers": {"add": {"B": "x"}}}})"),
            "(loaded)");
}

// ---- a further line of a field

using Lines = std::vector<std::string_view>;

TEST_F(Actions, AddFurtherLinesOfAField) {
  auto engine = rules(R"({"rules": [
    {"then": {"reply": {"headers": {"add": {"Upload-Offset": "{reply.upload-offset+1}",
                                            "Set-Cookie": ["a=1", "b=2"]}}}}},
    {"when": {"method": "PATCH"},
     "then": {"reply": {"headers": {"set": {"upload-offset": "0", "X": "1"},
                                    "add": {"set-cookie": "c=3", "X": "2"}}}}}]})");
  const auto head =
      exchange(engine, request("HEAD", "/files/u1"), reply(200, {{"Upload-Offset", "5"}})).reply;
  EXPECT_THAT(head.fields.all("Upload-Offset"), ElementsAre("5", "6"));
  const auto patch =
      exchange(engine, request("PATCH", "/files/u1"), reply(204, {{"Upload-Offset", "5"}})).reply;
  EXPECT_THAT(patch.fields.all("Upload-Offset"), ElementsAre("5", "6")) << "the first rule's";
  EXPECT_THAT(patch.fields.all("Set-Cookie"), ElementsAre("a=1", "b=2"));
  EXPECT_THAT(patch.fields.all("X"), ElementsAre("1", "2")) << "a rule may set and add";
}

TEST_F(Actions, AddFurtherLinesToARequest) {
  auto engine =
      rules(R"({"then": {"request": {"headers": {"drop": "A", "add": {"A": "2", "B": "1"}}}}})");
  const auto seen =
      exchange(engine, request("PATCH", "/files/u1", {{"A", "1"}, {"B", "0"}}), reply(204)).request;
  EXPECT_THAT(seen.fields.all("A"), ElementsAre("2"));
  EXPECT_THAT(seen.fields.all("B"), ElementsAre("0", "1"));
}

// ---- replies ahead of the reply, and the end of its body

TEST(LoadActions, WhatGoesAheadIsKnownInTime) {
  const auto late = load_text(R"({"when": {"reply": {"status": 204}},
      "then": {"ahead": {"send": {"status": 103}, "at": "before"}}})",
                              "my.json");
  EXPECT_THAT(late ? "(loaded)" : late.error().line(), HasSubstr("has already answered"));
}

std::vector<std::string> told(const std::vector<Ahead>& ahead) {
  std::vector<std::string> all;
  for (const auto& one : ahead) {
    auto text = std::to_string(one.gap.count()) + "ms " + std::to_string(one.reply.status);
    for (const auto& [name, value] : one.reply.fields) text += " " + name + ": " + value;
    all.push_back(text);
  }
  return all;
}

TEST_F(Actions, SendRepliesAheadWhenTheyFireOrJustBeforeTheReply) {
  auto engine = rules(R"({"rules": [
    {"when": {"method": "HEAD"}, "then": {"ahead": {"send": [
      {"status": 102, "times": 2, "gap": "1s"},
      {"status": 104, "headers": {"set": {"Upload-Offset": "{received}"},
                                  "add": {"Link": ["a", "b"]}}}], "at": "after"}}},
    {"when": {"method": "PATCH", "body_byte": 3},
     "then": {"ahead": {"status": 104, "headers": {"set": {"Upload-Offset": "{stored}"}}}}},
    {"when": {"method": "PATCH"}, "then": {"ahead": {"status": 103}}},
    {"when": {"method": "POST", "reply": {"status": 201}}, "then": {"ahead": {"status": 104}}}]})");
  world_.upload("u1", 10, "abcd");
  const auto head = exchange(engine, request("HEAD", "/files/u1"), reply(200));
  EXPECT_THAT(told(head.request_plan.ahead), ElementsAre());
  EXPECT_THAT(told(head.reply_plan.ahead),
              ElementsAre("1000ms 102", "1000ms 102", "0ms 104 Upload-Offset: 0 Link: a Link: b"));

  auto asked = request("PATCH", "/files/u1");
  auto intercept = engine.begin(asked);
  EXPECT_THAT(told(intercept->on_request(asked).ahead), ElementsAre("0ms 103"));
  EXPECT_THAT(told(intercept->on_body(Bytes{3}).ahead), ElementsAre("0ms 104 Upload-Offset: 4"));
  auto answer = reply(204);
  EXPECT_THAT(told(intercept->on_reply(answer).ahead), ElementsAre());

  EXPECT_THAT(told(exchange(engine, request("POST", "/files"), reply(201)).reply_plan.ahead),
              ElementsAre("0ms 104"));
  EXPECT_THAT(told(exchange(engine, request("POST", "/files"), reply(400)).reply_plan.ahead),
              ElementsAre());
}

TEST_F(Actions, SayWhereTheBodyEndsOrDoNot) {
  auto engine = rules(R"({"rules": [
    {"when": {"method": "GET"}, "then": {"reply": {"framing": "none"}}},
    {"then": {"reply": {"framing": {"length": "{reply.content-length+10}"}}}}]})");
  const auto framed = [&](const char* method) {
    return exchange(engine, request(method, "/files/u1"), reply(200, {{"Content-Length", "3"}}))
        .reply.fields.joined("Content-Length");
  };
  EXPECT_EQ(framed("GET"), std::nullopt);
  EXPECT_EQ(framed("POST"), "13");
}

// ---- damage

TEST_F(Actions, SpoilSeveralPlacesOfABodyAndZeroARange) {
  const std::pair<const char*, const char*> cases[] = {
      {R"([0, {"at": 9}])", "`bcdefghik"},
      {R"({"at": 3, "bytes": 4, "to": "zeros"})", "abc....hij"},
      {R"([{"at": 8, "bytes": "1MiB", "to": "zeros"}, {"at": 1, "bytes": 2, "to": "flipped"}])",
       "acbdefgh.."},
      {R"([{"at": 10}, {"at": 10, "bytes": 5, "to": "zeros"}])", "abcdefghij"},
      {R"({"at": 2, "bytes": 18446744073709551615, "to": "zeros"})", "ab........"},
  };
  for (const auto& [corrupt, stored] : cases) {
    world_.upload(corrupt, 10, "");
    auto engine = rules(std::string{R"({"then": {"commit": {"corrupt": )"} + corrupt + "}}}");
    auto asked = request("PATCH", "/files/u1");
    asked.addressed.id = corrupt;
    auto intercept = engine.begin(asked);
    intercept->on_request(asked);
    // What is spoiled reaches from one slice into the next.
    EXPECT_EQ(append_all(intercept->services(world_.services).store, corrupt, {"abcd", "efghij"}),
              10U);
    auto kept = world_.stored(corrupt);
    std::ranges::replace(kept, '\0', '.');
    EXPECT_EQ(kept, stored) << corrupt;
  }
}

// ---- deliveries

TEST_F(Actions, SpoilWhatADeliveryCopies) {
  auto engine = rules(R"({"rules": [
    {"when": {"effect": {"kind": "delivery", "name": "a"}},
     "then": {"effect": {"bytes": "{length-4}", "corrupt": [1, {"at": 5, "to": "zeros"}],
                         "from": "previous", "path": "x/{id}.csv"}}},
    {"when": {"effect": {"kind": "delivery"}},
     "then": {"effect": {"bytes": "1KiB", "path": "late.csv"}}}]})");
  const auto deliver = [&](const char* target, const char* id) {
    world_.upload(id, 10, "0123456789");
    const auto upload = *world_.store->find(id);
    auto plan = engine.before({Effect::Kind::delivery, target, 1}, upload);
    engine.delivered(target, upload);
    return plan;
  };
  const auto first = deliver("a", "u1");
  EXPECT_EQ(first.bytes, Bytes{6}) << "the first rule's";
  ASSERT_EQ(first.corrupt.size(), 2U);
  EXPECT_EQ(first.corrupt[0].at, Bytes{1});
  EXPECT_FALSE(first.corrupt[0].zeroed);
  EXPECT_TRUE(first.corrupt[1].zeroed);
  EXPECT_EQ(first.from, std::nullopt) << "there is none yet";
  EXPECT_EQ(first.path, "x/u1.csv");
  const auto elsewhere = deliver("b", "u2");
  EXPECT_EQ(elsewhere.bytes, Bytes{1024});
  EXPECT_EQ(elsewhere.path, "late.csv");
  EXPECT_EQ(deliver("a", "u3").from, "u1") << "of the same target";
  engine.reset_counts();
  EXPECT_EQ(deliver("a", "u4").from, std::nullopt);
}

TEST_F(Actions, WhatChangesBytesIsWarnedOfWhereNoneAreKept) {
  std::vector<std::string> warned;
  RuleOptions options;
  options.warn = [&](std::string_view line) { warned.emplace_back(line); };
  constexpr auto all = R"({"rules": [
    {"name": "a", "then": {"commit": {"corrupt": 1}}, "times": 1},
    {"name": "b", "when": {"effect": {}}, "then": {"effect": {"path": "x"}}},
    {"name": "c", "then": {"commit": {"bytes": "none"}}}]})";
  static_cast<void>(rules(all, options));
  EXPECT_THAT(warned, ElementsAre());
  options.keeps_bytes = false;
  static_cast<void>(rules(all, options));
  EXPECT_THAT(warned, ElementsAre(HasSubstr("rule 'a': changes bytes"), HasSubstr("rule 'b'")));
}

// ---- the listener

TEST_F(Actions, LeaveWhoConnectsUnansweredUntilTheRuleGoes) {
  std::vector<std::string> done;
  RuleOptions options;
  options.unanswered = [&](Milliseconds time) { done.push_back(std::to_string(time.count())); };
  options.answer_again = [&] { done.emplace_back("again"); };
  auto engine = rules(R"({"rules": [
    {"name": "deaf", "when": {"method": "HEAD"}, "then": {"server": {"unanswered": "1h"}}},
    {"name": "other", "then": {"server": {"outage": "1s"}}}]})",
                      options);
  engine.reset_counts();
  EXPECT_THAT(done, ElementsAre()) << "it has not fired";
  exchange(engine, request("HEAD", "/files/u1"), reply(200));
  EXPECT_THAT(done, ElementsAre("3600000"));
  engine.remove("other");
  EXPECT_THAT(done, ElementsAre("3600000"));
  engine.remove("deaf");
  EXPECT_THAT(done, ElementsAre("3600000", "again"));
}

// ---- recorded latency

class Latency : public Actions {
 protected:
  /// The delays that `before` gives to 4000 requests, in their order.
  std::vector<double> drawn(const std::string& before, std::uint64_t seed = 1) {
    RuleOptions options;
    options.seed = seed;
    auto engine = rules(R"({"then": {"pace": {"before": )" + before + "}}}", options);
    std::vector<double> all;
    for (int i = 0; i < 4000; ++i) {
      const auto plan = exchange(engine, request("PATCH", "/files/u1"), reply(204)).request_plan;
      all.push_back(static_cast<double>(plan.delay.count()));
    }
    return all;
  }
  static double percentile(std::vector<double> all, double fraction) {
    std::ranges::sort(all);
    return all[static_cast<std::size_t>(fraction * static_cast<double>(all.size()))];
  }
};

TEST_F(Latency, IsLogNormalByMedianAndP99) {
  const auto all = drawn(R"({"median": "80ms", "p99": "1s"})");
  EXPECT_NEAR(percentile(all, 0.5), 80, 6);
  EXPECT_NEAR(percentile(all, 0.99), 1000, 150);
  // sigma is ln(1000 / 80) / 2.3263, so that one in six is beyond median * e^sigma.
  EXPECT_NEAR(percentile(all, 0.8413), 80 * std::exp(1.0857), 20);
  EXPECT_NEAR(percentile(all, 0.1587), 80 / std::exp(1.0857), 3);
}

TEST_F(Latency, HasThePercentilesThatWereRecorded) {
  const auto all = drawn(
      R"({"p0": "20ms", "p25": "30ms", "p50": "40ms", "p90": "400ms", "p99": "2s", "p100": "3s"})");
  EXPECT_NEAR(percentile(all, 0.25), 30, 2);
  EXPECT_NEAR(percentile(all, 0.5), 40, 4);
  EXPECT_NEAR(percentile(all, 0.9), 400, 40);
  EXPECT_NEAR(percentile(all, 0.99), 2000, 200);
  EXPECT_EQ(*std::ranges::min_element(all), 20);
  EXPECT_LE(*std::ranges::max_element(all), 3000);
}

TEST_F(Latency, MayBeTheSameFromOnePercentileToTheNext) {
  const auto all = drawn(R"({"p10": "50ms", "p90": "50ms", "p99": "60ms"})");
  EXPECT_EQ(percentile(all, 0.01), 50);
  EXPECT_EQ(percentile(all, 0.89), 50);
  EXPECT_GT(percentile(all, 0.985), 52);
}

TEST_F(Latency, RepeatsByItsSeed) {
  const std::string recorded = R"({"p50": "80ms", "p99": "1s"})";
  EXPECT_EQ(drawn(recorded), drawn(recorded));
  EXPECT_NE(drawn(recorded), drawn(recorded, 2));
}

}  // namespace
}  // namespace mock::misbehave
