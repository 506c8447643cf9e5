// Conditions on numbers, on how a request came, on how many come, and on other uploads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "misbehave/test_rules.hpp"

namespace mock::misbehave {
namespace {

using testing::HasSubstr;

class Conditions : public testing::Test {
 protected:
  /// One rule, with that `when`, that makes the status 500.
  Rules rules(const std::string& when) {
    return {
        R"({"when": )" + when + R"(, "then": {"reply": {"status": 500}}})", {}, world_.services};
  }
  static bool fires(RuleInterceptor& engine, Request asked, Reply answer = reply(204)) {
    return exchange(engine, std::move(asked), std::move(answer)).reply.status == 500;
  }
  World world_;
};

std::string error_of(const std::string& rule) {
  const auto loaded = load_text(rule, "my.json");
  return loaded ? "(loaded)" : loaded.error().line();
}

/// `when` is refused, in these words.
struct Refused {
  const char* when;
  const char* says;
};

void expect_refused(std::initializer_list<Refused> cases) {
  for (const auto& [when, says] : cases)
    EXPECT_THAT(error_of(std::string{R"({"when": )"} + when + R"(, "then": {"socket": "rst"}})"),
                HasSubstr(says))
        << when;
}

/// The `when` of two rules, of which the first hides the second or does not.
struct Pair {
  const char* first;
  const char* second;
};

void expect_hidden(bool hidden, std::initializer_list<Pair> pairs) {
  for (const auto& [first, second] : pairs) {
    const auto error = error_of(std::string{R"({"rules": [{"when": )"} + first +
                                R"(, "then": {"socket": "rst"}}, {"when": )" + second +
                                R"(, "then": {"socket": "fin"}}]})");
    EXPECT_EQ(error.find("stands behind") != std::string::npos, hidden)
        << first << " then " << second << ": " << error;
    EXPECT_TRUE(hidden || error == "(loaded)") << first << " then " << second << ": " << error;
  }
}

// ---- numbers

TEST_F(Conditions, ANumberIsComparedWithConstantsAndWithTheRequest) {
  struct Case {
    const char* when;
    const char* length;  ///< of the body
    bool fires;
  };
  const Case cases[] = {
      {R"({"headers": {"Content-Length": {"above": 10}}})", "10", false},
      {R"({"headers": {"Content-Length": {"above": 10}}})", "11", true},
      {R"({"headers": {"Content-Length": {"below": "1KiB"}}})", "1023", true},
      {R"({"headers": {"Content-Length": {"below": "1KiB"}}})", "1024", false},
      {R"({"headers": {"Content-Length": {"multiple_of": 4}}})", "12", true},
      {R"({"headers": {"Content-Length": {"multiple_of": 4}}})", "13", false},
      {R"({"headers": {"Content-Length": {"not_multiple_of": 4}}})", "12", false},
      {R"({"headers": {"Content-Length": {"not_multiple_of": 4}}})", "13", true},
      {R"({"headers": {"Content-Length": {"same_as": "{length-offset}"}}})", "996", true},
      {R"({"headers": {"Content-Length": {"same_as": "{length-offset}"}}})", "995", false},
      {R"({"headers": {"Content-Length": {"other_than": "{length}"}}})", "1000", false},
      {R"({"headers": {"Content-Length": {"above": "{request.x-most}"}}})", "8", true},
      {R"({"headers": {"Content-Length": {"above": "{request.x-none}"}}})", "8", false},
      {R"({"headers": {"Content-Length": {"above": 5, "below": 9, "not_multiple_of": 2}}})", "7",
       true},
      {R"({"headers": {"Content-Length": {"above": 5, "below": 9, "not_multiple_of": 2}}})", "8",
       false},
      {R"({"headers": {"X-Text": {"above": 0}}})", "7", false},
      {R"({"headers": {"X-Huge": {"above": "1TiB"}}})", "7", true},
      {R"({"headers": {"Upload-Offset": {"same_as": 4}}})", "7", true},
      {R"({"upload": {"length": {"above": 999}}})", "7", true},
      {R"({"upload": {"length": 1000, "offset": {"multiple_of": 4}}})", "7", true},
      {R"({"upload": {"offset": {"above": 4}}})", "7", false},
      {R"({"metadata": {"filename": {"above": 41}}})", "7", true},
      {R"({"metadata": {"filename": {"above": 42}}})", "7", false},
      {R"({"reply": {"headers": {"Upload-Offset": {"above": "{offset}"}}}})", "7", true},
      {R"({"reply": {"json": {"/size": {"below": 10}}}})", "7", true},
  };
  for (const auto& [when, length, fires] : cases) {
    World world;
    world.upload("u1", 1000, "abcd", "42");
    Rules engine{std::string{R"({"when": )"} + when + R"(, "then": {"reply": {"status": 500}}})",
                 {},
                 world.services};
    const auto asked = request("PATCH", "/files/u1",
                               {{"Content-Length", length},
                                {"Upload-Offset", "4"},
                                {"X-Most", "7"},
                                {"X-Text", "seven"},
                                {"X-Huge", "99999999999999999999999"}});
    EXPECT_EQ(this->fires(engine, asked, reply(200, {{"Upload-Offset", "5"}}, R"({"size": 9})")),
              fires)
        << when << " of " << length;
  }
}

TEST_F(Conditions, TheLengthOfACreationIsThatOfItsUpload) {
  auto engine = rules(R"({"method": "POST", "upload": {"length": {"above": "1MiB"}}})");
  EXPECT_TRUE(fires(engine, request("POST", "/files", {{"Upload-Length", "1048577"}})));
  EXPECT_FALSE(fires(engine, request("POST", "/files", {{"Upload-Length", "1048576"}})));
  EXPECT_EQ(engine.report()[0].fired, 1U);
  auto never = rules(R"({"upload": {"length": {"above": 9}}})");
  EXPECT_FALSE(fires(never, request("POST", "/files", {{"Upload-Defer-Length", "1"}})));
  EXPECT_EQ(never.report()[0].near_miss, "upload length");
}

TEST_F(Conditions, WhatNoNumberFulfilsIsRefused) {
  expect_refused({
      {R"({"headers": {"A": {"abov": 1}}})", "did you mean above?"},
      {R"({"headers": {"A": {"above": 1, "equals": "2"}}})", "either a text or a number"},
      {R"({"headers": {"A": {}}})", "names nothing"},
      {R"({"headers": {"A": {"above": 4, "below": 5}}})", "no number"},
      {R"({"headers": {"A": {"below": 0}}})", "no number"},
      {R"({"headers": {"A": {"same_as": 3, "multiple_of": 2}}})", "no number"},
      {R"({"headers": {"A": {"above": 4, "below": 8, "multiple_of": 8}}})", "no number"},
      {R"({"headers": {"A": {"multiple_of": 8, "not_multiple_of": 4}}})", "no number"},
      {R"({"headers": {"A": {"above": 7, "below": 9, "other_than": 8}}})", "no number"},
      {R"({"headers": {"A": {"multiple_of": 0}}})", "multiple of 0"},
      {R"({"headers": {"A": {"above": "12 lightyears"}}})", "headers.A.above"},
      {R"({"headers": {"A": {"above": "{ofset}"}}})", "ofset"},
      {R"({"headers": {"A": {"above": "{received}"}}})", "no byte of the body"},
      {R"({"headers": {"A": {"above": "{reply.date}"}}})", "handler has not answered"},
      {R"({"headers": {"A": {"above": "{token}"}}})", "conditions know"},
      {R"({"route": "creation", "headers": {"A": {"above": "{offset}"}}})", "not created yet"},
      {R"({"route": "creation", "upload": {"offset": 1}})", "offset"},
      {R"({"upload": {"deferred": true, "length": {"above": 1}}})", "deferred length is none"},
      {R"({"upload": {"exists": false, "length": {"above": 1}}})", "has no state"},
      {R"({"route": "health", "upload": {"length": 1}})", "no such route"},
  });
}

TEST_F(Conditions, ANarrowerNumberBehindAWiderOneIsHidden) {
  expect_hidden(true,
                {
                    {R"({"headers": {"A": {"above": 5}}})", R"({"headers": {"A": {"above": 6}}})"},
                    {R"({"headers": {"A": {"above": 5}}})", R"({"headers": {"A": "6"}})"},
                    {R"({"headers": {"A": true}})", R"({"headers": {"A": {"above": 6}}})"},
                    {R"({"upload": {"length": {"below": "1MiB"}}})",
                     R"({"upload": {"length": {"below": 9, "above": 2}}})"},
                    {R"({"metadata": {"n": {"multiple_of": 3}}})",
                     R"({"metadata": {"n": {"multiple_of": 9}}})"},
                    {R"({"metadata": {"n": {"not_multiple_of": 9}}})",
                     R"({"metadata": {"n": {"not_multiple_of": 3}}})"},
                    {R"({"headers": {"A": {"above": "{offset}"}}})",
                     R"({"headers": {"A": {"above": "{offset}", "below": 8}}})"},
                });
  expect_hidden(
      false,
      {
          {R"({"headers": {"A": {"above": 5}}})", R"({"headers": {"A": {"above": 4}}})"},
          {R"({"headers": {"A": {"above": 5}}})", R"({"headers": {"A": "5"}})"},
          {R"({"headers": {"A": {"above": 5}}})", R"({"headers": {"A": true}})"},
          {R"({"headers": {"above": "5"}})", R"({"headers": {"above": "6"}})"},
          {R"({"metadata": {"n": {"multiple_of": 9}}})",
           R"({"metadata": {"n": {"multiple_of": 3}}})"},
          {R"({"headers": {"A": {"above": "{offset}"}}})", R"({"headers": {"A": {"above": 7}}})"},
          {R"({"upload": {"length": {"above": 5}}, "probability": 0.5})",
           R"({"upload": {"length": {"above": 6}}})"},
      });
}

// ---- how a request came

TEST_F(Conditions, HowARequestCame) {
  const auto came = [&](const std::string& when, auto edit) {
    auto asked = request("HEAD", "/files/u1", {{"upload-offset", "4"}, {"Tus-Resumable", "1.0.0"}});
    asked.connected = asked.idle_since = asked.received = world_.loop.now();
    edit(asked);
    auto engine = rules(when);
    return fires(engine, std::move(asked));
  };
  const auto as_it_is = [](const Request&) {};
  EXPECT_FALSE(came(R"({"http_version": "1.0"})", as_it_is));
  EXPECT_TRUE(came(R"({"http_version": "1.0"})", [](Request& r) { r.minor_version = 0; }));
  EXPECT_TRUE(came(R"({"http_version": "1.1"})", as_it_is));

  EXPECT_TRUE(came(R"({"spelled": {"upload-offset": true}})", as_it_is));
  EXPECT_FALSE(came(R"({"spelled": {"Upload-Offset": true}})", as_it_is));
  EXPECT_TRUE(came(R"({"headers": {"Upload-Offset": true}, "spelled": {"Upload-Offset": false}})",
                   as_it_is));
  EXPECT_FALSE(came(R"({"spelled": {"Tus-Resumable": false}})", as_it_is));

  const auto third = [](Request& r) { r.nth = 3; };
  EXPECT_TRUE(came(R"({"on_connection": {"nth": [1, 3]}})", third));
  EXPECT_FALSE(came(R"({"on_connection": {"nth": 2}})", third));
  EXPECT_TRUE(came(R"({"on_connection": {"every": 3}})", third));
  EXPECT_FALSE(came(R"({"on_connection": {"every": 2}})", third));

  const auto after = [](int connected, int idle) {
    return [=](Request& r) {
      r.connected -= Milliseconds{connected};
      r.idle_since -= Milliseconds{idle};
    };
  };
  EXPECT_TRUE(came(R"({"on_connection": {"older_than": "1s"}})", after(1001, 0)));
  EXPECT_FALSE(came(R"({"on_connection": {"older_than": "1s"}})", after(1000, 0)));
  EXPECT_TRUE(came(R"({"on_connection": {"younger_than": "1s"}})", after(999, 0)));
  EXPECT_FALSE(came(R"({"on_connection": {"younger_than": "1s"}})", after(1000, 0)));
  EXPECT_TRUE(came(R"({"on_connection": {"idle_for": "1s"}})", after(2000, 1000)));
  EXPECT_FALSE(came(R"({"on_connection": {"idle_for": "1s"}})", after(2000, 999)));
}

TEST_F(Conditions, TheQueryOfTheTarget) {
  const auto came = [&](const std::string& when, std::string query) {
    auto asked = request("PUT", "/files/u1");
    asked.query = std::move(query);
    auto engine = rules(R"({"query": )" + when + "}");
    return fires(engine, std::move(asked));
  };
  EXPECT_TRUE(came(R"({"partNumber": true})", "uploadId=7&partNumber=1"));
  EXPECT_TRUE(came(R"({"partNumber": false})", "uploadId=7"));
  EXPECT_TRUE(came(R"({"uploads": true})", "uploads"));
  EXPECT_TRUE(came(R"({"uploads": ""})", "uploads="));
  EXPECT_FALSE(came(R"({"uploads": true})", ""));
  EXPECT_FALSE(came(R"({"partnumber": true})", "partNumber=1")) << "capitals count";
  EXPECT_TRUE(came(R"({"partNumber": {"above": 9}})", "partNumber=10"));
  EXPECT_FALSE(came(R"({"partNumber": {"above": 9}})", "partNumber=9"));
  EXPECT_TRUE(came(R"({"a b": {"regex": "^c/d$"}})", "a+b=c%2Fd")) << "it is decoded";
  EXPECT_TRUE(came(R"({"a": "1"})", "a=1&a=2"));
  EXPECT_FALSE(came(R"({"a": "2"})", "a=1&a=2"));
  EXPECT_TRUE(came(R"({"a": false})", "a=1&b=%zz")) << "what cannot be decoded has nothing";
}

TEST_F(Conditions, NoQueryIsLikeThat) {
  expect_refused({
      {R"({"query": {}})", "names nothing"},
      {R"({"query": {"": true}})", "never empty"},
      {R"({"query": "partNumber=1"})", "object"},
      {R"({"query": {"a": {"above": "{stored}"}}})", "not known there"},
      {R"({"connection": {"nth": 1}, "query": {"a": true}})", "when it is accepted"},
  });
  expect_hidden(true, {{R"({"query": {"a": true}})", R"({"query": {"a": true, "b": true}})"},
                       {R"({"query": {"a": {"above": 5}}})", R"({"query": {"a": {"above": 6}}})"}});
  expect_hidden(false, {{R"({"query": {"a": "1"}})", R"({"query": {"a": "2"}})"},
                        {R"({"query": {"a": true}})", R"({"query": {"b": true}})"},
                        {R"({"query": {"a": true}})", R"({"method": "PUT"})"}});
}

TEST_F(Conditions, NoRequestComesLikeThat) {
  expect_refused({
      {R"({"http_version": "2"})", "expected one of 1.0, 1.1"},
      {R"({"http_versoin": "1.0"})", "did you mean http_version?"},
      {R"({"spelled": {}})", "names nothing"},
      {R"({"spelled": {"a b": true}})", "header name"},
      {R"({"spelled": {"upload-offset": true}, "headers": {"Upload-Offset": false}})", "no way"},
      {R"({"on_connection": {}})", "names nothing"},
      {R"({"on_connection": {"idle": "1s"}})", "idle_for"},
      {R"({"on_connection": {"nth": 0}})", "never fire"},
      {R"({"on_connection": {"nth": 2, "every": 2}})", "exclude"},
      {R"({"on_connection": {"older_than": "2s", "younger_than": "2s"}})", "leave no age"},
      {R"({"on_connection": {"idle_for": "2s", "younger_than": "1s"}})", "leave no age"},
      {R"({"connection": {"nth": 1}, "http_version": "1.0"})", "when it is accepted"},
  });
  expect_hidden(true, {{R"({"http_version": "1.0"})",
                        R"({"http_version": "1.0", "on_connection": {"nth": 2}})"},
                       {R"({"spelled": {"a": true}})", R"({"spelled": {"a": true, "b": false}})"}});
  expect_hidden(false, {{R"({"on_connection": {"nth": 2}})", R"({"on_connection": {"nth": 3}})"},
                        {R"({"spelled": {"a": true}})", R"({"spelled": {"A": true}})"}});
}

// ---- how many come

TEST_F(Conditions, NthIsCountedForEachUploadOrConnection) {
  auto uploads = rules(R"({"nth": 2, "per": "upload"})");
  const auto patch = [&](const char* path) { return fires(uploads, request("PATCH", path)); };
  EXPECT_FALSE(patch("/files/u1"));
  EXPECT_FALSE(patch("/files/u2"));
  EXPECT_TRUE(patch("/files/u1"));
  EXPECT_TRUE(patch("/files/u2"));
  EXPECT_FALSE(patch("/files/u1"));
  EXPECT_EQ(uploads.report()[0].matched, 5U);
  uploads.reset_counts();
  EXPECT_FALSE(patch("/files/u1"));
  EXPECT_TRUE(patch("/files/u1"));

  auto connections = rules(R"({"every": 2, "per": "connection"})");
  const auto on = [&](std::uint64_t connection) {
    auto asked = request("HEAD", "/files/u1");
    asked.connection = connection;
    return fires(connections, std::move(asked));
  };
  EXPECT_FALSE(on(1));
  EXPECT_FALSE(on(2));
  EXPECT_TRUE(on(2));
  EXPECT_TRUE(on(1));
  EXPECT_FALSE(on(1));
}

TEST_F(Conditions, ARateIsCountedByTheClockAndTellsHowLongToWait) {
  Rules engine{R"({"when": {"method": "PATCH", "rate": {"above": 2, "in": "10s"}},
    "then": {"reply": {"early": true, "status": 429, "headers": {"set":
      {"Retry-After": "{retry_after}"}}}}})",
               {},
               world_.services};
  /// Retry-After; "": let through.
  const auto patch = [&] {
    auto asked = request("PATCH", "/files/u1");
    const auto intercept = engine.begin(asked);
    const auto plan = intercept->on_request(asked);
    auto answer = plan.instead.value_or(reply(204));
    intercept->on_reply(answer);
    return std::string{answer.fields.find("Retry-After").value_or("")};
  };
  EXPECT_EQ(patch(), "");
  world_.loop.advance(Milliseconds{2500});
  EXPECT_EQ(patch(), "");
  EXPECT_EQ(patch(), "8") << "7.5 s until the first falls out of the window";
  EXPECT_EQ(engine.report()[0].fired, 1U);
  world_.loop.advance(Milliseconds{7499});
  EXPECT_EQ(patch(), "1");
  world_.loop.advance(Milliseconds{1});
  EXPECT_EQ(patch(), "") << "what was refused is not counted";
  EXPECT_EQ(patch(), "3");
  engine.reset_counts();
  EXPECT_EQ(patch(), "");
}

