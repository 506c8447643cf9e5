#include "misbehave/interceptor.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <limits>
#include <map>

#include "misbehave/test_rules.hpp"
#include "store/test_noted.hpp"
#include "tus/attributes.hpp"

namespace mock::misbehave {
namespace {

using testing::HasSubstr;

class Interceptor : public testing::Test {
 protected:
  Rules rules(std::string_view json, RuleOptions options = {}) {
    return {json, std::move(options), world_.services};
  }
  /// Whether a rule with that "when" touches the reply to `request`.
  bool applies(const std::string& when, Request request, Reply answer = reply(204)) {
    auto engine =
        rules(R"({"when": )" + when + R"(, "then": {"reply": {"headers": {"set": {"X": "y"}}}}})");
    return exchange(engine, std::move(request), std::move(answer)).reply.fields.has("X");
  }
  World world_;
};

TEST_F(Interceptor, EachRuleIsToldOfAsItFires) {
  std::vector<std::string> told;
  RuleOptions options;
  options.fired = [&](const std::string& rule, const std::string& upload) {
    told.push_back(rule + " " + upload);
  };
  auto engine = rules(R"({"name": "both", "rules": [
      {"name": "first", "when": {"method": "HEAD", "nth": 2}, "then": {"pace": {"reply": "1ms"}}},
      {"name": "any", "when": {"route": "upload"}, "then": {"pace": {"before": "1ms"}}}]})",
                      std::move(options));
  exchange(engine, request("HEAD", "/files/u1"), reply(200));
  EXPECT_THAT(told, testing::ElementsAre("any u1"));
  exchange(engine, request("HEAD", "/files/u1"), reply(200));
  EXPECT_THAT(told, testing::ElementsAre("any u1", "first u1", "any u1"));
  exchange(engine, request("HEAD", "/health"), reply(200));
  EXPECT_EQ(told.size(), 3U);
}

TEST_F(Interceptor, ConditionsOnTheRequest) {
  auto patch = request("PATCH", "/files/u1", {{"Upload-Offset", "4"}, {"Content-Length", "6"}});
  patch.lane = "l";
  const std::pair<const char*, bool> cases[] = {
      {R"({})", true},
      {R"({"method": "PATCH"})", true},
      {R"({"method": ["GET", "PATCH"]})", true},
      {R"({"method": "HEAD"})", false},
      {R"({"route": "upload"})", true},
      {R"({"route": ["creation", "info"]})", false},
      {R"({"path": "^/files/u\\d$"})", true},
      {R"({"path": "^/upload/"})", false},
      {R"({"headers": {"upload-offset": true}})", true},
      {R"({"headers": {"upload-offset": "4"}})", true},
      {R"({"headers": {"upload-offset": "5"}})", false},
      {R"({"headers": {"upload-offset": {"regex": "^[0-9]+$"}}})", true},
      {R"({"headers": {"upload-length": true}})", false},
      {R"({"headers": {"upload-length": false}})", true},
      {R"({"lane": "l"})", true},
      {R"({"lane": ""})", false},
      {R"({"reply": {"status": 204}})", true},
      {R"({"reply": {"status": "2xx"}})", true},
      {R"({"reply": {"status": [404, "5xx"]}})", false},
      {R"({"reply": {"headers": {"Location": true}}})", false},
  };
  for (const auto& [when, expected] : cases) EXPECT_EQ(applies(when, patch), expected) << when;
}

TEST_F(Interceptor, TheOverridingMethodIsTheMethod) {
  const auto post = request("POST", "/files/u1", {{"X-HTTP-Method-Override", "PATCH"}});
  EXPECT_TRUE(applies(R"({"method": "PATCH"})", post));
  EXPECT_FALSE(applies(R"({"method": "POST"})", post));
  EXPECT_TRUE(applies(R"({"wire_method": "POST"})", post));
  EXPECT_FALSE(applies(R"({"wire_method": "PATCH"})", post));
}

TEST_F(Interceptor, TheMethodIsTheOneThatTheHandlerActsBy) {
  // Its spelling counts: "patch" is no method, so the handler answers 405.
  const auto lower = request("POST", "/files/u1", {{"X-HTTP-Method-Override", "patch"}});
  EXPECT_FALSE(applies(R"({"method": "PATCH"})", lower));
  EXPECT_FALSE(applies(R"({"method": "POST"})", lower));
  // Elsewhere the field means nothing.
  const auto info = request("GET", "/info/u1", {{"X-HTTP-Method-Override", "PATCH"}});
  EXPECT_FALSE(applies(R"({"method": "PATCH"})", info));
  EXPECT_TRUE(applies(R"({"method": "GET"})", info));
}

