// Conditions on time, on what the body proves, and what becomes of requests, replies and pace.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <numeric>
#include <set>

#include "misbehave/test_rules.hpp"

namespace mock::misbehave {
namespace {

class Axes : public testing::Test {
 protected:
  Rules rules(std::string_view json, RuleOptions options = {}) {
    return {json, std::move(options), world_.services};
  }
  int status(RuleInterceptor& engine, const char* method = "PATCH") {
    return exchange(engine, request(method, "/files/u1"), reply(204)).reply.status;
  }
  Request chunked(const std::string& path, ::http::Fields fields = {}) {
    auto asked = request("PATCH", path, std::move(fields));
    asked.chunked = true;
    return asked;
  }
  World world_;
};

// ---- time

TEST_F(Axes, ATimeWindowCountsFromLoadingAndFromReset) {
  auto engine =
      rules(R"({"when": {"after": "10s", "until": "20s"}, "then": {"reply": {"status": 503}}})");
  EXPECT_EQ(status(engine), 204);
  EXPECT_THAT(engine.report()[0].near_miss, testing::StartsWith("after"));
  world_.loop.advance(Milliseconds{10'000});
  EXPECT_EQ(status(engine), 503);
  world_.loop.advance(Milliseconds{9'999});
  EXPECT_EQ(status(engine), 503);
  world_.loop.advance(Milliseconds{1});
  EXPECT_EQ(status(engine), 204);
  engine.reset_counts();
  EXPECT_EQ(status(engine), 204);
  EXPECT_THAT(engine.report()[0].near_miss, testing::StartsWith("after"));
  world_.loop.advance(Milliseconds{10'000});
  EXPECT_EQ(status(engine), 503);
}

// ---- what only the body proves

TEST_F(Axes, AChunkedBodyCompletesWithItsLastByte) {
  world_.upload("u1", 10, "abcd");
  auto engine = rules(R"({"when": {"upload": {"completing": true}},
    "then": {"reply": {"status": 500}, "socket": "rst"}})");
  auto asked = chunked("/files/u1");
  auto intercept = engine.begin(asked);
  ASSERT_NE(intercept, nullptr);
  EXPECT_EQ(intercept->on_request(asked).end, SocketEnd::keep);
  EXPECT_EQ(intercept->next_stop(), Bytes{6});
  const auto at_the_end = intercept->on_body(Bytes{6});
  EXPECT_EQ(at_the_end.end, SocketEnd::keep) << "the handler is to store and answer first";
  EXPECT_EQ(intercept->next_stop(), std::nullopt);
  auto answer = reply(204);
  EXPECT_EQ(intercept->on_reply(answer).end, SocketEnd::rst);
  EXPECT_EQ(answer.status, 500);
}

TEST_F(Axes, AChunkedBodyThatEndsBeforeDoesNotComplete) {
  world_.upload("u1", 10, "abcd");
  auto engine =
      rules(R"({"when": {"upload": {"completing": true}}, "then": {"reply": {"status": 500}}})");
  auto asked = chunked("/files/u1");
  auto intercept = engine.begin(asked);
  intercept->on_request(asked);
  auto answer = reply(204);
  intercept->on_reply(answer);
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(engine.report()[0].near_miss, "upload completing");
}

TEST_F(Axes, CompletingMayGoWithTheReplyOfAChunkedBody) {
  world_.upload("u1", 6, "abcd");
  auto engine = rules(R"({"when": {"upload": {"completing": true}, "reply": {"status": 204}},
    "then": {"reply": {"status": 500}}})");
  for (const bool all : {false, true}) {
    auto asked = chunked("/files/u1");
    auto intercept = engine.begin(asked);
    ASSERT_NE(intercept, nullptr);
    intercept->on_request(asked);
    EXPECT_EQ(append_all(intercept->services(world_.services).store, "u1", {all ? "f" : "e"}),
              all ? 6U : 5U);
    auto answer = reply(204);
    intercept->on_reply(answer);
    EXPECT_EQ(answer.status, all ? 500 : 204);
  }
}

TEST_F(Axes, AnOverrunIsSeenInContentLengthOrAtTheByte) {
  world_.upload("u1", 10, "abcd");
  auto engine = rules(R"({"when": {"event": "overrun"}, "then": {"reply": {"status": 200}}})");
  const auto with_length = [&](const char* length) {
    return exchange(engine, request("PATCH", "/files/u1", {{"Content-Length", length}}), reply(413))
        .reply.status;
  };
  EXPECT_EQ(with_length("6"), 413);
  EXPECT_EQ(with_length("7"), 200);
  auto asked = chunked("/files/u1");
  auto intercept = engine.begin(asked);
  intercept->on_request(asked);
  EXPECT_EQ(intercept->next_stop(), Bytes{7});
  intercept->on_body(Bytes{7});
  auto answer = reply(413);
  intercept->on_reply(answer);
  EXPECT_EQ(answer.status, 200);
}

TEST_F(Axes, AStallIsAnAbortToo) {
  world_.upload("u1", 10, "");
  auto engine = rules(R"({"rules": [
    {"name": "stalled", "when": {"event": "stalled"}, "then": {"commit": {"bytes": "none"}}},
    {"name": "aborted", "when": {"event": "aborted"}, "sets": "cut"}]})");
  for (const bool stalls : {false, true}) {
    auto asked = request("PATCH", "/files/u1", {{"Content-Length", "10"}});
    auto intercept = engine.begin(asked);
    intercept->on_request(asked);
    append_all(intercept->services(world_.services).store, "u1", {"abc"});
    if (stalls) intercept->on_stall();
    intercept->on_abort();
    EXPECT_EQ(world_.stored("u1"), "abc") << "of the first request; nothing of the second is kept";
  }
  EXPECT_EQ(engine.report()[0].fired, 1U);
  EXPECT_EQ(engine.report()[1].fired, 2U);
}

// ---- the request's body

std::string edited(RuleInterceptor& engine, std::string body, const char* type) {
  auto asked = request("POST", "/oauth", {{"Content-Type", type}});
  auto intercept = engine.begin(asked);
  intercept->on_request(asked);
  EXPECT_TRUE(intercept->edits_body());
  intercept->on_small_body(asked, body);
  return body;
}

TEST_F(Axes, EditsForms) {
  auto engine = rules(R"({"then": {"request": {"body": {"form":
    {"set": {"password": "wr&ng", "new": "{host}"}, "drop": "scope"}}}}})");
  EXPECT_EQ(edited(engine, "username=a+b&password=x&password=y&scope=z",
                   "application/x-www-form-urlencoded; charset=utf-8"),
            "username=a+b&new=127.0.0.1%3A8080&password=wr%26ng");
  EXPECT_EQ(edited(engine, "{}", "application/json"), "{}");
  EXPECT_EQ(edited(engine, "a=%zz", "application/x-www-form-urlencoded"), "a=%zz");
}

