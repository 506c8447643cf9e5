#include "run/watch.hpp"

#include <gtest/gtest.h>

namespace conformance {
namespace {

using Kind = transport::Failure::Kind;

transport::Exchange failed(Kind kind) {
  transport::Exchange exchange;
  exchange.sent.method = "PATCH";
  exchange.sent.url = "http://h/1";
  exchange.failure = transport::Failure{kind, ""};
  return exchange;
}
transport::Exchange answered(bool reused = false) {
  transport::Exchange exchange;
  exchange.response = transport::Response{};
  exchange.reused_connection = reused;
  return exchange;
}

class WatchTest : public testing::Test {
 protected:
  void refuse(int times) {
    for (int i = 0; i < times; ++i) watch_.saw("TUS-B", failed(Kind::connect));
  }
  std::chrono::steady_clock::time_point now_;
  Watch watch_{[this] { return now_; }};
};

TEST_F(WatchTest, SeveralRefusalsInARowAreADeath) {
  refuse(4);
  EXPECT_FALSE(watch_.down());
  watch_.saw("TUS-A", answered());
  refuse(4);
  EXPECT_FALSE(watch_.down());
  refuse(1);
  EXPECT_TRUE(watch_.down());
  EXPECT_EQ(watch_.deaths(), 1U);
}

TEST_F(WatchTest, WhatWasLostWhenItWentIsSuspected) {
  watch_.saw("TUS-OLD", failed(Kind::closed));
  now_ += std::chrono::seconds{1};
  watch_.saw("TUS-A", answered());
  watch_.saw("TUS-KILLER", failed(Kind::reset));
  refuse(5);
  ASSERT_EQ(watch_.suspects().size(), 1U);
  EXPECT_EQ(watch_.suspects()[0].row, "TUS-KILLER");
  EXPECT_EQ(watch_.suspects()[0].request, "PATCH http://h/1");
}

/// The exchange, as one that took `time`.
transport::Exchange after(transport::Exchange exchange, std::chrono::milliseconds time) {
  exchange.timings.total = time;
  return exchange;
}

TEST_F(WatchTest, WhatWasAskedAfterTheFirstLossIsNotSuspected) {
  watch_.saw("TUS-KILLER", after(failed(Kind::closed), std::chrono::milliseconds{2}));
  now_ += std::chrono::milliseconds{1};
  watch_.saw("TUS-BESIDE", after(failed(Kind::reset), std::chrono::milliseconds{3}));
  now_ += std::chrono::milliseconds{4};
  watch_.saw("TUS-NEXT", after(failed(Kind::reset), std::chrono::milliseconds{1}));
  refuse(5);
  ASSERT_EQ(watch_.suspects().size(), 2U);
  EXPECT_EQ(watch_.suspects()[0].row, "TUS-KILLER");
  EXPECT_EQ(watch_.suspects()[1].row, "TUS-BESIDE");
}

TEST_F(WatchTest, WhatWasAnsweredThatWasAskedLaterClearsALoss) {
  watch_.saw("TUS-CLOSED", failed(Kind::closed));
  now_ += std::chrono::milliseconds{5};
  watch_.saw("TUS-A", after(answered(), std::chrono::milliseconds{10}));  // was on its way
  EXPECT_EQ(watch_.suspects().size(), 1U);
  watch_.saw("TUS-A", after(answered(), std::chrono::milliseconds{1}));
  EXPECT_EQ(watch_.suspects().size(), 0U);
}

TEST_F(WatchTest, ANewConnectionShowsThatItLives) {
  refuse(5);
  watch_.saw("TUS-A", answered(/*reused=*/true));
  EXPECT_TRUE(watch_.down()) << "that may have been on its way";
  watch_.saw("TUS-A", answered());
  EXPECT_FALSE(watch_.down());
}

TEST_F(WatchTest, SilenceIsNoDeath) {
  for (int i = 0; i < 9; ++i) watch_.saw("TUS-A", failed(Kind::timeout));
  EXPECT_FALSE(watch_.down());
}

}  // namespace
}  // namespace conformance
