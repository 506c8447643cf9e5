#include "transport/movement.hpp"

#include <gtest/gtest.h>

namespace transport {
namespace {

using namespace std::chrono_literals;
const Movement::Clock::time_point start{1000s};

TEST(Movement, WithoutAMostItIsATimeout) {
  Movement plain(start, 10s);
  plain.note(start + 1s, 1);
  plain.note(start + 9s, 2);
  EXPECT_FALSE(plain.over(start + 9s));
  EXPECT_EQ(plain.look_again(start + 9s), start + 10s);
  EXPECT_TRUE(plain.over(start + 10s));
  EXPECT_FALSE(plain.slow(start + 10s));
}

TEST(Movement, SilenceCountsFromTheLastByteThatMoved) {
  Movement line(start, 10s, start + 60s);
  line.note(start, 5000);
  line.note(start + 8s, 9000);
  line.note(start + 9s, 9000);
  EXPECT_FALSE(line.over(start + 17s));
  EXPECT_TRUE(line.over(start + 18s));
  EXPECT_FALSE(line.slow(start + 18s)) << "it was silent";
  EXPECT_LE(line.look_again(start + 9s), start + 10s) << "the kernel tells nothing by itself";
}

TEST(Movement, AtItsMostItIsSlowWhenBytesWereMoving) {
  Movement line(start, 10s, start + 60s);
  Movement trickle = line;
  for (int i = 0; i <= 60; ++i) {
    line.note(start + i * 1s, 1000 * i);
    trickle.note(start + i * 1s, i);
  }
  EXPECT_TRUE(line.over(start + 60s));
  EXPECT_TRUE(line.slow(start + 60s));
  EXPECT_TRUE(trickle.over(start + 60s));
  EXPECT_FALSE(trickle.slow(start + 60s));
}

TEST(Movement, ASilenceIsNotCutShort) {
  Movement line(start, 10s, start + 5s);
  line.note(start, 7);
  line.note(start + 6s, 7);
  EXPECT_FALSE(line.over(start + 9s)) << "or a server would be blamed for the end of a run";
  EXPECT_TRUE(line.over(start + 10s));
  EXPECT_FALSE(line.slow(start + 10s));
}

TEST(Movement, ABodyThatCannotBeThroughIsGivenUpEarly) {
  Movement line(start, 10s, start + 60s);
  line.note(start, 0);
  line.note(start + 1s, 4'000);
  line.sent(start + 1s, 4'000, 5'000'000);
  EXPECT_FALSE(line.over(start + 1s)) << "too early to tell";
  line.note(start + 4s, 16'000);
  line.sent(start + 4s, 16'000, 5'000'000);
  EXPECT_TRUE(line.over(start + 4s));
  EXPECT_TRUE(line.slow(start + 4s));
  line.sent(start + 5s, 20'000, 400'000);
  EXPECT_FALSE(line.over(start + 5s)) << "it may get there";
}

}  // namespace
}  // namespace transport