TEST_F(Conditions, ARateMayBeThatOfEachUpload) {
  auto engine = rules(R"({"rate": {"above": 1, "in": "1s"}, "per": "upload"})");
  EXPECT_FALSE(fires(engine, request("PATCH", "/files/u1")));
  EXPECT_FALSE(fires(engine, request("PATCH", "/files/u2")));
  EXPECT_TRUE(fires(engine, request("PATCH", "/files/u1")));
  world_.loop.advance(Milliseconds{1000});
  EXPECT_FALSE(fires(engine, request("PATCH", "/files/u1")));
  EXPECT_EQ(engine.report()[0].near_miss, "");
}

TEST_F(Conditions, ConnectionsHaveARateToo) {
  Rules engine{R"({"when": {"rate": {"above": 2, "in": "1s"}},
    "then": {"connection": {"end": "rst"}}, "control": true})",
               {},
               world_.services};
  const auto refused = [&] { return engine.on_connection("", 1).end == SocketEnd::rst; };
  EXPECT_FALSE(refused());
  EXPECT_FALSE(refused());
  EXPECT_TRUE(refused());
  world_.loop.advance(Milliseconds{1000});
  EXPECT_FALSE(refused());
}

TEST_F(Conditions, RequestsAtOnceAreCountedUntilTheyAreOver) {
  auto engine = rules(R"({"method": "PATCH", "concurrent": {"above": 2}})");
  std::vector<std::unique_ptr<Intercept>> under_way;
  const auto begin = [&](const char* path) {
    auto asked = request("PATCH", path);
    under_way.push_back(engine.begin(asked));
    under_way.back()->on_request(asked);
    return !under_way.back()->fired().empty();
  };
  EXPECT_FALSE(begin("/files/u1"));
  EXPECT_FALSE(begin("/files/u2"));
  EXPECT_EQ(engine.report()[0].near_miss, "concurrent: not that many at once");
  EXPECT_TRUE(begin("/files/u3"));
  EXPECT_TRUE(begin("/files/u3")) << "the one that was refused is none of them";
  engine.reset_counts();
  EXPECT_TRUE(begin("/files/u3")) << "they go on, whatever becomes of the counts";
  under_way.erase(under_way.begin());
  EXPECT_FALSE(begin("/files/u3"));
  EXPECT_TRUE(begin("/files/u3"));
}