TEST_F(Interceptor, ConditionsOnTheUpload) {
  world_.upload("half", 10, "abcd", "hl7.txt");
  world_.upload("done", 4, "abcd");
  world_.upload("open", std::nullopt, "abcd");
  world_.loop.advance(std::chrono::minutes{2});
  world_.locks.held = "half";
  const auto patch = [](const std::string& id, const char* length) {
    return request("PATCH", "/files/" + id, {{"Content-Length", length}});
  };
  const std::tuple<const char*, Request, bool> cases[] = {
      {R"({"upload": {"id": "half"}})", patch("half", "1"), true},
      {R"({"upload": {"id": {"regex": "^d"}}})", patch("half", "1"), false},
      {R"({"upload": {"exists": true}})", patch("half", "1"), true},
      {R"({"upload": {"exists": false}})", patch("gone", "1"), true},
      {R"({"upload": {"complete": true}})", patch("done", "1"), true},
      {R"({"upload": {"complete": true}})", patch("half", "1"), false},
      {R"({"upload": {"complete": false}})", patch("gone", "1"), false},
      {R"({"upload": {"completing": true}})", patch("half", "6"), true},
      {R"({"upload": {"completing": true}})", patch("half", "5"), false},
      {R"({"upload": {"completing": true}})", patch("done", "0"), false},
      {R"({"upload": {"locked": true}})", patch("half", "1"), true},
      {R"({"upload": {"locked": true}})", patch("done", "1"), false},
      {R"({"upload": {"deferred": true}})", patch("open", "1"), true},
      {R"({"upload": {"deferred": true}})", patch("half", "1"), false},
      {R"({"upload": {"kind": "normal"}})", patch("half", "1"), true},
      {R"({"upload": {"kind": "final"}})", patch("half", "1"), false},
      {R"({"upload": {"older_than": "1m"}})", patch("half", "1"), true},
      {R"({"upload": {"younger_than": "1m"}})", patch("half", "1"), false},
      {R"({"metadata": {"filename": {"regex": "hl7"}}})", patch("half", "1"), true},
      {R"({"metadata": {"filename": true}})", patch("done", "1"), false},
  };
  for (const auto& [when, asked, expected] : cases)
    EXPECT_EQ(applies(when, asked), expected) << when << " " << asked.path;
}

TEST_F(Interceptor, AnEndOfDeferredLengthIsCompleting) {
  world_.upload("half", 10, "abcd");
  world_.upload("open", std::nullopt, "abcd");
  const auto touched = [&](const std::string& when, const std::string& method,
                           const std::string& id, ::http::Fields fields, bool chunked = false) {
    auto engine = rules(R"({"when": {"upload": {"completing": )" + when +
                        R"(}}, "then": {"reply": {"status": 500}}})");
    if (!chunked) fields.add("Content-Length", "1");
    auto asked = request(method, "/files/" + id, std::move(fields));
    asked.chunked = chunked;
    return exchange(engine, std::move(asked), reply(204)).reply.status == 500;
  };
  const ::http::Fields end{{"Upload-Complete", "?1"}};
  EXPECT_TRUE(touched("true", "PATCH", "open", end));
  EXPECT_TRUE(touched("true", "PATCH", "open", end, true));
  EXPECT_TRUE(touched("true", "PATCH", "open", {{"Upload-Complete", "?1"}, {"Upload-Length", ""}}));
  EXPECT_FALSE(touched("false", "PATCH", "open", end));
  EXPECT_FALSE(touched("true", "PATCH", "open", {})) << "no signal";
  EXPECT_TRUE(touched("false", "PATCH", "open", {})) << "no signal";
  EXPECT_FALSE(touched("true", "HEAD", "open", end));
  EXPECT_FALSE(touched("true", "PATCH", "half", end)) << "the length is known, and not reached";
  EXPECT_FALSE(
      touched("true", "PATCH", "open", {{"Upload-Complete", "?1"}, {"Upload-Length", "9"}}))
      << "a length beside it wins";
}

TEST_F(Interceptor, ConditionsOnTheUploadThatACreationAsksFor) {
  const auto post = [](::http::Fields fields) {
    return request("POST", "/files", std::move(fields));
  };
  EXPECT_TRUE(applies(R"({"upload": {"deferred": true}})", post({{"Upload-Defer-Length", "1"}})));
  EXPECT_TRUE(applies(R"({"upload": {"kind": "partial"}})", post({{"Upload-Concat", "partial"}})));
  EXPECT_TRUE(
      applies(R"({"upload": {"kind": "final"}})", post({{"Upload-Concat", "final;/files/a"}})));
  EXPECT_TRUE(applies(R"({"upload": {"attributes": {"kind": {"regex": "^part"}}}})",
                      post({{"Upload-Concat", "partial"}})));
  EXPECT_FALSE(applies(R"({"upload": {"attributes": {"kind": "final"}}})",
                       post({{"Upload-Concat", "partial"}})));
  EXPECT_TRUE(applies(R"({"upload": {"completing": true}})", post({{"Upload-Length", "0"}})));
  EXPECT_FALSE(applies(R"({"upload": {"completing": true}})", post({{"Upload-Length", "9"}})));
  EXPECT_TRUE(applies(R"({"upload": {"completing": true}})",
                      post({{"Upload-Length", "9"}, {"Content-Length", "9"}})));
  EXPECT_TRUE(applies(R"({"metadata": {"filename": "a.txt"}})",
                      post({{"Upload-Metadata", "filename YS50eHQ="}})));
}

