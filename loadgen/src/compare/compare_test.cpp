#include "compare/compare.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

#include "compare/page.hpp"
#include "compare/synthetic.hpp"
#include "compare/told.hpp"

namespace loadgen {
namespace {
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::vector<double> wandering(double correlation, std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::vector<double> series(count);
  double at = 0;
  for (double& value : series) value = at = correlation * at + normal(random);
  return series;
}

TEST(BlockLength, GrowsWithTheCorrelationAndStaysWithinItsLimits) {
  double independent = 0;
  double correlated = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    independent += static_cast<double>(block_length(wandering(0, 400, seed)));
    correlated += static_cast<double>(block_length(wandering(0.8, 400, seed)));
  }
  EXPECT_LT(independent / 20, 12);
  // By the formula for AR(1): cube root of 1.5 * (2 * 0.8 / 0.36)^2 * 400.
  EXPECT_GT(correlated / 20, 16);
  EXPECT_LT(correlated / 20, 34);
  EXPECT_EQ(block_length(std::vector<double>(64, 7.0)), 4U);
  std::vector<double> trend(100);
  std::iota(trend.begin(), trend.end(), 0.0);
  EXPECT_GE(block_length(trend), 15U);
  for (const std::size_t slots : {1U, 2U, 7U, 8U}) {
    const auto length = block_length(wandering(0.5, slots, 1));
    EXPECT_GE(length, 1U);
    EXPECT_LE(length, slots);
  }
}

TEST(Resampler, DrawsBlocksAndTheSameOnesOfASeed) {
  Resampler one(20, 5, 3);
  Resampler same(20, 5, 3);
  Resampler other(20, 5, 4);
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const Weights weights = one.next();
    EXPECT_EQ(std::accumulate(weights.begin(), weights.end(), 0U), 20U);
    EXPECT_EQ(weights, same.next());
    differs = differs || weights != other.next();
    // The weight rises at most four times: where each of the four blocks begins.
    std::size_t steps = 0;
    for (std::size_t at = 0; at < 20; ++at) {
      steps += weights[at] > weights[(at + 19) % 20] ? 1 : 0;
    }
    EXPECT_LE(steps, 4U);
  }
  EXPECT_TRUE(differs);
}

// Tables of Student's t, and of the normal distribution.
TEST(Reach, IsAQuantileThatIsWiderForMoreFiguresAndFewerBlocks) {
  EXPECT_NEAR(reach(0.95, 1, 10), 2.228, 0.001);
  EXPECT_NEAR(reach(0.99, 1, 5), 4.032, 0.001);
  EXPECT_NEAR(reach(0.95, 1, 1e9), 1.960, 0.001);
  EXPECT_NEAR(reach(0.95, 5, 1e9), 2.576, 0.001);
}

ComparedRuns compared(const SyntheticLoad& base, const SyntheticLoad& now, bool paired,
                      CompareOptions options = {}) {
  Recorded first = synthetic(base);
  Recorded second = synthetic(now);
  second.seed = paired ? first.seed : first.seed + 1;
  auto result = compare(std::move(first), std::move(second), std::move(options));
  EXPECT_TRUE(result) << result.error().line();
  return *std::move(result);
}

const Difference& of(const ComparedRuns& comparison, const std::string& name) {
  for (const auto& difference : comparison.differences) {
    if (difference.figure->name == name) return difference;
  }
  throw std::out_of_range(name);
}

struct Series {
  double seconds, correlation;
  bool paired;
};
void PrintTo(const Series& series, std::ostream* out) {
  *out << series.seconds << " s, AR(1) " << series.correlation
       << (series.paired ? ", paired" : ", not paired");
}

class Pairs : public testing::TestWithParam<Series> {
 protected:
  /// In how many of 40 pairs a figure has that finding; for `same`, in how many one is found to
  /// have changed.
  [[nodiscard]] static int count(double slower, ChangeKind finding) {
    int pairs = 0;
    for (std::uint64_t i = 0; i < 40; ++i) {
      SyntheticLoad base;
      base.seconds = GetParam().seconds;
      base.correlation = GetParam().correlation;
      base.seed = 1000 + 2 * i;
      SyntheticLoad now = base;
      now.seed = 1001 + 2 * i;
      now.slower = slower;
      CompareOptions options;
      options.resamples = 200;
      const auto comparison = compared(base, now, GetParam().paired, options);
      const auto found = [&](const Difference& d) {
        return finding == ChangeKind::same
                   ? d.finding == ChangeKind::worse || d.finding == ChangeKind::better
                   : d.finding == finding;
      };
      pairs += std::ranges::any_of(comparison.differences, found) ? 1 : 0;
    }
    return pairs;
  }
};

