#include "find_max/search.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "find_max/find_max.hpp"
#include "find_max/page.hpp"
#include "find_max/told.hpp"

namespace loadgen {
namespace {
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

/// The rates that a search tries; `good` says which of them the target can take.
std::vector<double> tried(const SearchBounds& bounds, const std::function<bool(double)>& good,
                          Search* end = nullptr) {
  Search search(bounds);
  std::vector<double> rates;
  for (auto rate = search.next(); rate; rate = search.next()) {
    rates.push_back(*rate);
    search.tried(*rate, good(*rate));
    if (rates.size() > 100) {
      ADD_FAILURE() << "it does not end";
      break;
    }
  }
  if (end != nullptr) *end = search;
  return rates;
}

TEST(Search, RisesThenHalvesThenTriesTheBorderOnceMore) {
  Search end({});
  const auto rates = tried(
      {10, 1000, 0.2}, [](double rate) { return rate <= 100; }, &end);
  EXPECT_THAT(rates, ElementsAre(10, 20, 40, 80, 160, 113.1, 95.12, 95.12, 113.1));
  EXPECT_DOUBLE_EQ(*end.best(), 95.12);
  EXPECT_DOUBLE_EQ(*end.worst(), 113.1);
}

TEST(Search, FindsAnyLimitWithinItsPrecision) {
  for (const double precision : {0.01, 0.05, 0.5}) {
    for (double limit = 0.7; limit < 90'000; limit *= 1.37) {
      Search end({});
      const auto rates = tried(
          {0.5, 100'000, precision}, [&](double rate) { return rate <= limit; }, &end);
      ASSERT_TRUE(end.best() && end.worst()) << limit;
      EXPECT_LE(*end.best(), limit);
      EXPECT_GT(*end.worst(), limit);
      EXPECT_LE(*end.worst() / *end.best(), 1 + precision + 1e-9) << limit;
      EXPECT_LE(rates.size(), 28U);
    }
  }
}

TEST(Search, EndsAtItsBounds) {
  EXPECT_THAT(tried({3, 10, 0.05}, [](double) { return true; }), ElementsAre(3, 6, 10, 10));
  EXPECT_THAT(tried({3, 10, 0.05}, [](double) { return false; }), ElementsAre(3, 3));
  EXPECT_THAT(tried({3, 3, 0.05}, [](double) { return true; }), ElementsAre(3, 3));
}

// One bad second of the machine at 40/s is no limit.
TEST(Search, TriesThriceWhatWasOnceOtherwise) {
  int at_limit = 0;
  Search end({});
  tried(
      {40, 640, 0.05},
      [&](double rate) {
        if (rate == 40) return ++at_limit != 1;
        return rate <= 100;
      },
      &end);
  EXPECT_EQ(at_limit, 3);
  ASSERT_TRUE(end.best());
  EXPECT_NEAR(*end.best(), 100, 5);
}

TEST(Search, EndsWhateverATargetDoes) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    std::mt19937_64 random(seed);
    const auto rates = tried({1, 5000, 0.05}, [&](double) { return random() % 2 == 0; });
    EXPECT_LE(rates.size(), 100U);
  }
}

/// The report of a run against a target that takes `limit` uploads a second, one after the other.
RunReport queue_of(double rate, double limit, double serve_s, const Settings& settings,
                   double start_late_s = 0) {
  RunReport report;
  report.settings = settings;
  report.begin = Time{} + 100s;
  report.tally = Tally(1, 2);
  std::vector<UploadResult> uploads;
  const auto at = [&](double s) {
    return report.begin +
           std::chrono::duration_cast<Time::duration>(std::chrono::duration<double>(s));
  };
  double free = 0;
  for (std::uint64_t i = 0; static_cast<double>(i) / rate < 12; ++i) {
    UploadResult r;
    const double due = static_cast<double>(i) / rate;
    r.index = i;
    r.phase = due < 2 ? 0 : 1;
    r.state = UploadState::verified;
    r.size = r.sent = r.acknowledged = Bytes{1000};
    r.intended = at(due);
    r.possible = at(due);
    r.started = at(due + start_late_s);
    free = std::max(free, due + start_late_s) + 1 / limit;
    r.uploaded = r.ended = at(free + serve_s);
    report.tally.add(r);
    uploads.push_back(r);
  }
  report.stats = report.tally.all;
  report.each_upload = [uploads](const auto& visit) {
    for (const auto& upload : uploads) visit(upload);
  };
  return report;
}

Settings thresholds(std::vector<std::string> conditions) {
  Settings settings;
  settings.concurrency = 1000;
  for (const auto& text : conditions) settings.fail_if.push_back(*Criterion::parse(text));
  return settings;
}

Found search_for(double limit, const Settings& settings, double start_late_s = 0) {
  FindMaxOptions options;
  options.bounds = {10, 1000, 0.05};
  std::vector<double> told;
  auto found = find_max(
      options,
      [&](double rate) -> RunResult<Step> {
        return judged(rate, queue_of(rate, limit, 0.2, settings, start_late_s),
                      {options.bounds.precision, 0});
      },
      [&](const Step& step) { told.push_back(step.rate); });
  EXPECT_EQ(told.size(), found.steps.size());
  return found;
}

TEST(FindMax, AQueueThatGrowsIsTooMuchWithoutAnyThreshold) {
  for (const double limit : {23.0, 77.0, 400.0}) {
    const auto found = search_for(limit, thresholds({}));
    ASSERT_TRUE(found.best) << limit;
    EXPECT_NEAR(*found.best, limit, 0.05 * limit);
    EXPECT_EQ(found.limit, Found::Limit::target);
    EXPECT_EQ(found.exit_code(), ExitCode::good);
    EXPECT_THAT(verdict(found), HasSubstr("ms longer: more came than were taken"));
  }
}

TEST(FindMax, AThresholdIsLookedAtInTheTimeThatCounts) {
  // Without a queue 205 ms at most; the queue of two seconds of warm-up does not yet make that 400
  // ms.
  const auto found = search_for(200, thresholds({"end_to_end_p99_ms>400"}));
  ASSERT_TRUE(found.best);
  EXPECT_NEAR(*found.best, 200, 10);
  ASSERT_TRUE(found.steps.back().stats.first_start);
  EXPECT_GE(*found.steps.back().stats.first_start, Time{} + 102s);
}

TEST(FindMax, SaysWhenTheClientIsTheLimit) {
  const auto found = search_for(1e6, thresholds({"end_to_end_p99_ms>300"}), 0.15);
  EXPECT_EQ(found.limit, Found::Limit::client);
  EXPECT_THAT(verdict(found), StartsWith("the client itself is the limit"));
  EXPECT_THAT(verdict(found), HasSubstr("start lag"));
  EXPECT_EQ(found.exit_code(), ExitCode::bad_run);
  const auto json = nlohmann::json::parse(found_json(found, Scenario{}, "http://127.0.0.1:1/"));
  EXPECT_EQ(json.at("limited_by"), "client");
  EXPECT_TRUE(json.at("rate_per_s").is_null());
  const auto page = found_page(found, "http://127.0.0.1:1/<script>");
  EXPECT_THAT(page, HasSubstr("the client itself is the limit"));
  EXPECT_THAT(page, HasSubstr("start lag"));
  EXPECT_THAT(page, testing::Not(HasSubstr("<script")));
}

TEST(FindMax, OwnCeilingsAreTheClientsAndRefusalsTheTargets) {
  Settings settings = thresholds({"end_to_end_p50_ms>1"});
  settings.concurrency = 50;
  settings.max_connections = 50;
  auto report = queue_of(100, 1e6, 0.2, settings);
  auto step = judged(100, report, {0.05, 50});
  EXPECT_FALSE(step.good);
  EXPECT_THAT(step.client, ElementsAre(HasSubstr("--concurrency"), HasSubstr("--max-connections")));
  EXPECT_TRUE(judged(100, report, {0.05, 49}).client.empty());
  report.settings.max_rate = BytesPerSecond{100'000};
  EXPECT_THAT(judged(100, report, {0.05, 0}).client, ElementsAre(HasSubstr("--max-rate")));
  // The same, but the target refused uploads.
  UploadResult refused;
  refused.phase = 1;
  refused.state = UploadState::failed;
  refused.intended = refused.started = report.begin + 3s;
  refused.ended = report.begin + 4s;
  report.tally.add(refused);
  step = judged(100, report, {0.05, 50});
  EXPECT_TRUE(step.client.empty());
  EXPECT_THAT(step.reasons.front(), "1 failed");
}

TEST(FindMax, WithoutALimitItEndsAtTheHighestRateAndAStoppedRunStopsIt) {
  const auto found = search_for(1e6, thresholds({}));
  EXPECT_EQ(found.limit, Found::Limit::bound);
  EXPECT_DOUBLE_EQ(*found.best, 1000);
  EXPECT_THAT(verdict(found), HasSubstr("(--to)"));
  int runs = 0;
  const auto stopped = find_max(
      {},
      [&](double rate) -> RunResult<Step> {
        if (++runs == 3) {
          return tl::unexpected(RunError{ExitCode::unreachable, Error{"t", "is\x1b gone", ""}});
        }
        return judged(rate, queue_of(rate, 1e6, 0.2, thresholds({})), {});
      },
      [](const Step&) {});
  EXPECT_EQ(runs, 3);
  EXPECT_EQ(stopped.exit_code(), ExitCode::unreachable);
  const auto text = terminal_text(stopped, "http://127.0.0.1:1/");
  EXPECT_THAT(text, StartsWith("not found: t: is"));
  EXPECT_THAT(text, HasSubstr(" gone; 2/s is good\n"));
  EXPECT_THAT(text, testing::Not(HasSubstr("\x1b")));
}

TEST(FindMax, MakesAScenarioOfTwoPhases) {
  Scenario given;
  given.settings.url = "http://127.0.0.1:1/files";
  FindMaxOptions options;
  options.step = 7s;
  const auto scenario = at_rate(given, 12.5, options);
  ASSERT_TRUE(scenario) << scenario.error().line();
  ASSERT_EQ(scenario->phases.size(), 2U);
  EXPECT_EQ(scenario->phases[0].name, "warm-up");
  EXPECT_EQ(scenario->phases[1].lasts, Milliseconds{7000});
  EXPECT_DOUBLE_EQ(scenario->phases[1].to->value, 12.5);
  given.settings.uploads = 5;
  EXPECT_THAT(at_rate(given, 1, options).error().line(), StartsWith("--uploads: "));
  given.settings.uploads.reset();
  given.file = "s.json";
  given.phases.emplace_back();
  EXPECT_THAT(at_rate(given, 1, options).error().line(), StartsWith("s.json: phases: "));
  given.phases.clear();
  given.groups.emplace_back();
  given.groups.back().count = 3;
  EXPECT_THAT(at_rate(given, 1, options).error().line(), HasSubstr("no mix of partners"));
}

TEST(Trend, IsTheSlopeAndItsError) {
  std::vector<double> due;
  std::vector<double> times;
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  for (int i = 0; i < 1000; ++i) {
    due.push_back(0.01 * i);
    times.push_back(1 + 0.05 * due.back() + 0.1 * normal(random));
  }
  const auto trend = trend_of(due, times);
  EXPECT_NEAR(trend.slope, 0.05, 0.004);
  EXPECT_NEAR(trend.error, 0.1 * std::sqrt(12.0 / 1000) / 10, 0.0002);
  EXPECT_TRUE(trend.grows(0.025));
  EXPECT_FALSE(trend.grows(0.06));
  EXPECT_FALSE(trend_of({1, 2, 3}, {1, 2, 3}).grows(0));
  EXPECT_FALSE(trend_of(std::vector<double>(50, 1.0), std::vector<double>(50, 1.0)).grows(0));
}

}  // namespace
}  // namespace loadgen
