// Expiration. The rows' ids are in the tests' names.
#include "protocol/http/date.hpp"
#include "tus/tus_test.hpp"

namespace mock {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

class ExpirationTest : public TusTest {
 protected:
  ExpirationTest() {
    server.options.extensions.insert("expiration");
    server.options.expire_after = hours{1};
  }
};

TEST_F(ExpirationTest, TUS_EXP_001_IsAnnouncedWithAPeriodOnly) {
  EXPECT_TRUE(server.send("OPTIONS", "/files", {}).fields.has_token("Tus-Extension", "expiration"));
  server.options.expire_after.reset();
  EXPECT_FALSE(
      server.send("OPTIONS", "/files", {}).fields.has_token("Tus-Extension", "expiration"));
  EXPECT_FALSE(post({{"Upload-Length", "5"}}).fields.has("Upload-Expires"));
}

TEST_F(ExpirationTest, TUS_EXP_002_003_004_008_EveryResponseTellsTheDate) {
  const auto created = post({{"Upload-Length", "5"}});
  const auto date = ::http::format_imf_fixdate(server.loop.now() + hours{1});
  EXPECT_EQ(field(created, "Upload-Expires"), date);
  const auto path = "/files/" + id(field(created, "Location"));
  EXPECT_EQ(field(patch(path, 0, "ab"), "Upload-Expires"), date);
  EXPECT_EQ(field(patch(path, 0, "ab"), "Upload-Expires"), date) << "a 409 as well";
  EXPECT_EQ(field(head(path), "Upload-Expires"), date);
  EXPECT_EQ(field(post({{"Upload-Defer-Length", "1"}}), "Upload-Expires"), date);
  EXPECT_EQ(field(post(stream({{"Upload-Length", "5"}}), "ab"), "Upload-Expires"), date);
  server.loop.advance(hours{1} - seconds{1});
  const auto last = patch(path, 2, "cde");
  EXPECT_EQ(last.status, 204);
  EXPECT_FALSE(last.fields.has("Upload-Expires")) << "TUS-EXP-010: it is finished";
  EXPECT_FALSE(patch(path, 5, "x").fields.has("Upload-Expires"));
}

TEST_F(ExpirationTest, TUS_EXP_005_006_ExpiredIsGoneThenForgotten) {
  const auto path = create(5);
  server.loop.advance(hours{1});
  EXPECT_EQ(head(path).status, 410);
  EXPECT_FALSE(head(path).fields.has("Upload-Offset"));
  EXPECT_EQ(patch(path, 0, "ab").status, 410);
  EXPECT_EQ(server.send("GET", path, {}).status, 410);
  server.upkeep.start();
  EXPECT_EQ(head(path).status, 410) << "it is remembered for a while";
  server.loop.advance(std::chrono::minutes{1});
  EXPECT_EQ(server.hooks.calls.back(), "terminated 0/5");
  EXPECT_EQ(head(path).status, 404);
}

TEST_F(ExpirationTest, TUS_EXP_007_FinishedUploadsStay) {
  const auto path = create(2);
  patch(path, 0, "ab");
  const auto empty = create(0);
  server.loop.advance(hours{2});
  server.upkeep.start();
  EXPECT_EQ(head(path).status, 200);
  EXPECT_EQ(head(empty).status, 200);
}

TEST_F(ExpirationTest, AnUploadBeingWrittenToIsNotRemoved) {
  const auto path = create(4);
  auto exchange = server.open("PATCH", path, patch_at("0"), 4);
  exchange->bytes("ab");
  server.loop.advance(hours{2});
  server.upkeep.start();
  exchange->bytes("cd");
  exchange->finish();
  EXPECT_EQ(exchange->answer().status, 204);
  EXPECT_EQ(head(path).status, 200);
}

TEST_F(ExpirationTest, APassThatThrowsIsFollowedByAnother) {
  create(5);
  create(5);
  server.upkeep.start();
  server.hooks.throw_once = true;
  server.loop.advance(hours{2});
  EXPECT_EQ(server.loop.troubles,
            std::vector<std::string>{"a pass over all uploads: out of memory"});
  EXPECT_TRUE(server.store->list()->empty());
}

TEST_F(ExpirationTest, AnExpiredUploadMayStillBeDeleted) {
  const auto path = create(4);
  server.loop.advance(hours{2});
  EXPECT_EQ(server.send("DELETE", path, with({})).status, 204);
}

}  // namespace
}  // namespace mock
