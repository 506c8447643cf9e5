#include "run/seconds.hpp"

#include <gtest/gtest.h>

namespace loadgen {
namespace {
using namespace std::chrono_literals;

TEST(Seconds, TellWhatHappenedInEach) {
  const Time t0{};
  Progress progress;
  Seconds seconds(progress, t0);
  progress.started = 10;
  progress.sent_bytes = 500;
  progress.acknowledged_bytes = 400;
  progress.loop_lag_max_us = 1500;
  EXPECT_FALSE(seconds.look(t0 + 900ms));
  const auto first = seconds.look(t0 + 1050ms);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->number, 1U);
  EXPECT_EQ(first->started, 10U);
  EXPECT_EQ(first->sent, Bytes{500});
  EXPECT_EQ(first->loop_lag_max, 1500us);
  EXPECT_FALSE(seconds.look(t0 + 1150ms)) << "once only";
  progress.started = 13;
  progress.acknowledged_bytes = 450;
  progress.in_flight = 3;
  const auto second = seconds.look(t0 + 2s);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->started, 3U);
  EXPECT_EQ(second->in_flight, 3U);
  EXPECT_EQ(second->acknowledged, Bytes{50});
  EXPECT_EQ(second->loop_lag_max, 0us);
  EXPECT_EQ(seconds.slowest(), Bytes{50});
  EXPECT_FALSE(second->verifying);
  progress.verifying = true;
  EXPECT_TRUE(seconds.look(t0 + 3s)->verifying);
  EXPECT_EQ(seconds.slowest(), Bytes{50}) << "nothing is sent any more";
}

TEST(Seconds, KnowTheirPhaseAndEachGroup) {
  const Time t0{};
  Progress progress(2);
  Seconds seconds(progress, t0, [](Duration at) { return at >= 2s ? 1U : 0U; });
  progress.groups[1].started = 5;
  progress.groups[1].acknowledged_bytes = 70;
  progress.groups[1].in_flight = 2;
  const auto first = seconds.look(t0 + 1s);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->phase, 0U);
  EXPECT_EQ(first->groups.at(0).started, 0U);
  EXPECT_EQ(first->groups.at(1).started, 5U);
  progress.groups[1].started = 6;
  EXPECT_EQ(seconds.look(t0 + 2s)->phase, 0U);
  progress.groups[1].started = 9;
  const auto third = seconds.look(t0 + 3s);
  EXPECT_EQ(third->phase, 1U);
  EXPECT_EQ(third->groups.at(1).started, 3U);
  EXPECT_EQ(third->groups.at(1).in_flight, 2U);
  EXPECT_EQ(third->groups.at(1).acknowledged, Bytes{0});
}

}  // namespace
}  // namespace loadgen