TEST_F(Conditions, RequestsAtOnceMayBeThoseOfEachUpload) {
  auto engine = rules(R"({"concurrent": {"above": 1}, "per": "upload"})");
  auto first = request("PATCH", "/files/u1");
  const auto under_way = engine.begin(first);
  under_way->on_request(first);
  EXPECT_FALSE(fires(engine, request("HEAD", "/files/u2")));
  EXPECT_TRUE(fires(engine, request("HEAD", "/files/u1")));
}

TEST_F(Conditions, WhatCannotBeCountedIsRefused) {
  expect_refused({
      {R"({"rate": {"above": 0, "in": "1s"}})", "above 0 with every match"},
      {R"({"rate": {"above": 5}})", "in"},
      {R"({"rate": {"above": 5, "in": "0s"}})", "no time"},
      {R"({"rate": {"abov": 5, "in": "1s"}})", "did you mean above?"},
      {R"({"rate": {"above": 100001, "in": "1s"}})", "counts to 100000"},
      {R"({"concurrent": {"above": 0}})", "above 0 with every match"},
      {R"({"concurent": {"above": 1}})", "did you mean concurrent?"},
      {R"({"per": "upload"})", "give one of them"},
      {R"({"per": "client", "nth": 1})", "expected one of lane, upload, connection"},
      {R"({"per": "upload", "nth": 2, "route": "creation"})", "each creation makes another"},
      {R"({"per": "upload", "nth": 2, "route": "health"})", "no such route"},
      {R"({"connection": {"nth": 1}, "concurrent": {"above": 1}})", "when it is accepted"},
      {R"({"headers": {"A": {"above": "{retry_after}"}}})", "conditions know"},
  });
  EXPECT_THAT(error_of(R"({"then": {"reply": {"headers": {"set": {"A": "{retry_after}"}}}}})"),
              HasSubstr("only a rule with a rate"));
  EXPECT_THAT(error_of(R"({"when": {"nth": 2, "per": "upload"}, "then":
                          {"connection": {"end": "rst"}}})"),
              HasSubstr("about none"));
  expect_hidden(false, {{R"({"rate": {"above": 5, "in": "1s"}})", "{}"},
                        {R"({"concurrent": {"above": 5}})", R"({"concurrent": {"above": 6}})"},
                        {R"({"nth": 1, "per": "upload"})", R"({"nth": 2, "per": "upload"})"}});
}

