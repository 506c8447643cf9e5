#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dex/target.hpp"
#include "target/credentials.hpp"
#include "target/failure_text.hpp"
#include "testkit/scripted_server.hpp"

namespace conformance {
namespace {

using testing::HasSubstr;
using testkit::Peer;
using testkit::ScriptedServer;

TEST(CandidateUrls, AHostAloneIsTriedInBothShapes) {
  EXPECT_THAT(*candidate_urls("http://h:1"),
              testing::ElementsAre("http://h:1/files", "http://h:1/upload"));
  EXPECT_THAT(*candidate_urls("http://h/"),
              testing::ElementsAre("http://h/files", "http://h/upload"));
  EXPECT_THAT(*candidate_urls("http://h/x"), testing::ElementsAre("http://h/x"));
  EXPECT_FALSE(candidate_urls("h"));
}

std::unique_ptr<DexTarget> derived(const std::string& url, TargetOptions options = {}) {
  options.run_id = "7";
  auto target = std::make_unique<DexTarget>(std::move(options), default_manifest());
  EXPECT_TRUE(target->settle(url));
  return target;
}

TEST(DeriveUrls, InsideAndBehindTheGateway) {
  const auto inside = derived("http://h:1/files/");
  EXPECT_EQ(inside->origin, "http://h:1");
  EXPECT_EQ(inside->info_url, "http://h:1/info");
  EXPECT_EQ(inside->health_url, "http://h:1/health");
  EXPECT_EQ(inside->version_url, "http://h:1/version");
  EXPECT_EQ(inside->metrics_url, "http://h:1/metrics");
  EXPECT_EQ(inside->root_url, "http://h:1/");
  EXPECT_EQ(inside->oauth_url, "http://h:1/oauth");
  const auto gateway = derived("https://h/dex/upload");
  EXPECT_EQ(gateway->info_url, "https://h/dex/upload/info");
  EXPECT_EQ(gateway->health_url, "https://h/dex/upload/health");
  EXPECT_EQ(gateway->oauth_url, "https://h/dex/oauth");
  EXPECT_EQ(gateway->manifest.at("dex_harness_run"), "7");
}

TEST(DeriveUrls, GivenOnesWin) {
  TargetOptions options;
  options.own = {{"info-url", {"http://i/x"}}, {"health-url", {"http://i/y"}}};
  options.oauth_url = "http://i/z";
  const auto t = derived("http://h/files", options);
  EXPECT_EQ(t->info_url, "http://i/x");
  EXPECT_EQ(t->health_url, "http://i/y");
  EXPECT_EQ(t->oauth_url, "http://i/z");
}

TEST(FailureText, EveryKindHasItsWords) {
  using Kind = transport::Failure::Kind;
  for (const auto& [kind, message, words] : {
           std::tuple{Kind::resolve, "x", "host name cannot be resolved"},
           {Kind::connect, "Connection refused", "nothing listens there"},
           {Kind::connect, "No route to host", "No route to host"},
           {Kind::own, "Cannot assign requested address", "this machine has no"},
           {Kind::tls, "the client certificate is damaged", "TLS failed: the client"},
           {Kind::proxy, "x", "proxy"},
           {Kind::timeout, "x", "no answer in time"},
           {Kind::reset, "x", "reset"},
           {Kind::closed, "x", "closed"},
           {Kind::protocol, "x", "not HTTP"},
           {Kind::other, "the message", "the message"},
       }) {
    EXPECT_THAT(failure_text({kind, message}), HasSubstr(words));
  }
  EXPECT_EQ(failure_text({Kind::timeout, "the TLS handshake stalled; look there", true}),
            "the TLS handshake stalled; look there");
}

/// A tus server of the smallest kind: every connection closed after an answer.
struct Tiny {
  std::string mount = "/files";
  bool auth = false;
  /// The body of a GET, from the stored bytes of the upload; "" is answered 405.
  std::function<std::string(const std::string& bytes)> downloaded = [](const std::string& bytes) {
    return bytes;
  };
  int creation_status = 201;
  std::vector<std::string> stored;  ///< by the number of the upload, from 0
  std::vector<std::string> requests;

