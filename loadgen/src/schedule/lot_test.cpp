#include "schedule/lot.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "payload/hash.hpp"
#include "schedule/schedule.hpp"

namespace loadgen {
namespace {
using namespace std::chrono_literals;

/// Whether machine `machine` has partner `n`, in a stream of which one in three partners, by
/// chance, is on machine 1, and the others are dealt out in turn.
bool has(std::uint64_t machine, std::uint64_t machines, std::uint64_t n) {
  return hash_of({n}) % 3 == 0 ? machine == 1 % machines : n % machines == machine;
}

/// The lots of a run of so many machines and threads.
std::vector<Lot> lots(std::uint64_t machines, std::uint64_t threads, bool some_together) {
  std::vector<Lot> all;
  for (std::uint64_t machine = 0; machine < machines; ++machine) {
    for (std::uint64_t thread = 0; thread < threads; ++thread) {
      if (some_together) {
        all.emplace_back([=](std::uint64_t n) { return has(machine, machines, n); }, machines,
                         Portion{thread, threads}, UINT64_MAX);
      } else {
        all.emplace_back(Portion{machine, machines}, Portion{thread, threads});
      }
    }
  }
  return all;
}

TEST(Lot, EveryPartnerIsInOneAndSoIsAllRoom) {
  for (const bool some_together : {false, true}) {
    for (const std::uint64_t machines : {1U, 2U, 4U, 7U}) {
      for (const std::uint64_t threads : {1U, 2U, 3U}) {
        const auto all = lots(machines, threads, some_together);
        std::vector<int> times(200);
        for (const Lot& lot : all) {
          for (auto n = lot.next(0); *n < times.size(); n = lot.next(*n + 1)) ++times[*n];
        }
        EXPECT_THAT(times, testing::Each(1)) << machines << " x " << threads;
        for (std::uint64_t whole = 0; whole < 60; ++whole) {
          std::uint64_t sum = 0;
          for (const Lot& lot : all) sum += lot.room(whole);
          EXPECT_EQ(sum, whole) << machines << " x " << threads;
        }
      }
    }
  }
}

TEST(Lot, KnowsOfHowManySoManyAreItsOwn) {
  for (const bool some_together : {false, true}) {
    for (const Lot& lot : lots(4, 2, some_together)) {
      EXPECT_EQ(lot.whole(0), 0U);
      for (std::uint64_t room = 1; room < 20; ++room) {
        const auto whole = lot.whole(room);
        ASSERT_TRUE(whole);
        EXPECT_EQ(lot.room(*whole), room);
        EXPECT_EQ(lot.room(*whole - 1), room - 1);
      }
    }
  }
}

TEST(Lot, MayBeEmpty) {
  const Lot none = Lot::none();
  EXPECT_EQ(none.next(0), std::nullopt);
  EXPECT_EQ(none.next(5), std::nullopt);
  EXPECT_EQ(none.room(10), 0U);
  EXPECT_EQ(none.whole(1), std::nullopt);
  ScheduleOptions options;
  options.lot = none;
  Schedule schedule(options, Time{});
  EXPECT_FALSE(schedule.take(Time{}));
  EXPECT_TRUE(schedule.exhausted(Time{}));
}

TEST(Lot, OfAnOpenLoopIsDueWhenItWasForAll) {
  ScheduleOptions options;
  options.course = Course({{4s, 0, 40}, {4s, 40, 10}});
  options.arrival = Arrival::poisson;
  options.most = 1000;
  std::map<std::uint64_t, Time> one, several;
  const auto take = [&](const Lot& lot, auto& into) {
    options.lot = lot;
    Schedule schedule(options, Time{});
    while (const auto start = schedule.take(Time{} + 8s)) into[start->partner] = start->intended;
  };
  take(Lot{}, one);
  EXPECT_GT(one.size(), 100U);
  for (const Lot& lot : lots(3, 2, true)) take(lot, several);
  EXPECT_EQ(several, one);
}

}  // namespace
}  // namespace loadgen