TEST_F(Interceptor, AnUploadWithoutThatAttributeIsNotMeant) {
  Upload noted;
  noted.id = "noted";
  noted.length = Bytes{5};
  noted.attributes = std::make_shared<mock::test::Noted>("x");
  ASSERT_TRUE(world_.store->create(noted).has_value());
  const auto patch = request("PATCH", "/files/noted");
  EXPECT_FALSE(applies(R"({"upload": {"attributes": {"kind": true}}})", patch));
  EXPECT_TRUE(applies(R"({"upload": {"attributes": {"kind": false}}})", patch));
  EXPECT_TRUE(applies(R"({"upload": {"kind": "normal"}})", patch)) << "it has no kinds";
  EXPECT_TRUE(applies(R"({"metadata": {"filename": false}})", patch));
}

TEST_F(Interceptor, ConditionsOnTheBodyOfAReply) {
  const auto get = request("GET", "/info/u1");
  const auto refusal = reply(403, {}, "<Code>AccessDenied</Code>");
  EXPECT_TRUE(applies(R"({"reply": {"body": {"regex": "<Code>Access"}}})", get, refusal));
  EXPECT_FALSE(applies(R"({"reply": {"body": {"regex": "NoSuchKey"}}})", get, refusal));
  EXPECT_TRUE(applies(R"({"reply": {"body": true}})", get, refusal));
  EXPECT_TRUE(applies(R"({"reply": {"body": false}})", get, reply(204, {}, "")));
  EXPECT_FALSE(applies(R"({"reply": {"body": "x", "json": {"/a": false}}})", get, refusal));
}

TEST_F(Interceptor, ConditionsOnTheJsonOfAReply) {
  const auto get = request("GET", "/info/u1");
  const auto info = reply(200, {}, R"({"upload_status":{"status":"Complete"},"deliveries":null})");
  EXPECT_TRUE(applies(R"({"reply": {"json": {"/upload_status/status": "Complete"}}})", get, info));
  EXPECT_FALSE(applies(R"({"reply": {"json": {"/upload_status/status": "Failed"}}})", get, info));
  EXPECT_TRUE(applies(R"({"reply": {"json": {"/deliveries": "null"}}})", get, info));
  EXPECT_TRUE(applies(R"({"reply": {"json": {"/deliveries/0": false}}})", get, info));
  EXPECT_FALSE(applies(R"({"reply": {"json": {"/a": true}}})", get, reply(200, {}, "no json")));
}

TEST_F(Interceptor, IsNotThereWhenNoRuleCanApply) {
  auto engine =
      rules(R"({"when": {"method": "PATCH", "route": "upload"}, "then": {"socket": "rst"}})");
  EXPECT_EQ(engine.begin(request("HEAD", "/files/u1")), nullptr);
  EXPECT_EQ(engine.begin(request("PATCH", "/health")), nullptr);
  EXPECT_NE(engine.begin(request("PATCH", "/files/u1")), nullptr);
}

TEST_F(Interceptor, NeverTouchesTheControlRoute) {
  auto engine = rules(R"({"then": {"reply": {"early": true, "status": 503}}})");
  EXPECT_EQ(engine.begin(request("GET", "/_mock/reset")), nullptr);
}

TEST_F(Interceptor, EditsTheRequest) {
  world_.upload("u1", 10, "abcd");
  auto engine = rules(R"({"then": {"request": {"method": "POST", "target": "/files/other?x=1",
    "headers": {"set": {"Upload-Offset": "{offset+1}", "New": "{host}"}, "drop": ["Tus-Resumable"],
                "replace": {"Upload-Metadata": {"regex": "^a (\\S+),", "with": "b $1,"}}}}}})");
  const auto got = exchange(engine,
                            request("PATCH", "/files/u1",
                                    {{"Host", "h"},
                                     {"Upload-Offset", "9"},
                                     {"Tus-Resumable", "1.0.0"},
                                     {"Upload-Metadata", "a YQ==,c"}}),
                            reply(204))
                       .request;
  EXPECT_EQ(got.method, "POST");
  EXPECT_EQ(got.path, "/files/other");
  EXPECT_EQ(got.query, "x=1");
  EXPECT_EQ(
      got.fields,
      (::http::Fields{
          {"Host", "h"}, {"Upload-Offset", "5"}, {"Upload-Metadata", "b YQ==,c"}, {"New", "h"}}));
}

TEST_F(Interceptor, EditsTheReply) {
  auto engine = rules(R"({"then": {"reply": {"status": 400, "reason": "Nope",
    "headers": {"set": {"Upload-Offset": "{reply.upload-offset+1}"}, "drop": "Location"},
    "truncate": {"body": 3}, "body": "was {request.upload-length}"}, "socket": "fin",
    "pace": {"reply": "10ms", "slice": 4, "gap": "1ms"}}})");
  const auto got = exchange(engine, request("POST", "/files", {{"Upload-Length", "7"}}),
                            reply(201, {{"Location", "/files/x"}, {"Upload-Offset", "3"}}));
  EXPECT_EQ(got.reply.status, 400);
  EXPECT_EQ(got.reply.reason, "Nope");
  EXPECT_FALSE(got.reply.no_reason);
  EXPECT_EQ(got.reply.fields, (::http::Fields{{"Upload-Offset", "4"}}));
  EXPECT_EQ(got.reply.body, "was 7");
  EXPECT_EQ(got.reply_plan.truncate_body, Bytes{3});
  EXPECT_EQ(got.reply_plan.end, SocketEnd::fin);
  EXPECT_EQ(got.reply_plan.delay, Milliseconds{10});
  EXPECT_EQ(got.reply_plan.slice, Bytes{4});
}