TEST_F(Axes, EditsJsonTextAndAnyBody) {
  auto json = rules(R"({"then": {"request": {"body": {"json_merge": {"target": "other"}}}}})");
  EXPECT_EQ(edited(json, R"({"target":"edav"})", "application/json"), R"({"target":"other"})");
  auto text = rules(R"({"then": {"request": {"body": {"regex": "a+", "with": "b"}}}})");
  EXPECT_EQ(edited(text, "caat", "text/plain"), "cbt");
  auto whole = rules(R"({"then": {"request": {"body": "new"}}})");
  EXPECT_EQ(edited(whole, "old", "text/plain"), "new");
}

// ---- replies that have a source

Reply from_source(std::string bytes) {
  class Source final : public BodySource {
   public:
    explicit Source(std::string all) : bytes_(std::move(all)) {}
    [[nodiscard]] Bytes size() const override { return Bytes{bytes_.size()}; }
    Result<void> read(Bytes at, std::span<std::byte> into) override {
      std::memcpy(into.data(), bytes_.data() + at.value, into.size());
      return {};
    }
    Result<bool> try_read(Bytes /*at*/, std::span<std::byte> /*into*/) override { return false; }

   private:
    std::string bytes_;
  };
  auto answer = reply(200);
  answer.source = std::make_shared<Source>(std::move(bytes));
  return answer;
}

