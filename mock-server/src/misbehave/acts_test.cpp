// What rules do to deliveries and events, to uploads behind the handler's back, and to the server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "misbehave/test_rules.hpp"

namespace mock::misbehave {
namespace {

class Acts : public testing::Test {
 protected:
  Rules rules(std::string_view json) {
    return {json,
            {.crash = [this] { happened_.emplace_back("crash"); },
             .outage =
                 [this](Milliseconds duration) {
                   happened_.push_back("outage " + std::to_string(duration.count()));
                 },
             .revoke_token = [this](const std::string& token) { happened_.push_back(token); }},
            world_.services};
  }
  Upload upload(const std::string& id) { return world_.store->find(id).value(); }
  static Effect delivery(const char* target, unsigned attempt = 1) {
    return {Effect::Kind::delivery, target, attempt};
  }
  World world_;
  std::vector<std::string> happened_;
};

// ---- effects

TEST_F(Acts, DecideWhatBecomesOfEffects) {
  world_.upload("u1", 4, "abcd", "a.txt");
  auto engine = rules(R"({"rules": [
    {"name": "fails", "when": {"effect": {"kind": "delivery", "name": "edav", "attempt": [1, 2]}},
     "then": {"effect": {"fail": "cannot write {id} of {length}"}}},
    {"name": "late", "when": {"effect": {"kind": "delivery"}, "metadata": {"filename": "a.txt"}},
     "then": {"effect": {"delay": "3s", "rename": "x-{id}"}}},
    {"name": "event", "when": {"effect": {"kind": "event"}}, "then": {"effect": {"repeat": 2}}},
    {"name": "report", "when": {"effect": {"name": {"regex": "^upload-"}}},
     "then": {"effect": {"drop": true}}}]})");
  const auto first = engine.before(delivery("edav"), upload("u1"));
  EXPECT_EQ(first.fail, "cannot write u1 of 4");
  EXPECT_EQ(first.delay, Milliseconds{3000}) << "another axis";
  EXPECT_EQ(first.rename, "x-u1");
  EXPECT_EQ(engine.before(delivery("edav", 3), upload("u1")).fail, std::nullopt);
  EXPECT_EQ(engine.before(delivery("ehdi"), upload("u1")).fail, std::nullopt);
  EXPECT_EQ(engine.before({Effect::Kind::event, "FileReady"}, upload("u1")).repeat, 2U);
  EXPECT_TRUE(engine.before({Effect::Kind::report, "upload-started"}, upload("u1")).drop);
  EXPECT_FALSE(engine.before({Effect::Kind::report, "blob-file-copy"}, upload("u1")).drop);
}

TEST_F(Acts, CountAndMarkEffectsToo) {
  world_.upload("u1", 4, "abcd");
  world_.upload("u2", 4, "abcd");
  auto engine = rules(R"({"rules": [
    {"name": "seen", "when": {"method": "PATCH"}, "sets": "bad"},
    {"name": "twice", "when": {"effect": {"kind": "delivery"}}, "then": {"effect": {"pretend": true}},
     "needs": "bad", "times": 2}]})");
  exchange(engine, request("PATCH", "/files/u1"), reply(204));
  EXPECT_FALSE(engine.before(delivery("edav"), upload("u2")).pretend);
  EXPECT_TRUE(engine.before(delivery("edav"), upload("u1")).pretend);
  EXPECT_TRUE(engine.before(delivery("edav"), upload("u1")).pretend);
  EXPECT_FALSE(engine.before(delivery("edav"), upload("u1")).pretend);
  EXPECT_TRUE(engine.report()[1].exhausted);
}

TEST_F(Acts, ADeliveryThatHappenedMayHaveConsequences) {
  world_.upload("u1", 4, "abcd");
  auto engine = rules(R"({"when": {"event": "delivered"}, "then": {"upload": {"forget": true}}})");
  engine.delivered("edav", upload("u1"));
  EXPECT_EQ(world_.stored("u1"), "(absent)");
}

// ---- uploads

TEST_F(Acts, ExpireAnUploadOnceItWasAnswered) {
  world_.upload("u1", 10, "abcd");
  auto engine = rules(R"({"when": {"method": "PATCH"}, "then": {"upload": {"expire": true}}})");
  exchange(engine, request("PATCH", "/files/u1"), reply(204));
  ASSERT_TRUE(upload("u1").expires.has_value());
  EXPECT_LT(*upload("u1").expires, world_.loop.now());
}