TEST_F(Interceptor, EditsJsonAndLeavesWhatDoesNotFit) {
  auto engine = rules(R"({"then": {"reply": {"body": {"json_patch":
    [{"op": "remove", "path": "/b"}], "json_merge": {"c": {"d": 1}}}}}})");
  const auto get = request("GET", "/info/u1");
  EXPECT_EQ(exchange(engine, get, reply(200, {}, "{\"z\":1,\"b\":2,\"a\":3}\n")).reply.body,
            "{\"z\":1,\"a\":3,\"c\":{\"d\":1}}\n");
  EXPECT_EQ(exchange(engine, get, reply(200, {}, R"({"z":1})")).reply.body, R"({"z":1})");
  EXPECT_EQ(exchange(engine, get, reply(404, {}, "text\n")).reply.body, "text\n");
}

TEST_F(Interceptor, AnswersInPlaceOfTheHandler) {
  auto engine = rules(R"({"when": {"method": "PATCH"}, "then": {"reply": {"early": "after_body",
    "status": 503, "headers": {"set": {"Retry-After": "1"}}, "body": "down"}, "socket": "fin"}})");
  auto asked = request("PATCH", "/files/u1");
  auto intercept = engine.begin(asked);
  auto plan = intercept->on_request(asked);
  ASSERT_TRUE(plan.instead.has_value());
  EXPECT_TRUE(plan.instead_after_body);
  EXPECT_EQ(plan.instead->status, 503);
  EXPECT_EQ(plan.instead->body, "down");
  EXPECT_EQ(plan.end, SocketEnd::keep) << "the reply is to be written first";
  EXPECT_EQ(intercept->on_reply(*plan.instead).end, SocketEnd::fin);
}

TEST_F(Interceptor, SendsNothing) {
  auto engine = rules(R"({"then": {"reply": "none", "socket": "rst"}})");
  const auto got = exchange(engine, request("PATCH", "/files/u1"), reply(204));
  EXPECT_EQ(got.request_plan.end, SocketEnd::keep) << "the handler works first";
  EXPECT_FALSE(got.reply_plan.send);
  EXPECT_EQ(got.reply_plan.end, SocketEnd::rst);
}

TEST_F(Interceptor, CutsBeforeTheHandler) {
  auto engine = rules(R"({"then": {"socket": {"end": "stall", "at": "before"}}})");
  EXPECT_EQ(exchange(engine, request("PATCH", "/files/u1"), reply(204)).request_plan.end,
            SocketEnd::stall);
}

TEST_F(Interceptor, StopsAtBodyPositionsInOrder) {
  auto engine = rules(R"({"rules": [
    {"name": "late", "when": {"body_byte": 20}, "then": {"socket": "rst"}},
    {"name": "soon", "when": {"body_byte": 5}, "then": {"pace": {"before": "7ms"}}}]})");
  auto asked = request("PATCH", "/files/u1");
  auto intercept = engine.begin(asked);
  intercept->on_request(asked);
  EXPECT_EQ(intercept->next_stop(), Bytes{5});
  auto plan = intercept->on_body(Bytes{5});
  EXPECT_EQ(plan.delay, Milliseconds{7});
  EXPECT_EQ(plan.end, SocketEnd::keep);
  EXPECT_EQ(intercept->next_stop(), Bytes{20});
  EXPECT_EQ(intercept->on_body(Bytes{20}).end, SocketEnd::rst);
  EXPECT_EQ(intercept->next_stop(), std::nullopt);
}

TEST_F(Interceptor, TheFirstRuleWinsEachAxis) {
  auto engine = rules(R"({"rules": [
    {"name": "a", "then": {"reply": {"status": 500, "headers": {"set": {"A": "1"}}}}},
    {"name": "b", "then": {"reply": {"status": 501, "headers": {"set": {"a": "2", "B": "2"}}},
                           "socket": "fin", "pace": {"reply": "1s"}}},
    {"name": "c", "when": {"nth": 1},
     "then": {"socket": "rst", "pace": {"reply": "2s", "slice": 1, "gap": "5ms"}}}]})");
  const auto got = exchange(engine, request("GET", "/"), reply(200));
  EXPECT_EQ(got.reply.status, 500);
  EXPECT_EQ(got.reply.fields, (::http::Fields{{"A", "1"}, {"B", "2"}}));
  EXPECT_EQ(got.reply_plan.end, SocketEnd::fin);
  EXPECT_EQ(got.reply_plan.delay, Milliseconds{1000});
  EXPECT_EQ(got.reply_plan.slice, Bytes{1});
}

TEST_F(Interceptor, TheReasonIsAnAxisBesideTheStatusInOneFileAndFromTwo) {
  const std::string status = R"({"name": "s", "then": {"reply": {"status": 500}}})";
  const std::string reason = R"({"name": "r", "then": {"reply": {"reason": "Teapot"}}})";
  for (const auto& [first, second] : {std::pair{status, reason}, std::pair{reason, status}}) {
    RuleInterceptor together{{}, world_.services};
    auto one = load_text(R"({"rules": [)" + first + "," + second + "]}", "one.json");
    ASSERT_TRUE(one.has_value()) << one.error().line();
    ASSERT_TRUE(together.add(std::move(*one)).has_value());
    RuleInterceptor apart{{}, world_.services};
    for (const auto& text : {first, second}) ASSERT_TRUE(apart.add(misbehaviour(text)).has_value());
    for (auto* engine : {&together, &apart}) {
      const auto got = exchange(*engine, request("GET", "/"), reply(200)).reply;
      EXPECT_EQ(got.status, 500);
      EXPECT_EQ(got.reason, "Teapot");
    }
  }
}

