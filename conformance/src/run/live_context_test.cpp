#include "run/live_context.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <mutex>

#include "protocol/digest.hpp"
#include "testkit/scripted_server.hpp"
#include "testkit/temp_folder.hpp"

namespace conformance {
namespace {

using testing::HasSubstr;
using testing::Not;
using testkit::Peer;
using testkit::ScriptedServer;
using Kind = Outcome::Kind;

const Requirement row{"TUS-A-001", "a", Origin::tus, Level::must, "s", "r", "t", {}, "", "", ""};

std::string answer_of(const std::string& status, const std::string& fields = "",
                      const std::string& body = "") {
  return "HTTP/1.1 " + status + "\r\nConnection: close\r\n" + fields +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// A server that answers by a function of the request, and a session that points at it.
class LiveContextTest : public testing::Test {
 protected:
  LiveContextTest()
      : server_([this](Peer& peer) {
          const std::string request = peer.read_request();
          if (request.empty()) return;
          std::string reply;
          {
            const std::lock_guard lock(mutex_);
            requests_.push_back(request);
            reply = reply_(request);
          }
          if (reply.empty()) return peer.reset();
          peer.send(reply);
        }),
        session_(std::make_shared<Session>()),
        evidence_(std::make_shared<Evidence>()) {
    session_->target.creation_url = server_.url("/files");
    session_->target.origin = server_.url();
    session_->client.user_agent = "dex-test";
    session_->patience = Milliseconds{50};
    session_->seed = 7;
  }

  std::unique_ptr<Context> context(Milliseconds time = std::chrono::seconds{10}) {
    return live_contexts(session_)(row, evidence_, std::chrono::steady_clock::now() + time);
  }
  void reply_with(std::function<std::string(const std::string&)> reply) {
    const std::lock_guard lock(mutex_);
    reply_ = std::move(reply);
  }
  std::string last_request() {
    const std::lock_guard lock(mutex_);
    return requests_.empty() ? "" : requests_.back();
  }
  std::size_t request_count() {
    const std::lock_guard lock(mutex_);
    return requests_.size();
  }
  static Outcome stop_of(const std::function<void()>& act) {
    try {
      act();
    } catch (const Stop& stop) {
      return stop.outcome;
    }
    ADD_FAILURE() << "expected Stop";
    return {};
  }

  std::mutex mutex_;
  std::function<std::string(const std::string&)> reply_ = [](const std::string&) {
    return answer_of("204 No Content", "Upload-Offset: 3\r\n");
  };
  std::vector<std::string> requests_;
  ScriptedServer server_;
  std::shared_ptr<Session> session_;
  std::shared_ptr<Evidence> evidence_;
};

TEST_F(LiveContextTest, ATusRequestCarriesTheVersionUnlessToldOtherwise) {
  session_->credentials = Credentials::bearer("tok");
  auto c = context();
  c->tus("HEAD", server_.url("/files/1"));
  EXPECT_THAT(last_request(), HasSubstr("\r\nTus-Resumable: 1.0.0\r\n"));
  EXPECT_THAT(last_request(), HasSubstr("\r\nAuthorization: Bearer tok\r\n"));
  EXPECT_THAT(last_request(), HasSubstr("\r\nUser-Agent: dex-test\r\n"));
  c->tus("HEAD", server_.url("/files/1"), {{"tus-resumable", "2.0.0"}});
  EXPECT_THAT(last_request(), HasSubstr("\r\ntus-resumable: 2.0.0\r\n"));
  EXPECT_THAT(last_request(), Not(HasSubstr("1.0.0")));
  c->tus("HEAD", server_.url("/files/1"), {{"Tus-Resumable", ""}});
  EXPECT_THAT(last_request(), Not(HasSubstr("Tus-Resumable")));
  transport::Request request;
  request.method = "GET";
  request.url = server_.url("/");
  c->exchange_anonymously(request);
  EXPECT_THAT(last_request(), Not(HasSubstr("Authorization")));
  EXPECT_THAT(evidence_->text(), Not(HasSubstr("tok")));
}

TEST_F(LiveContextTest, NothingIsSentToAnOriginThatOnlyTheTargetNamed) {
  session_->credentials = Credentials::bearer("tok");
  ScriptedServer stranger(testkit::answer(answer_of("204 No Content", "Upload-Offset: 0\r\n")));
  auto c = context();
  const std::string url = stranger.url("/files/1");
  EXPECT_FALSE(c->entrusts(url));
  for (const std::function<void()>& act : std::vector<std::function<void()>>{
           [&] { c->head(url); }, [&] { c->patch(url, Bytes{0}, "abc"); },
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
  EXPECT_EQ(c->head(url).status, 204);
  EXPECT_THAT(evidence_->text(), HasSubstr("> Authorization: ***"));
}

TEST_F(LiveContextTest, ATokenEndpointElsewhereGetsNoToken) {
  session_->credentials = Credentials::bearer("tok");
  std::string got;
  {
    ScriptedServer endpoint([&](Peer& peer) {
      got = peer.read_request();
      peer.send(answer_of("400 Bad Request"));
    });
    session_->target.oauth_url = endpoint.url("/oauth");
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

TEST_F(LiveContextTest, ACreationCanBeBentInEveryPart) {
  session_->target.manifest = {{"sender_id", "me"}};
  auto c = context();
  Creation creation;
  creation.metadata.set("filename", "world");
  c->post(creation);
  EXPECT_THAT(last_request(), HasSubstr("\r\nUpload-Length: 10\r\n"));
  EXPECT_THAT(last_request(),
              HasSubstr("\r\nUpload-Metadata: sender_id bWU=,filename d29ybGQ=\r\n"));
  creation.raw_metadata = "raw";
  creation.length.reset();
  creation.defer_length = true;
  creation.body = "abc";
  creation.headers = {{"Content-Type", ""}, {"Upload-Defer-Length", "2"}, {"Tus-Resumable", ""}};
  c->post(creation);
  EXPECT_THAT(last_request(), HasSubstr("\r\nUpload-Metadata: raw\r\n"));
  EXPECT_THAT(last_request(), HasSubstr("\r\nUpload-Defer-Length: 2\r\n"));
  for (const char* name :
       {"Content-Type", "Upload-Length", "Tus-Resumable", "Upload-Defer-Length: 1"}) {
    EXPECT_THAT(last_request(), Not(HasSubstr(name)));
  }
  EXPECT_TRUE(last_request().ends_with("\r\n\r\nabc"));
}

TEST_F(LiveContextTest, CreatedUploadsAreRememberedAndRemoved) {
  reply_with(
      [](const std::string&) { return answer_of("201 Created", "Location: ../files/a%2Fb\r\n"); });
  auto c = context();
  EXPECT_EQ(c->create(), server_.url("/files/a%2Fb"));
  EXPECT_EQ(Context::id_of(server_.url("/files/a%2Fb?x")), "a%2Fb");
  session_->created("http://elsewhere.invalid/files/2");
  Cleanup none = remove_uploads(*session_, 2, std::chrono::seconds{5});
  EXPECT_EQ(none.removed, 0U);  // termination is not offered
  EXPECT_EQ(none.left.size(), 2U);
  session_->target.discovery.extensions = {"termination"};
  reply_with([](const std::string&) { return answer_of("204 No Content"); });
  const Cleanup cleanup = remove_uploads(*session_, 2, std::chrono::seconds{5});
  EXPECT_EQ(cleanup.removed, 1U);
  EXPECT_THAT(cleanup.left, testing::ElementsAre("http://elsewhere.invalid/files/2"));
  EXPECT_TRUE(last_request().starts_with("DELETE /files/a%2Fb "));
}

TEST_F(LiveContextTest, WhatFailsBeforeTheCheckBlocksIt) {
  auto c = context();
  reply_with([](const std::string&) { return answer_of("400 Bad Request"); });
  EXPECT_EQ(stop_of([&] { c->create(); }).kind, Kind::blocked);
  reply_with([](const std::string&) { return answer_of("201 Created"); });
  EXPECT_EQ(stop_of([&] { c->create(); }).kind, Kind::blocked);  // no Location
  reply_with([](const std::string&) { return answer_of("200 OK", "Upload-Offset: +5\r\n"); });
  EXPECT_EQ(stop_of([&] { c->offset_of(server_.url("/files/1")); }).kind, Kind::blocked);
  reply_with([](const std::string&) { return answer_of("200 OK", "Upload-Offset: 5\r\n"); });
  EXPECT_EQ(c->offset_of(server_.url("/files/1")), Bytes{5});
  reply_with([](const std::string&) { return std::string(); });
  const Outcome reset = stop_of([&] { c->head(server_.url("/files/1")); });
  EXPECT_EQ(reset.kind, Kind::blocked);
  EXPECT_THAT(reset.got, HasSubstr("reset"));
}

TEST_F(LiveContextTest, AnswersOfAGatewayAreRemembered) {
  session_->target.health_url = server_.url("/health");
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

TEST_F(LiveContextTest, TheNetworkAndTheClockAreErrors) {
  std::uint16_t port = 0;
  {
    ScriptedServer gone([](Peer&) {});
    port = gone.port();
  }
  session_->trusted.add("http://127.0.0.1:" + std::to_string(port));
  auto c = context();
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(session_->lost());
    EXPECT_EQ(stop_of([&] { c->get("http://127.0.0.1:" + std::to_string(port) + "/"); }).kind,
              Kind::error);
  }
  EXPECT_TRUE(session_->lost());
  c->get(server_.url("/"));
  EXPECT_FALSE(session_->lost());
  const Outcome late = stop_of([&] { context(Milliseconds{0})->get(server_.url("/")); });
  EXPECT_EQ(late.kind, Kind::error);
  EXPECT_THAT(late.got, HasSubstr("--case-timeout"));
}

TEST_F(LiveContextTest, StoredBytesAreComparedByDownload) {
  session_->target.downloads = true;
  reply_with([](const std::string&) { return answer_of("200 OK", "", "abc"); });
  EXPECT_EQ(context()->stored_equals(server_.url("/files/1"), "abc"), true);
  EXPECT_EQ(context()->stored_equals(server_.url("/files/1"), "abd"), false);
}

TEST_F(LiveContextTest, StoredBytesAreComparedByDigest) {
  EXPECT_EQ(context()->stored_equals(server_.url("/files/1"), "abc"), std::nullopt);
  session_->digest_url = server_.url("/_mock/uploads");
  reply_with([](const std::string& request) {
    if (!request.starts_with("GET /_mock/uploads/1 ")) return answer_of("404 Not Found");
    return answer_of("200 OK", "",
                     R"({"offset":3,"complete":true,"sha256":")" + sha256_hex("abc") + "\"}");
  });
  EXPECT_EQ(context()->stored_equals(server_.url("/files/1"), "abc"), true);
  EXPECT_EQ(context()->stored_equals(server_.url("/files/1"), "ab"), false);
  EXPECT_EQ(context()->stored_equals(server_.url("/files/2"), "abc"), std::nullopt);
}

TEST_F(LiveContextTest, StoredBytesAreComparedByTheDeliveredCopy) {
  const testkit::TempFolder folder;
  session_->delivered_dir = folder.path().string();
  EXPECT_EQ(context()->stored_equals(server_.url("/files/id-1"), "abc"), std::nullopt);
  folder.write("2026/11/name_id-1.txt", "abc");
  EXPECT_EQ(context()->stored_equals(server_.url("/files/id-1"), "abc"), true);
  EXPECT_EQ(context()->stored_equals(server_.url("/files/id-1"), "abd"), false);
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
  EXPECT_THAT(evidence_->text(), HasSubstr("! no answer in time (0 bytes came)"));
}

TEST_F(LiveContextTest, RandomBytesRepeatWithTheSeedAndTheRow) {
  const std::string first = context()->random_bytes(100);
  EXPECT_EQ(first.size(), 100U);
  EXPECT_EQ(context()->random_bytes(100), first);
  session_->seed = 8;
  EXPECT_NE(context()->random_bytes(100), first);
}

TEST_F(LiveContextTest, RawConnectionsGetWhatTheTargetNeeds) {
  session_->credentials = Credentials::bearer("tok");
  auto c = context();
  const http::Fields fields = c->raw_headers();
  EXPECT_EQ(fields.find("Host"), server_.url().substr(7));
  EXPECT_EQ(fields.find("Authorization"), "Bearer tok");
  EXPECT_EQ(fields.find("Tus-Resumable"), "1.0.0");
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
    session->target.creation_url = server.url("/files");
    const auto evidence = std::make_shared<Evidence>();
    const auto c = live_contexts(session)(
        row, evidence, std::chrono::steady_clock::now() + std::chrono::seconds{10});
    c->head(server.url("/1"));
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
