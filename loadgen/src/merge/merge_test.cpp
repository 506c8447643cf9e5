#include "merge/merge.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "merge/shard_file.hpp"
#include "payload/hash.hpp"
#include "protocol/version.hpp"
#include "report/live.hpp"
#include "report/report.hpp"
#include "scenario/file.hpp"
#include "scenario/roster.hpp"
#include "testkit/temp_folder.hpp"

namespace loadgen {
namespace {
using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr const char* run_text = R"({
  "seed": 11, "size": "uniform:1KiB-64KiB", "uploads": 40, "concurrency": 24,
  "phases": [{"phase": "hold", "name": "first", "for": "2s", "load": 12},
             {"phase": "hold", "name": "then", "load": 24}],
  "regions": [{"name": "north", "uplink": "1MB/s"}],
  "partners": [{"name": "labs", "weight": 2, "files": "1-2", "network": "flaky"},
               {"name": "clinics", "region": "north"}]})";
const auto noon = *http::parse_rfc3339("2026-11-29T12:00:00Z");

std::shared_ptr<const Scenario> scenario_of(const std::string& text, std::optional<Shard> shard) {
  auto scenario = std::make_shared<Scenario>();
  EXPECT_TRUE(apply_scenario_text(*scenario, text, "s.json"));
  scenario->settings.url = "http://127.0.0.1:1/files";
  scenario->shard = shard;
  const auto done = complete(*scenario);
  EXPECT_TRUE(done) << done.error().line();
  return scenario;
}

/// What became of an upload, `begin` being when the run began: some were cut, some failed.
UploadResult made(const Roster& roster, const Who& who, std::uint64_t file, Time begin) {
  UploadResult r;
  r.index = roster.upload(who, file);
  const auto drawn = [&](std::uint64_t what) {
    return std::chrono::microseconds{hash_of({r.index, what}) % 1'000'000};
  };
  r.group = static_cast<std::uint32_t>(who.group);
  r.size = r.sent = r.acknowledged = roster.size_of(who, file);
  r.name = "file-" + std::to_string(r.index) + ".bin";
  r.url = "http://127.0.0.1:1/files/a,\"" + std::to_string(r.index);
  r.state = UploadState::verified;
  r.intended = begin + 3 * drawn(1);
  r.phase = static_cast<std::uint32_t>(roster.phase_at(r.intended - begin));
  r.started = r.intended + drawn(2) / 4;
  r.possible = r.intended;
  r.created = r.started + drawn(3);
  r.uploaded = r.ended = *r.created + drawn(4);
  r.requests = 3 + r.index % 4;
  r.resume_times = {drawn(5)};
  if (r.index % 3 == 0) {
    r.cuts = {{Bytes{100}, transport::Cut::Kind::silent, Loses::answer},
              {Bytes{900}, transport::Cut::Kind::reset}};
  }
  if (r.index % 7 == 0) {
    r.state = UploadState::failed;
    r.uploaded.reset();
    r.cause = Cause{"PATCH: 500", "upload " + std::to_string(r.index)};
    r.acknowledged = Bytes{7};
    r.damage = ByteRange{Bytes{7}, Bytes{20}};
  }
  return r;
}

struct Done {
  RunReport report;
  std::vector<UploadResult> uploads;
  std::vector<Second> seconds;
};

/// A run, or a part of it, by hand.
Done done(const std::shared_ptr<const Scenario>& scenario, Time begin) {
  Done done;
  const Roster roster(*scenario);
  RunReport& report = done.report;
  report.tally = Tally(scenario->groups.size(), scenario->phases.size());
  for (std::uint64_t n = 0; n < 40; ++n) {
    const Who who = roster.who(0, n);
    for (std::uint64_t file = 0; roster.has(0, n) && file < who.files; ++file) {
      done.uploads.push_back(made(roster, who, file, begin));
      report.tally.add(done.uploads.back());
    }
  }
  report.tally.not_started(1);
  report.tally.all.loop_lag.add(std::chrono::microseconds{5 + scenario->part().number});
  report.stats = report.tally.all;
  report.run_id = "00000000000" + std::to_string(scenario->part().number);
  report.scenario = scenario;
  report.settings = scenario->settings;
  report.verified_by = VerifyMethod::digest;
  report.begin = begin;
  report.begun = noon;
  report.load_seconds = 4;
  report.removed = 2;
  report.each_upload = [uploads = done.uploads](const auto& visit) {
    for (const auto& upload : uploads) visit(upload);
  };
  for (std::uint64_t number = 1; number <= 4; ++number) {
    Second second;
    second.number = number;
    second.phase = number <= 2 ? 0 : 1;
    second.started = 10 * number + scenario->part().number;
    second.in_flight = number;
    second.acknowledged = Bytes{1000 * number};
    second.start_lag_max = std::chrono::microseconds{100 * scenario->part().number};
    second.groups = {{second.started, 1, 0, number, Bytes{600 * number}},
                     {0, 0, 2, 0, Bytes{400 * number}}};
    done.seconds.push_back(second);
  }
  return done;
}

