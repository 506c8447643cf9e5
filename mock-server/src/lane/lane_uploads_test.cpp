#include "lane/lane_uploads.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

namespace mock {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TimePoint at(int seconds) { return TimePoint{std::chrono::seconds{seconds}}; }

Upload upload(std::string id, std::optional<std::uint64_t> length, std::uint64_t offset = 0,
              std::optional<TimePoint> expires = std::nullopt) {
  Upload one;
  one.id = std::move(id);
  if (length) one.length = Bytes{*length};
  one.offset = Bytes{offset};
  one.expires = expires;
  return one;
}

std::vector<std::size_t> counts(LaneUploads& uploads, TimePoint now = at(0)) {
  const auto all = uploads.counts(now);
  return {all.created, all.receiving, all.complete, all.expired};
}

TEST(LaneUploads, CountsByState) {
  LaneUploads uploads;
  uploads.put(upload("a", 3));
  uploads.put(upload("b", std::nullopt));
  uploads.put(upload("empty", 0));
  EXPECT_THAT(counts(uploads), ElementsAre(2, 0, 1, 0));
  uploads.ends_at("a", Bytes{1});
  EXPECT_THAT(counts(uploads), ElementsAre(1, 1, 1, 0));
  uploads.ends_at("a", Bytes{3});
  EXPECT_THAT(counts(uploads), ElementsAre(1, 0, 2, 0));
  uploads.truncate("a", Bytes{2});
  EXPECT_THAT(counts(uploads), ElementsAre(1, 1, 1, 0));
  uploads.ends_at("b", Bytes{9});
  uploads.describe(upload("b", 9));
  EXPECT_THAT(counts(uploads), ElementsAre(0, 1, 2, 0));
  uploads.remove("b");
  uploads.remove("nobody");
  EXPECT_THAT(counts(uploads), ElementsAre(0, 1, 1, 0));
}

TEST(LaneUploads, StagedBytesCountWhenTheyAreCommitted) {
  LaneUploads uploads;
  uploads.put(upload("a", 3));
  uploads.stage("a");
  uploads.ends_at("a", Bytes{3});
  EXPECT_EQ(uploads.offset("a"), Bytes{0});
  EXPECT_THAT(counts(uploads), ElementsAre(1, 0, 0, 0));
  uploads.roll_back("a", Bytes{0});
  uploads.stage("a");
  uploads.ends_at("a", Bytes{2});
  uploads.commit("a");
  EXPECT_THAT(counts(uploads), ElementsAre(0, 1, 0, 0));
  uploads.ends_at("a", Bytes{3});
  EXPECT_THAT(counts(uploads), ElementsAre(0, 0, 1, 0));
}

TEST(LaneUploads, TimeGoesBothWays) {
  LaneUploads uploads;
  uploads.put(upload("a", 3, 0, at(10)));
  uploads.put(upload("b", 3, 1, at(20)));
  uploads.put(upload("c", 3, 3, at(10)));
  EXPECT_THAT(counts(uploads, at(9)), ElementsAre(1, 1, 1, 0));
  EXPECT_THAT(counts(uploads, at(10)), ElementsAre(0, 1, 1, 1));
  EXPECT_THAT(counts(uploads, at(30)), ElementsAre(0, 0, 1, 2));
  uploads.ends_at("b", Bytes{3});
  uploads.put(upload("d", 3, 0, at(25)));
  EXPECT_THAT(counts(uploads, at(30)), ElementsAre(0, 0, 2, 2));
  EXPECT_THAT(counts(uploads, at(0)), ElementsAre(2, 0, 2, 0));
}

TEST(LaneUploads, ArePagedInOrder) {
  LaneUploads uploads;
  for (const auto* id : {"c", "a", "b", "d"}) uploads.name(id);
  EXPECT_THAT(uploads.ids_after("", 2), ElementsAre("a", "b"));
  EXPECT_THAT(uploads.ids_after("b", 9), ElementsAre("c", "d"));
  EXPECT_THAT(counts(uploads), ElementsAre(0, 0, 0, 0)) << "only named";
  EXPECT_TRUE(uploads.only_named("a"));
  uploads.put(upload("a", 1));
  EXPECT_FALSE(uploads.only_named("a"));
}

TEST(LaneUploads, WhatIsCondemnedIsNoLongerHere) {
  LaneUploads uploads;
  uploads.put(upload("a", 3, 0, at(10)));
  uploads.put(upload("b", 3, 3));
  uploads.condemn();
  EXPECT_THAT(counts(uploads, at(20)), ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(uploads.ids_after("", 9), IsEmpty());
  EXPECT_TRUE(uploads.condemned("a"));
  uploads.put(upload("c", 3));
  uploads.condemn();
  EXPECT_TRUE(uploads.condemned("c"));
  uploads.remove("c");
  uploads.remove("a");
  EXPECT_EQ(uploads.some_condemned(), "b");
  uploads.put(upload("b", 3, 3));
  EXPECT_FALSE(uploads.any_condemned());
  EXPECT_THAT(counts(uploads), ElementsAre(0, 0, 1, 0));
}

// Whatever happens in whatever order, the counts are those of a walk over all uploads.
TEST(LaneUploads, CountAsAWalkWould) {
  std::mt19937 random(11);
  const auto pick = [&](std::uint32_t n) { return static_cast<std::uint64_t>(random() % n); };
  LaneUploads uploads;
  std::map<std::string, Upload> model;
  for (int step = 0; step < 50'000; ++step) {
    const auto id = "u" + std::to_string(pick(20));
    auto known = model.find(id);
    const auto what = pick(6);
    if (known == model.end()) {
      auto one = upload(id, pick(2) == 0 ? std::optional(pick(4)) : std::nullopt);
      if (pick(2) == 0) one.expires = at(static_cast<int>(pick(100)));
      uploads.put(one);
      model.emplace(id, one);
    } else if (what == 0) {
      uploads.remove(id);
      model.erase(known);
    } else if (what == 1) {
      known->second.expires = at(static_cast<int>(pick(100)));
      if (!known->second.length) known->second.length = Bytes{pick(5)};
      uploads.describe(known->second);
    } else if (what == 2) {
      known->second.offset = std::min(known->second.offset, Bytes{pick(3)});
      uploads.truncate(id, known->second.offset);
    } else {
      known->second.offset += Bytes{pick(2)};
      uploads.ends_at(id, known->second.offset);
    }
    const auto now = at(static_cast<int>(pick(110)));
    ServerMetrics::Uploads walked;
    for (const auto& [name, one] : model) {
      if (one.complete())
        ++walked.complete;
      else if (one.expires && *one.expires <= now)
        ++walked.expired;
      else
        ++(one.offset == Bytes{0} ? walked.created : walked.receiving);
    }
    ASSERT_THAT(counts(uploads, now),
                ElementsAre(walked.created, walked.receiving, walked.complete, walked.expired))
        << "step " << step;
  }
}

}  // namespace
}  // namespace mock