TEST_F(Conditions, WhatIsCountedMayBeLeftToChance) {
  Rules engine{R"({"when": {"rate": {"above": 1, "in": "1h"}, "probability": 0.5},
    "then": {"reply": {"status": 500}}})",
               {.seed = 7},
               world_.services};
  int fired = 0;
  for (int i = 0; i < 101; ++i) fired += fires(engine, request("PATCH", "/files/u1")) ? 1 : 0;
  EXPECT_GT(fired, 25);
  EXPECT_LT(fired, 75);
  EXPECT_EQ(engine.report()[0].matched, 100U);
}

// ---- how long it lasts

TEST_F(Conditions, ABodyThatLastsIsAnsweredOrCutOff) {
  world_.upload("u1", 10, "");
  Rules engine{R"({"rules": [
    {"when": {"body_lasts": "5s", "metadata": {"filename": false}},
     "then": {"reply": {"early": true, "status": 408}}},
    {"when": {"body_lasts": "9s"}, "then": {"socket": "rst"}}]})",
               {},
               world_.services};
  auto asked = request("PATCH", "/files/u1", {{"Content-Length", "10"}});
  auto intercept = engine.begin(asked);
  intercept->on_request(asked);
  ASSERT_EQ(intercept->next_alarm(), Milliseconds{5000});
  const auto plan = intercept->on_alarm(Milliseconds{5000});
  ASSERT_TRUE(plan.instead.has_value());
  EXPECT_EQ(plan.instead->status, 408);
  EXPECT_EQ(intercept->next_alarm(), Milliseconds{9000});
  EXPECT_EQ(intercept->on_alarm(Milliseconds{9500}).end, SocketEnd::rst);
  EXPECT_EQ(intercept->next_alarm(), std::nullopt);

  auto in_time = request("PATCH", "/files/u1", {{"Content-Length", "10"}});
  Rules alone{R"({"when": {"body_lasts": "5s"}, "then": {"socket": "rst"}})", {}, world_.services};
  EXPECT_EQ(exchange(alone, in_time, reply(204)).reply_plan.end, SocketEnd::keep);
  EXPECT_EQ(alone.report()[0].near_miss, "body_lasts: the body was whole in time");
  EXPECT_FALSE(exchange(alone, request("PATCH", "/files/u1"), reply(204)).touched);
}

