// Discovery of an object store, and what was handed out for one.
#include "objects/target.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "protocol/s3/documents.hpp"
#include "target/credentials.hpp"
#include "testkit/scripted_server.hpp"
#include "testkit/temp_folder.hpp"

namespace conformance {
namespace {

using testing::HasSubstr;
using testing::Not;
using testkit::Peer;
using testkit::ScriptedServer;

/// A store that takes requests signed by one of these versions.
struct Tiny {
  bool takes_v2 = true;
  bool takes_v4 = true;
  std::string last;

  ScriptedServer::Script script() {
    return [this](Peer& peer) {
      last = peer.read_request();
      const bool v2 = last.find("\r\nAuthorization: AWS id:") != std::string::npos;
      const bool v4 =
          last.find("\r\nAuthorization: AWS4-HMAC-SHA256 Credential=id/") != std::string::npos;
      const bool let_in = (v2 && takes_v2) || (v4 && takes_v4);
      const auto body = s3::to_xml({s3::Code::access_denied, "Access Denied", {}}, "1", "2");
      peer.send(let_in ? "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                       : "HTTP/1.1 403 Forbidden\r\nContent-Length: " +
                             std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body);
    };
  }
};

TargetOptions options_for(const std::string& url, settings::OwnSettings own = {}) {
  TargetOptions options;
  options.url = url;
  options.run_id = "7";
  options.own = std::move(own);
  return options;
}

ObjectsTarget with_key(TargetOptions options) {
  return {std::move(options), s3::Credentials{"id", "secret"}, {}};
}

/// What discovery says, or its error.
std::string found_out(ObjectsTarget& target) {
  Credentials none;
  const auto told = target.discover(none);
  if (!told) return told.error().line();
  return told->remarks.empty() ? "" : told->remarks.front();
}

TEST(ObjectsTarget, FindsOutWhichSignaturesAreTaken) {
  struct Case {
    bool v2, v4;
    settings::OwnSettings own;
    const char* says;
    Version version;
  };
  const Case cases[] = {
      {true, true, {}, "", Version::v4},
      {true, true, {{"signature-version", {"2"}}}, "", Version::v2},
      {true, false, {}, "no signatures of version 4", Version::v2},
      {false, true, {}, "no signatures of version 2", Version::v4},
      {false, true, {{"signature-version", {"2"}}}, "--signature-version 2", Version::v2},
      {false, false, {}, "takes no object with this access key: 403 AccessDenied", Version::v4},
  };
  for (const auto& one : cases) {
    Tiny tiny{one.v2, one.v4, {}};
    ScriptedServer server(tiny.script());
    auto target = with_key(options_for(server.url("/_lane/blue/b1/"), one.own));
    const auto said = found_out(target);
    EXPECT_THAT(said, HasSubstr(one.says));
    EXPECT_EQ(said.empty(), std::string_view(one.says).empty()) << said;
    EXPECT_EQ(target.version, one.version);
    EXPECT_EQ(target.bucket, "b1");
    EXPECT_EQ(target.object_url("a b"), server.url("/_lane/blue/b1/a%20b"));
    EXPECT_TRUE(target.needs_authorization);
  }
}

TEST(ObjectsTarget, ABucketIsInThePathOrInTheHost) {
  Tiny tiny;
  ScriptedServer server(tiny.script());
  auto none = with_key(options_for(server.url()));
  EXPECT_THAT(found_out(none), HasSubstr("names no bucket"));
  auto in_host = with_key(options_for(server.url(), {{"bucket-in", {"host"}}}));
  EXPECT_EQ(found_out(in_host), "");
  EXPECT_EQ(in_host.host_bucket, "127");
  EXPECT_EQ(in_host.bucket, "127");
}

TEST(ObjectsTarget, WhatWasMadeIsDeletedByASignedUrl) {
  Tiny tiny;
  ScriptedServer server(tiny.script());
  auto target = with_key(options_for(server.url("/b1")));
  ASSERT_EQ(found_out(target), "");
  const auto removal = target.removal(target.object_url("k"));
  ASSERT_TRUE(removal);
  EXPECT_EQ(removal->method, "DELETE");
  EXPECT_THAT(removal->url, HasSubstr("/b1/k?X-Amz-Algorithm="));
}

TEST(ObjectsTarget, SaysWhatItNeeds) {
  const testkit::TempFolder folder;
  const auto file = (folder.path() / "handed.json").string();
  const auto made = [&](settings::OwnSettings own) {
    auto target = objects_system.make_target(options_for("http://h/b", std::move(own)));
    return target ? (*target)->facts().title : target.error().line();
  };
  ::setenv("DEX_TEST_OBJ_ID", "identifier", 1);
  ::setenv("DEX_TEST_OBJ_SECRET", "abcdefgh", 1);
  EXPECT_THAT(made({}), HasSubstr("--handed-out"));
  EXPECT_THAT(made({{"access-key-env", {"DEX_TEST_OBJ_ID"}}}), HasSubstr("--secret-key-env"));
  EXPECT_EQ(
      made({{"access-key-env", {"DEX_TEST_OBJ_ID"}}, {"secret-key-env", {"DEX_TEST_OBJ_SECRET"}}}),
      "an object store (signature version 4)");
  EXPECT_THAT(made({{"handed-out", {file}}}), HasSubstr(file));
  std::ofstream(file) << R"({"put_url": "http://h/b/k?Signature=SECRET"})";
  EXPECT_EQ(made({{"handed-out", {file}}}), "an object store (what was handed out)");
}

TEST(ObjectsTarget, ReadsWhatWasHandedOut) {
  const auto read = parse_handed_out(
      R"({"form": {"url": "http://h/b", "fields": {"key": "k", "success_action_status": 201}},
          "get_url": "http://h/b/k?Signature=s"})",
      "handed.json");
  ASSERT_TRUE(read) << read.error().line();
  EXPECT_EQ(read->form->url, "http://h/b");
  EXPECT_EQ(http::find(read->form->fields, "success_action_status"), "201");
  EXPECT_EQ(read->put_url, "");
  for (const char* bad :
       {R"({"put_url": "SECRET"})", R"({"form": {"fields": {}}})", R"({"url": "SECRET"})",
        R"({"form": {"url": "http://h", "fields": {"key": ["SECRET"]}}})"}) {
    const auto refused = parse_handed_out(bad, "handed.json");
    ASSERT_FALSE(refused) << bad;
    EXPECT_THAT(refused.error().line(), HasSubstr("handed.json"));
    EXPECT_THAT(refused.error().line(), Not(HasSubstr("SECRET")));
  }
}

}  // namespace
}  // namespace conformance
