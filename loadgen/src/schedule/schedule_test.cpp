#include "schedule/schedule.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace loadgen {
namespace {
using namespace std::chrono_literals;
const Time t0{};

ScheduleOptions closed_loop(double at_a_time, std::optional<Duration> length = {}) {
  ScheduleOptions o;
  o.course = Course::steady(at_a_time, length);
  return o;
}

ScheduleOptions open_loop(double rate, std::optional<Duration> length, std::uint64_t most) {
  ScheduleOptions o;
  o.course = Course::steady(rate, length);
  o.arrival = Arrival::constant;
  o.most = most;
  return o;
}

std::vector<std::uint64_t> take_all(Schedule& s, Time now) {
  std::vector<std::uint64_t> taken;
  while (const auto start = s.take(now)) taken.push_back(start->partner);
  return taken;
}

TEST(ClosedLoop, StartsTheNextWhenOneEnds) {
  ScheduleOptions o = closed_loop(2);
  o.partners = 4;
  Schedule s(o, t0);
  EXPECT_THAT(take_all(s, t0), testing::ElementsAre(0, 1));
  EXPECT_EQ(s.next_due(t0), std::nullopt);
  s.ended(t0 + 5s);
  const auto third = s.take(t0 + 5s);
  ASSERT_TRUE(third);
  EXPECT_EQ(third->intended, t0 + 5s);
  EXPECT_FALSE(s.exhausted(t0 + 5s));
  s.ended(t0 + 6s);
  EXPECT_THAT(take_all(s, t0 + 6s), testing::ElementsAre(3));
  EXPECT_TRUE(s.exhausted(t0 + 6s));
  EXPECT_EQ(s.not_started(t0 + 6s), 0U);
}

TEST(ClosedLoop, StopsStartingAfterItsDuration) {
  const ScheduleOptions o = closed_loop(1, 10s);
  Schedule s(o, t0);
  EXPECT_TRUE(s.take(t0 + 9s));
  s.ended(t0 + 9s);
  EXPECT_FALSE(s.take(t0 + 10s));
  EXPECT_TRUE(s.exhausted(t0 + 10s));
}

TEST(OpenLoop, IsDueAtItsRateWhateverTheServerDoes) {
  ScheduleOptions o = open_loop(10, {}, 2);
  o.partners = 5;
  Schedule s(o, t0);
  EXPECT_EQ(s.take(t0)->intended, t0);
  EXPECT_FALSE(s.take(t0 + 99ms));
  EXPECT_EQ(s.next_due(t0 + 99ms), t0 + 100ms);
  EXPECT_EQ(s.take(t0 + 101ms)->intended, t0 + 100ms);
  // Two are in flight: the third was due at 200 ms and starts late, but counts from 200 ms.
  EXPECT_FALSE(s.take(t0 + 900ms));
  EXPECT_EQ(s.next_due(t0 + 900ms), std::nullopt);
  s.ended(t0 + 900ms);
  const auto late = s.take(t0 + 901ms);
  EXPECT_EQ(late->intended, t0 + 200ms);
  EXPECT_EQ(late->possible, t0 + 900ms) << "until then it was the server's doing";
}

// The last start of a run was lost to a timer that fires a little late.
TEST(OpenLoop, WhatHadRoomWhenItWasDueStartsAfterTheEnd) {
  const ScheduleOptions o = open_loop(2000, 1s, 2);
  Schedule s(o, t0);
  Time now = t0;
  for (int i = 0; i < 1998; ++i) {
    now = t0 + i * 500us;
    ASSERT_TRUE(s.take(now));
    s.ended(now);
  }
  EXPECT_FALSE(s.exhausted(t0 + 1001ms));
  EXPECT_EQ(s.next_due(t0 + 1001ms), t0 + 999ms);
  EXPECT_EQ(take_all(s, t0 + 1001ms).size(), 2U);
  EXPECT_TRUE(s.exhausted(t0 + 1001ms));
  EXPECT_EQ(s.not_started(t0 + 1001ms), 0U);
}

TEST(OpenLoop, WhatFindsRoomOnlyAfterTheEndDoesNotStart) {
  const ScheduleOptions o = open_loop(10, 1s, 1);
  Schedule s(o, t0);
  EXPECT_TRUE(s.take(t0));
  s.ended(t0 + 1100ms);
  EXPECT_FALSE(s.take(t0 + 1100ms));
  EXPECT_EQ(s.next_due(t0 + 1100ms), std::nullopt);
  EXPECT_EQ(s.not_started(t0 + 1100ms), 9U);
}

TEST(OpenLoop, CountsWhatCouldNotStart) {
  const ScheduleOptions o = open_loop(10, 1s, 1);
  Schedule s(o, t0);
  EXPECT_TRUE(s.take(t0));
  EXPECT_FALSE(s.exhausted(t0 + 999ms));
  EXPECT_TRUE(s.exhausted(t0 + 1s));
  EXPECT_EQ(s.not_started(t0 + 1s), 9U);
}

TEST(OpenLoop, IsExhaustedOnceTheNextWouldBeDueTooLate) {
  const ScheduleOptions o = open_loop(10, 250ms, 10);
  Schedule s(o, t0);
  EXPECT_EQ(take_all(s, t0 + 240ms).size(), 3U);
  EXPECT_EQ(s.next_due(t0 + 240ms), std::nullopt);
  EXPECT_TRUE(s.exhausted(t0 + 240ms));
  EXPECT_EQ(s.not_started(t0 + 1s), 0U);
}

TEST(Schedule, SharesARunBetweenThreads) {
  std::vector<std::uint64_t> all;
  for (std::uint64_t i = 0; i < 3; ++i) {
    ScheduleOptions o = closed_loop(300);
    o.partners = 10;
    o.lot = Lot({i, 3});
    Schedule s(o, t0);
    for (const auto n : take_all(s, t0)) all.push_back(n);
  }
  EXPECT_THAT(all, testing::UnorderedElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
}

TEST(Schedule, StartsNothingOnceItIsClosed) {
  ScheduleOptions o = open_loop(1, {}, 1);
  o.partners = 10;
  Schedule s(o, t0);
  EXPECT_TRUE(s.take(t0));
  s.close(t0 + 1500ms);
  s.ended(t0 + 1500ms);
  EXPECT_FALSE(s.take(t0 + 1500ms));
  EXPECT_TRUE(s.exhausted(t0 + 1500ms));
  EXPECT_EQ(s.not_started(t0 + 1500ms), 1U);
}
}  // namespace
}  // namespace loadgen
