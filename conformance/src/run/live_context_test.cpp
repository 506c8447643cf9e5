#include "run/live_context_fixture.hpp"

#include <gmock/gmock.h>

#include <future>
#include <string>
#include <utility>
#include <vector>

#include "protocol/base64.hpp"
#include "testkit/scripted_server.hpp"
#include "tus/target.hpp"

namespace conformance {
namespace {

using testing::HasSubstr;
using testing::Not;
using testkit::Peer;
using testkit::ScriptedServer;
using Kind = Outcome::Kind;

TEST_F(LiveContextTest, NothingIsSentToAnOriginThatOnlyTheTargetNamed) {
  session_->credentials = Credentials::given("tok");
  ScriptedServer stranger(testkit::answer(answer_of("204 No Content", "Upload-Offset: 0\r\n")));
  auto c = context();
  const std::string url = stranger.url("/files/1");
  EXPECT_FALSE(c->entrusts(url));
  for (const std::function<void()>& act :
       std::vector<std::function<void()>>{[&] { c->get(url); },
                                          [&] {
                                            c->exchange({"PATCH", url, {}, "abc"});
                                          },
                                          [&] {
                                            c->exchange_anonymously({"GET", url, {}, {}});
                                          }}) {
    const Outcome outcome = stop_of(act);
    EXPECT_EQ(outcome.kind, Kind::blocked);
    EXPECT_THAT(outcome.got, HasSubstr("--trust-origin " + stranger.url()));
  }
  EXPECT_EQ(stranger.connections(), 0U);
  EXPECT_THAT(evidence_->text(), HasSubstr("# not sent: PATCH"));

  session_->trusted.add(stranger.url("/elsewhere"));
  EXPECT_TRUE(c->entrusts(url));
  EXPECT_EQ(c->get(url).status, 204);
  EXPECT_THAT(evidence_->text(), HasSubstr("> Authorization: ***"));
}

TEST_F(LiveContextTest, ATokenEndpointElsewhereGetsNoToken) {
  session_->credentials = Credentials::given("tok");
  std::string got;
  {
    ScriptedServer endpoint([&](Peer& peer) {
      got = peer.read_request();
      peer.send(answer_of("400 Bad Request"));
    });
    target_->oauth_url = endpoint.url("/oauth");
    auto c = context();
    transport::Request request;
    request.method = "POST";
    request.url = endpoint.url("/oauth/refresh");
    EXPECT_TRUE(c->exchange(request).response);
    request.headers.add("Authorization", "Bearer tok");
    EXPECT_TRUE(c->exchange(request).response);
  }
  EXPECT_THAT(got, HasSubstr("POST /oauth/refresh"));
  EXPECT_THAT(got, Not(HasSubstr("Authorization")));
}

TEST_F(LiveContextTest, CredentialsGoWhereTheTargetWantsThemAndIntoNoEvidence) {
  using Way = client::Presentation::Way;
  for (const std::string key : {"a-key-of-the-run", "k1"}) {
    for (const auto& [how, expected] : std::vector<std::pair<client::Presentation, std::string>>{
             {{Way::basic_user}, "Authorization: Basic " + base64::encode(key + ":")},
             {{Way::field, "X-Partner"}, "X-Partner: " + key},
             {{Way::query, "auth"}, "/files/1?a=1&auth=" + key + " "}}) {
      session_->credentials = Credentials::given(key, how);
      auto c = context();
      c->get(server_.url("/files/1?a=1"));
      EXPECT_THAT(last_request(), HasSubstr(expected));
      c->exchange_anonymously({"GET", server_.url("/files/1"), {}, {}});
      EXPECT_THAT(last_request(), Not(HasSubstr(expected)));
    }
    // Another place where the system takes a key.
    context()->exchange_presenting({"GET", server_.url("/files/1"), {}, {}}, {Way::query, "key"});
    EXPECT_THAT(last_request(), HasSubstr("/files/1?key=" + key + " "));
    EXPECT_THAT(evidence_->text(), HasSubstr("/files/1?key=***\n"));
    EXPECT_THAT(evidence_->text(), HasSubstr("X-Partner: ***"));
    for (const char* before : {"X-Partner: ", "auth=", "key="}) {
      EXPECT_THAT(evidence_->text(), Not(HasSubstr(before + key)));
    }
  }
}

TEST_F(LiveContextTest, ACheckMayPresentItsOwn) {
  session_->credentials =
      Credentials::given("the-key", {client::Presentation::Way::field, "X-API-Key"});
  context()->exchange({"GET", server_.url("/files/1"), {{"x-api-key", "wrong"}}, {}});
  EXPECT_THAT(last_request(), HasSubstr("x-api-key: wrong"));
  EXPECT_THAT(last_request(), Not(HasSubstr("the-key")));
}

TEST_F(LiveContextTest, AnOriginThatIsNotTrustedGetsNoKeyInAnyWay) {
  ScriptedServer stranger(testkit::answer(answer_of("204 No Content")));
  session_->credentials =
      Credentials::given("the-key", {client::Presentation::Way::query, "access_token"});
  EXPECT_EQ(stop_of([&] { context()->get(stranger.url("/files/1")); }).kind, Kind::blocked);
  EXPECT_EQ(stranger.connections(), 0U);
}

TEST_F(LiveContextTest, ATokenEndpointElsewhereGetsNoKeyEither) {
  session_->credentials =
      Credentials::given("the-key", {client::Presentation::Way::query, "access_token"});
  std::string got;
  {
    ScriptedServer endpoint([&](Peer& peer) {
      got = peer.read_request();
      peer.send(answer_of("400 Bad Request"));
    });
    target_->oauth_url = endpoint.url("/oauth");
    const auto url = endpoint.url("/oauth/refresh?access_token=the-key&a=1");
    EXPECT_TRUE(context()->exchange({"POST", url, {}, {}}).response);
  }
  EXPECT_THAT(got, HasSubstr("POST /oauth/refresh?a=1 "));
}

TEST_F(LiveContextTest, WhatATargetIssuesIsASecretFromThenOn) {
  session_->secrets.add("given-secret");
  reply_with([](const std::string&) {
    return answer_of("200 OK", "Set-Cookie: s=issued-cookie; Path=/\r\nX-Back: given-secret\r\n",
                     R"({"access_token":"issued-token"} issued-cookie given%2dsecret)");
  });
  auto c = context();
  c->get(server_.url("/oauth"));
  for (const char* secret : {"given-secret", "issued-token", "issued-cookie", "given%2dsecret"}) {
    EXPECT_THAT(evidence_->text(), Not(HasSubstr(secret)));
  }
  EXPECT_EQ(session_->secrets.mask("issued-token"), "***");
}

TEST_F(LiveContextTest, AnswersOfAGatewayAreRemembered) {
  target_->health_url = server_.url("/health");
  auto c = context();
  for (const char* own : {"200 OK", "404 Not Found", "500 Internal Server Error", "501 Nothing"}) {
    reply_with([own](const std::string&) { return answer_of(own); });
    c->get(server_.url("/files/1"));
  }
  reply_with([](const std::string&) { return answer_of("503 Service Unavailable"); });
  c->get(server_.url("/health"));
  EXPECT_EQ(evidence_->turned_away(), std::nullopt);
  c->get(server_.url("/files/1?x"));
  EXPECT_EQ(evidence_->turned_away(), "GET /files/1?x: 503");
}

TEST_F(LiveContextTest, NoConnectionAndNoTimeAreTheTargets) {
  std::uint16_t port = 0;
  {
    ScriptedServer gone([](Peer&) {});
    port = gone.port();
  }
  session_->trusted.add("http://127.0.0.1:" + std::to_string(port));
  auto c = context();
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(session_->watch.down());
    EXPECT_EQ(stop_of([&] { c->get("http://127.0.0.1:" + std::to_string(port) + "/"); }).kind,
              Kind::blocked);
  }
  EXPECT_TRUE(session_->watch.down());
  EXPECT_TRUE(evidence_->met().unreachable);
  c->get(server_.url("/"));
  EXPECT_FALSE(session_->watch.down());
  const Outcome late = stop_of([&] { context(Milliseconds{0})->get(server_.url("/")); });
  EXPECT_EQ(late.kind, Kind::blocked);
  EXPECT_THAT(late.got, HasSubstr("--case-timeout"));
}

TEST_F(LiveContextTest, ASilenceThatTheChecksTimeCutShortIsNone) {
  std::promise<void> over;
  const auto silent = [until = over.get_future().share()](const std::string&) {
    until.wait();
    return answer_of("204 No Content");
  };
  auto c = context(Milliseconds{500});
  c->get(server_.url("/files/1"));
  reply_with(silent);
  const Outcome slow = stop_of([&] { c->get(server_.url("/files/2")); });
  EXPECT_EQ(slow.kind, Kind::not_offered) << slow.got;
  EXPECT_THAT(slow.got, HasSubstr("--case-timeout"));

  // Where nothing was answered, the target is at fault.
  c = context(Milliseconds{500});
  EXPECT_EQ(stop_of([&] { c->get(server_.url("/files/1")); }).kind, Kind::blocked);
  over.set_value();
}

TEST_F(LiveContextTest, StepsOfFoundationsAreNoted) {
  reply_with([](const std::string& request) {
    return request.starts_with("HEAD") ? answer_of("405 No", "") : answer_of("204 No Content");
  });
  auto c = context();
  c->exchange({"HEAD", server_.url("/files/1"), {}, {}});
  c->exchange({"DELETE", server_.url("/files/1"), {}, {}});
  EXPECT_EQ(evidence_->met().unheld, (std::vector<Step>{{&foundation::head, "405 No"}}));
  EXPECT_FALSE(evidence_->met().last_held);
  transport::RawConnection::Read read;
  read.seen = transport::RawConnection::Seen::response;
  read.response = transport::Response{"HTTP/1.1", 500, "", {}, "", {}};
  c->record_raw("raw", "PATCH /files/1 HTTP/1.1\r\n\r\n", read);
  EXPECT_EQ(evidence_->met().unheld.back(), (Step{&foundation::patch, "500"}));
  c->record_raw("raw", "POST /files/1 HTTP/1.1\r\nX: y\r\nX-HTTP-Method-Override: HEAD\r\n\r\n",
                read);
  EXPECT_EQ(evidence_->met().unheld.back(), (Step{&foundation::head, "500"}));
  reply_with(
      [](const std::string&) { return answer_of("204 No Content", "Upload-Offset: 3\r\n"); });
  c->exchange({"HEAD", server_.url("/files/1"), {}, {}});
  EXPECT_TRUE(evidence_->met().last_held);
}

TEST_F(LiveContextTest, WhatAsksToComeBackIsRemembered) {
  for (const auto& [field, pause] : {std::pair{"", 1000},
                                     {"Retry-After: 0\r\n", 0},
                                     {"Retry-After: 3\r\n", 3000},
                                     {"Retry-After: 99999999999999999999999\r\n", 10000},
                                     {"Retry-After: x\r\n", 1000}}) {
    reply_with([field = field](const std::string&) { return answer_of("423 Locked", field); });
    context()->exchange({"HEAD", server_.url("/files/1"), {}, {}});
    EXPECT_EQ(evidence_->met().busy, (Busy{423, Milliseconds{pause}})) << field;
  }
}

TEST_F(LiveContextTest, ATokenThatIsRefusedIsRenewedWithinTheCheck) {
  std::string good = "tok1";
  reply_with([&](const std::string& request) {
    if (request.starts_with("POST /oauth")) {
      good = "tok2";
      return answer_of(
          "200 OK", "",
          R"({"access_token":")" + good + R"(","token_type":"Bearer","expires_in":3600})");
    }
    return request.find("Bearer tok2") != std::string::npos
               ? answer_of("204 No Content", "Upload-Offset: 3\r\n")
               : answer_of("401 Unauthorized");
  });
  session_->credentials = Credentials::password({server_.url("/oauth"), "", "u", "p"}, {});
  EXPECT_EQ(context()->exchange({"HEAD", server_.url("/files/1"), {}, {}}).response->status, 204);
  good = "tok3";
  reply_with([&](const std::string& request) {
    if (request.starts_with("POST /oauth")) {
      return answer_of("200 OK", "",
                       R"({"access_token":"tok3","token_type":"Bearer","expires_in":3600})");
    }
    return request.find("Bearer tok3") != std::string::npos
               ? answer_of("204 No Content", "Upload-Offset: 3\r\n")
               : answer_of("401 Unauthorized");
  });
  EXPECT_EQ(context()->exchange({"HEAD", server_.url("/files/1"), {}, {}}).response->status, 204);
  EXPECT_THAT(evidence_->text(), HasSubstr("# 401: again, with a new token"));
}

TEST_F(LiveContextTest, ATokenThatIsGivenAndRefusedIsToldOfTheLogin) {
  session_->credentials = Credentials::given("tok");
  reply_with([](const std::string&) { return answer_of("401 Unauthorized"); });
  auto c = context();
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(session_->credentials_refused());
    EXPECT_EQ(c->exchange({"HEAD", server_.url("/files/1"), {}, {}}).response->status, 401);
  }
  EXPECT_TRUE(session_->credentials_refused());
  EXPECT_EQ(evidence_->met().unheld.back(), (Step{&foundation::login, "401"}));
}

