#include "schedule/course.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "schedule/arrivals.hpp"
#include "schedule/schedule.hpp"

namespace loadgen {
namespace {
using namespace std::chrono_literals;
const Time t0{};

/// Up to 10 in 10 s, 10 for 10 s, 40 for 5 s, nothing for 10 s, and 4 for ever.
Course day() {
  return Course({{10s, 0, 10}, {10s, 10, 10}, {5s, 40, 40}, {10s, 0, 0}, {{}, 4, 4}});
}

double seconds(std::optional<Duration> time) {
  return time ? std::chrono::duration<double>(*time).count() : -1;
}

TEST(Course, HasALevelAtAnyTime) {
  const Course course = day();
  EXPECT_DOUBLE_EQ(course.level(0s), 0);
  EXPECT_DOUBLE_EQ(course.level(5s), 5);
  EXPECT_DOUBLE_EQ(course.level(20s), 40);
  EXPECT_DOUBLE_EQ(course.level(30s), 0);
  EXPECT_DOUBLE_EQ(course.level(1h), 4);
  EXPECT_DOUBLE_EQ(course.peak(), 40);
  EXPECT_EQ(course.end(), std::nullopt);
  EXPECT_EQ(Course::steady(1, 3s).end(), Duration{3s});
  EXPECT_DOUBLE_EQ(Course::steady(1, 3s).level(3s), 0);
}

TEST(Course, KnowsWhenItsSumIsReached) {
  const Course course = day();
  EXPECT_DOUBLE_EQ(seconds(course.reaches(0)), 0);
  EXPECT_NEAR(seconds(course.reaches(12.5)), 5, 1e-6);
  EXPECT_NEAR(seconds(course.reaches(50)), 10, 1e-6);
  EXPECT_NEAR(seconds(course.reaches(150)), 20, 1e-6);
  EXPECT_NEAR(seconds(course.reaches(190)), 21, 1e-6);
  EXPECT_NEAR(seconds(course.reaches(350)), 35, 1e-6) << "the lull is passed over";
  EXPECT_NEAR(seconds(course.reaches(354)), 36, 1e-6);
  for (const double sum : {1.0, 49.0, 51.0, 149.0, 349.0, 400.0}) {
    EXPECT_NEAR(course.sum(*course.reaches(sum)), sum, 1e-5);
  }
  EXPECT_EQ(Course({{10s, 10, 0}}).reaches(51), std::nullopt);
  EXPECT_NEAR(seconds(Course({{10s, 10, 0}}).reaches(49.9999)), 10, 0.05);
}

TEST(Course, KnowsWhenItRises) {
  const Course course = day();
  EXPECT_NEAR(seconds(course.rises_to(3, 0s)), 3, 1e-6);
  EXPECT_NEAR(seconds(course.rises_to(3, 7s)), 7, 1e-6);
  EXPECT_NEAR(seconds(course.rises_to(11, 0s)), 20, 1e-6);
  EXPECT_NEAR(seconds(course.rises_to(1, 26s)), 35, 1e-6);
  EXPECT_EQ(course.rises_to(5, 26s), std::nullopt);
}

std::vector<double> arrivals(const Course& course, Arrival how, std::uint64_t seed,
                             std::uint64_t first = 0, std::uint64_t stride = 1) {
  std::vector<double> all;
  Arrivals next(course, how, seed, 0);
  next.advance(first);
  for (; next.due(); next.advance(stride)) all.push_back(seconds(next.due()));
  return all;
}

TEST(Arrivals, OfAnyNumberOfThreadsAreThoseOfOne) {
  const Course course({{20s, 0, 50}, {10s, 50, 50}});
  for (const auto how : {Arrival::constant, Arrival::poisson}) {
    const auto one = arrivals(course, how, 7);
    std::vector<double> three;
    for (std::uint64_t i = 0; i < 3; ++i) {
      const auto part = arrivals(course, how, 7, i, 3);
      three.insert(three.end(), part.begin(), part.end());
    }
    std::sort(three.begin(), three.end());
    EXPECT_EQ(one, three);
    EXPECT_EQ(one, arrivals(course, how, 7));
  }
  EXPECT_NE(arrivals(course, Arrival::poisson, 7), arrivals(course, Arrival::poisson, 8));
}

TEST(Arrivals, OfAPoissonProcessComeAsOftenAsTheCourseSaysAndAsUnevenly) {
  const Course course({{100s, 0, 200}, {100s, 100, 100}});
  const auto all = arrivals(course, Arrival::poisson, 3);
  const auto in = [&](double from, double to) {
    return static_cast<double>(
        std::count_if(all.begin(), all.end(), [&](double t) { return t >= from && t < to; }));
  };
  // Within four standard deviations, which are the root of the mean.
  EXPECT_NEAR(in(0, 100), 10'000, 400);
  EXPECT_NEAR(in(0, 50), 2'500, 200);
  EXPECT_NEAR(in(100, 200), 10'000, 400);
  // The gaps of an even stretch are exponential: their standard deviation is their mean.
  double sum = 0, squares = 0;
  std::size_t count = 0;
  for (std::size_t i = 1; i < all.size(); ++i) {
    if (all[i - 1] < 100) continue;
    const double gap = all[i] - all[i - 1];
    sum += gap;
    squares += gap * gap;
    ++count;
  }
  const double mean = sum / static_cast<double>(count);
  const double deviation = std::sqrt(squares / static_cast<double>(count) - mean * mean);
  EXPECT_NEAR(mean, 0.01, 0.0005);
  EXPECT_NEAR(deviation / mean, 1, 0.05);
}

TEST(Arrivals, AreEvenWithoutChance) {
  const auto all = arrivals(Course::steady(4, 1s), Arrival::constant, 1);
  EXPECT_EQ(all, (std::vector<double>{0, 0.25, 0.5, 0.75}));
}

std::uint64_t take_all(Schedule& schedule, Time now) {
  std::uint64_t count = 0;
  while (schedule.take(now)) ++count;
  return count;
}

TEST(ClosedLoop, FollowsARamp) {
  ScheduleOptions options;
  options.course = Course({{10s, 0, 10}, {10s, 10, 10}, {10s, 2, 2}});
  Schedule s(options, t0);
  EXPECT_EQ(take_all(s, t0), 0U);
  EXPECT_EQ(s.next_due(t0), t0 + 1s);
  EXPECT_EQ(take_all(s, t0 + 1s), 1U);
  EXPECT_EQ(s.next_due(t0 + 1s), t0 + 2s);
  EXPECT_EQ(take_all(s, t0 + 10s), 9U);
  EXPECT_EQ(s.next_due(t0 + 10s), std::nullopt);
  // What is above the level goes on, and nothing takes its place.
  s.ended(t0 + 21s);
  EXPECT_EQ(take_all(s, t0 + 21s), 0U);
  for (int i = 0; i < 8; ++i) s.ended(t0 + 22s);
  EXPECT_EQ(take_all(s, t0 + 22s), 1U);
  EXPECT_TRUE(s.exhausted(t0 + 30s));
}

TEST(ClosedLoop, ThreadsShareARamp) {
  std::uint64_t all = 0;
  for (std::uint64_t i = 0; i < 3; ++i) {
    ScheduleOptions options;
    options.course = Course({{10s, 0, 10}, {10s, 10, 10}});
    options.lot = Lot({i, 3});
    Schedule s(options, t0);
    all += take_all(s, t0 + 5s);
    EXPECT_EQ(all, i == 0 ? 2U : i == 1 ? 4U : 5U);
  }
}

TEST(OpenLoop, TellsWhenWhatCouldNotStartWasDue) {
  ScheduleOptions options;
  options.course = Course({{1s, 2, 2}, {1s, 4, 4}});
  options.arrival = Arrival::constant;
  options.most = 1;
  Schedule s(options, t0);
  EXPECT_TRUE(s.take(t0));
  std::vector<Time> due;
  s.each_not_started(t0 + 3s, [&](Time at) { due.push_back(at); });
  EXPECT_EQ(due, (std::vector<Time>{t0 + 500ms, t0 + 1s, t0 + 1250ms, t0 + 1500ms, t0 + 1750ms}));
}

}  // namespace
}  // namespace loadgen