TEST_F(Conditions, ABodyThatCannotLastIsRefused) {
  expect_refused({
      {R"({"body_lasts": "0s"})", "is no time"},
      {R"({"body_last": "1s"})", "did you mean body_lasts?"},
      {R"({"body_lasts": "1s", "method": "GET"})", "has no body"},
      {R"({"body_lasts": "1s", "body_byte": 4})", "different moments"},
      {R"({"body_lasts": "1s", "event": "overrun"})", "different moments"},
      {R"({"body_lasts": "1s", "reply": {"status": 204}})", "different moments"},
  });
  EXPECT_THAT(error_of(R"({"when": {"body_lasts": "1s"}, "then": {"commit": {"skip": "create"}}})"),
              HasSubstr("before the body"));
  EXPECT_THAT(error_of(R"({"when": {"body_lasts": "1s"}, "then": {"reply":
                          {"early": "after_body", "status": 408}}})"),
              HasSubstr("only 'now'"));
  expect_hidden(true, {{R"({"body_lasts": "1s"})", R"({"body_lasts": "1s", "method": "PATCH"})"}});
  expect_hidden(false,
                {{R"({"body_lasts": "1s"})", R"({"body_lasts": "2s"})"},
                 {R"({"body_lasts": "1s", "probability": 0.5})", R"({"body_lasts": "1s"})"}});
}

