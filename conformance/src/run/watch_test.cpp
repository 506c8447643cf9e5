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
