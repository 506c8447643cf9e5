#include "report/report.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "stats/criterion.hpp"

namespace loadgen {
namespace {
using namespace std::chrono_literals;
using testing::HasSubstr;

UploadResult good(std::uint64_t index) {
  UploadResult r;
  r.index = index;
  r.size = r.sent = r.acknowledged = Bytes{1U << 20U};
  r.name = "n";
  r.url = "http://127.0.0.1:1/files/1";
  r.state = UploadState::verified;
  r.intended = Time{} + 1s;
  r.started = Time{} + 1100ms;
  r.created = Time{} + 1200ms;
  r.uploaded = Time{} + 3s;
  return r;
}

RunReport report_of(const std::vector<UploadResult>& uploads) {
  RunReport report;
  report.run_id = "r";
  report.settings.url = "http://127.0.0.1:1/files";
  EXPECT_TRUE(complete(report.settings));
  report.each_upload = [uploads](const auto& visit) {
    for (const auto& upload : uploads) visit(upload);
  };
  for (const auto& upload : uploads) report.stats.add(upload);
  report.verified_by = VerifyMethod::digest;
  return report;
}

TEST(Stats, LatencyCountsFromTheIntendedStartAndServiceTimeFromTheActual) {
  Stats s;
  s.add(good(0));
  EXPECT_NEAR(s.end_to_end.percentile_ms(50), 2000, 1);
  EXPECT_NEAR(s.service.percentile_ms(50), 1900, 1);
  EXPECT_NEAR(s.create.percentile_ms(50), 100, 1);
  EXPECT_NEAR(s.upload.percentile_ms(50), 1800, 1);
  EXPECT_NEAR(s.elapsed_s(), 1.9, 1e-9);
  EXPECT_NEAR(s.goodput_mib_s(), 1 / 1.9, 1e-9);
}

// 925 MiB/s used to be told of 8 MiB that came through.
TEST(Stats, GoodputIsOverTheTimeOfTheLoadAndFailedUploadsHadTheirTime) {
  auto failed = good(1);
  failed.state = UploadState::failed;
  failed.uploaded.reset();
  failed.ended = Time{} + 11100ms;
  failed.acknowledged = Bytes{9U << 20U};
  Stats s;
  s.add(good(0));
  s.add(failed);
  EXPECT_NEAR(s.elapsed_s(), 10, 1e-9);
  EXPECT_NEAR(s.goodput_mib_s(), 1, 1e-9);
  EXPECT_EQ(s.service.count(), 2U);
  EXPECT_NEAR(s.service.percentile_ms(99), 10'000, 1);
  EXPECT_NEAR(s.end_to_end.percentile_ms(99), 10'100, 1);
  EXPECT_EQ(s.create.count(), 2U);
  EXPECT_EQ(s.upload.count(), 1U) << "its last byte was never acknowledged";
}

TEST(Stats, WhereTheFirstRequestBringsTheBytesAllOfItIsTheUpload) {
  auto put = good(0);
  put.created.reset();
  Stats s;
  s.add(put);
  EXPECT_EQ(s.create.count(), 0U);
  EXPECT_NEAR(s.upload.percentile_ms(50), 1900, 1);
}

TEST(Stats, OurOwnDelayIsAFigureOfItsOwn) {
  auto late = good(0);
  late.possible = Time{} + 1093ms;
  Stats s;
  s.add(late);
  EXPECT_NEAR(s.start_lag.percentile_ms(50), 7, 0.1);
}

TEST(Stats, WasteIsWhatNoOffsetAccountsFor) {
  auto r = good(0);
  r.sent = Bytes{3U << 20U};
  r.rolled_back = Bytes{5};
  Stats s;
  s.add(r);
  EXPECT_EQ(s.waste(), Bytes{2U << 20U});
  r.sent = Bytes{1000};
  r.acknowledged_unsent = r.acknowledged - Bytes{800};
  Stats lied;
  lied.add(r);
  EXPECT_EQ(lied.waste(), Bytes{200});
}

TEST(Stats, MergingIsTheSameAsAddingToOne) {
  auto cut = good(1);
  cut.cuts = {{Bytes{5}, transport::Cut::Kind::silent}, {Bytes{9}, transport::Cut::Kind::reset}};
  auto failed = good(2);
  failed.state = UploadState::failed;
  failed.uploaded.reset();
  failed.cause = Cause{"PATCH: 500", "first"};
  Stats a;
  a.add(good(0));
  a.add(failed);
  Stats b;
  b.add(cut);
  b.add(failed);
  Stats all;
  for (const auto& r : {failed, cut, good(0), failed}) all.add(r);
  a.merge(b);
  EXPECT_EQ(summary_fields(a), summary_fields(all));
  EXPECT_EQ(a.cuts_digest, all.cuts_digest);
  EXPECT_NE(a.cuts_digest, 0U);
  EXPECT_EQ(a.causes.at("PATCH: 500").count, 2U);
  EXPECT_EQ(a.causes.at("PATCH: 500").example, "first");
}

TEST(ExitCode, IsGoodOnlyWhenEverythingIs) {
  EXPECT_EQ(report_of({good(0)}).exit_code(), ExitCode::good);
  EXPECT_EQ(report_of({}).exit_code(), ExitCode::bad_run) << "nothing was uploaded";
  for (const auto state : {UploadState::failed, UploadState::lost, UploadState::unverified,
                           UploadState::uploaded, UploadState::interrupted}) {
    auto r = good(1);
    r.state = state;
    EXPECT_EQ(report_of({good(0), r}).exit_code(), ExitCode::bad_run) << to_string(state);
  }
  auto condition = report_of({good(0)});
  condition.conditions_hit = {"x"};
  EXPECT_EQ(condition.exit_code(), ExitCode::bad_run);
  auto interrupted = report_of({good(0)});
  interrupted.was_interrupted = true;
  EXPECT_EQ(interrupted.exit_code(), ExitCode::interrupted);
}

TEST(ExitCode, WhatAServerTakesBackOrInventsIsBad) {
  auto r = good(0);
  r.never_sent = Bytes{1};
  EXPECT_EQ(report_of({r}).exit_code(), ExitCode::bad_run);
  EXPECT_THAT(terminal_summary(report_of({r})), HasSubstr("bad: 1 B acknowledged that were never"));
  r = good(0);
  r.rolled_back = Bytes{1};
  auto report = report_of({r});
  report.settings.verify = VerifyMethod::none;
  EXPECT_EQ(report.exit_code(), ExitCode::bad_run);
  EXPECT_THAT(terminal_summary(report), HasSubstr("(see --allow-rollback)"));
  report.settings.allow_rollback = true;
  EXPECT_EQ(report.exit_code(), ExitCode::good);
}

TEST(ExitCode, AnInterruptedRunTellsWhatWasSeenUntilThen) {
  auto lost = good(1);
  lost.state = UploadState::lost;
  auto unverified = good(2);
  unverified.state = UploadState::unverified;
  auto report = report_of({good(0), unverified});
  report.was_interrupted = true;
  EXPECT_THAT(terminal_summary(report), testing::EndsWith("\ninterrupted\n"));
  report = report_of({lost, unverified});
  report.was_interrupted = true;
  EXPECT_EQ(report.exit_code(), ExitCode::interrupted);
  EXPECT_THAT(terminal_summary(report), testing::EndsWith("\ninterrupted, and bad: 1 lost\n"));
}

TEST(ExitCode, ARunThatWasGivenUpIsBad) {
  auto report = report_of({good(0)});
  report.gave_up = true;
  EXPECT_EQ(report.exit_code(), ExitCode::bad_run);
  EXPECT_THAT(terminal_summary(report), HasSubstr("bad: no progress for 30.0 s (--give-up)"));
}

TEST(ExitCode, UnverifiedForAReasonIsBadInAnyCase) {
  auto r = good(0);
  r.state = UploadState::unverified;
  r.cause = Cause{"/info: 401", ""};
  auto report = report_of({r});
  report.settings.verify = VerifyMethod::none;
  EXPECT_EQ(report.exit_code(), ExitCode::bad_run);
}

TEST(ExitCode, UnverifiedIsGoodOnlyWhenThatWasAskedFor) {
  auto r = good(0);
  r.state = UploadState::unverified;
  auto report = report_of({r});
  report.settings.verify = VerifyMethod::none;
  EXPECT_EQ(report.exit_code(), ExitCode::good);
  EXPECT_THAT(terminal_summary(report), HasSubstr("NOT VERIFIED"));
}

TEST(Report, JsonHoldsTheSummaryByTheNamesOfFailIf) {
  auto failed = good(1);
  failed.state = UploadState::failed;
  failed.cause = Cause{"PATCH: 500", "\xff not UTF-8\n"};
  const auto report = report_of({good(0), failed});
  const auto json = nlohmann::json::parse(summary_json(report));
  EXPECT_EQ(json["exit_code"], 1);
  for (const auto& [name, value] : summary_fields(report.stats)) {
    EXPECT_NEAR(json["summary"][name].get<double>(), value, 1e-9) << name;
  }
  EXPECT_EQ(json["causes"][0]["count"], 1);
  EXPECT_EQ(json["histograms"]["end_to_end"]["count"], 2);
}

TEST(Report, TheTerminalSummaryIsSafeAndEndsWithTheVerdict) {
  auto failed = good(1);
  failed.state = UploadState::failed;
  failed.cause = Cause{"PATCH: 500", "\x1b[2J evil"};
  const auto text = terminal_summary(report_of({good(0), failed}));
  EXPECT_THAT(text, testing::Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, testing::EndsWith("bad: 1 failed\n"));
}

TEST(Report, UploadsThatCouldNotStartAreInTheVerdict) {
  auto report = report_of({good(0)});
  EXPECT_THAT(terminal_summary(report), testing::EndsWith("good: 1 verified, 0 lost\n"));
  report.stats.not_started = 3;
  EXPECT_EQ(report.exit_code(), ExitCode::bad_run);
  EXPECT_THAT(terminal_summary(report),
              testing::EndsWith("bad: 3 were due and could not start (see --allow-late)\n"));
  for (const AllowedLate allowed : {AllowedLate{3, 0}, AllowedLate{0, 75}}) {
    report.settings.allow_late = allowed;
    EXPECT_EQ(report.exit_code(), ExitCode::good);
    EXPECT_THAT(terminal_summary(report),
                testing::EndsWith("0 lost, but 3 were due and could not start\n"));
  }
  report.settings.allow_late = AllowedLate{2, 74};
  EXPECT_EQ(report.exit_code(), ExitCode::bad_run);
}

TEST(Report, CsvHasOneLinePerUpload) {
  auto r = good(3);
  r.cause = Cause{"a, \"b\"", ""};
  r.cuts = {{Bytes{5}, transport::Cut::Kind::reset}};
  r.damage = ByteRange{Bytes{12}, Bytes{35}};
  std::string csv;
  uploads_csv(report_of({r}), [&](std::string_view piece) { csv += piece; });
  EXPECT_THAT(
      csv,
      HasSubstr("\r\n3,n,http://127.0.0.1:1/files/1,1048576,verified,\"a, \"\"b\"\"\",1000.000,"));
  EXPECT_THAT(csv, testing::EndsWith(",5:reset,0,,12-34\r\n"));
}

TEST(Criterion, Compares) {
  Stats s;
  s.add(good(0));
  const auto hit = [&](const char* text) {
    const auto c = Criterion::parse(text);
    EXPECT_TRUE(c) << c.error().line();
    return c && c->hit(s).has_value();
  };
  EXPECT_TRUE(hit("uploads>0"));
  EXPECT_TRUE(hit("uploads >= 1"));
  EXPECT_TRUE(hit("uploads==1"));
  EXPECT_TRUE(hit("uploads<1.5"));
  EXPECT_TRUE(hit("goodput_mib_s<50"));
  EXPECT_FALSE(hit("failed>0"));
  EXPECT_FALSE(hit("uploads!=1"));
  EXPECT_FALSE(hit("uploads<=0"));
}

/// Three uploads: one good after two cuts, one lost, one that failed.
Stats mixed() {
  auto cut = good(0);
  cut.sent = Bytes{3U << 19U};
  cut.requests = 4;
  cut.retries = 3;
  cut.resumes = 2;
  cut.resume_times = {2ms, 2ms};
  cut.cuts = {{Bytes{5}, transport::Cut::Kind::silent}, {Bytes{9}, transport::Cut::Kind::reset}};
  cut.delivered = Time{} + 4s;
  cut.possible = Time{} + 1090ms;
  auto lost = good(1);
  lost.state = UploadState::lost;
  lost.new_uploads = 1;
  lost.second_writers = 6;
  lost.second_refused = 3;
  lost.second_accepted = 2;
  lost.redeliveries = 4;
  lost.rolled_back = Bytes{7};
  auto failed = good(2);
  failed.state = UploadState::failed;
  failed.created.reset();
  failed.uploaded.reset();
  failed.acknowledged = failed.sent = Bytes{};
  failed.ended = Time{} + 5100ms;
  Stats stats;
  for (const auto& upload : {cut, lost, failed}) stats.add(upload);
  stats.not_started = 6;
  stats.slowest_second = Bytes{1U << 19U};
  return stats;
}

// The names of 0.1.0 keep their meaning. A new figure is to be added here.
TEST(Criterion, EachFigureMeansWhatItSays) {
  const std::map<std::string, double> figures{{"uploads", 3},
                                              {"uploaded", 2},
                                              {"verified", 1},
                                              {"unverified", 0},
                                              {"lost", 1},
                                              {"failed", 1},
                                              {"wrong", 0},
                                              {"interrupted", 0},
                                              {"not_started", 6},
                                              {"late_starts", 3},
                                              {"elapsed_s", 4},
                                              {"goodput_mib_s", 0.5},
                                              {"uploads_per_s", 0.5},
                                              {"slowest_second_mib_s", 0.5},
                                              {"acknowledged_bytes", 2U << 20U},
                                              {"sent_bytes", 5U << 19U},
                                              {"waste_bytes", 1U << 19U},
                                              {"waste_percent", 20},
                                              {"rolled_back_bytes", 7},
                                              {"never_sent_bytes", 0},
                                              {"requests", 4},
                                              {"cuts", 2},
                                              {"silent_cuts", 1},
                                              {"retries", 3},
                                              {"resumes", 2},
                                              {"new_uploads", 1},
                                              {"second_writers", 6},
                                              {"second_refused", 3},
                                              {"second_accepted", 2},
                                              {"redeliveries", 4},
                                              {"create_max_ms", 100},
                                              {"upload_max_ms", 1800},
                                              {"resume_max_ms", 2},
                                              {"service_max_ms", 4000},
                                              {"end_to_end_max_ms", 4100},
                                              {"deliver_max_ms", 1000},
                                              {"start_lag_max_ms", 10},
                                              {"loop_lag_max_ms", 0}};
  const Stats stats = mixed();
  std::size_t seen = 0;
  for (const auto& [name, value] : summary_fields(stats)) {
    const auto found = figures.find(name);
    if (found != figures.end()) {
      ++seen;
      EXPECT_NEAR(value, found->second, 0.001 * found->second) << name;
    } else {
      EXPECT_THAT(name, testing::MatchesRegex(".*_p[59][09]_ms")) << "is not in the table";
    }
    const auto hit = [&, name = name](const char* sign, double limit) {
      const auto c = Criterion::parse(fmt::format("{} {} {:.17g}", name, sign, limit));
      EXPECT_TRUE(c) << name;
      return c && c->hit(stats).has_value();
    };
    EXPECT_TRUE(hit(">=", value) && hit("<=", value) && hit("==", value)) << name;
    EXPECT_FALSE(hit(">", value) || hit("<", value) || hit("!=", value)) << name;
    EXPECT_TRUE(hit(">", value - 1) && hit("<", value + 1) && hit("!=", value + 1)) << name;
  }
  EXPECT_EQ(seen, figures.size());
}

TEST(Criterion, BadOnesAreErrors) {
  for (const char* text : {"", "failed", ">0", "failed>", "failed>x", "failed=0", "failed!0",
                           "nope>0", "failed>0 or lost>0", "failed>nan"}) {
    const auto c = Criterion::parse(text);
    ASSERT_FALSE(c) << text;
    EXPECT_THAT(c.error().line(), HasSubstr("as in failed>0"));
  }
}
}  // namespace
}  // namespace loadgen