TEST_F(Interceptor, ReplaysTheFirstReplyOfAUrl) {
  auto engine = rules(R"({"when": {"method": "HEAD"}, "then": {"reply": {"replay": "first"}}})");
  const auto head = [&](const char* path, const char* offset) {
    return std::string{
        *exchange(engine, request("HEAD", path), reply(200, {{"Upload-Offset", offset}}))
             .reply.fields.find("Upload-Offset")};
  };
  EXPECT_EQ(head("/files/a", "0"), "0");
  EXPECT_EQ(head("/files/a", "5"), "0");
  EXPECT_EQ(head("/files/b", "7"), "7");
}

TEST_F(Interceptor, MarksTellAStoryOfOneUpload) {
  auto engine = rules(R"({"rules": [
    {"name": "lost", "when": {"method": "PATCH"}, "then": {"reply": "none", "socket": "rst"},
     "sets": "lost", "times": 1},
    {"name": "gone", "when": {"method": "HEAD"}, "then": {"reply": {"status": 404}}, "needs": "lost"}
  ]})");
  const auto head = [&](const char* path) {
    return exchange(engine, request("HEAD", path), reply(200)).reply.status;
  };
  EXPECT_EQ(head("/files/a"), 200);
  exchange(engine, request("PATCH", "/files/a"), reply(204));
  EXPECT_EQ(head("/files/a"), 404);
  EXPECT_EQ(head("/files/b"), 200);
}

TEST_F(Interceptor, AMarkOfACreationIsOnTheUploadItMade) {
  auto engine = rules(R"({"rules": [
    {"name": "made", "when": {"method": "POST", "reply": {"status": 201}}, "sets": "made",
     "times": 1},
    {"name": "gone", "when": {"method": "HEAD"}, "then": {"reply": {"status": 404}}, "needs": "made"}
  ]})");
  exchange(engine, request("POST", "/files"), reply(201, {{"Location", "http://h/files/a"}}));
  EXPECT_EQ(exchange(engine, request("HEAD", "/files/a"), reply(200)).reply.status, 404);
  EXPECT_EQ(exchange(engine, request("HEAD", "/files/b"), reply(200)).reply.status, 200);
}

// ---- chance and accounts

std::string pattern(RuleInterceptor& engine, int requests) {
  std::string fired;
  for (int i = 0; i < requests; ++i)
    fired +=
        exchange(engine, request("PATCH", "/files/u1"), reply(204)).reply.status == 500 ? 'x' : '.';
  return fired;
}

TEST_F(Interceptor, CountsMatches) {
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {R"("nth": 2)", "", ".x......"},
      {R"("nth": [1, 4])", "", "x..x...."},
      {R"("every": 3)", "", "..x..x.."},
      {R"("every": 3)", R"(, "times": 1)", "..x....."},
      {R"("route": "upload")", R"(, "times": 2)", "xx......"},
  };
  for (const auto& [when, more, expected] : cases) {
    auto engine = rules(std::string{R"({"when": {)"} + when +
                        R"(}, "then": {"reply": {"status": 500}})" + more + "}");
    EXPECT_EQ(pattern(engine, 8), expected) << when << more;
  }
}

TEST_F(Interceptor, RulesComeAndGo) {
  RuleInterceptor engine{{}, world_.services};
  EXPECT_EQ(engine.begin(request("PATCH", "/files/u1")), nullptr);
  ASSERT_TRUE(
      engine.add(misbehaviour(R"({"name": "a", "then": {"reply": {"status": 500}}, "times": 3})")));
  const auto status = [&] {
    return exchange(engine, request("PATCH", "/files/u1"), reply(204)).reply.status;
  };
  EXPECT_EQ(status(), 500);
  ASSERT_TRUE(engine.add(misbehaviour(R"({"name": "b", "then": {"reply": {"status": 501}}})")));
  EXPECT_EQ(status(), 500) << "appended: the first wins";
  ASSERT_TRUE(engine.add(misbehaviour(R"({"name": "c", "then": {"reply": {"status": 502}}})"),
                         Place::first));
  EXPECT_EQ(status(), 502);
  EXPECT_TRUE(engine.remove("c"));
  EXPECT_FALSE(engine.remove("c"));
  EXPECT_EQ(status(), 501) << "a has fired three times";
  engine.reset_counts();
  EXPECT_EQ(status(), 500);
  EXPECT_EQ(engine.report().at(0).fired, 1U);
  engine.clear();
  EXPECT_EQ(status(), 204);
  EXPECT_TRUE(engine.report().empty());
}

