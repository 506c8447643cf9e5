#include "lane/lane_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "loop/manual_loop.hpp"
#include "store/stores.hpp"
#include "tus/attributes.hpp"

namespace mock {
namespace {

using std::chrono::hours;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Upload upload(const std::string& id) {
  Upload one;
  one.id = id;
  one.length = Bytes{3};
  return one;
}

class LaneStores : public testing::Test {
 protected:
  static std::span<const std::byte> bytes(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
  }
  static StoreError::Kind kind(const StoreError& error) { return error.kind; }

  ManualLoop loop_;
  std::unique_ptr<Store> all_ = make_memory_store(loop_, Bytes{1000});
  LaneIndex index_;
  LaneClock clock_{loop_};
  LaneStore main_{*all_, index_, "", clock_};
  LaneStore blue_{*all_, index_, "blue", clock_};
  LaneStore red_{*all_, index_, "red", clock_};
};

TEST_F(LaneStores, CountsWhatIsThereAsItChanges) {
  ASSERT_TRUE(main_.create(upload("before")));
  ASSERT_TRUE(blue_.create(upload("b")));
  LaneStore store{*all_, index_, "", clock_};
  ASSERT_TRUE(store.start());
  EXPECT_EQ(store.counts().created, 0U) << "not looked at yet";
  EXPECT_EQ(store.look_at_some("", 64), "");
  EXPECT_EQ(store.counts().created, 1U);
  ASSERT_TRUE(store.create(upload("a")));
  ASSERT_TRUE(store.append("a", Bytes{0}, bytes("ab")));
  EXPECT_EQ(store.counts().receiving, 1U);
  ASSERT_TRUE(store.append("a", Bytes{2}, bytes("c")));
  EXPECT_EQ(store.counts().complete, 1U);
  EXPECT_FALSE(store.append("a", Bytes{1}, bytes("c")));
  EXPECT_EQ(store.counts().complete, 1U);
  ASSERT_TRUE(store.stage("before"));
  ASSERT_TRUE(store.append("before", Bytes{0}, bytes("abc")));
  EXPECT_EQ(store.counts().created, 1U);
  ASSERT_TRUE(store.commit("before"));
  EXPECT_EQ(store.counts().complete, 2U);
  Upload whole = upload("f");
  edit_tus(whole).kind = tus::UploadKind::final;
  whole.parts = {"a", "before"};
  whole.length = Bytes{6};
  auto joined = store.join(whole);
  ASSERT_TRUE(joined);
  ASSERT_TRUE(joined->work());
  ASSERT_TRUE(joined->commit());
  EXPECT_EQ(store.counts().complete, 3U);
  ASSERT_TRUE(all_->remove("f"));
  EXPECT_FALSE(store.find("f"));
  EXPECT_EQ(store.counts().complete, 2U);
  EXPECT_THAT(*store.list_after("a", 9), ElementsAre("before"));
}

TEST_F(LaneStores, WhatIsCondemnedIsNotFoundAndRemovedOneByOne) {
  ASSERT_TRUE(main_.start());
  for (const auto* id : {"a", "b"}) ASSERT_TRUE(main_.create(upload(id)));
  main_.condemn();
  EXPECT_FALSE(main_.find("a"));
  EXPECT_FALSE(main_.open("a"));
  EXPECT_FALSE(main_.remove("a"));
  EXPECT_FALSE(main_.append("a", Bytes{0}, bytes("abc")));
  EXPECT_THAT(main_.ids(), IsEmpty());
  ASSERT_TRUE(main_.create(upload("new")));
  while (main_.any_condemned()) EXPECT_TRUE(main_.remove_condemned(main_.some_condemned()));
  EXPECT_THAT(all_->ids(), ElementsAre("new"));
  EXPECT_THAT(main_.ids(), ElementsAre("new"));
}

TEST_F(LaneStores, EachSeesItsOwnUploadsOnly) {
  ASSERT_TRUE(main_.create(upload("m")));
  ASSERT_TRUE(blue_.create(upload("b")));
  ASSERT_TRUE(red_.create(upload("r")));
  EXPECT_THAT(main_.ids(), ElementsAre("m"));
  EXPECT_THAT(blue_.ids(), ElementsAre("b"));
  EXPECT_EQ(blue_.find("b")->lane, "blue");
  for (const auto* const id : {"m", "r"}) {
    EXPECT_EQ(kind(blue_.find(id).error()), StoreError::Kind::not_found);
    EXPECT_EQ(kind(blue_.open(id).error()), StoreError::Kind::not_found);
    EXPECT_EQ(kind(blue_.remove(id).error()), StoreError::Kind::not_found);
    EXPECT_TRUE(all_->find(id));
  }
  EXPECT_FALSE(main_.find("b"));
  EXPECT_FALSE(main_.remove("b"));
  EXPECT_TRUE(main_.open("m"));
}

TEST_F(LaneStores, EachPeeksAtWhatItWouldFind) {
  ASSERT_TRUE(main_.create(upload("m")));
  ASSERT_TRUE(blue_.create(upload("b")));
  ASSERT_NE(blue_.peek("b"), nullptr);
  EXPECT_EQ(blue_.peek("b")->id, "b");
  EXPECT_EQ(blue_.peek("m"), nullptr);
  EXPECT_EQ(main_.peek("b"), nullptr);
  clock_.advance(hours{2});
  ASSERT_TRUE(blue_.append("b", Bytes{0}, bytes("abc")));
  EXPECT_EQ(blue_.peek("b"), nullptr) << "the time it was written at is another underneath";
  ASSERT_NE(main_.peek("m"), nullptr);
  main_.close();
  EXPECT_EQ(main_.peek("m"), nullptr);
}

TEST_F(LaneStores, ARewriteKeepsTheLane) {
  ASSERT_TRUE(blue_.create(upload("b")));
  auto changed = upload("b");  // as a handler knows it, which knows nothing of lanes
  changed.length = Bytes{7};
  ASSERT_TRUE(blue_.update(changed));
  EXPECT_EQ(all_->find("b")->lane, "blue");
  EXPECT_EQ(blue_.find("b")->length, Bytes{7});
}

TEST_F(LaneStores, PartsOfAnotherLaneCannotBeJoined) {
  ASSERT_TRUE(blue_.create(upload("b")));
  ASSERT_TRUE(blue_.append("b", Bytes{0}, bytes("abc")));
  auto final_upload = upload("f");
  final_upload.parts = {"b"};
  EXPECT_EQ(kind(red_.join(final_upload).error()), StoreError::Kind::not_found);
  auto joined = blue_.join(final_upload);
  ASSERT_TRUE(joined);
  ASSERT_TRUE(joined->work());
  ASSERT_TRUE(joined->commit());
  EXPECT_THAT(blue_.ids(), ElementsAre("b", "f"));
  EXPECT_FALSE(main_.find("f"));
}

TEST_F(LaneStores, TheIndexKnowsWhereAnUploadIs) {
  EXPECT_TRUE(index_.empty());
  ASSERT_TRUE(main_.create(upload("m")));
  EXPECT_TRUE(index_.empty());
  ASSERT_TRUE(blue_.create(upload("b")));
  ASSERT_NE(index_.lane_of("b"), nullptr);
  EXPECT_EQ(*index_.lane_of("b"), "blue");
  EXPECT_EQ(index_.lane_of("m"), nullptr);
  ASSERT_TRUE(blue_.remove("b"));
  EXPECT_TRUE(index_.empty());
}

TEST_F(LaneStores, AClosedOneIsEmptyForWhoeverStillHasIt) {
  ASSERT_TRUE(blue_.create(upload("b")));
  blue_.close();
  EXPECT_FALSE(blue_.find("b"));
  EXPECT_FALSE(blue_.append("b", Bytes{0}, bytes("abc")));
  EXPECT_FALSE(blue_.create(upload("c")));
  EXPECT_THAT(blue_.ids(), IsEmpty());
}

TEST_F(LaneStores, BytesComeAtTheLanesTime) {
  ASSERT_TRUE(blue_.create(upload("b")));
  clock_.advance(hours{2});
  ASSERT_TRUE(blue_.append("b", Bytes{0}, bytes("abc")));
  EXPECT_EQ(blue_.find("b")->modified, loop_.now() + hours{2});
  EXPECT_EQ(all_->find("b")->modified, loop_.now());
}

TEST_F(LaneStores, WhatNoClientCanHelpIsToldWithLaneAndUpload) {
  std::vector<Notice> notices;
  LaneStore green(*all_, index_, "green", clock_,
                  [&](const Notice& notice) { notices.push_back(notice); });
  auto part = upload("part");
  part.length = Bytes{600};
  ASSERT_TRUE(green.create(part));
  const std::string text(600, 'x');
  ASSERT_TRUE(green.append("part", Bytes{0}, bytes(text)));
  EXPECT_FALSE(green.append("part", Bytes{1}, bytes("x")));
  EXPECT_FALSE(green.find("none"));
  EXPECT_FALSE(green.create(part));
  EXPECT_THAT(notices, IsEmpty()) << "a client may be told of all that";

  auto final_upload = upload("final");
  final_upload.parts = {"part", "part"};
  EXPECT_FALSE(green.join(final_upload));
  ASSERT_EQ(notices.size(), 1U);
  EXPECT_EQ(notices[0].kind, "store");
  EXPECT_EQ(notices[0].lane, "green");
  EXPECT_EQ(notices[0].upload, "final");
  EXPECT_EQ(notices[0].text, "the store has no space left: the memory limit is reached");

  // A part of it fits.
  ASSERT_TRUE(green.create(upload("more")));
  EXPECT_EQ(green.append("more", Bytes{0}, bytes(text)), Bytes{400});
  ASSERT_EQ(notices.size(), 2U);
  EXPECT_EQ(notices[1].upload, "more");
}

TEST(LaneClocks, StandStillGoOnAndComeBack) {
  ManualLoop loop;
  LaneClock clock(loop);
  const auto start = loop.now();
  EXPECT_TRUE(clock.is_real());
  clock.freeze();
  loop.advance(Milliseconds{500});
  EXPECT_EQ(clock.now(), start);
  clock.resume();
  EXPECT_EQ(clock.now(), start) << "it goes on from where it stood";
  loop.advance(Milliseconds{500});
  EXPECT_EQ(clock.now(), start + Milliseconds{500});
  int advanced = 0;
  clock.on_advance([&] { ++advanced; });
  clock.advance(hours{1});
  EXPECT_EQ(clock.now(), start + Milliseconds{500} + hours{1});
  EXPECT_EQ(advanced, 1);
  EXPECT_FALSE(clock.is_real());
  clock.reset();
  EXPECT_EQ(clock.now(), loop.now());
  EXPECT_TRUE(clock.is_real());
}

}  // namespace
}  // namespace mock