TEST_P(Pairs, OfEqualRunsCryWolfAtMostTwiceIn40) { EXPECT_LE(count(1, ChangeKind::same), 2); }

TEST_P(Pairs, WithAServerThatIs5PercentSlowerAreFoundIn9Of10) {
  EXPECT_GE(count(1.05, ChangeKind::worse), 36);
}

INSTANTIATE_TEST_SUITE_P(Synthetic, Pairs,
                         testing::Values(Series{120, 0.6, true}, Series{120, 0.6, false}));

TEST(Compare, AFasterServerIsBetterAndASlowerOneWorse) {
  const auto worse = compared({.seed = 1}, {.seed = 2, .slower = 1.2}, true);
  EXPECT_TRUE(worse.worse());
  EXPECT_THAT(verdict(worse), StartsWith("worse: "));
  for (const char* name : {"goodput_mib_s", "good_per_s", "service_p50_ms", "end_to_end_p90_ms"}) {
    EXPECT_EQ(of(worse, name).finding, ChangeKind::worse) << name;
  }
  EXPECT_THAT(
      sentence(of(worse, "service_p50_ms")),
      testing::MatchesRegex("worse: service p50 is (1[89]|2[0-2])\\.[0-9] % higher: [56][0-9.]* ms "
                            "in place of [45][0-9.]* ms \\(between 1[0-9.]* % and 2[0-9.]* "
                            "%\\)"));
  const auto better = compared({.seed = 1, .slower = 1.2}, {.seed = 2}, true);
  EXPECT_FALSE(better.worse());
  EXPECT_THAT(verdict(better), StartsWith("better: "));
  EXPECT_EQ(of(better, "goodput_mib_s").finding, ChangeKind::better);
  EXPECT_EQ(of(better, "service_p50_ms").finding, ChangeKind::better);
  EXPECT_EQ(of(better, "deliver_p50_ms").finding, ChangeKind::unknown);
}

TEST(Compare, FailuresCountWhereThereWereNone) {
  const auto bad = compared({.seed = 1}, {.seed = 2, .failing = 0.05}, true);
  const auto& share = of(bad, "bad_percent");
  EXPECT_EQ(share.base, 0);
  EXPECT_NEAR(share.now, 5, 1.5);
  EXPECT_EQ(share.finding, ChangeKind::worse);
  EXPECT_THAT(sentence(share), StartsWith("worse: share of bad uploads is higher: "));
  // A single one proves nothing.
  Recorded one = synthetic({.seed = 2});
  one.uploads[300].good = false;
  const auto chance = compare(synthetic({.seed = 1}), one, {});
  ASSERT_TRUE(chance);
  EXPECT_EQ(of(*chance, "bad_percent").finding, ChangeKind::same);
}

TEST(Compare, TheSameRunTwiceIsNoDifferenceAtAll) {
  const auto same = compared({.seed = 5}, {.seed = 5}, true);
  EXPECT_THAT(verdict(same), StartsWith("no difference: "));
  EXPECT_EQ(of(same, "goodput_mib_s").change->high, 0);
  const auto again = compared({.seed = 5}, {.seed = 6}, false);
  EXPECT_EQ(comparison_json(again), comparison_json(compared({.seed = 5}, {.seed = 6}, false)));
}

// The same files in both: what differs from one file to the other is not chance.
TEST(Compare, RunsOfTheSameUploadsAreToldApartByThem) {
  Recorded base = synthetic({.seed = 7, .wander = 0});
  Recorded now = base;
  std::mt19937_64 random(1);
  std::lognormal_distribution<double> sizes(0, 1);
  for (std::size_t i = 0; i < base.uploads.size(); ++i) {
    const double took = 0.5 * sizes(random);
    for (auto [run, times] : {std::pair{&base, 1.0}, {&now, 1.05}}) {
      auto& upload = run->uploads[i];
      upload.uploaded = upload.ended = upload.started + times * took;
      run->end = std::max(run->end, *upload.ended);
    }
  }
  const auto paired = compare(base, now, {});
  now.seed = 2;
  const auto apart = compare(base, now, {});
  ASSERT_TRUE(paired && apart);
  EXPECT_EQ(of(*paired, "service_p50_ms").finding, ChangeKind::worse);
  EXPECT_EQ(of(*apart, "service_p50_ms").finding, ChangeKind::same);
}

