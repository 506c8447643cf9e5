#include "lane/lanes.hpp"

#include <gtest/gtest.h>

#include <tuple>

#include "auth/auth.hpp"
#include "loop/manual_loop.hpp"
#include "net/no_server.hpp"
#include "store/locks.hpp"
#include "store/stores.hpp"

namespace mock {
namespace {

class NamedLanes : public testing::Test {
 protected:
  NamedLanes() {
    LaneConfig config;
    config.profile = "tus";
    lanes_ =
        MockLanes::make(LaneGround{*store_, index_, *locks_, loop_}, LaneNetwork{server_}, config)
            .value();
    lanes_->start();
  }

  /// A request that names the lane begins; it ends when the result goes.
  [[nodiscard]] Request request(const std::string& lane) {
    Request request;
    request.method = "GET";
    request.path = "/_lane/" + lane + "/x";
    lanes_->admit(request);
    return request;
  }
  [[nodiscard]] std::size_t count() const { return lanes_->names().size() - 1; }

  ManualLoop loop_;
  NoServer server_{loop_};
  std::unique_ptr<Store> store_ = make_memory_store(loop_, Bytes{1U << 20U});
  LaneIndex index_;
  std::unique_ptr<Locks> locks_ = make_locks();
  std::unique_ptr<MockLanes> lanes_;
};

TEST_F(NamedLanes, AreForgottenWhenNobodyUsesThem) {
  std::ignore = request("red");
  std::ignore = request("blue");
  loop_.advance(std::chrono::minutes{6});
  std::ignore = request("blue");
  loop_.advance(std::chrono::minutes{5});
  EXPECT_EQ(lanes_->find("red"), nullptr);
  EXPECT_NE(lanes_->find("blue"), nullptr);
  loop_.advance(std::chrono::minutes{6});
  EXPECT_EQ(count(), 0U);
}

TEST_F(NamedLanes, AreKeptWhileTheyHoldSomething) {
  ASSERT_TRUE(lanes_->open("declared", lanes_->main().config()));
  std::ignore = request("upload");
  Upload upload;
  upload.id = "u1";
  ASSERT_TRUE(lanes_->find("upload")->services().store.create(upload));
  std::ignore = request("token");
  ASSERT_TRUE(lanes_->find("token")->auth().mint({}));
  const auto under_way = request("busy");
  std::ignore = request("empty");
  loop_.advance(std::chrono::minutes{30});
  EXPECT_EQ(lanes_->names(), (std::vector<std::string>{"", "busy", "declared", "token", "upload"}));
  EXPECT_TRUE(lanes_->is_taken("token"));
  EXPECT_FALSE(lanes_->is_taken("busy")) << "it may be declared all the same";

  ASSERT_TRUE(lanes_->find("upload")->services().store.remove("u1"));
  loop_.advance(std::chrono::hours{2});
  EXPECT_EQ(lanes_->names(), (std::vector<std::string>{"", "busy", "declared"}))
      << "tokens expire, uploads end";
}

TEST_F(NamedLanes, TheOneUsedLongestAgoMakesRoom) {
  for (std::size_t i = 0; i < spare_lanes; ++i) {
    std::ignore = request("l" + std::to_string(i));
    loop_.advance(Milliseconds{1});
  }
  std::ignore = request("l0");
  loop_.advance(Milliseconds{1});
  std::ignore = request("one-more");
  EXPECT_EQ(count(), spare_lanes);
  EXPECT_NE(lanes_->find("l0"), nullptr);
  EXPECT_EQ(lanes_->find("l1"), nullptr);
}

TEST_F(NamedLanes, ARequestThatIsUnderWayKeepsWhatServesIt) {
  const auto under_way = request("red");
  ASSERT_TRUE(lanes_->open("red", lanes_->main().config())) << "a declared one takes its place";
  const auto handler = lanes_->handler_for(under_way, nullptr);
  EXPECT_NE(handler, nullptr);
  EXPECT_EQ(count(), 1U);
}

TEST_F(NamedLanes, SystemsThatShareAPathAreRefused) {
  LaneConfig config;
  config.profile_file.from = LaneInput::From::request;
  config.profile_file.text = std::make_shared<std::string>(
      R"({"name": "both", "description": "Two systems.", "system": ["dex", "tus"]})");
  const auto opened = lanes_->open("both", config);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().line(),
            "route /files: leads to both creation and creation (a lane's systems must not share a "
            "path)");
  EXPECT_EQ(lanes_->find("both"), nullptr);
}

}  // namespace
}  // namespace mock