TEST_F(Conditions, TheTimeSinceTheLastByteIsNotTheAge) {
  world_.upload("u1", 10, "");
  const auto holds = [&](const char* when) {
    auto engine = rules(when);
    return fires(engine, request("PATCH", "/files/u1"));
  };
  world_.loop.advance(Milliseconds{60'000});
  ASSERT_TRUE(world_.store->append("u1", Bytes{0}, bytes_of("ab")).has_value());
  world_.loop.advance(Milliseconds{10'000});
  EXPECT_TRUE(holds(R"({"upload": {"unwritten_for": "10s"}})"));
  EXPECT_FALSE(holds(R"({"upload": {"unwritten_for": "11s"}})"));
  EXPECT_TRUE(holds(R"({"upload": {"written_within": "11s", "older_than": "1m"}})"));
  EXPECT_FALSE(holds(R"({"upload": {"written_within": "10s"}})"));
  expect_refused({
      {R"({"upload": {"unwritten_for": "2s", "written_within": "1s"}})", "leave no time"},
      {R"({"upload": {"unwritten_for": "2s", "younger_than": "1s"}})", "not that old"},
      {R"({"upload": {"unwriten_for": "2s"}})", "did you mean unwritten_for?"},
      {R"({"route": "creation", "upload": {"unwritten_for": "2s"}})", "not creation"},
      {R"({"upload": {"exists": false, "written_within": "2s"}})", "has no state"},
  });
}

// ---- parts and other uploads

TEST_F(Conditions, PartsAreCountedAndHaveAnOrder) {
  for (const auto* id : {"p1", "p2", "p3"}) {
    world_.upload(id, 1, "a");
    world_.loop.advance(Milliseconds{1});
  }
  const auto holds = [&](const char* when, const char* parts) {
    auto engine = rules(when);
    return fires(engine, request("POST", "/files", {{"Upload-Concat", parts}}));
  };
  const auto* in_order = "final;/files/p1 http://h/files/p2 /files/p3";
  const auto* mixed = "final;/files/p1 /files/p3 /files/p2";
  EXPECT_TRUE(holds(R"({"upload": {"parts": {"count": 3}}})", in_order));
  EXPECT_TRUE(holds(R"({"upload": {"parts": {"count": {"above": 2}}}})", in_order));
  EXPECT_FALSE(holds(R"({"upload": {"parts": {"count": {"above": 3}}}})", in_order));
  EXPECT_TRUE(holds(R"({"upload": {"parts": {"in_order": true}}})", in_order));
  EXPECT_FALSE(holds(R"({"upload": {"parts": {"in_order": true}}})", mixed));
  EXPECT_TRUE(holds(R"({"upload": {"parts": {"in_order": false, "repeated": false}}})", mixed));
  EXPECT_TRUE(holds(R"({"upload": {"parts": {"repeated": true}}})", "final;/files/p1 /files/p1"));
  EXPECT_FALSE(holds(R"({"upload": {"parts": {"count": {"below": 9}}}})", "partial"));
  expect_refused({
      {R"({"upload": {"parts": {}}})", "names nothing"},
      {R"({"upload": {"parts": {"cuont": 1}}})", "did you mean count?"},
      {R"({"upload": {"parts": {"count": {"below": 1}}}})", "at least one"},
      {R"({"upload": {"parts": {"count": 1, "repeated": true}}})", "not repeated"},
      {R"({"upload": {"kind": "partial", "parts": {"count": 1}}})", "only a final"},
      {R"({"upload": {"deferred": true, "parts": {"count": 1}}})", "deferred length"},
  });
  expect_hidden(true, {{R"({"upload": {"parts": {"count": {"above": 2}}}})",
                        R"({"upload": {"parts": {"count": {"above": 3}, "in_order": false}}})"}});
}

TEST_F(Conditions, AnotherUploadIsWrittenTo) {
  world_.upload("u1", 10, "");
  world_.upload("u2", 10, "");
  auto engine = rules(R"({"upload": {"others": {"locked": true}}})");
  EXPECT_FALSE(fires(engine, request("PATCH", "/files/u1")));
  EXPECT_EQ(engine.report()[0].near_miss, "upload others locked");
  world_.locks.held = "u2";
  EXPECT_TRUE(fires(engine, request("PATCH", "/files/u1")));
  EXPECT_TRUE(fires(engine, request("POST", "/files")));
  EXPECT_FALSE(fires(engine, request("PATCH", "/files/u2"))) << "it is its own";
  world_.locks.held = "of-another-lane";
  EXPECT_FALSE(fires(engine, request("PATCH", "/files/u1")));
  expect_refused({
      {R"({"upload": {"others": {}}})", "names nothing"},
      {R"({"upload": {"others": {"lokced": true}}})", "did you mean locked?"},
      {R"({"upload": {"others": {"marked": ""}}})", "is empty"},
  });
  expect_hidden(true, {{R"({"upload": {"others": {"locked": true}}})",
                        R"({"method": "PATCH", "upload": {"others": {"locked": true}}})"}});
}

TEST_F(Conditions, ARuleActsOnTheUploadsThatCarryAMark) {
  world_.upload("u1", 10, "abcd", "first");
  world_.upload("u2", 10, "efgh", "second");
  Rules engine{R"({"rules": [
    {"when": {"metadata": {"filename": "first"}}, "sets": "first"},
    {"when": {"method": "PATCH", "upload": {"others": {"marked": "first"}}},
     "then": {"upload": {"of": "first", "roll_back": 1, "at": "before"}}}]})",
               {},
               world_.services};
  exchange(engine, request("PATCH", "/files/u2"), reply(204));
  EXPECT_EQ(world_.stored("u1"), "abcd") << "nothing is marked yet";
  exchange(engine, request("PATCH", "/files/u1"), reply(204));
  EXPECT_EQ(world_.stored("u1"), "abcd") << "there is no other one";
  exchange(engine, request("PATCH", "/files/u2"), reply(204));
  EXPECT_EQ(world_.stored("u1"), "a");
  EXPECT_EQ(world_.stored("u2"), "efgh");
  const auto loaded = load_text(
      R"({"when": {"upload": {"others": {"marked": "x"}}}, "then": {"socket": "rst"}})", "x.json");
  ASSERT_TRUE(loaded.has_value()) << loaded.error().line();
  EXPECT_THAT(fit_together({&loaded->rules[0]}).error().line(), HasSubstr("'x'"));
}

// ---- what lasts

TEST_F(Conditions, AMarkAndALockSurviveARestart) {
  world_.upload("u1", 10, "");
  std::string file;
  const RuleOptions options{
      .kept = [&]() { return file.empty() ? std::nullopt : std::optional{file}; },
      .keep = [&](const std::string& text) { file = text; }};
  const std::string story = R"({"rules": [
    {"when": {"method": "PATCH"}, "then": {"upload": {"lock": "10m", "at": "before"}},
     "sets": "seen", "survives_restart": true},
    {"when": {"method": "HEAD"}, "then": {"reply": {"status": 500}}, "needs": "seen"}]})";
  {
    Rules engine{story, options, world_.services};
    EXPECT_FALSE(fires(engine, request("HEAD", "/files/u1")));
    exchange(engine, request("PATCH", "/files/u1"), reply(204));
  }
  EXPECT_FALSE(world_.locks.locked("u1"));
  world_.loop.advance(Milliseconds{60'000});
  Rules again{story, options, world_.services};
  EXPECT_TRUE(fires(again, request("HEAD", "/files/u1")));
  EXPECT_FALSE(fires(again, request("HEAD", "/files/u2")));
  EXPECT_TRUE(world_.locks.locked("u1"));
  world_.loop.advance(Milliseconds{539'999});
  EXPECT_TRUE(world_.locks.locked("u1"));
  world_.loop.advance(Milliseconds{1});
  EXPECT_FALSE(world_.locks.locked("u1"));
  again.reset_counts();
  EXPECT_EQ(file, "");
  EXPECT_FALSE(fires(again, request("HEAD", "/files/u1")));
  EXPECT_THAT(error_of(R"({"then": {"socket": "rst"}, "survives_restart": true})"),
              HasSubstr("leaves neither"));
}

TEST_F(Conditions, WhatARestartFindsTornIsForgottenAndTold) {
  std::string told;
  Rules engine{R"({"then": {"socket": "rst"}})",
               {.kept = [] { return std::optional<std::string>{R"({"marks": [)"}; },
                .warn = [&](std::string_view line) { told = line; }},
               world_.services};
  EXPECT_THAT(told, HasSubstr("forgotten: marks and locks of rules"));
}

}  // namespace
}  // namespace mock::misbehave
