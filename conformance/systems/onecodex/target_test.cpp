// Discovery of a One Codex server.
#include "onecodex/target.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "target/credentials.hpp"
#include "testkit/scripted_server.hpp"

namespace conformance {
namespace {

using testing::HasSubstr;
using testkit::Peer;
using testkit::ScriptedServer;

/// The smallest server: it lists the samples of whoever has the key "tok".
struct Tiny {
  std::string mount;
  bool auth = true;
  std::string answer = "200 OK";

  ScriptedServer::Script script() {
    return [this](Peer& peer) {
      const auto request = peer.read_request();
      const bool known = request.starts_with("GET " + mount + "/api/v1/samples?per_page=1 ");
      const bool let_in =
          !auth || request.find("\r\nAuthorization: Basic dG9rOg==\r\n") != std::string::npos;
      const std::string status = !known ? "404 Not Found" : let_in ? answer : "401 Unauthorized";
      peer.send("HTTP/1.1 " + status + "\r\nConnection: close\r\nContent-Length: 2\r\n\r\n[]");
    };
  }
};

TargetOptions options_for(const std::string& url) {
  TargetOptions options;
  options.url = url;
  options.run_id = "7";
  return options;
}

Credentials key(const std::string& text) {
  return Credentials::given(text, {client::Presentation::Way::basic_user, {}});
}

/// What discovery says, or its error.
std::string found_out(OneCodexTarget& target, Credentials credentials) {
  const auto told = target.discover(credentials);
  if (!told) return told.error().line();
  return told->remarks.empty() ? "" : told->remarks.front();
}

TEST(OneCodexTarget, IsFoundByHostByApiAndByEndpoint) {
  Tiny tiny;
  tiny.mount = "/_lane/blue";
  ScriptedServer server(tiny.script());
  for (const char* path : {"/_lane/blue", "/_lane/blue/", "/_lane/blue/api/v1/",
                           "/_lane/blue/api/v1/samples/init_upload?x=y"}) {
    OneCodexTarget target(options_for(server.url(path)));
    EXPECT_EQ(found_out(target, key("tok")), "") << path;
    EXPECT_EQ(target.url, server.url("/_lane/blue/api/v1"));
    EXPECT_TRUE(target.needs_authorization);
  }
}

TEST(OneCodexTarget, WhatIsWrongIsToldInOneLine) {
  Tiny tiny;
  ScriptedServer server(tiny.script());
  OneCodexTarget without(options_for(server.url("")));
  EXPECT_THAT(found_out(without, {}), HasSubstr("--token-env"));
  OneCodexTarget wrong(options_for(server.url("")));
  EXPECT_THAT(found_out(wrong, key("other")), HasSubstr("refuses these"));
  OneCodexTarget elsewhere(options_for(server.url("/nowhere")));
  EXPECT_THAT(found_out(elsewhere, key("tok")), HasSubstr("no One Codex server"));
  tiny.answer = "500 Internal Server Error";
  OneCodexTarget odd(options_for(server.url("")));
  EXPECT_THAT(found_out(odd, key("tok")), HasSubstr("500"));
}

TEST(OneCodexTarget, TheKeyOfAnotherUserIsThatOfAVariableAndASecret) {
  ::setenv("DEX_TEST_OC_OTHER", "the-other-key-of-a-test", 1);
  ::unsetenv("DEX_TEST_OC_NONE");
  auto options = options_for("http://h");
  redact::Secrets secrets;
  options.secrets = secrets;
  options.own = {{"other-token-env", {"DEX_TEST_OC_OTHER"}}};
  ASSERT_TRUE(onecodex_system.make_target(options));
  EXPECT_EQ(secrets.mask("key the-other-key-of-a-test"), "key ***");
  options.own = {{"other-token-env", {"DEX_TEST_OC_NONE"}}};
  const auto refused = onecodex_system.make_target(options);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().line(), HasSubstr("--other-token-env"));
}

TEST(OneCodexTarget, WhatACheckMadeIsDeleted) {
  const OneCodexTarget target(options_for("http://h"));
  const auto removal = target.removal("http://h/api/v1/samples/a");
  ASSERT_TRUE(removal);
  EXPECT_EQ(removal->method, "DELETE");
  EXPECT_EQ(removal->url, "http://h/api/v1/samples/a");
  EXPECT_FALSE(target.token_endpoint());
}

}  // namespace
}  // namespace conformance