TEST_F(Interceptor, ARequestSortsOutRulesThatWereAddedAfterTheOneBefore) {
  RuleInterceptor engine{{}, world_.services};
  const auto add = [&](const std::string& name, Place place) {
    return engine
        .add(misbehaviour(R"({"name": ")" + name + R"(", "when": {"headers": {"X": ")" + name +
                          R"("}}, "then": {"reply": {"reason": ")" + name + R"("}}})"),
             place)
        .has_value();
  };
  const auto reason = [&](const std::string& header) {
    return exchange(engine, request("GET", "/files/u1", {{"X", header}}), reply(200)).reply.reason;
  };
  ASSERT_TRUE(add("b", Place::last));
  EXPECT_EQ(reason("b"), "b");
  EXPECT_EQ(reason("c"), "");
  ASSERT_TRUE(add("c", Place::last));
  EXPECT_EQ(engine.report().at(1).near_miss, "no request had its method and route");
  EXPECT_EQ(reason("b"), "b");
  EXPECT_EQ(engine.report().at(1).near_miss, "header X");
  EXPECT_EQ(reason("c"), "c");
  ASSERT_TRUE(add("a", Place::first));
  EXPECT_EQ(reason("a"), "a");
  EXPECT_FALSE(add("a", Place::last));
  EXPECT_TRUE(engine.remove("a"));
  EXPECT_EQ(reason("a"), "");
  EXPECT_TRUE(add("a", Place::last));
  const auto reports = engine.report();
  ASSERT_EQ(reports.size(), 3U);
  EXPECT_EQ(reports[0].name, "b");
  EXPECT_EQ(reports[0].fired, 2U);
  EXPECT_EQ(reports[2].name, "a");
}

TEST_F(Interceptor, RulesAreBounded) {
  RuleInterceptor engine{{}, world_.services};
  const auto add = [&](const std::string& name, std::string json = "{}") {
    Misbehaviour one;
    one.name = name;
    one.rules.emplace_back();
    one.rules.back().name = name;
    one.rules.back().json = std::move(json);
    return engine.add(std::move(one));
  };
  for (std::size_t i = 0; i < rule_limit; ++i) ASSERT_TRUE(add(engine.free_name()));
  const auto full = add("z");
  ASSERT_FALSE(full.has_value());
  EXPECT_THAT(full.error().line(), HasSubstr("at most 10000"));
  EXPECT_EQ(engine.report().size(), rule_limit);
  EXPECT_EQ(engine.report().back().name, "rule-10000");
  EXPECT_TRUE(engine.remove("rule-7"));
  EXPECT_EQ(engine.free_name(), "rule-7");
  EXPECT_TRUE(add("z"));

  engine.clear();
  EXPECT_EQ(engine.free_name(), "rule-1");
  const std::string text(3UL << 20U, 'x');
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(add(std::to_string(i), text));
  const auto long_ones = add("5", text);
  ASSERT_FALSE(long_ones.has_value());
  EXPECT_THAT(long_ones.error().line(), HasSubstr("16.0 MiB"));
}

TEST_F(Interceptor, APageOfTheReportGoesOnWhereTheLastEnded) {
  RuleInterceptor engine{{}, world_.services};
  for (const auto* name : {"a", "b", "c"})
    ASSERT_TRUE(engine.add(
        misbehaviour(std::string(R"({"name": ")") + name + R"(", "then": {"socket": "fin"}})")));
  auto page = engine.report(std::numeric_limits<std::int64_t>::min(), 2);
  ASSERT_EQ(page.rules.size(), 2U);
  ASSERT_TRUE(page.next.has_value());
  EXPECT_TRUE(engine.remove("b"));
  page = engine.report(*page.next, 2);
  ASSERT_EQ(page.rules.size(), 1U);
  EXPECT_EQ(page.rules[0].name, "c");
  EXPECT_FALSE(page.next.has_value());
}

TEST_F(Interceptor, RulesThatDoNotFitLeaveTheOthersAlone) {
  auto engine = rules(R"({"name": "a", "then": {"reply": {"status": 500}}})");
  std::vector<Misbehaviour> two;
  two.push_back(misbehaviour(R"({"name": "b", "then": {"reply": {"reason": "x"}}})"));
  two.push_back(misbehaviour(R"({"name": "a", "then": {"reply": {"status": 501}}})"));
  const auto twin = engine.add(std::move(two));
  ASSERT_FALSE(twin.has_value());
  EXPECT_THAT(twin.error().line(), HasSubstr("'a'"));
  const auto mark = engine.add(misbehaviour(R"({"then": {"socket": "rst"}, "needs": "m"})"));
  ASSERT_FALSE(mark.has_value());
  EXPECT_THAT(mark.error().line(), HasSubstr("'m'"));
  EXPECT_EQ(engine.report().size(), 1U);
}

TEST_F(Interceptor, ARemovedNameMayStandForSeveralRules) {
  auto engine = rules(R"({"name": "story", "rules": [{"name": "a", "then": {"socket": "rst"}},
                                                     {"then": {"pace": {"reply": "1s"}}}]})");
  EXPECT_EQ(engine.report().at(1).name, "story#2");
  EXPECT_EQ(engine.report().at(1).misbehaviour, "story");
  EXPECT_EQ(engine.report().at(1).json, R"({"then":{"pace":{"reply":"1s"}}})");
  EXPECT_TRUE(engine.remove("story"));
  EXPECT_TRUE(engine.report().empty());
}