TEST_F(Axes, EditsASmallDownloadAsAnyReply) {
  const auto download = [&](std::string_view json, std::string bytes) {
    auto engine = rules(json);
    return exchange(engine, request("GET", "/files/u1"), from_source(std::move(bytes))).reply;
  };
  const auto* regex = R"({"then": {"reply": {"body": {"regex": "a+", "with": "b"}}}})";
  EXPECT_EQ(download(regex, "caat").body, "cbt");
  EXPECT_EQ(download(R"({"then": {"reply": {"body": {"json_merge": {"a": 2}}}}})", "{}").body,
            R"({"a":2})");
  const auto* json =
      R"({"when": {"reply": {"json": {"/a": "1"}}}, "then": {"reply": {"status": 500}}})";
  EXPECT_EQ(download(json, R"({"a": 1})").status, 500);

  const std::string large(65'537, 'a');
  const auto untouched = download(regex, large);
  EXPECT_NE(untouched.source, nullptr);
  EXPECT_EQ(untouched.length(), Bytes{large.size()});
  EXPECT_EQ(download(json, R"({"a": 1})" + std::string(65'536, ' ')).status, 200);
  const auto replaced = download(R"({"then": {"reply": {"body": "new"}}})", large);
  EXPECT_EQ(replaced.source, nullptr);
  EXPECT_EQ(replaced.body, "new");
}

TEST_F(Axes, ReplaysADownloadOfAnyLength) {
  for (const std::size_t size : {3U, 100'000U}) {
    auto engine = rules(R"({"when": {"method": "GET"}, "then": {"reply": {"replay": "first"}}})");
    const std::string first(size, 'a');
    exchange(engine, request("GET", "/files/u1"), from_source(first));
    const auto again = exchange(engine, request("GET", "/files/u1"), reply(404)).reply;
    EXPECT_EQ(again.status, 200);
    EXPECT_EQ(again.length(), Bytes{size});
    EXPECT_EQ(again.source != nullptr, size > 65'536) << "a small one keeps no file open";
  }
}

TEST_F(Axes, OnlyARuleThatEditsTheBodyGathersIt) {
  auto engine = rules(R"({"rules": [
    {"when": {"nth": 2}, "then": {"request": {"body": "new"}}},
    {"then": {"request": {"headers": {"drop": "A"}}}}]})");
  for (const bool edits : {false, true}) {
    auto asked = request("POST", "/oauth");
    auto intercept = engine.begin(asked);
    intercept->on_request(asked);
    EXPECT_EQ(intercept->edits_body(), edits);
  }
}

TEST_F(Axes, AValidTokenMayBePutIn) {
  auto engine =
      rules(R"({"when": {"headers": {"Authorization": false}}, "then": {"request": {"headers":
    {"set": {"Authorization": "Bearer {token}"}}}}})",
            {.valid_token = [] { return std::string{"good"}; }});
  EXPECT_EQ(
      exchange(engine, request("GET", "/info/u1"), reply(200)).request.fields.find("Authorization"),
      "Bearer good");
}

// ---- replies replayed

TEST_F(Axes, ReplaysTheReplyBeforeForTheSameUrl) {
  auto engine = rules(R"({"when": {"method": "HEAD"}, "then": {"reply": {"replay": "previous"}}})");
  const auto head = [&](const char* path, const char* offset) {
    return std::string{
        *exchange(engine, request("HEAD", path), reply(200, {{"Upload-Offset", offset}}))
             .reply.fields.find("Upload-Offset")};
  };
  EXPECT_EQ(head("/files/a", "1"), "1");
  EXPECT_EQ(head("/files/a", "2"), "1");
  EXPECT_EQ(head("/files/b", "7"), "7");
  EXPECT_EQ(head("/files/a", "3"), "2");
}