TEST(Compare, FiguresAreThoseOfTheRun) {
  Recorded run;
  run.summary["uploads"] = 100;
  for (std::uint64_t i = 0; i < 100; ++i) {
    RecordedUpload upload;
    upload.index = i;
    upload.due = 0.25 * static_cast<double>(i);
    upload.started = upload.due + 0.1;
    upload.created = upload.started + 0.001 * static_cast<double>(i + 1);
    upload.uploaded = upload.ended = upload.started + 0.2;
    upload.good = i % 10 != 0;
    upload.sent = 3U << 19U;
    upload.acknowledged = 1U << 20U;
    upload.retries = 2;
    run.uploads.push_back(upload);
  }
  run.begin = 0.1;
  run.end = 25.05;
  const Sampled sampled(run, 24);
  const auto values = sampled.values(Weights(24, 1));
  const auto value = [&](const std::string& name) {
    for (std::size_t i = 0; i < figures().size(); ++i) {
      if (figures()[i].name == name) return values[i];
    }
    throw std::out_of_range(name);
  };
  EXPECT_NEAR(value("goodput_mib_s"), 100 / 24.95, 1e-9);
  EXPECT_NEAR(value("good_per_s"), 90 / 24.95, 1e-9);
  EXPECT_NEAR(value("bad_percent"), 10, 1e-9);
  EXPECT_NEAR(value("waste_percent"), 100.0 / 3, 1e-9);
  EXPECT_NEAR(value("retries_per_upload"), 2, 1e-9);
  EXPECT_NEAR(value("create_p50_ms"), 50, 1e-6);
  EXPECT_NEAR(value("create_p90_ms"), 90, 1e-6);
  EXPECT_NEAR(value("create_p99_ms"), 99, 1e-6);
  EXPECT_NEAR(value("service_p50_ms"), 200, 1e-6);
  EXPECT_NEAR(value("end_to_end_p99_ms"), 300, 1e-6);
  EXPECT_TRUE(std::isnan(value("deliver_p50_ms")));
  // When bytes were acknowledged comes from seconds.csv, and how many from the uploads.
  run.acknowledged.assign(25, 0.0);
  run.acknowledged[3] = 7;
  const auto when = Sampled(run, 24).series()[0];
  EXPECT_NEAR(std::accumulate(when.begin(), when.end(), 0.0), 100, 1e-9);
  EXPECT_NEAR(when[2] + when[3], 100, 1e-9);
}

TEST(Compare, OnlyRunsOfTheSameScenarioThatAreLongEnough) {
  const auto refused = [](auto change) {
    Recorded base = synthetic({.seed = 1});
    Recorded now = synthetic({.seed = 2});
    change(base, now);
    const auto result = compare(base, now, {});
    return result ? std::string("compared") : result.error().line();
  };
  EXPECT_EQ(refused([](Recorded&, Recorded& now) { now.seed = 9; }), "compared");
  EXPECT_THAT(refused([](Recorded&, Recorded& now) { now.scenario[1].second = "20"; }),
              StartsWith("rate_per_s: is \"0\" in BASE and \"20\" in NEW"));
  EXPECT_THAT(refused([](Recorded&, Recorded& now) { now.scenario.pop_back(); }),
              HasSubstr("\"0\" in BASE and \"nothing\" in NEW"));
  const auto named = [](const char* name) {
    return std::vector<std::pair<std::string, std::string>>(1, {"groups[0].name", name});
  };
  EXPECT_EQ(refused([&](Recorded& base, Recorded&) { base.parts = named("labs"); }), "compared");
  EXPECT_THAT(refused([&](Recorded& base, Recorded& now) {
                base.parts = named("labs");
                now.parts = named("clinics");
              }),
              StartsWith("groups[0].name: is \"labs\""));
  EXPECT_THAT(refused([](Recorded& base, Recorded&) { base = synthetic({.seconds = 19}); }),
              HasSubstr("less than 20 s"));
}