class Merge : public testing::Test {
 protected:
  [[nodiscard]] std::string folder(const std::string& name) const {
    return (files_.path() / name).string();
  }
  /// The report of a shard, as the program writes it.
  std::string put(const Done& of, const std::string& name) const {
    std::filesystem::create_directories(folder(name));
    auto live = LiveReport::open(folder(name), *of.report.scenario);
    EXPECT_TRUE(live);
    for (const Second& second : of.seconds) (*live)->second(second);
    EXPECT_TRUE((*live)->finish());
    EXPECT_TRUE(write_report(of.report, folder(name)));
    EXPECT_TRUE(write_shard_file(of.report, folder(name)));
    return folder(name);
  }
  std::vector<std::string> put_shards(std::uint64_t of, const std::string& text = run_text) const {
    std::vector<std::string> folders;
    for (std::uint64_t number = 1; number <= of; ++number) {
      folders.push_back(put(done(scenario_of(text, Shard{number, of}), Time{} + 1000s * number),
                            std::to_string(number)));
    }
    return folders;
  }
  void edit(const std::string& name, const std::string& from, const std::string& to) const {
    std::string text = files_.read(name);
    const auto at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from << " is not in " << text.substr(0, 2000);
    std::ofstream(files_.path() / name, std::ios::binary) << text.replace(at, from.size(), to);
  }

  testkit::TempFolder files_;
};

void expect_same(const Stats& merged, const Stats& one, const std::string& what) {
  EXPECT_EQ(merged.started, one.started) << what;
  EXPECT_EQ(merged.verified, one.verified) << what;
  EXPECT_EQ(merged.failed, one.failed) << what;
  EXPECT_EQ(merged.requests, one.requests) << what;
  EXPECT_EQ(merged.cuts, one.cuts) << what;
  EXPECT_EQ(merged.silent_cuts, one.silent_cuts) << what;
  EXPECT_EQ(merged.cuts_digest, one.cuts_digest) << what;
  EXPECT_EQ(merged.sent, one.sent) << what;
  EXPECT_EQ(merged.acknowledged, one.acknowledged) << what;
  EXPECT_EQ(merged.first_start, one.first_start) << what;
  EXPECT_EQ(merged.last_end, one.last_end) << what;
  for (const auto field : {&Stats::create, &Stats::upload, &Stats::resume, &Stats::service,
                           &Stats::end_to_end, &Stats::start_lag}) {
    const Histogram& ours = merged.*field;
    const Histogram& theirs = one.*field;
    EXPECT_EQ(ours.counts(), theirs.counts()) << what;
    EXPECT_EQ(ours.sum_us(), theirs.sum_us()) << what;
    EXPECT_EQ(ours.min(), theirs.min()) << what;
    EXPECT_EQ(ours.max(), theirs.max()) << what;
  }
}