TEST_F(Axes, ReplaysTheReplyThatAMarkStandsFor) {
  auto engine = rules(R"({"rules": [
    {"name": "first", "when": {"method": "PATCH"}, "sets": "patched", "times": 1},
    {"name": "again", "when": {"method": "HEAD"},
     "then": {"reply": {"replay": {"mark": "patched"}}}, "needs": "patched"}]})");
  const auto patch = [&](const char* offset) {
    exchange(engine, request("PATCH", "/files/a"), reply(204, {{"Upload-Offset", offset}}));
  };
  patch("5");
  patch("9");
  const auto got = exchange(engine, request("HEAD", "/files/a"), reply(200)).reply;
  EXPECT_EQ(got.status, 204);
  EXPECT_EQ(got.fields.find("Upload-Offset"), "5");
  EXPECT_EQ(exchange(engine, request("HEAD", "/files/b"), reply(200)).reply.status, 200)
      << "the mark is on the other upload";
}

// ---- interim replies

TEST_F(Axes, InterimRepliesAreEditedByTheirStatusAsTheServerMadeThem) {
  auto engine = rules(R"({"rules": [
    {"name": "all", "then": {"interim": {"headers": {"set": {"A": "{id}"}}}}},
    {"name": "announced", "then": {"interim": {"of": 104, "status": 103, "delay": "1s",
                                   "headers": {"drop": "Location", "set": {"a": "late"}}}}},
    {"name": "hinted", "then": {"interim": {"of": 103, "drop": true}}},
    {"name": "go on", "then": {"interim": {"of": [100, 104], "twice": true}}},
    {"name": "never", "when": {"body_byte": 9}, "then": {"interim": "none"}}]})");
  auto asked = request("PATCH", "/files/u1");
  auto intercept = engine.begin(asked);
  intercept->on_request(asked);
  auto announced = reply(104, {{"Location", "/files/u1"}});
  const auto plan = intercept->on_interim(announced);
  EXPECT_EQ(announced.status, 103);
  EXPECT_EQ(announced.fields, (::http::Fields{{"A", "u1"}}));
  EXPECT_TRUE(plan.send);
  EXPECT_TRUE(plan.twice);
  EXPECT_EQ(plan.delay, Milliseconds{1000});
  auto go_on = reply(100);
  const auto next = intercept->on_interim(go_on);
  EXPECT_EQ(go_on.status, 100);
  EXPECT_TRUE(next.twice);
  EXPECT_EQ(next.delay, Milliseconds{0});
  intercept->on_body(Bytes{9});
  auto late = reply(102);
  EXPECT_FALSE(intercept->on_interim(late).send);
}

// ---- pace

TEST_F(Axes, PacesBothWays) {
  auto engine = rules(R"({"then": {"pace": {"receive": "64KiB/s", "send": "8Mbit/s"}}})");
  const auto got = exchange(engine, request("PATCH", "/files/u1"), reply(204));
  EXPECT_EQ(got.request_plan.receive.bytes_per_second, 65536U);
  EXPECT_EQ(got.reply_plan.speed.bytes_per_second, 1'000'000U);
}

TEST_F(Axes, JitterIsEvenAndRepeats) {
  const auto drawn = [&](std::uint64_t seed) {
    auto engine = rules(R"({"name": "j", "then":
      {"pace": {"before": {"mean": "100ms", "jitter": "40ms"}, "reply": {"mean": "100ms", "jitter": "40ms"}}}})",
                        {.seed = seed});
    std::vector<std::int64_t> delays;
    for (int i = 0; i < 200; ++i) {
      const auto got = exchange(engine, request("PATCH", "/files/u1"), reply(204));
      delays.push_back(got.request_plan.delay.count());
      delays.push_back(got.reply_plan.delay.count());
    }
    return delays;
  };
  const auto first = drawn(1);
  EXPECT_EQ(first, drawn(1));
  EXPECT_NE(first, drawn(2));
  EXPECT_GE(*std::ranges::min_element(first), 60);
  EXPECT_LE(*std::ranges::max_element(first), 140);
  EXPECT_GT(std::set<std::int64_t>(first.begin(), first.end()).size(), 50U);
  const auto mean = std::accumulate(first.begin(), first.end(), std::int64_t{0}) / 400;
  EXPECT_NEAR(static_cast<double>(mean), 100, 5);
  EXPECT_NE(first[0], first[1]) << "before and reply are drawn apart";
}

