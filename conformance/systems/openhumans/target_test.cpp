// Discovery of an Open Humans server, and what is asked of it at the end of a run.
#include "openhumans/target.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "target/credentials.hpp"
#include "testkit/scripted_server.hpp"

namespace conformance {
namespace {

using testing::HasSubstr;
using testkit::Peer;
using testkit::ScriptedServer;

/// The smallest server: it deletes files that nobody has.
struct Tiny {
  std::string mount;
  bool auth = true;
  std::string answer = "200 OK";
  std::string last;

  ScriptedServer::Script script() {
    return [this](Peer& peer) {
      last = peer.read_request();
      const bool known = last.starts_with("POST " + mount + "/api/direct-sharing/project/files/");
      const bool let_in =
          !auth || last.find("\r\nAuthorization: Bearer tok\r\n") != std::string::npos;
      const std::string status = !known ? "404 Not Found" : let_in ? answer : "401 Unauthorized";
      peer.send("HTTP/1.1 " + status +
                "\r\nConnection: close\r\nContent-Length: 10\r\n\r\n{\"ids\":[]}");
    };
  }
};

TargetOptions options_for(const std::string& url) {
  TargetOptions options;
  options.url = url;
  options.run_id = "7";
  return options;
}

/// What discovery says, or its error.
std::string found_out(OpenHumansTarget& target, Credentials credentials) {
  const auto told = target.discover(credentials);
  if (!told) return told.error().line();
  return told->remarks.empty() ? "" : told->remarks.front();
}

TEST(OpenHumansTarget, IsFoundByHostByProjectAndByEndpoint) {
  Tiny tiny;
  tiny.mount = "/_lane/blue";
  ScriptedServer server(tiny.script());
  for (const char* path : {"/_lane/blue", "/_lane/blue/", "/_lane/blue/api/direct-sharing/project/",
                           "/_lane/blue/api/direct-sharing/project/files/upload/?access_token=x"}) {
    OpenHumansTarget target(options_for(server.url(path)));
    EXPECT_EQ(found_out(target, Credentials::given("tok")), "") << path;
    EXPECT_EQ(target.url, server.url("/_lane/blue/api/direct-sharing/project"));
    EXPECT_EQ(target.direct_url, target.url + "/files/upload/direct/");
    EXPECT_EQ(target.origin, server.url());
    EXPECT_TRUE(target.needs_authorization);
  }
}

TEST(OpenHumansTarget, AsksForWhatIsMissing) {
  Tiny tiny;
  ScriptedServer server(tiny.script());
  OpenHumansTarget target(options_for(server.url()));
  EXPECT_THAT(found_out(target, Credentials{}), HasSubstr("--token-env"));
  EXPECT_THAT(found_out(target, Credentials::given("x")), HasSubstr("refuses these credentials"));
  tiny.answer = "400 Bad Request";
  EXPECT_THAT(found_out(target, Credentials::given("tok")), HasSubstr("--member"));
  tiny.mount = "/elsewhere";
  EXPECT_THAT(found_out(target, Credentials::given("tok")), HasSubstr("answered 404"));
}

TEST(OpenHumansTarget, WhatWasMadeIsDeletedByItsNumber) {
  Tiny tiny;
  ScriptedServer server(tiny.script());
  OpenHumansTarget target(options_for(server.url()));
  ASSERT_EQ(found_out(target, Credentials::given("tok")), "");
  const auto removal = target.removal(target.remembered("12345678", 17));
  ASSERT_TRUE(removal);
  EXPECT_EQ(removal->method, "POST");
  EXPECT_EQ(removal->url, target.delete_url);
  EXPECT_EQ(removal->body, "project_member_id=12345678&file_id=17");
  EXPECT_FALSE(target.removal(target.delete_url));
}

TEST(OpenHumansTarget, TellsItsContract) {
  auto options = options_for("http://h");
  EXPECT_EQ(OpenHumansTarget(options).facts().title, "Open Humans (contract server)");
  options.own = {{"contract", {"guide"}}, {"member", {"7"}}, {"other-member", {"8"}}};
  const OpenHumansTarget target(options);
  EXPECT_EQ(target.facts().title, "Open Humans (contract guide)");
  EXPECT_EQ(target.member, "7");
  EXPECT_EQ(target.other_member, "8");
}

}  // namespace
}  // namespace conformance