TEST_F(LiveContextTest, RawEvidenceShowsNoSecretAndNoBody) {
  auto c = context();
  transport::RawConnection::Read read;
  read.seen = transport::RawConnection::Seen::response;
  read.response =
      transport::Response{"HTTP/1.1", 204, "No Content", {{"Set-Cookie", "SECRET"}}, "", {}};
  read.body_after_head = true;
  c->record_raw("half a body",
                "PATCH /1 HTTP/1.1\r\nAuthorization: SECRET\r\nX: 1\r\n\r\nSECRETBODY", read);
  const std::string text = evidence_->text();
  EXPECT_THAT(text, Not(HasSubstr("SECRET")));
  for (const char* part :
       {"# raw connection: half a body", "PATCH /1 HTTP/1.1", "> Authorization: ***",
        "[body: 10 bytes, sha256 ", "< HTTP/1.1 204 No Content", "bytes follow a response"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  c->record_raw("x", "GET / HTTP/1.1\r\n\r\n", {});
  EXPECT_THAT(evidence_->text(), HasSubstr("! silence, the connection stays open (0 bytes came)"));
}

TEST_F(LiveContextTest, RandomBytesRepeatWithTheSeedAndTheRow) {
  const std::string first = context()->random_bytes(100);
  EXPECT_EQ(first.size(), 100U);
  EXPECT_EQ(context()->random_bytes(100), first);
  session_->seed = 8;
  EXPECT_NE(context()->random_bytes(100), first);
}

TEST_F(LiveContextTest, RawConnectionsGetWhatTheTargetNeeds) {
  session_->credentials = Credentials::given("tok");
  auto c = context();
  const http::Fields fields = c->raw_headers();
  EXPECT_EQ(fields.find("Host"), server_.url().substr(7));
  EXPECT_EQ(fields.find("Authorization"), "Bearer tok");
  session_->credentials =
      Credentials::given("tok", {client::Presentation::Way::field, "X-API-Key"});
  EXPECT_EQ(context()->raw_headers().find("X-API-Key"), "tok");
  transport::RawConnection raw = c->raw();
  ASSERT_TRUE(raw.send(transport::request_head("GET", "/", fields), Milliseconds{1000}));
  EXPECT_EQ(raw.read_response(Milliseconds{5000}).response->status, 204);
}

/// Answers the first request of a connection and closes it silently on the second.
TEST(StaleConnections, OnlySafeRequestsAreSentAgainAndInSight) {
  for (const bool safe : {true, false}) {
    ScriptedServer server(std::vector<ScriptedServer::Script>{
        [](Peer& peer) {
          peer.read_request();
          peer.send("HTTP/1.1 204 \r\n\r\n");
          peer.read_request();
        },
        testkit::answer("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")});
    const auto session = std::make_shared<Session>();
    const auto target = std::make_shared<TusTarget>(TargetOptions{});
    target->url = server.url("/files");
    target->origin = server.url();
    session->target = target;
    const auto evidence = std::make_shared<Evidence>();
    const auto c = live_contexts(session)(
        a_row, evidence, std::chrono::steady_clock::now() + std::chrono::seconds{10});
    c->exchange({"HEAD", server.url("/1"), {}, {}});
    transport::Request request;
    request.method = safe ? "HEAD" : "DELETE";
    request.url = server.url("/1");
    const transport::Exchange seen = c->exchange(request);
    EXPECT_EQ(seen.response.has_value(), safe);
    EXPECT_THAT(evidence->text(), HasSubstr("! closed: "));
  }
}

}  // namespace
}  // namespace conformance
