#include "transport/load_pace.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace {
using namespace std::chrono_literals;
using transport::LoadTime;
using transport::Pace;

/// Seconds that `total` bytes in requests of `part` take, each `pause` after the one before.
double seconds(std::uint64_t total, std::uint64_t part, std::chrono::milliseconds pause = 0ms) {
  const LoadTime start{};
  LoadTime now = start;
  Pace pace(BytesPerSecond{100'000}, start);
  for (std::uint64_t sent = 0; sent < total; now += pause) {
    for (std::uint64_t left = std::min(part, total - sent); left > 0;) {
      const std::uint64_t count = std::min(pace.available(now, left), left);
      if (count == 0) {
        now += pace.wait(left) + 1us;
        continue;
      }
      pace.spend(count);
      left -= count;
      sent += count;
    }
  }
  return std::chrono::duration<double>(now - start).count();
}

// Once, each request had a slice for nothing: in parts of 5 KiB, 1 MiB took 0.4 s.
TEST(Pace, ALineIsAsFastInManyRequestsAsInOne) {
  for (const std::uint64_t part : {1U << 20U, 64U << 10U, 8U << 10U, 5U << 10U, 100U}) {
    EXPECT_NEAR(seconds(1U << 20U, part), 10.49, 0.06) << part;
  }
}

TEST(Pace, OfIdleTimeOneSliceIsSavedUp) {
  // 10 requests of 10 kB, 300 ms apart: the first slice of the later ones is there already.
  EXPECT_NEAR(seconds(100'000, 10'000, 300ms), 10 * 0.3 + 0.1 + 9 * 0.05, 0.01);
}

TEST(Pace, WhatWaitsIsNotCheatedWhenItIsCalledLate) {
  const LoadTime start{};
  Pace pace(BytesPerSecond{100'000}, start);
  EXPECT_EQ(pace.available(start, 50'000), 0U);
  EXPECT_EQ(pace.wait(50'000), 50ms);
  EXPECT_EQ(pace.available(start + 400ms, 50'000), 40'000U);
}

TEST(Pace, ADebtIsWaitedFor) {
  const LoadTime start{};
  Pace pace(BytesPerSecond{100'000}, start);
  pace.spend(10'000);
  EXPECT_EQ(pace.available(start + 100ms, 1000), 0U);
  EXPECT_EQ(pace.wait(1000), 10ms);
}

}  // namespace
