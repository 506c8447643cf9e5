// What is found in made-up seconds: troubles, and above all no trouble where there is none.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <random>

#include "page/buckets.hpp"
#include "page/findings.hpp"
#include "page/page.hpp"
#include "page/stalls.hpp"
#include "results/results.hpp"

namespace loadgen {
namespace {
using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr Time t0{};

/// An upload of a made-up run.
struct Made {
  double due = 0, took = 0;  ///< seconds
  std::uint64_t size = 100'000;
  std::size_t group = 0;
  double late = 0;  ///< s from when it was due to its start
};

/// A run of these, as results_of tells it.
Results run_of(const std::vector<Made>& uploads, std::size_t groups = 1) {
  Results r;
  r.begun = std::chrono::milliseconds{1'700'000'000'000};  // 22:13:20 UTC
  r.phases = {{"all", PhaseKind::hold, 0ms, std::nullopt, {}}};
  for (std::size_t g = 0; g < groups; ++g) {
    r.groups.push_back({fmt::format("group-{}", g), "tus", "perfect", "random", "1MiB", {}});
  }
  double last = 0;
  for (const Made& one : uploads) last = std::max(last, one.due + one.took);
  r.seconds.resize(static_cast<std::size_t>(last) + 1);
  for (std::size_t i = 0; i < r.seconds.size(); ++i) {
    Second& second = r.seconds[i].figures;
    second.number = i + 1;
    second.loop_lag_max = 2ms;
    if (groups > 1) second.groups.resize(groups);
  }
  std::vector<std::map<int, std::uint64_t>> all(r.seconds.size()), service(r.seconds.size());
  for (std::size_t i = 0; i < uploads.size(); ++i) {
    const Made& one = uploads[i];
    const double end = one.due + one.took;
    const auto from = static_cast<std::size_t>(one.due + one.late);
    const auto to = static_cast<std::size_t>(end);
    const auto us = [](double s) { return std::chrono::microseconds(std::llround(s * 1e6)); };
    ++r.seconds[from].figures.started;
    ++r.seconds[to].figures.uploaded;
    for (std::size_t at = from; at < to; ++at) {
      ++r.seconds[at].figures.in_flight;
      if (groups > 1) ++r.seconds[at].figures.groups[one.group].in_flight;
    }
    r.seconds[to].figures.acknowledged += Bytes{one.size};
    r.seconds[to].figures.sent += Bytes{one.size};
    if (groups > 1) {
      ++r.seconds[from].figures.groups[one.group].started;
      ++r.seconds[to].figures.groups[one.group].uploaded;
    }
    ++all[to][Histogram::bucket_of(us(one.took))];
    ++service[to][Histogram::bucket_of(us(one.took - one.late))];
    UploadResult upload;
    upload.index = i;
    upload.size = upload.acknowledged = upload.sent = Bytes{one.size};
    upload.state = UploadState::verified;
    upload.intended = t0 + us(one.due);
    upload.started = t0 + us(one.due + one.late);
    upload.uploaded = upload.ended = t0 + us(end);
    r.stats.add(upload);
    r.groups[one.group].stats.add(upload);
  }
  for (std::size_t i = 0; i < r.seconds.size(); ++i) {
    r.seconds[i].end_to_end.assign(all[i].begin(), all[i].end());
    r.seconds[i].service.assign(service[i].begin(), service[i].end());
  }
  return r;
}

/// `a_second` uploads a second, at random times; `took` says how long each takes from when it is
/// due.
std::vector<Made> arrivals(double a_second, double lasts, unsigned seed,
                           const std::function<double(double, std::mt19937&)>& took) {
  std::mt19937 random(seed);
  std::exponential_distribution<double> gap(a_second);
  std::vector<Made> all;
  for (double at = gap(random); at < lasts; at += gap(random)) {
    all.push_back({at, took(at, random)});
  }
  return all;
}

double noise(std::mt19937& random, double median, double sigma) {
  return median * std::exp(std::normal_distribution<double>(0, sigma)(random));
}

std::vector<Made> with_stall(double from, double to, double takes, unsigned seed = 1,
                             double a_second = 8) {
  return arrivals(a_second, 58, seed, [=](double at, std::mt19937& random) {
    return noise(random, 0.002, 0.4) + (at >= from && at < to ? takes : 0);
  });
}

std::string told(const Results& results) {
  std::string all;
  for (const auto& one : findings_of(results)) all += one.text + "\n";
  return all;
}

std::string found(const std::vector<Stall>& stalls) {
  std::string all;
  for (const Stall& one : stalls) {
    all += fmt::format("{}-{}: {} of {} ms, usually {}\n", one.from, one.to, one.uploads,
                       one.median_ms, one.usual_ms);
  }
  return all;
}

TEST(Stalls, AreSeenWhereNoEventExplainsThem) {
  auto uploads = with_stall(32, 45, 1.5);
  for (std::size_t i = 0; i < uploads.size(); ++i) uploads[i].group = i % 2;
  const Results results = run_of(uploads, 2);
  const auto seen = stalls(results);
  ASSERT_EQ(seen.size(), 1U) << found(seen);
  EXPECT_NEAR(static_cast<double>(seen[0].from), 32, 1);
  EXPECT_NEAR(static_cast<double>(seen[0].to), 46, 1);
  EXPECT_NEAR(seen[0].median_ms, 1502, 30);
  EXPECT_LT(seen[0].usual_ms, 4);
  const std::string text = told(results);
  EXPECT_THAT(text, HasSubstr(": uploads of group-0, group-1 took 1.5"));
  EXPECT_THAT(text, HasSubstr("No event of the scenario explains it, and this machine was not late "
                              "(by 2.0 ms at most): look at the server"));
  EXPECT_THAT(text, HasSubstr(", at 22:13:5"));
  auto busy = results;
  for (auto& second : busy.seconds) second.figures.loop_lag_max = 152ms;
  EXPECT_THAT(told(busy), HasSubstr("explains it, and this machine, which was late by 152 ms at "
                                    "most, does not either: look at the server"));
}

TEST(Stalls, AreSeenWhereNothingEndsForAWhile) {
  const auto uploads = arrivals(8, 58, 1, [](double at, std::mt19937& random) {
    return at >= 20 && at < 29 ? 29.01 - at : noise(random, 0.002, 0.4);
  });
  const auto seen = stalls(run_of(uploads));
  ASSERT_EQ(seen.size(), 1U) << found(seen);
  EXPECT_NEAR(static_cast<double>(seen[0].from), 20, 1);
  EXPECT_EQ(seen[0].to, 30U);
}

TEST(Standstills, AreToldWhereAllThatIsInFlightWaits) {
  // Ten at a time, one after the other, for a server that hangs from 20 s to 29 s.
  std::vector<Made> uploads;
  for (std::size_t partner = 0; partner < 10; ++partner) {
    double at = 0.01 * static_cast<double>(partner);
    while (at < 40) {
      const double took = at < 20 && at + 0.2 >= 20 ? 29.1 - at : 0.2;
      uploads.push_back({at, took});
      at += took;
    }
  }
  EXPECT_THAT(told(run_of(uploads)),
              AllOf(HasSubstr("Nothing was sent or acknowledged from 20 s to 29 s"),
                    HasSubstr("stood still, from 22:13:40 UTC on.")));
}

TEST(Stalls, AreSeveral) {
  const auto uploads = arrivals(10, 120, 3, [](double at, std::mt19937& random) {
    const bool slow = (at >= 20 && at < 28) || (at >= 70 && at < 80);
    return noise(random, 0.02, 0.5) + (slow ? 0.8 : 0);
  });
  const auto seen = stalls(run_of(uploads));
  ASSERT_EQ(seen.size(), 2U) << found(seen);
  EXPECT_NEAR(static_cast<double>(seen[0].from), 20, 1);
  EXPECT_NEAR(static_cast<double>(seen[1].from), 70, 1);
}

TEST(Stalls, AreNoneWhereAnEventExplainsThem) {
  auto results = run_of(with_stall(32, 45, 1.5));
  results.events = {{"outage", 32s, 13s, 0, 1, {}, "north"}};
  EXPECT_EQ(found(stalls(results)), "");
  results.events = {{"restart", 32s, 0s, 0, 1, {}, ""}};
  EXPECT_EQ(found(stalls(results)), "") << "what an event left behind";
  results.events = {{"outage", 5s, 10s, 0, 1, {}, "north"}};
  EXPECT_EQ(stalls(results).size(), 1U) << "another time";
  EXPECT_THAT(told(results), HasSubstr("5 s to 15 s: outage of region north"));
}

TEST(Stalls, AreNoneWhereThisMachineIsLate) {
  auto results = run_of(with_stall(32, 45, 1.5));
  for (std::size_t i = 30; i < 48; ++i) results.seconds[i].figures.loop_lag_max = 600ms;
  EXPECT_EQ(found(stalls(results)), "");
  auto uploads = with_stall(32, 45, 1.5);
  for (Made& one : uploads) {
    if (one.took > 1) one.late = 1.499;
  }
  EXPECT_EQ(found(stalls(run_of(uploads))), "") << "they waited for their start";
}

TEST(Stalls, AreNoneInTwoSecondsOrForFewMilliseconds) {
  EXPECT_EQ(found(stalls(run_of(with_stall(32.1, 33.8, 0.12)))), "");
  EXPECT_EQ(found(stalls(run_of(with_stall(32, 45, 0.08)))), "");
}

TEST(Stalls, AreNoneInPhasesThatChangeTheLoad) {
  for (const PhaseKind kind : {PhaseKind::ramp, PhaseKind::spike, PhaseKind::drain}) {
    auto results = run_of(with_stall(32, 45, 1.5));
    results.phases = {{"a", PhaseKind::hold, 0ms, 10s, {}},
                      {"b", kind, 10s, 40s, {}},
                      {"c", PhaseKind::hold, 50s, std::nullopt, {}}};
    for (auto& second : results.seconds) {
      const auto number = second.figures.number;
      second.figures.phase = number <= 10 ? 0 : number <= 50 ? 1 : 2;
    }
    EXPECT_EQ(found(stalls(results)), "");
    results.phases[1].kind = PhaseKind::hold;
    EXPECT_EQ(stalls(results).size(), 1U);
    for (auto& second : results.seconds) {
      const auto number = second.figures.number;
      second.figures.phase = number <= 33 ? 0 : 1;
    }
    EXPECT_EQ(found(stalls(results)), "") << "what the phase before left behind";
  }
}

/// Runs without trouble, of every kind that comes to mind; each of several seeds.
using Quiet = std::function<Results(unsigned)>;
const std::pair<const char*, Quiet> quiet[] = {
    {"even", [](unsigned seed) { return run_of(with_stall(0, 0, 0, seed)); }},
    {"few uploads, of very different times",
     [](unsigned seed) {
       return run_of(arrivals(1, 600, seed,
                              [](double, std::mt19937& random) { return noise(random, 0.05, 2); }));
     }},
    {"some are large",
     [](unsigned seed) {
       return run_of(arrivals(2, 600, seed, [](double, std::mt19937& random) {
         return random() % 20 == 0 ? 20 : noise(random, 0.01, 0.5);
       }));
     }},
    {"many are large",
     [](unsigned seed) {
       return run_of(arrivals(2, 300, seed, [](double, std::mt19937& random) {
         return random() % 3 == 0 ? 3 : noise(random, 0.01, 0.5);
       }));
     }},
    {"few at a time, some of them large",
     [](unsigned seed) {
       std::mt19937 random(seed);
       std::vector<Made> uploads;
       for (int partner = 0; partner < 3; ++partner) {
         for (double at = 0; at < 600;) {
           const double took = random() % 50 == 0 ? 15 : noise(random, 0.3, 0.5);
           uploads.push_back({at, took});
           at += took;
         }
       }
       return run_of(uploads);
     }},
    {"large ones of a group that comes later",
     [](unsigned seed) {
       auto uploads = with_stall(0, 0, 0, seed);
       for (int i = 0; i < 40; ++i) uploads.push_back({60. + i, 4, 100'000, 1});
       return run_of(uploads, 2);
     }},
    {"larger files later",
     [](unsigned seed) {
       auto uploads = with_stall(30, 45, 1, seed);
       for (Made& one : uploads) one.size = one.took > 0.5 ? 40'000'000 : 100'000;
       return run_of(uploads);
     }},
    {"all at once in the beginning",
     [](unsigned seed) {
       auto uploads = with_stall(0, 0, 0, seed);
       for (int i = 0; i < 400; ++i) uploads.push_back({0.1, 0.02 * i});
       return run_of(uploads);
     }},
    {"slow in the end, as only large ones are left",
     [](unsigned seed) {
       std::mt19937 random(seed);
       auto uploads = with_stall(0, 0, 0, seed, 20);
       for (Made& one : uploads) {
         if (random() % 20 == 0) one.took = 5 + static_cast<double>(random() % 20);
       }
       return run_of(uploads);
     }},
    {"a garbage collector",
     [](unsigned seed) {
       return run_of(arrivals(20, 120, seed, [](double at, std::mt19937& random) {
         const double since = std::fmod(at, 10);
         return noise(random, 0.01, 0.3) + (since < 0.4 ? 0.4 - since : 0);
       }));
     }},
    {"twice as slow for a while",
     [](unsigned seed) {
       return run_of(arrivals(10, 120, seed, [](double at, std::mt19937& random) {
         return noise(random, at > 50 && at < 80 ? 0.9 : 0.3, 0.6);
       }));
     }},
    {"next to nothing",
     [](unsigned) {
       return run_of({{0, 0.1}, {1, 5}, {2, 5}, {3, 5}});
     }},
};

TEST(Stalls, AreNoneInRunsWithoutTrouble) {
  for (const auto& [name, make] : quiet) {
    for (unsigned seed = 1; seed <= 12; ++seed) {
      const Results results = make(seed);
      EXPECT_EQ(found(stalls(results)), "") << name << ", seed " << seed;
    }
  }
  EXPECT_TRUE(stalls(Results{}).empty());
}

TEST(Events, AreToldByWhomTheyTouched) {
  auto results = run_of(with_stall(12, 21, 9), 2);
  results.groups[0].region = "north";
  results.groups[1].region = "";
  results.events = {{"outage", 12s, 9s, 0, 1, {}, "north", Toll{22, 18, 0, 9003ms}},
                    {"restart", 30s, 0s, 0, 0.5, {"group-1"}, "", Toll{}},
                    {"answer", 40s, 2s, 502, 0.5, {"group-1"}, "", Toll{1, 1, 1, 70ms}}};
  const std::string text = told(results);
  EXPECT_THAT(text, HasSubstr("12 s to 21 s: outage of region north, as the scenario has it: 22 "
                              "uploads of group-0 that were due or under way then took up to "
                              "9.00 s (half of all uploads of the run took at most "));
  EXPECT_THAT(text, HasSubstr("18 sent requests again; all of them ended well."));
  EXPECT_THAT(text, HasSubstr("40 s to 42 s: answer 502 for group-1 (50 % of its partners), as the "
                              "scenario has it: 1 upload of group-1 that was due or under way then "
                              "took up to 70.0 ms"));
  EXPECT_THAT(text, HasSubstr("1 did not end well."));
  EXPECT_THAT(text, Not(HasSubstr("restart"))) << "it touched nobody";
  // As from a file of 0.1.0.
  results.events.resize(1);
  results.events[0].toll.reset();
  EXPECT_THAT(told(results),
              HasSubstr("uploads that ended then, or a second later, took up to 9.0"));
}

TEST(Events, AreToldOnceHoweverManyThereAre) {
  auto results = run_of(with_stall(12, 21, 9));
  for (int i = 0; i < 30; ++i) {
    results.events.push_back({"outage", i * 1s, 1s, 0, 1, {}, "", Toll{1, 0, 0, i * 1ms}});
  }
  const std::string text = told(results);
  EXPECT_THAT(text,
              AllOf(HasSubstr("29 s to 30 s: outage, as"), Not(HasSubstr("20 s to 21 s: outage"))));
  EXPECT_THAT(text, HasSubstr("22 more events of the scenario touched uploads less than these."));
}

TEST(Buckets, HaveNothingAboveTheMostThatWasSeen) {
  const auto most = 9'005'270us;
  Buckets buckets(most);
  EXPECT_TRUE(std::isnan(buckets.percentile_ms(99)));
  buckets.add(Histogram::bucket_of(most), 3);
  buckets.add({{Histogram::bucket_of(2ms), 7}});
  EXPECT_EQ(buckets.count(), 10U);
  EXPECT_EQ(buckets.percentile_ms(99), 9005.27);
  EXPECT_NEAR(buckets.percentile_ms(70), 2, 0.03);
  EXPECT_NEAR(buckets.percentile_ms(1), 2, 0.03);
  // As the plot of latencies has it.
  const std::string page = report_page(run_of(with_stall(12, 21, 9.00527)));
  EXPECT_THAT(page, Not(HasSubstr("9.05")));
}

}  // namespace
}  // namespace loadgen