  std::string reply(const std::string& request) {
    const auto line = request.substr(0, request.find('\r'));
    requests.push_back(line);
    const auto with = [](const std::string& status, const std::string& more,
                         const std::string& body = "") {
      return "HTTP/1.1 " + status + "\r\nConnection: close\r\nTus-Resumable: 1.0.0\r\n" + more +
             "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    };
    if (line.starts_with("POST /oauth ")) {
      if (request.find("password=right") == std::string::npos) {
        return with("400 Bad Request", "", R"({"error":"invalid_grant","error_description":"no"})");
      }
      return with(
          "200 OK", "",
          R"({"access_token":"tok","token_type":"Bearer","expires_in":100,"refresh_token":"r1"})");
    }
    if (line.starts_with("POST /oauth/refresh ")) {
      return with("200 OK", "",
                  R"({"access_token":"tok2","token_type":"Bearer","expires_in":100})");
    }
    if (line.find(" " + mount) == std::string::npos) {
      return "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    }
    if (line.starts_with("OPTIONS")) {
      return with(
          "204 No Content",
          "Tus-Version: 1.0.0\r\nTus-Extension: creation,termination\r\nTus-Max-Size: 99\r\n");
    }
    if (auth && request.find("Authorization: Bearer tok") == std::string::npos)
      return with("401 Unauthorized", "");
    if (line.starts_with("POST")) {
      if (creation_status != 201)
        return with(std::to_string(creation_status) + " X", "", "no\nway");
      stored.emplace_back();
      return with("201 X", "Location: " + mount + "/" + std::to_string(stored.size() - 1) + "\r\n");
    }
    const auto named = [&]() -> std::string& {
      return stored.at(std::stoul(line.substr(line.find(mount) + mount.size() + 1)));
    };
    if (line.starts_with("PATCH")) {
      named() = request.substr(request.find("\r\n\r\n") + 4);
      return with("204 No Content", "Upload-Offset: " + std::to_string(named().size()) + "\r\n");
    }
    if (line.starts_with("GET")) {
      const std::string body = downloaded(named());
      return body.empty() ? with("405 No", "") : with("200 OK", "", body);
    }
    return with("404 Not Found", "");
  }
  ScriptedServer::Script script() {
    return [this](Peer& peer) {
      const std::string request = peer.read_request();
      if (!request.empty()) peer.send(reply(request));
    };
  }
};

TargetOptions options_for(const std::string& url) {
  TargetOptions options;
  options.url = url;
  return options;
}

/// A target, and what its discovery told.
struct Found {
  std::unique_ptr<TusTarget> target;
  Result<Discovered> told;
  [[nodiscard]] std::string error() const { return told ? "" : told.error().line(); }
};
Found discover(const TargetOptions& options, Credentials& credentials) {
  auto target = std::make_unique<TusTarget>(options);
  auto told = target->discover(credentials);
  return {std::move(target), std::move(told)};
}

TEST(Discover, FindsTheShapeAndWhatIsOffered) {
  Tiny tiny;
  tiny.mount = "/upload";
  ScriptedServer server(tiny.script());
  Credentials none;
  const auto found = discover(options_for(server.url()), none);
  ASSERT_TRUE(found.told) << found.error();
  EXPECT_EQ(found.target->url, server.url("/upload"));
  EXPECT_TRUE(found.target->discovery.offers("termination"));
  EXPECT_EQ(found.target->discovery.max_size, Bytes{99});
  EXPECT_TRUE(found.target->downloads);
  EXPECT_FALSE(found.target->needs_authorization);
  EXPECT_THAT(found.told->created,
              testing::ElementsAre(server.url("/upload/0"), server.url("/upload/1")));
  ASSERT_EQ(found.told->remarks.size(), 1U);
  EXPECT_THAT(found.told->remarks[0], HasSubstr("found by probing"));
}

TEST(Discover, NothingThatSpeaksTus) {
  Tiny tiny;
  tiny.mount = "/elsewhere";
  ScriptedServer server(tiny.script());
  Credentials none;
  const auto found = discover(options_for(server.url()), none);
  ASSERT_FALSE(found.told);
  EXPECT_THAT(found.error(), HasSubstr("no tus server found"));
  EXPECT_THAT(found.error(), HasSubstr("/upload answered 404"));
}

// A server that damaged every byte used to pass for one without downloads, and so for a good one.
TEST(Discover, WhatGetGivesAreBytesOfTheUploadOrAPage) {
  struct Case {
    const char* what;
    std::function<std::string(const std::string&)> downloaded;
    bool downloads;
    bool remarked;
  };
  const auto inverted = [](std::string bytes) {
    for (char& byte : bytes) byte = static_cast<char>(~byte);
    return bytes;
  };
  for (const auto& [what, downloaded, downloads, remarked] : std::vector<Case>{
           {"nothing", [](const auto&) { return std::string(); }, false, false},
           {"the bytes", [](const auto& bytes) { return bytes; }, true, false},
           {"all of them damaged", inverted, true, false},
           {"without the last one", [](const auto& b) { return b.substr(0, b.size() - 1); }, true,
            false},
           {"twice", [](const auto& bytes) { return bytes + bytes; }, true, false},
           {"a page", [](const auto&) { return std::string("<html>stored</html>"); }, false, true},
           {"a page of the length of the first", [](const auto&) { return std::string(64, 'x'); },
            false, true},
           {"the length", [](const auto& b) { return std::to_string(b.size()); }, false, true},
       }) {
    Tiny tiny;
    tiny.downloaded = downloaded;
    ScriptedServer server(tiny.script());
    Credentials none;
    const auto found = discover(options_for(server.url("/files")), none);
    ASSERT_TRUE(found.told) << what << ": " << found.error();
    EXPECT_EQ(found.target->downloads, downloads) << what;
    EXPECT_EQ(found.told->remarks.size(), remarked ? 1U : 0U) << what;
  }
}

TEST(Discover, ARefusedCreation) {
  Tiny tiny;
  tiny.creation_status = 400;
  ScriptedServer server(tiny.script());
  Credentials none;
  const auto found = discover(options_for(server.url("/files")), none);
  ASSERT_TRUE(found.told);
  ASSERT_EQ(found.told->remarks.size(), 1U);
  EXPECT_THAT(found.told->remarks[0], HasSubstr("a correct creation was answered 400: no way"));
}

TEST(Discover, Credentials) {
  Tiny tiny;
  tiny.auth = true;
  ScriptedServer server(tiny.script());
  const TargetOptions options = options_for(server.url("/files"));
  Credentials none;
  EXPECT_THAT(discover(options, none).error(), HasSubstr("--username-env"));
  Credentials wrong = Credentials::given("x");
  EXPECT_THAT(discover(options, wrong).error(), HasSubstr("refuses these credentials (401)"));
  Credentials right = Credentials::given("tok");
  const auto found = discover(options, right);
  ASSERT_TRUE(found.told) << found.error();
  EXPECT_TRUE(found.target->needs_authorization);
  Credentials refused =
      Credentials::password({server.url("/oauth"), server.url("/oauth/refresh"), "u", "bad"}, {});
  EXPECT_THAT(discover(options, refused).error(), HasSubstr("answered 400 \"invalid_grant\""));
}

TEST(CredentialsOfAPassword, AreRenewedBeforeTheyExpire) {
  Tiny tiny;
  ScriptedServer server(tiny.script());
  std::chrono::steady_clock::time_point now;
  Credentials c = Credentials::password(
      {server.url("/oauth"), server.url("/oauth/refresh"), "u", "right"}, {}, [&] { return now; });
  EXPECT_TRUE(c.any());
  EXPECT_EQ(**c.token(), "tok");
  now += std::chrono::seconds{89};
  EXPECT_EQ(**c.token(), "tok");
  EXPECT_EQ(server.connections(), 1U);
  now += std::chrono::seconds{2};  // 9 of 100 seconds are left
  EXPECT_EQ(**c.token(), "tok2");
  EXPECT_EQ(server.connections(), 2U);
  now += std::chrono::seconds{91};  // no refresh token this time: the password again
  EXPECT_EQ(**c.token(), "tok");
}

}  // namespace
}  // namespace conformance