// ---- connections

TEST_F(Axes, JudgesConnections) {
  auto engine = rules(R"({"rules": [
    {"name": "second", "when": {"connection": {"nth": 2}}, "then": {"connection": {"end": "rst"}}},
    {"name": "third", "when": {"nth": 3}, "then": {"connection": {"handshake": "fail"}}},
    {"name": "all", "then": {"connection": {"delay": "250ms"}}}]})");
  const auto first = engine.on_connection("", 1);
  EXPECT_EQ(first.delay, Milliseconds{250});
  EXPECT_EQ(first.end, SocketEnd::keep);
  EXPECT_EQ(engine.on_connection("", 2).end, SocketEnd::rst);
  const auto third = engine.on_connection("", 3);
  ASSERT_TRUE(third.tls.stop);
  EXPECT_TRUE(third.tls.stop->alert);
  EXPECT_EQ(third.end, SocketEnd::keep);
  EXPECT_EQ(engine.begin(request("GET", "/")), nullptr) << "none of this is about requests";
  EXPECT_EQ(engine.report()[2].fired, 3U);
  EXPECT_EQ(engine.needing_tls(), std::vector<std::string>{"third"});
}

TEST_F(Axes, JudgesTheServerNameWhenItIsKnown) {
  auto engine = rules(R"({"rules": [
    {"name": "named", "when": {"connection": {"server_name": "LOCALHOST"}},
     "then": {"connection": {"certificate": "expired", "tls": "1.1"}}},
    {"name": "hidden", "when": {"connection": {"server_name": {"regex": "^local"}}},
     "then": {"connection": {"certificate": "self-signed",
                             "handshake": {"after": "finished", "end": "fin"}}}},
    {"name": "nameless", "when": {"connection": {"server_name": false, "nth": 2}},
     "then": {"connection": {"certificate": "revoked"}}}]})");
  EXPECT_FALSE(engine.on_connection("", 1).tls.any());
  const auto named = engine.on_hello("", 1, "localhost");
  EXPECT_EQ(named.certificate, BadCertificate::expired) << "the first rule wins, per axis";
  EXPECT_EQ(named.version, TlsVersion::tls_1_1);
  ASSERT_TRUE(named.stop);
  EXPECT_EQ(named.stop->after, HandshakeStep::finished);
  EXPECT_EQ(named.stop->end, SocketEnd::fin);
  EXPECT_FALSE(engine.on_hello("", 2, "other").any());
  EXPECT_FALSE(engine.on_hello("", 1, std::nullopt).any());
  EXPECT_EQ(engine.on_hello("", 2, std::nullopt).certificate, BadCertificate::revoked);
  EXPECT_EQ(engine.report()[0].fired, 1U);
  EXPECT_EQ(engine.needing_bad_certificates().size(), 3U);
}

TEST_F(Axes, OneConnectionInSoManyRepeats) {
  const auto pattern = [&](std::uint64_t seed) {
    auto engine = rules(
        R"({"name": "r", "when": {"probability": 0.3}, "then": {"connection": {"end": "rst"}}})",
        {.seed = seed});
    std::string marks;
    for (std::uint64_t i = 1; i <= 100; ++i)
      marks += engine.on_connection("", i).end == SocketEnd::rst ? 'x' : '.';
    return marks;
  };
  EXPECT_EQ(pattern(1), pattern(1));
  EXPECT_NE(pattern(1), pattern(2));
  EXPECT_NEAR(static_cast<double>(std::ranges::count(pattern(1), 'x')), 30, 15);
}

}  // namespace
}  // namespace mock::misbehave