TEST_F(Merge, IsAddingBucketByBucket) {
  const auto folders = put_shards(3);
  const auto merged = merge(folders, folder("whole"), {});
  ASSERT_TRUE(merged) << merged.error().line();
  const Done one = done(scenario_of(run_text, {}), Time{});
  const RunReport& report = *merged;
  expect_same(report.stats, one.report.stats, "run");
  for (std::size_t i = 0; i < 2; ++i) {
    expect_same(report.tally.group(i), one.report.tally.group(i), "group");
    expect_same(report.tally.phase(i), one.report.tally.phase(i), "phase");
  }
  EXPECT_EQ(report.stats.not_started, 3U);
  EXPECT_EQ(report.tally.phase(1).not_started, 3U);
  EXPECT_EQ(report.stats.loop_lag.count(), 3U);
  EXPECT_EQ(report.stats.causes.at("PATCH: 500").count,
            one.report.stats.causes.at("PATCH: 500").count);
  EXPECT_EQ(report.removed, 6U);
  EXPECT_EQ(report.parts.size(), 3U);
  EXPECT_EQ(report.parts[1].run_id, "000000000002");

  std::vector<UploadResult> uploads;
  report.each_upload([&](const UploadResult& upload) { uploads.push_back(upload); });
  ASSERT_EQ(uploads.size(), one.uploads.size());
  for (std::size_t i = 0; i < uploads.size(); ++i) {
    UploadResult told = one.uploads[i];
    // What uploads.csv does not have.
    told.possible.reset();
    told.resume_times.clear();
    if (told.cause) told.cause->detail.clear();
    EXPECT_EQ(uploads[i], told) << uploads[i].index;
  }
  std::string of_whole, of_one;
  uploads_csv(report, [&](std::string_view piece) { of_whole += piece; });
  uploads_csv(one.report, [&](std::string_view piece) { of_one += piece; });
  EXPECT_EQ(of_whole, of_one);

  ASSERT_EQ(merged->seconds.size(), 4U);
  const Second& third = merged->seconds[2];
  EXPECT_EQ(third.number, 3U);
  EXPECT_EQ(third.phase, 1U);
  EXPECT_EQ(third.started, 30U + 30 + 30 + 1 + 2 + 3);
  EXPECT_EQ(third.in_flight, 9U);
  EXPECT_EQ(third.acknowledged, Bytes{9000});
  EXPECT_EQ(third.start_lag_max, 300us);
  EXPECT_EQ(third.groups[0].acknowledged, Bytes{5400});
  EXPECT_EQ(third.groups[1].failed, 6U);
  EXPECT_EQ(report.stats.slowest_second, Bytes{3000});
}

TEST_F(Merge, JudgesTheWholeOnly) {
  const auto folders = put_shards(2);
  const auto good = merge(folders, folder("whole"), {});
  ASSERT_TRUE(good);
  EXPECT_EQ(good->exit_code(), ExitCode::bad_run) << "some failed";
  EXPECT_THAT(terminal_summary(*good), HasSubstr("shards     2, of "));
  const auto failed = std::to_string(good->stats.failed);
  const auto judged = merge(folders, folder("whole"), {*Criterion::parse("failed>=" + failed)});
  ASSERT_TRUE(judged);
  EXPECT_THAT(judged->conditions_hit, testing::ElementsAre(HasSubstr("failed>=")));
  const Done part = done(scenario_of(run_text, Shard{1, 2}), Time{});
  EXPECT_EQ(part.report.exit_code(), ExitCode::good);
  EXPECT_THAT(terminal_summary(part.report), testing::StartsWith("shard 1/2: "));
}

TEST_F(Merge, AShardThatBeganLaterIsPutThere) {
  auto first = done(scenario_of(run_text, Shard{1, 2}), Time{} + 5s);
  auto second = done(scenario_of(run_text, Shard{2, 2}), Time{} + 99s);
  second.report.begun += 2100ms;
  const auto merged = merge({put(second, "b"), put(first, "a")}, folder("whole"), {});
  ASSERT_TRUE(merged) << merged.error().line();
  EXPECT_EQ(merged->seconds.size(), 6U);
  EXPECT_EQ(merged->seconds[0].started, 11U);
  EXPECT_EQ(merged->seconds[2].started, 31U + 12);
  EXPECT_EQ(merged->begun, noon);
  EXPECT_THAT(merged->notes, testing::ElementsAre("shard 2/2 began 2.1 s after the first one"));
  merged->each_upload([&](const UploadResult& upload) {
    const auto of = [&](const Done& part) {
      const auto same = std::ranges::find(part.uploads, upload.index, &UploadResult::index);
      return same == part.uploads.end() ? std::optional<Duration>()
                                        : same->intended - part.report.begin;
    };
    const auto own = of(first) ? *of(first) : *of(second) + 2100ms;
    EXPECT_EQ(upload.intended - Time{}, own);
  });
}