TEST_F(Interceptor, ARequestKeepsTheRulesItBeganWith) {
  auto engine = rules(R"({"name": "a", "then": {"reply": {"status": 500}}})");
  auto asked = request("PATCH", "/files/u1");
  auto intercept = engine.begin(asked);
  engine.clear();
  ASSERT_TRUE(engine.add(misbehaviour(R"({"name": "b", "then": {"reply": {"status": 501}}})")));
  intercept->on_request(asked);
  auto answer = reply(204);
  intercept->on_reply(answer);
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(intercept->fired(), std::vector<std::string>{"a"});
  EXPECT_EQ(engine.report().at(0).matched, 0U);
}

TEST_F(Interceptor, ARuleWhoseExpressionTakesTooLongIsNamedAndDoesNotMatch) {
  std::vector<std::string> warnings;
  RuleOptions options;
  options.warn = [&](std::string_view line) { warnings.emplace_back(line); };
  auto engine = rules(R"({"rules": [
    {"name": "header", "when": {"headers": {"X": {"regex": "(a*)\\1*b"}}}, "then": {"reply": {"status": 500}}},
    {"name": "reply", "when": {"reply": {"headers": {"Y": {"regex": "(a*)\\1*b"}}}}, "then": {"reply": {"status": 500}}},
    {"name": "edit", "then": {"reply": {"body": {"regex": "(a*)\\1*b", "with": ""}}}},
    {"name": "fine", "when": {"headers": {"X": {"regex": "(a*)*b"}}}, "then": {"reply": {"reason": "fine"}}}
  ]})",
                      std::move(options));
  const std::string as(15UL << 10U, 'a');
  const auto ask = [&](const std::string& header, const std::string& reply_header,
                       const std::string& body) {
    return exchange(engine, request("GET", "/files/u1", {{"X", header}}),
                    reply(200, {{"Y", reply_header}}, body))
        .reply;
  };
  EXPECT_EQ(ask(as, "", "").status, 200);
  EXPECT_EQ(ask("", as, "").status, 200);
  EXPECT_EQ(ask("", "", as).body, as);
  EXPECT_EQ(ask(as, "", "").status, 200);
  // What is not too long for it still matches.
  const auto matched = ask("aab", "b", "xaaby");
  EXPECT_EQ(matched.status, 500);
  EXPECT_EQ(matched.reason, "fine");
  EXPECT_EQ(matched.body, "xy");

  std::map<std::string, RuleReport> reports;
  for (const auto& one : engine.report()) reports[one.name] = one;
  EXPECT_EQ(reports["header"].gave_up, 2U);
  EXPECT_GE(reports["reply"].gave_up, 1U);
  EXPECT_GE(reports["edit"].gave_up, 1U);
  EXPECT_EQ(reports["fine"].gave_up, 0U);
  ASSERT_EQ(warnings.size(), 3U);
  for (const auto& line : warnings) EXPECT_THAT(line, HasSubstr("takes too long"));
  EXPECT_THAT(warnings[0], HasSubstr("'header'"));
}

TEST_F(Interceptor, AnExpressionThatTakesTooLongIsTheNearMiss) {
  auto engine =
      rules(R"({"name": "r", "when": {"path": "(a*)\\1*b"}, "then": {"reply": {"status": 500}}})");
  exchange(engine, request("GET", "/" + std::string(15UL << 10U, 'a')), reply(404));
  EXPECT_THAT(engine.report().front().near_miss, HasSubstr("takes too long"));
}

TEST_F(Interceptor, ReportsWhatBecameOfEachRule) {
  world_.upload("u1", 10, "abcd");
  auto engine = rules(R"({"rules": [
    {"name": "used", "when": {"method": "PATCH", "nth": [1, 2]}, "then": {"socket": "rst"}, "times": 1},
    {"name": "unasked", "when": {"method": "DELETE"}, "then": {"socket": "rst"}},
    {"name": "header", "when": {"headers": {"Upload-Checksum": true}}, "then": {"socket": "rst"}},
    {"name": "state", "when": {"upload": {"complete": true}}, "then": {"socket": "rst"}},
    {"name": "status", "when": {"reply": {"status": 409}}, "then": {"socket": "rst"}},
    {"name": "body", "when": {"method": "PATCH", "body_byte": 99}, "then": {"socket": "rst"}},
    {"name": "chance", "when": {"nth": 9}, "then": {"socket": "rst"}}]})");
  for (int i = 0; i < 3; ++i) exchange(engine, request("PATCH", "/files/u1"), reply(204));
  std::map<std::string, RuleReport> reports;
  for (const auto& report : engine.report()) reports[report.name] = report;
  EXPECT_EQ(reports["used"].fired, 1U);
  EXPECT_TRUE(reports["used"].exhausted);
  EXPECT_EQ(reports["used"].near_miss, "");
  EXPECT_THAT(reports["unasked"].near_miss, HasSubstr("method"));
  EXPECT_EQ(reports["header"].near_miss, "header Upload-Checksum");
  EXPECT_EQ(reports["state"].near_miss, "upload complete");
  EXPECT_EQ(reports["status"].near_miss, "reply status");
  EXPECT_THAT(reports["body"].near_miss, HasSubstr("body_byte"));
  EXPECT_EQ(reports["chance"].matched, 3U);
  EXPECT_THAT(reports["chance"].near_miss, HasSubstr("nth"));
}