TEST_F(Acts, ForgetAnUploadBeforeOrAfterTheHandler) {
  for (const auto* at : {"before", "after"}) {
    world_.upload("u1", 10, "abcd");
    auto engine =
        rules(std::string{R"({"then": {"upload": {"forget": true, "at": ")"} + at + R"("}}})");
    auto asked = request("PATCH", "/files/u1");
    auto intercept = engine.begin(asked);
    intercept->on_request(asked);
    EXPECT_EQ(world_.stored("u1"), std::string_view{at} == "before" ? "(absent)" : "abcd");
    auto answer = reply(204);
    intercept->on_reply(answer);
    EXPECT_EQ(world_.stored("u1"), "(absent)");
  }
}

TEST_F(Acts, RollAnUploadBack) {
  world_.upload("u1", 10, "abcd");
  auto engine = rules(R"({"then": {"upload": {"roll_back": "{stored-3}"}}})");
  exchange(engine, request("PATCH", "/files/u1"), reply(204));
  EXPECT_EQ(world_.stored("u1"), "a");
  exchange(engine, request("PATCH", "/files/u1"), reply(204));
  EXPECT_EQ(world_.stored("u1"), "");
}

TEST_F(Acts, ARollBackNeverAddsBytes) {
  world_.upload("u1", 10, "abcd");
  auto engine = rules(R"({"then": {"upload": {"roll_back": 7}}})");
  exchange(engine, request("PATCH", "/files/u1"), reply(204));
  EXPECT_EQ(world_.stored("u1"), "abcd");
}

TEST_F(Acts, LockAnUploadForAWhile) {
  world_.upload("u1", 10, "abcd");
  auto engine = rules(R"({"when": {"event": "aborted"}, "then": {"upload": {"lock": "5s"}}})");
  auto asked = request("PATCH", "/files/u1", {{"Content-Length", "6"}});
  auto intercept = engine.begin(asked);
  intercept->on_request(asked);
  auto own = world_.locks.acquire("u1", [] {});
  intercept->on_abort();
  own.reset();
  world_.loop.run();
  EXPECT_TRUE(world_.locks.locked("u1"));
  EXPECT_EQ(world_.locks.acquire("u1", [] {}), nullptr) << "whoever holds it does not let go";
  world_.loop.advance(Milliseconds{4'999});
  EXPECT_TRUE(world_.locks.locked("u1"));
  world_.loop.advance(Milliseconds{1});
  EXPECT_FALSE(world_.locks.locked("u1"));
}

TEST_F(Acts, AResetLetsGoOfLocks) {
  world_.upload("u1", 10, "abcd");
  auto engine = rules(R"({"then": {"upload": {"lock": "1h"}}})");
  exchange(engine, request("PATCH", "/files/u1"), reply(204));
  EXPECT_TRUE(world_.locks.locked("u1"));
  engine.reset_counts();
  EXPECT_FALSE(world_.locks.locked("u1"));
}

TEST_F(Acts, KnowTheUploadThatACreationMade) {
  world_.upload("new", 10, "");
  auto engine = rules(R"({"when": {"method": "POST"}, "then": {"upload": {"forget": true}}})");
  auto asked = request("POST", "/files");
  asked.mount = "/_lane/blue";
  exchange(engine, std::move(asked), reply(201, {{"Location", "http://h/_lane/blue/files/new"}}));
  EXPECT_EQ(world_.stored("new"), "(absent)");
}

// ---- the server

TEST_F(Acts, RevokeTheTokenOfTheRequest) {
  auto engine = rules(R"({"then": {"server": {"revoke_token": true}}})");
  exchange(engine, request("PATCH", "/files/u1", {{"Authorization", "Bearer abc"}}), reply(204));
  exchange(engine, request("PATCH", "/files/u1"), reply(204));
  EXPECT_EQ(happened_, std::vector<std::string>{"abc"});
}

TEST_F(Acts, BeDownOrCrashBeforeOrAfterTheHandler) {
  auto engine = rules(R"({"rules": [
    {"name": "down", "when": {"nth": 1}, "then": {"server": {"outage": "5s", "at": "before"}}},
    {"name": "crash", "when": {"nth": 2}, "then": {"server": {"crash": true}}}]})");
  auto asked = request("PATCH", "/files/u1");
  auto intercept = engine.begin(asked);
  intercept->on_request(asked);
  EXPECT_EQ(happened_, std::vector<std::string>{"outage 5000"});
  intercept = engine.begin(asked);
  intercept->on_request(asked);
  EXPECT_EQ(happened_.size(), 1U);
  auto answer = reply(204);
  intercept->on_reply(answer);
  EXPECT_EQ(happened_.back(), "crash");
}

TEST_F(Acts, CrashInTheMiddleOfABody) {
  auto engine = rules(R"({"when": {"body_byte": 5}, "then": {"server": {"crash": true}}})");
  auto asked = request("PATCH", "/files/u1");
  auto intercept = engine.begin(asked);
  intercept->on_request(asked);
  EXPECT_TRUE(happened_.empty());
  intercept->on_body(Bytes{5});
  EXPECT_EQ(happened_, std::vector<std::string>{"crash"});
}

TEST_F(Acts, BeDownWhenAConnectionComes) {
  auto engine =
      rules(R"({"when": {"connection": {"nth": 2}}, "then": {"server": {"outage": "1s"}}})");
  engine.on_connection("", 1);
  EXPECT_TRUE(happened_.empty());
  engine.on_connection("", 2);
  EXPECT_EQ(happened_, std::vector<std::string>{"outage 1000"});
}

TEST_F(Acts, WithoutLeversNothingHappens) {
  Rules engine{
      R"({"then": {"server": {"crash": true, "revoke_token": true}}})", {}, world_.services};
  EXPECT_EQ(exchange(engine, request("GET", "/"), reply(200)).reply.status, 200);
}

}  // namespace
}  // namespace mock::misbehave
