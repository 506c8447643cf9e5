#include "http/throttle.hpp"

#include <gtest/gtest.h>

namespace mock {
namespace {

constexpr TimePoint start{std::chrono::seconds{1'800'000'000}};

/// How long `bytes` take when whatever is allowed goes at once.
Milliseconds time_for(std::uint64_t bytes, std::uint64_t rate) {
  Throttle throttle({rate}, start);
  Milliseconds passed{0};
  while (bytes > 0) {
    const auto wait = throttle.wait();
    EXPECT_GE(wait, Milliseconds{1});
    passed += wait;
    const auto size = std::min(bytes, throttle.refill(start + passed));
    throttle.spend(size);
    bytes -= size;
  }
  return passed;
}

TEST(Throttle, KeepsTheRateWhateverItIs) {
  for (const std::uint64_t rate :
       {1ULL, 7ULL, 100ULL, 1500ULL, 20'000ULL, 1'000'000ULL, 125'000'000ULL, 10'000'000'000ULL}) {
    const auto time = time_for(10 * rate, rate);
    EXPECT_GE(time, Milliseconds{10'000}) << rate;
    EXPECT_LE(time, Milliseconds{11'000}) << rate;
  }
}

TEST(Throttle, StartsEmptyAndSavesLittle) {
  Throttle throttle({100'000}, start);
  EXPECT_EQ(throttle.allowance(), 0U);
  EXPECT_EQ(throttle.refill(start), 0U);
  EXPECT_EQ(throttle.refill(start + Milliseconds{10}), 1000U);
  EXPECT_EQ(throttle.refill(start + std::chrono::hours{1}), 25'000U) << "a quarter of a second";
}

TEST(Throttle, StepsAreSmall) {
  Throttle slow({20'000}, start);
  EXPECT_LE(slow.wait(), Milliseconds{60});
  Throttle fast({100'000'000}, start);
  EXPECT_LE(fast.wait(), Milliseconds{20});
}

TEST(Throttle, AClockThatIsSetBackCostsNothing) {
  Throttle throttle({1000}, start);
  throttle.refill(start + Milliseconds{100});
  EXPECT_EQ(throttle.refill(start - std::chrono::hours{1}), 100U);
  EXPECT_EQ(throttle.refill(start - std::chrono::hours{1} + Milliseconds{50}), 150U);
}

TEST(Throttle, NoRateIsTooHigh) {
  Throttle throttle({UINT64_MAX}, start);
  EXPECT_GT(throttle.refill(start + std::chrono::hours{1}), std::uint64_t{1} << 60U);
  EXPECT_EQ(throttle.wait(), Milliseconds{1});
}

}  // namespace
}  // namespace mock