TEST_F(Merge, RefusesWhatDoesNotBelongTogether) {
  const auto folders = put_shards(2);
  const auto refused = [&](const std::vector<std::string>& given, const std::string& part,
                           const std::string& out = "whole") {
    const auto merged = merge(given, folder(out), {});
    ASSERT_FALSE(merged) << part;
    EXPECT_THAT(merged.error().line(), HasSubstr(part));
    EXPECT_EQ(merged.error().line().find('\n'), std::string::npos);
  };
  const auto other = [&](const std::string& from, const std::string& to) {
    std::string text = run_text;
    text.replace(text.find(from), from.size(), to);
    return put(done(scenario_of(text, Shard{2, 2}), Time{}), "other");
  };
  EXPECT_TRUE(merge(folders, folder("whole"), {}));
  refused({folders[0]}, "of 2 shards: 1 is missing: 2");
  refused({folders[1]}, "of 2 shards: 1 is missing: 1");
  refused({folders[0], folders[1], folders[1]}, "was given as shard 2/2");
  refused(folders, "is a shard, which merging would write over", "2");
  refused({folders[0], folder("none")}, "no shard ended here");
  refused({folders[0], other("\"seed\": 11", "\"seed\": 12")}, "seed 12 instead of 11");
  refused({folders[0], other("64KiB", "65KiB")}, "another scenario");
  refused({folders[0], other("flaky", "perfect")}, "another scenario");
  refused({folders[0], other("\"seed\": 11", "\"system\": \"tus\", \"seed\": 11")},
          "system tus instead of dex");
  refused({folders[0], put(done(scenario_of(run_text, Shard{3, 3}), Time{}), "of3")},
          "does not belong to shard 1/2");
  auto scaled = std::make_shared<Scenario>(*scenario_of(run_text, Shard{2, 2}));
  scaled->scale = 2;
  refused({folders[0], put(done(scaled, Time{}), "other")}, "--scale 2 instead of 1");
  auto late = done(scenario_of(run_text, Shard{2, 2}), Time{});
  late.report.begun += 1h;
  refused({folders[0], put(late, "late")}, "the same --start-at");
  edit("2/shard.json", "\"version\":\"" + std::string(harness_version()), "\"version\":\"0.0.1");
  refused(folders, "is of version 0.0.1, and this is");
}

struct Edit {
  const char* file;  ///< of shard 2
  std::string from, to;
  const char* part;  ///< of the Error
};

TEST_F(Merge, HostileFilesAreRefusedInOneLine) {
  const std::string deep(5000, '[');
  const std::vector<Edit> edits{
      {"shard.json", "\"format_version\":1", "\"format_version\":2", "reads version 1"},
      {"shard.json", "\"format\":\"dex-loadgen shard\"", "\"format\":\"k6\"", "no shard"},
      {"shard.json", "\"seed\":11", "\"sead\":11", "is not a key here"},
      {"shard.json", "\"name\":\"labs\"", "\"name\":\"<script>alert(1)</script>\"",
       "is not a name"},
      {"shard.json", "\"name\":\"labs\"", "\"name\":\"" + deep + "\"", "is not a name"},
      {"shard.json", "\"scale\":1.0", "\"scale\":1e999", "shard.json"},
      {"shard.json", "\"scale\":1.0", "\"scale\":-1", "above 0"},
      {"shard.json", "\"scale\":1.0", "\"scale\":NaN", "shard.json"},
      {"shard.json", "\"scale\":1.0", "\"scale\":" + deep, "shard.json"},
      {"shard.json", "\"shard\":2", "\"shard\":3", "no shard of them"},
      {"shard.json", "\"shard\":2", "\"shard\":2,\"shard\":2", "shard.json"},
      {"shard.json", "\"run_id\":\"", "\"run_id\":\"../../", "hexadecimal"},
      {"shard.json", "\"began\":\"2026", "\"began\":\"12026", "RFC 3339"},
      {"shard.json", "\"requests\":", "\"requests\":-", "shard.json"},
      {"shard.json", "\"requests\":", "\"requests\":9223372036854775807,\"x\":", "more than there"},
      {"shard.json", "\"removed\":2", "\"remowed\":2", "removed"},
      {"shard.json", "\"buckets\":[[", "\"buckets\":[[99999,1],[", "no times make such"},
      {"shard.json", "\"buckets\":[[", "\"buckets\":[[0,1],[", "no times make such"},
      {"shard.json", "\"buckets\":[[", "\"buckets\":[[1,0],[", "no times make such"},
      {"shard.json", "\"buckets\":[[", "\"buckets\":[3,[", "pairs"},
      {"shard.json", "\"sum_us\":", "\"sum_us\":1e300,\"y\":", "shard.json"},
      {"shard.json", "\"cuts_digest\":\"", "\"cuts_digest\":\"0", "16 hexadecimal"},
      {"shard.json", "\"load_seconds\":4", "\"load_seconds\":4.5", "shard.json"},
      {"shard.json", "\"groups\":[{", "\"groups\":[", "shard.json"},
      {"shard.json", "}\n", "", "shard.json"},
      {"uploads.csv", "index,", "indices,", "columns"},
      {"uploads.csv", ",verified,", ",verifed,", "no such state"},
      {"uploads.csv", ".bin", ".b\x1b[31m", "not printable"},
      {"uploads.csv", "100:silent", "100:loud", "no cuts"},
      {"uploads.csv", ",verified,,", ",verified,,nan", "no time"},
      {"uploads.csv", ",verified,,", ",verified,,9999999999999", "no time"},
      {"uploads.csv", "\"http", "\"\"http", "quotes"},
      {"uploads.csv", "\r\n", "\n", "CRLF"},
      {"uploads.csv", "file-", "\"<b>,\"file-", "quotes"},
      {"uploads.csv", "100:silent", "101:silent", "are not the"},
      {"seconds.csv", "second,", "seconds,", "columns"},
      {"seconds.csv", "4,", "1,", "behind"},
      {"seconds.csv", ",then,", ",drain,", "phase"},
      {"seconds.csv", ",first,", ",first,1,", "more fields"},
      {"seconds.csv", "1,12,", "1,18446744073709551615,", "no whole number"},
  };
  const auto folders = put_shards(2);
  for (const Edit& hostile : edits) {
    const auto file = std::string("2/") + hostile.file;
    const std::string before = files_.read(file);
    edit(file, hostile.from, hostile.to);
    const auto merged = merge(folders, folder("whole"), {});
    ASSERT_FALSE(merged) << hostile.from << " as " << hostile.to.substr(0, 60);
    const std::string line = merged.error().line();
    EXPECT_THAT(line, HasSubstr(hostile.part))
        << hostile.from << " as " << hostile.to.substr(0, 60);
    EXPECT_EQ(line.find_first_of("\n\x1b"), std::string::npos) << line;
    EXPECT_FALSE(std::filesystem::exists(folder("whole"))) << "nothing is written";
    files_.write(file, before);
  }
}

