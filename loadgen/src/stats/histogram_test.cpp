#include "stats/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace loadgen {
namespace {
using std::chrono::microseconds;

TEST(Histogram, IsEmptyAtFirst) {
  const Histogram h;
  EXPECT_EQ(h.count(), 0U);
  EXPECT_EQ(h.percentile_ms(99), 0);
  EXPECT_EQ(h.mean_ms(), 0);
  EXPECT_TRUE(h.buckets().empty());
}

TEST(Histogram, PercentilesAreWithinOnePercentOfTheSortedList) {
  std::mt19937_64 random(3);
  std::lognormal_distribution<double> latency(8, 2);
  std::vector<double> values;
  Histogram h;
  for (int i = 0; i < 20'000; ++i) {
    const auto value = static_cast<std::int64_t>(latency(random)) + 1;
    values.push_back(static_cast<double>(value) / 1000);
    h.add(microseconds{value});
  }
  std::sort(values.begin(), values.end());
  for (const unsigned permille : {1U, 100U, 500U, 900U, 990U, 999U, 1000U}) {
    const double percent = permille / 10.0;
    const double exact = values[permille * 20 - 1];
    EXPECT_GE(h.percentile_ms(percent), exact * 0.9999) << percent;
    EXPECT_LE(h.percentile_ms(percent), exact * 1.0101) << percent;
  }
  EXPECT_EQ(static_cast<double>(h.max().count()) / 1000, values.back());
  EXPECT_EQ(static_cast<double>(h.min().count()) / 1000, values.front());
}

TEST(Histogram, MergingIsTheSameAsAddingToOne) {
  Histogram a;
  Histogram b;
  Histogram both;
  for (int i = 1; i < 1000; ++i) {
    const microseconds value{i * i};
    (i % 3 == 0 ? a : b).add(value);
    both.add(value);
  }
  Histogram merged = a;
  merged.merge(b);
  merged.merge(Histogram{});
  EXPECT_EQ(merged.buckets(), both.buckets());
  EXPECT_EQ(merged.count(), both.count());
  EXPECT_EQ(merged.max(), both.max());
  EXPECT_EQ(merged.min(), both.min());
  EXPECT_DOUBLE_EQ(merged.mean_ms(), both.mean_ms());
  EXPECT_EQ(a.count(), 333U) << "a copy was changed";
}

TEST(Histogram, LosesNothingOutsideItsRange) {
  Histogram h;
  h.add(microseconds{0});
  h.add(microseconds{-5});
  h.add(std::chrono::hours{100});
  EXPECT_EQ(h.count(), 3U);
  std::uint64_t sum = 0;
  for (const auto& [upper, count] : h.buckets()) sum += count;
  EXPECT_EQ(sum, 3U);
  EXPECT_EQ(h.max(), std::chrono::hours{100});
}
}  // namespace
}  // namespace loadgen