TEST(Compare, ConditionsAreOfNewOrOfAChangeThatIsCertain) {
  const auto names = names_of_conditions();
  const auto hit = [&](const char* text) {
    const auto condition = Condition::parse(text, names, Condition::Changes::allowed);
    EXPECT_TRUE(condition) << condition.error().line();
    CompareOptions options;
    if (condition) options.fail_if = {*condition};
    const auto result = compared({.seed = 1}, {.seed = 2, .slower = 1.2}, true, options);
    EXPECT_EQ(result.worse(), !result.conditions_hit.empty());
    return !result.conditions_hit.empty();
  };
  EXPECT_TRUE(hit("goodput_mib_s change < -5%"));
  EXPECT_TRUE(hit("goodput_mib_s change < -0.5"));
  EXPECT_TRUE(hit("service_p50_ms change > +10 %"));
  EXPECT_TRUE(hit("service_p50_ms change>50"));
  EXPECT_TRUE(hit("goodput_mib_s<7.5"));
  EXPECT_TRUE(hit("uploads change < -10%"));  // a number of the summary: as it is
  EXPECT_TRUE(hit("uploads > 0"));
  EXPECT_FALSE(hit("goodput_mib_s change < -17%"));  // about that much, but not certainly
  EXPECT_FALSE(hit("goodput_mib_s change > 5%"));
  EXPECT_FALSE(hit("service_p50_ms change > 200"));
  EXPECT_FALSE(hit("deliver_p50_ms change > 0"));
  EXPECT_FALSE(hit("failed>0"));
  for (const char* text :
       {"goodput_mib_s change", "change < 5%", "goodput_mib_s < 5%", "goodput_mib_schange < 5%",
        "nope change < 5%", "goodput_mib_s change == 0", "goodput_mib_s change < -5%%"}) {
    EXPECT_FALSE(Condition::parse(text, names, Condition::Changes::allowed)) << text;
  }
  const auto refused = Condition::parse("goodput_mib_s change < -5%", names);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().line(), HasSubstr("see compare"));
}

TEST(Compare, WhatTheClientDidNotDoIsKnownWithIt) {
  Recorded base = synthetic({.seed = 1});
  Recorded now = synthetic({.seed = 2, .slower = 1.05});
  base.acknowledged.clear();
  now.summary["not_started"] = 3;
  now.summary["loop_lag_p50_ms"] = 40;
  now.summary["loop_lag_p90_ms"] = 120;
  now.summary["loop_lag_p99_ms"] = 300;
  const auto result = compare(base, now, {});
  ASSERT_TRUE(result);
  EXPECT_THAT(result->notes, Contains(HasSubstr("3 uploads were due and could not start")));
  EXPECT_THAT(result->notes, Contains(HasSubstr("300 ms at p99 of its loop lag")));
  EXPECT_THAT(result->notes, Contains(HasSubstr("without seconds.csv")));
  // 25 ms more are nothing to a client whose timers were 40 ms late.
  EXPECT_EQ(of(*result, "service_p50_ms").finding, ChangeKind::same);
}

TEST(Compare, IsToldAsTextJsonAndPageAndNothingInItSteers) {
  Recorded base = synthetic({.seed = 1});
  Recorded now = synthetic({.seed = 2, .slower = 1.2});
  base.verdict = "<script>alert(1)</script>\x1b[2J";
  now.folder = "\"><img src=x onerror=alert(1)>\n";
  const auto result = compare(base, now, {});
  ASSERT_TRUE(result);
  const auto text = terminal_text(*result);
  EXPECT_THAT(text, StartsWith(verdict(*result) + "\n"));
  EXPECT_THAT(text, testing::EndsWith("\n" + verdict(*result) + "\n"));
  EXPECT_THAT(text, HasSubstr("worse: goodput is "));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  const auto page = comparison_page(*result);
  EXPECT_THAT(page, HasSubstr(verdict(*result)));
  EXPECT_THAT(page, HasSubstr("goodput is "));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;"));
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_LT(page.size(), 100'000U);
  const auto json = nlohmann::json::parse(comparison_json(*result));
  EXPECT_EQ(json.at("exit_code"), 1);
  EXPECT_EQ(json.at("figures").size(), figures().size());
  EXPECT_EQ(json.at("figures").at(0).at("finding"), "worse");
  EXPECT_THAT(json.at("figures").at(0).at("sentence"), StartsWith("worse: goodput"));
}

}  // namespace
}  // namespace loadgen
