// Finals over unfinished parts, and passes over all uploads. The rows' ids are in the tests' names.
#include "tus/upkeep.hpp"

#include <stdexcept>
#include <utility>

#include "loop/manual_loop.hpp"
#include "tus/tus_test.hpp"

namespace mock {
namespace {

using std::chrono::hours;
using testing::IsEmpty;

class UnfinishedTest : public TusTest {
 protected:
  UnfinishedTest() { server.options.extensions.insert("concatenation-unfinished"); }

  std::string partial(const Headers& more = {{"Upload-Length", "3"}}) {
    auto headers = more;
    headers.emplace_back("Upload-Concat", "partial");
    return create(std::move(headers));
  }
  Reply post_final(const std::vector<std::string>& parts) {
    std::string value = "final;";
    for (const auto& path : parts) value += (value.back() == ';' ? "" : " ") + path;
    return post({{"Upload-Concat", value}});
  }
  std::string final_of(const std::vector<std::string>& parts) {
    const auto reply = post_final(parts);
    EXPECT_EQ(reply.status, 201) << reply.body;
    return "/files/" + id(field(reply, "Location"));
  }
};

TEST_F(UnfinishedTest, TUS_CUNF_001_IsAnnounced) {
  EXPECT_TRUE(server.send("OPTIONS", "/files", {})
                  .fields.has_token("Tus-Extension", "concatenation-unfinished"));
  server.options.extensions.erase("concatenation");
  EXPECT_FALSE(server.send("OPTIONS", "/files", {})
                   .fields.has_token("Tus-Extension", "concatenation-unfinished"));
}

TEST_F(UnfinishedTest, TUS_CUNF_002_to_006_IsJoinedWhenTheLastPartIsFinished) {
  const auto first = partial();
  const auto second = part("def");
  const auto whole = final_of({first, second, first});
  EXPECT_EQ(server.hooks.calls.back(), "created 0/9");
  auto waiting = head(whole);
  EXPECT_EQ(waiting.status, 200);
  EXPECT_FALSE(waiting.fields.has("Upload-Offset"));
  EXPECT_FALSE(waiting.fields.has("Upload-Defer-Length"));
  EXPECT_EQ(field(waiting, "Upload-Length"), "9");
  EXPECT_EQ(patch(whole, 0, "x").status, 403);
  EXPECT_EQ(patch(first, 0, "ab").status, 204);
  EXPECT_FALSE(head(whole).fields.has("Upload-Offset"));
  EXPECT_EQ(patch(first, 2, "c").status, 204);
  EXPECT_EQ(offset(whole), "9");
  EXPECT_EQ(field(head(whole), "Upload-Length"), "9");
  EXPECT_EQ(stored(whole), "abcdefabc");
  EXPECT_EQ(server.hooks.calls.back(), "finished 9/9");
  EXPECT_EQ(patch(whole, 9, "").status, 403);
}

TEST_F(UnfinishedTest, TUS_CUNF_004_TheLengthIsToldOnceEveryPartHasOne) {
  const auto deferred = partial({{"Upload-Defer-Length", "1"}});
  const auto whole = final_of({part("abc"), deferred});
  EXPECT_FALSE(head(whole).fields.has("Upload-Length"));
  server.send("PATCH", deferred, patch_at("0", {{"Upload-Length", "2"}}), "d");
  EXPECT_EQ(field(head(whole), "Upload-Length"), "5");
  EXPECT_FALSE(head(whole).fields.has("Upload-Offset"));
  patch(deferred, 1, "e");
  EXPECT_EQ(stored(whole), "abcde");
  EXPECT_EQ(field(head(whole), "Upload-Length"), "5");
}

TEST_F(UnfinishedTest, AFinalThatComesDuringTheLastPatchIsJoinedToo) {
  const auto only = partial({{"Upload-Defer-Length", "1"}});
  auto exchange = server.open("PATCH", only, patch_at("0", {{"Upload-Length", "3"}}), 3);
  exchange->bytes("ab");
  const auto whole = final_of({only});
  exchange->bytes("c");
  exchange->finish();
  server.loop.run();
  EXPECT_EQ(stored(whole), "abc");
}

TEST_F(UnfinishedTest, OnePartMayCompleteSeveralFinals) {
  const auto first = partial();
  const auto one = final_of({first});
  const auto two = final_of({part("xyz"), first});
  patch(first, 0, "abc");
  EXPECT_EQ(stored(one), "abc");
  EXPECT_EQ(stored(two), "xyzabc");
}

TEST_F(UnfinishedTest, ManyFinalsMayWaitForOnePart) {
  const auto first = partial();
  const auto before = head(first);
  std::vector<std::string> finals;
  for (int i = 0; i < 300; ++i) finals.push_back(final_of({first, first}));
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(server.send("DELETE", final_of({first}), with({})).status, 204);
  }
  EXPECT_EQ(patch(first, 0, "abc").status, 204);
  for (const auto& path : finals) EXPECT_EQ(stored(path), "abcabc");
}

TEST_F(UnfinishedTest, AFinalMayWaitForSeveralPartsInAnyOrder) {
  const auto first = partial();
  const auto second = partial();
  const auto third = partial();
  const auto whole = final_of({first, second, third});
  patch(third, 0, "ghi");
  patch(first, 0, "abc");
  EXPECT_FALSE(head(whole).fields.has("Upload-Offset"));
  patch(second, 0, "def");
  EXPECT_EQ(stored(whole), "abcdefghi");
}

TEST_F(UnfinishedTest, APartWhoseHookRefusedIsFoundByThePass) {
  const auto first = partial();
  const auto whole = final_of({first});
  server.hooks.refuse_finish = 500;
  EXPECT_EQ(patch(first, 0, "abc").status, 500);
  server.hooks.refuse_finish.reset();
  EXPECT_FALSE(head(whole).fields.has("Upload-Offset"));
  server.upkeep.start();
  server.loop.run();
  EXPECT_EQ(offset(whole), "3");
}

TEST_F(UnfinishedTest, TUS_CONCAT_024_PartsThatTurnOutTooLargeAreNotJoined) {
  server.options.max_size = Bytes{5};
  const auto deferred = partial({{"Upload-Defer-Length", "1"}});
  const auto whole = final_of({part("abc"), deferred});
  const auto told = patch_at("0", {{"Upload-Length", "3"}});
  EXPECT_EQ(server.send("PATCH", deferred, told, "def").status, 204)
      << "the part itself is not too large";
  EXPECT_EQ(head(whole).status, 413);
  server.upkeep.start();
  server.loop.run();
  EXPECT_EQ(head(whole).status, 413);
  EXPECT_EQ(server.send("DELETE", whole, with({})).status, 204);
}

TEST_F(UnfinishedTest, WithoutThePartThereIsNoFinal) {
  const auto first = partial();
  const auto whole = final_of({first, partial()});
  EXPECT_EQ(server.send("DELETE", first, with({})).status, 204);
  const auto reply = head(whole);
  EXPECT_EQ(reply.status, 410);
  EXPECT_FALSE(reply.fields.has("Upload-Offset"));
  EXPECT_EQ(server.send("DELETE", whole, with({})).status, 204);
  EXPECT_EQ(head(whole).status, 404);
}

TEST_F(UnfinishedTest, AFinalMayBeDeletedWhileItIsJoined) {
  const auto first = partial();
  const auto whole = final_of({first});
  auto last = server.open("PATCH", first, patch_at("0"), 3);
  last->bytes("abc");
  last->finish();
  EXPECT_EQ(server.send("DELETE", whole, with({})).status, 204);
  EXPECT_EQ(head(whole).status, 404);
  EXPECT_EQ(stored(first), "abc");
}

TEST_F(UnfinishedTest, WhatARestartInterruptedIsJoinedByTheFirstPass) {
  const auto first = partial();
  const auto whole = final_of({first});
  {
    auto last = server.open("PATCH", first, patch_at("0"), 3);
    last->bytes("abc");  // stored, but the process is killed before anyone notices
    last->drop();
  }
  EXPECT_FALSE(head(whole).fields.has("Upload-Offset"));
  server.upkeep.start();
  server.loop.run();
  EXPECT_EQ(offset(whole), "3");
  EXPECT_EQ(server.hooks.calls.back(), "finished 3/3");
}

TEST_F(UnfinishedTest, AJoinThatFailsAfterAPassCameByIsMadeAgain) {
  const auto first = partial();
  const auto whole = final_of({first});
  server.upkeep.start();
  server.loop.run();
  auto last = server.open("PATCH", first, patch_at("0"), 3);
  last->bytes("abc");
  last->finish();
  server.upkeep.sweep();  // as an advanced clock makes it, while the join is under way
  bool fails = true;
  server.loop.before_work = [&fails] {
    if (std::exchange(fails, false)) throw std::runtime_error("the disk");
  };
  server.loop.run();
  EXPECT_FALSE(fails);
  EXPECT_EQ(offset(whole), "3");
}

TEST_F(UnfinishedTest, TheSizeLimitHoldsForWhatIsKnownOfTheSum) {
  server.options.max_size = Bytes{5};
  EXPECT_EQ(post_final({partial(), partial()}).status, 413);
  EXPECT_EQ(post_final({partial(), partial({{"Upload-Defer-Length", "1"}})}).status, 201);
}

TEST_F(UnfinishedTest, TUS_CONCAT_017_NotOfferedIsRefused) {
  server.options.extensions.erase("concatenation-unfinished");
  EXPECT_EQ(post_final({part("abc"), partial()}).status, 400);
}

TEST_F(UnfinishedTest, FinalsAndPartsExpire) {
  server.options.extensions.insert("expiration");
  server.options.expire_after = hours{1};
  const auto first = partial();
  const auto reply = post_final({first});
  EXPECT_TRUE(reply.fields.has("Upload-Expires"));
  const auto whole = "/files/" + id(field(reply, "Location"));
  EXPECT_EQ(field(head(whole), "Upload-Expires"), field(reply, "Upload-Expires"));
  server.upkeep.start();
  server.loop.advance(hours{1});
  EXPECT_EQ(head(whole).status, 410);
  EXPECT_EQ(post_final({first}).status, 400);
  server.loop.advance(std::chrono::minutes{1});
  EXPECT_EQ(head(whole).status, 404);
  EXPECT_THAT(server.store->ids(), IsEmpty());
}

TEST_F(TusTest, APassVisitsEveryUpload) {
  server.options.extensions.insert("expiration");
  server.options.expire_after = hours{1};
  for (int i = 0; i < 200; ++i) create(5);
  server.loop.advance(hours{2});
  const auto kept = create(5);
  server.upkeep.start();
  server.loop.run();
  EXPECT_THAT(server.store->ids(), testing::ElementsAre(id(kept)));
  server.upkeep.stop();
  server.loop.advance(hours{2});
  EXPECT_THAT(server.store->ids(), testing::SizeIs(1)) << "no pass after stop";
  server.upkeep.sweep();
  EXPECT_THAT(server.store->ids(), testing::SizeIs(1));
}

/// As a lane's clock that is advanced.
class ShiftedLoop : public ManualLoop {
 public:
  [[nodiscard]] TimePoint now() const override { return ManualLoop::now() + shift; }
  Milliseconds shift{0};
};

TEST_F(TusTest, APassThatIsAskedForDuringAnotherFollowsIt) {
  server.options.extensions.insert("expiration");
  server.options.expire_after = hours{1};
  for (int i = 0; i < 200; ++i) create(5);
  ShiftedLoop loop;
  Upkeep upkeep({{*server.store, *server.locks, loop}, server.hooks}, server.options);
  upkeep.start();
  loop.shift = hours{2};
  upkeep.sweep();
  loop.advance(Milliseconds{0});
  EXPECT_THAT(server.store->ids(), IsEmpty()) << "also those that the first pass had visited";
}

}  // namespace
}  // namespace mock
