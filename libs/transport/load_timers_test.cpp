#include "transport/load_timers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace {
using namespace std::chrono_literals;
using testing::ElementsAre;
using transport::LoadTime;
using transport::TimerId;
using transport::TimerWheel;

const LoadTime t0{};

TEST(TimerWheel, FiresInOrderAndNeverEarly) {
  TimerWheel wheel(t0);
  std::vector<int> fired;
  wheel.arm(t0 + 20ms, [&] { fired.push_back(20); });
  wheel.arm(t0 + 5ms, [&] { fired.push_back(5); });
  wheel.arm(t0 + 9s, [&] { fired.push_back(9000); });  // more than one round away
  wheel.advance(t0 + 4ms);
  EXPECT_TRUE(fired.empty());
  wheel.advance(t0 + 20ms);
  EXPECT_THAT(fired, ElementsAre(5, 20));
  wheel.advance(t0 + 8999ms);
  EXPECT_THAT(fired, ElementsAre(5, 20));
  wheel.advance(t0 + 9s);
  EXPECT_THAT(fired, ElementsAre(5, 20, 9000));
  EXPECT_EQ(wheel.armed(), 0U);
  EXPECT_EQ(wheel.next(), std::nullopt);
}

TEST(TimerWheel, ACancelledTimerIsGoneAndItsIdNamesNothingElse) {
  TimerWheel wheel(t0);
  int fired = 0;
  const TimerId first = wheel.arm(t0 + 3ms, [&] { ++fired; });
  wheel.cancel(first);
  const TimerId second = wheel.arm(t0 + 3ms, [&] { fired += 10; });
  wheel.cancel(first);
  EXPECT_NE(first, second);
  wheel.advance(t0 + 1s);
  EXPECT_EQ(fired, 10);
  wheel.cancel(second);
  EXPECT_EQ(wheel.armed(), 0U);
}

TEST(TimerWheel, ACallbackMayArmAndCancel) {
  TimerWheel wheel(t0);
  std::vector<int> fired;
  TimerId other;
  wheel.arm(t0 + 1ms, [&] {
    fired.push_back(1);
    wheel.cancel(other);
    wheel.arm(t0, [&] { fired.push_back(3); });
  });
  other = wheel.arm(t0 + 2ms, [&] { fired.push_back(2); });
  wheel.advance(t0 + 10ms);
  EXPECT_THAT(fired, ElementsAre(1));
  wheel.advance(t0 + 11ms);
  EXPECT_THAT(fired, ElementsAre(1, 3));
}

TEST(TimerWheel, WhatIsDueInAnyCaseFiresNextAndInItsOrder) {
  TimerWheel wheel(t0);
  std::vector<int> fired;
  wheel.advance(t0 + 5ms);
  wheel.arm(t0 + 6ms, [&] { fired.push_back(6); });
  wheel.soon([&] { fired.push_back(1); });
  const TimerId second = wheel.soon([&] { fired.push_back(2); });
  wheel.soon([&] {
    fired.push_back(3);
    wheel.soon([&] { fired.push_back(4); });
  });
  wheel.cancel(second);
  EXPECT_LE(*wheel.next(), t0 + 5ms);
  wheel.advance(t0 + 5ms);
  EXPECT_THAT(fired, ElementsAre(1, 3));
  wheel.advance(t0 + 6ms);
  EXPECT_THAT(fired, ElementsAre(1, 3, 4, 6));
  EXPECT_EQ(wheel.next(), std::nullopt);
}

TEST(TimerWheel, AgreesWithASortedListWhateverTheSteps) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 50; ++round) {
    TimerWheel wheel(t0);
    std::vector<std::pair<LoadTime, int>> expected;
    std::vector<std::pair<LoadTime, int>> fired;
    LoadTime now = t0;
    for (int i = 0; i < 200; ++i) {
      const LoadTime due = t0 + std::chrono::microseconds(random() % 20'000'000);
      expected.emplace_back(due, i);
      wheel.arm(due, [&, due, i] {
        EXPECT_LE(due, now);
        EXPECT_LT(now - due, 1ms + 3s);
        fired.emplace_back(due, i);
      });
    }
    while (wheel.armed() > 0) {
      const auto next = wheel.next();
      ASSERT_TRUE(next);
      // Sometimes straight to what the wheel asks for, sometimes past it.
      now = random() % 2 == 0 ? std::max(*next, now + 1us)
                              : now + std::chrono::microseconds(random() % 3'000'000);
      wheel.advance(now);
    }
    std::sort(expected.begin(), expected.end());
    std::sort(fired.begin(), fired.end());
    EXPECT_EQ(fired, expected);
  }
}

TEST(TimerWheel, NextIsNeverLaterThanTheEarliestTimer) {
  TimerWheel wheel(t0);
  wheel.arm(t0 + 100ms, [] {});
  EXPECT_LE(*wheel.next(), t0 + 100ms);
  EXPECT_GT(*wheel.next(), t0 + 90ms);
  wheel.arm(t0 + 10ms, [] {});
  EXPECT_LE(*wheel.next(), t0 + 10ms);
}
}  // namespace