TEST_F(Merge, TornFilesAreRefusedWhereverTheyEnd) {
  const auto folders = put_shards(2);
  for (const std::string file : {"2/shard.json", "2/uploads.csv", "2/seconds.csv"}) {
    const std::string whole = files_.read(file);
    for (std::size_t part = 0; part < 6; ++part) {
      const std::size_t end = whole.size() * part / 6;
      // Missing whole lines are noticed by the figures in shard.json.
      files_.write(file, whole.substr(0, end));
      EXPECT_FALSE(merge(folders, folder("whole"), {})) << file << " at " << part << "/6";
    }
    files_.write(file, whole);
  }
  EXPECT_TRUE(merge(folders, folder("whole"), {}));
}

TEST_F(Merge, NothingSecretIsInAShard) {
  auto part = done(scenario_of(run_text, Shard{1, 1}), Time{});
  part.report.settings.url = "http://127.0.0.1:1/files?sig=verysecret1";
  part.report.secrets.add("verysecret1");
  part.report.notes.push_back("the token verysecret1 could not be revoked");
  const auto folder = put(part, "1");
  EXPECT_EQ(files_.read("1/shard.json").find("verysecret1"), std::string::npos);
  const auto merged = merge({folder}, this->folder("whole"), {});
  ASSERT_TRUE(merged) << merged.error().line();
  EXPECT_THAT(merged->notes, testing::ElementsAre(HasSubstr("***")));
}

TEST(Histogram, IsTheSameFromItsParts) {
  Histogram h;
  for (const auto us : {0, 1, 5, 777, 1'000'000, 2'000'000'000})
    h.add(std::chrono::microseconds{us});
  const auto again = Histogram::of(h.counts(), static_cast<double>(h.sum_us()), h.min(), h.max());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->buckets(), h.buckets());
  EXPECT_EQ(again->percentile_ms(50), h.percentile_ms(50));
  EXPECT_EQ(again->mean_ms(), h.mean_ms());
  EXPECT_EQ(Histogram::of({}, 0, {}, {})->count(), 0U);
}

}  // namespace
}  // namespace loadgen