/// Which of the PATCHes of each of `files` fails, when they come in the order of `turns`.
std::map<std::string, std::string> failures(RuleInterceptor& engine, const std::string& id_prefix,
                                            const std::vector<int>& turns) {
  std::map<std::string, std::string> fired;
  for (const auto turn : turns) {
    const auto file = std::to_string(turn);
    fired[file] +=
        exchange(engine, request("PATCH", "/files/" + id_prefix + file), reply(204)).reply.status ==
                500
            ? 'x'
            : '.';
  }
  return fired;
}

TEST(Chance, DependsOnSeedAndClientNotOnOrderOrServerIds) {
  constexpr auto json =
      R"({"name": "r", "when": {"method": "PATCH", "probability": 0.3}, "then": {"reply": {"status": 500}}})";
  std::vector<int> one_by_one;
  std::vector<int> mixed;
  for (int file = 0; file < 8; ++file)
    for (int i = 0; i < 25; ++i) one_by_one.push_back(file);
  for (int i = 0; i < 25; ++i)
    for (int file = 7; file >= 0; --file) mixed.push_back(file);

  const auto run = [&](std::uint64_t seed, const std::string& ids, const std::vector<int>& turns) {
    World world;
    for (int file = 0; file < 8; ++file) {
      const auto id = ids + std::to_string(file);
      world.upload(id, 1000, "", "file-" + std::to_string(file));
      auto upload = *world.store->find(id);
      edit_tus(upload).metadata.set("upload_id", id);
      EXPECT_TRUE(world.store->update(upload).has_value());
    }
    Rules engine{json, {.seed = seed, .server_metadata = {"upload_id"}}, world.services};
    return failures(engine, ids, turns);
  };
  const auto first = run(1, "a", one_by_one);
  EXPECT_EQ(first, run(1, "a", one_by_one));
  EXPECT_EQ(first, run(1, "b", mixed));
  EXPECT_NE(first, run(2, "a", one_by_one));
  EXPECT_NE(first.at("0"), first.at("1"));
  std::size_t fired = 0;
  for (const auto& [file, marks] : first)
    fired += static_cast<std::size_t>(std::count(marks.begin(), marks.end(), 'x'));
  EXPECT_GT(fired, 30U) << "of 200 at 0.3";
  EXPECT_LT(fired, 90U) << "of 200 at 0.3";
}

// ---- nothing without a matching rule

TEST(Untouched, NoRuleOfTheProgramChangesARequestItDoesNotMatch) {
  // Requests that no misbehaviour names: every one must come through as it went in.
  World world;
  auto all = list_named(Named::defect);
  for (auto& fault : list_named(Named::fault)) all.push_back(std::move(fault));
  RuleInterceptor engine{{}, world.services};
  ASSERT_TRUE(engine.add(std::move(all)).has_value());
  for (const auto* path : {"/redelivery-of-nothing", "/route/x/y", "/nope", "/files/a/b/c"}) {
    const auto before = request("POST", path, {{"Accept", "*/*"}, {"X", "1"}, {"x", "2"}});
    const auto answer = reply(404, {{"Content-Type", "text/plain"}}, "404 page not found\n");
    const auto got = exchange(engine, before, answer);
    EXPECT_EQ(got.request.fields, before.fields) << path;
    EXPECT_EQ(got.request.method, before.method) << path;
    EXPECT_EQ(got.request.target, before.target) << path;
    EXPECT_FALSE(got.request_plan.instead.has_value()) << path;
    EXPECT_EQ(got.request_plan.end, SocketEnd::keep) << path;
    EXPECT_EQ(got.reply.status, answer.status) << path;
    EXPECT_EQ(got.reply.fields, answer.fields) << path;
    EXPECT_EQ(got.reply.body, answer.body) << path;
    EXPECT_TRUE(got.reply_plan.send) << path;
    EXPECT_FALSE(got.reply_plan.raw.has_value()) << path;
    EXPECT_EQ(got.reply_plan.end, SocketEnd::keep) << path;
  }
}

TEST(Untouched, ARuleThatDoesNotFireLeavesRequestReplyAndStoreAlone) {
  World world;
  world.upload("u1", 10, "abcd");
  Rules engine{R"({"when": {"method": "PATCH", "nth": 99}, "then": {"commit": {"bytes": "none"},
    "request": {"headers": {"drop": "Upload-Offset"}}, "reply": {"status": 500}, "socket": "rst"}})",
               {},
               world.services};
  auto asked = request("PATCH", "/files/u1", {{"Upload-Offset", "4"}, {"Content-Length", "3"}});
  const auto before = asked.fields;
  auto intercept = engine.begin(asked);
  ASSERT_NE(intercept, nullptr);
  EXPECT_EQ(intercept->on_request(asked).end, SocketEnd::keep);
  EXPECT_EQ(asked.fields, before);
  auto& services = intercept->services(world.services);
  EXPECT_EQ(append_all(services.store, "u1", {"ef", "g"}), 7U);
  auto answer = reply(204, {{"Upload-Offset", "7"}});
  const auto plan = intercept->on_reply(answer);
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.fields, (::http::Fields{{"Upload-Offset", "7"}}));
  EXPECT_EQ(plan.end, SocketEnd::keep);
  EXPECT_EQ(world.stored("u1"), "abcdefg");
}

}  // namespace
}  // namespace mock::misbehave
