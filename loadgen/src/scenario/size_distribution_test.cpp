#include "scenario/size_distribution.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace loadgen {
namespace {

SizeDistribution parse(const std::string& text) {
  auto d = SizeDistribution::parse(text);
  EXPECT_TRUE(d) << d.error().line();
  return *d;
}

TEST(SizeDistribution, IsFixed) {
  EXPECT_EQ(parse("8MiB").size_of(1, 99), Bytes{8U << 20U});
  EXPECT_EQ(SizeDistribution().size_of(1, 1), Bytes{8U << 20U});
  EXPECT_EQ(parse("0").size_of(1, 99), Bytes{0});
}

TEST(SizeDistribution, IsUniformWithBothEnds) {
  const auto d = parse("uniform:10-13");
  std::map<std::uint64_t, int> seen;
  for (std::uint64_t i = 0; i < 4000; ++i) ++seen[d.size_of(5, i).value];
  EXPECT_EQ(seen.size(), 4U);
  for (const auto& [size, count] : seen) {
    EXPECT_GE(size, 10U);
    EXPECT_LE(size, 13U);
    EXPECT_NEAR(count, 1000, 150);
  }
}

TEST(SizeDistribution, IsLogNormalAroundItsMedian) {
  const auto d = parse("lognormal:median=2MiB,sigma=1.2,max=64MiB");
  std::vector<std::uint64_t> sizes;
  for (std::uint64_t i = 0; i < 10'001; ++i) sizes.push_back(d.size_of(5, i).value);
  std::sort(sizes.begin(), sizes.end());
  const double median = 2 << 20;
  EXPECT_NEAR(static_cast<double>(sizes[5000]), median, median * 0.05);
  // One standard deviation: 84.13 % are below median * e^sigma.
  EXPECT_NEAR(static_cast<double>(sizes[8413]), median * 3.32, median * 0.2);
  EXPECT_LE(sizes.back(), 64U << 20U);
  EXPECT_GE(sizes.front(), 1U);
}

TEST(SizeDistribution, ChoosesAsOftenAsNamed) {
  const auto d = parse("choice:1,1,1,5");
  int fives = 0;
  for (std::uint64_t i = 0; i < 4000; ++i) fives += d.size_of(1, i) == Bytes{5} ? 1 : 0;
  EXPECT_NEAR(fives, 1000, 120);
  EXPECT_EQ(d.smallest(), Bytes{1});
  EXPECT_EQ(d.largest(), Bytes{5});
}

TEST(SizeDistribution, IsAPureFunction) {
  const auto d = parse("uniform:1-1GiB");
  EXPECT_EQ(d.size_of(1, 2), d.size_of(1, 2));
  EXPECT_NE(d.size_of(1, 2), d.size_of(1, 3));
  EXPECT_NE(d.size_of(1, 2), d.size_of(2, 2));
}

class BadSize : public testing::TestWithParam<const char*> {};
TEST_P(BadSize, IsAnErrorThatNamesIt) {
  const auto d = SizeDistribution::parse(GetParam());
  ASSERT_FALSE(d);
  EXPECT_NE(d.error().line().find("as in 8MiB"), std::string::npos) << d.error().line();
  EXPECT_EQ(d.error().line().find('\n'), std::string::npos);
}
INSTANTIATE_TEST_SUITE_P(
    All, BadSize,
    testing::Values("", "eight", "-1", "8XB", "uniform:", "uniform:1", "uniform:2-1",
                    "uniform:1-2-3", "choice:", "choice:1,,2", "lognormal:", "lognormal:median=1",
                    "lognormal:sigma=1", "lognormal:median=1,sigma=0", "lognormal:median=0,sigma=1",
                    "lognormal:median=1,sigma=nan", "lognormal:median=1,sigma=99",
                    "lognormal:median=1,sigma=1,mode=3", "lognormal:median=1,median=2,sigma=1",
                    "lognormal:median=2,sigma=1,max=1", "poisson:3", ":", "8MiB\n"));
}  // namespace
}  // namespace loadgen
