#include "compare/recorded.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "report/live.hpp"
#include "report/report.hpp"
#include "testkit/temp_folder.hpp"

namespace loadgen {
namespace {
using namespace std::chrono_literals;
using testing::HasSubstr;
namespace fs = std::filesystem;

/// A folder as `run --report` leaves it, of 30 uploads in 30 seconds.
class RecordedRun : public testing::Test {
 protected:
  void SetUp() override {
    auto scenario = std::make_shared<Scenario>();
    scenario->settings.url = "http://127.0.0.1:1/files";
    ASSERT_TRUE(complete(*scenario));
    RunReport report;
    report.run_id = "r";
    report.settings = scenario->settings;
    report.scenario = scenario;
    report.verified_by = VerifyMethod::digest;
    report.begin = Time{};
    report.tally = Tally(1, 1);
    std::vector<UploadResult> uploads;
    for (std::uint64_t i = 0; i < 30; ++i) {
      UploadResult r;
      r.index = i;
      r.size = r.sent = r.acknowledged = Bytes{1U << 20U};
      r.name = "n";
      r.url = "http://127.0.0.1:1/files/\"1\",2";
      r.intended = r.started = Time{} + i * 1s;
      r.created = r.started + 100ms;
      r.ended = r.started + 900ms;
      r.state = i == 7 ? UploadState::failed : UploadState::verified;
      if (i == 7) r.cause = Cause{"a, \"b\"\r\nc", ""};
      if (i != 7) r.uploaded = r.ended;
      report.tally.add(r);
      uploads.push_back(std::move(r));
    }
    report.stats = report.tally.all;
    report.each_upload = [uploads](const auto& visit) {
      for (const auto& upload : uploads) visit(upload);
    };
    auto live = LiveReport::open(path().string(), *scenario);
    ASSERT_TRUE(live);
    for (const std::uint64_t number : {1U, 2U, 4U, 30U}) {  // some seconds were not looked at
      Second second;
      second.number = number;
      second.acknowledged = Bytes{number == 4 ? 2000U : 1000U};
      (*live)->second(second);
    }
    ASSERT_TRUE(write_report(report, path().string()));
    ASSERT_TRUE((*live)->finish());
  }
  [[nodiscard]] fs::path path() const { return folder_.path(); }
  [[nodiscard]] Result<Recorded> read() const { return read_recorded(path().string()); }
  [[nodiscard]] std::string line() const {
    const auto run = read();
    return run ? "" : run.error().line();
  }
  void put(const std::string& name, const std::string& text) const {
    std::ofstream(path() / name, std::ios::binary) << text;
  }
  void replace(const std::string& name, const std::string& what, const std::string& by) const {
    std::string text = folder_.read(name);
    const auto at = text.find(what);
    ASSERT_NE(at, std::string::npos) << what;
    text.replace(at, what.size(), by);
    put(name, text);
  }
  testkit::TempFolder folder_;
};

TEST_F(RecordedRun, IsReadAsItWasWritten) {
  const auto run = read();
  ASSERT_TRUE(run) << run.error().line();
  EXPECT_EQ(run->run_id, "r");
  EXPECT_EQ(run->system, systems().front().name);
  ASSERT_EQ(run->uploads.size(), 30U);
  EXPECT_DOUBLE_EQ(run->uploads[3].due, 3);
  EXPECT_DOUBLE_EQ(*run->uploads[3].created, 3.1);
  EXPECT_DOUBLE_EQ(*run->uploads[3].end(), 3.9);
  EXPECT_TRUE(run->uploads[3].good);
  EXPECT_FALSE(run->uploads[7].good);
  EXPECT_DOUBLE_EQ(*run->uploads[7].end(), 7.9);
  EXPECT_DOUBLE_EQ(run->elapsed(), 29.9);
  ASSERT_EQ(run->acknowledged.size(), 30U);
  EXPECT_EQ(run->acknowledged[2], 1000);
  EXPECT_EQ(run->acknowledged[3], 1000);
  EXPECT_NEAR(run->acknowledged[29], 1000.0 / 26, 1e-9);
  EXPECT_TRUE(run->parts);
  EXPECT_EQ(run->number("failed"), 1);
}

// 0.1.0 had neither seconds.csv nor these columns and keys.
TEST_F(RecordedRun, OfVersion010IsRead) {
  fs::remove(path() / "seconds.csv");
  std::string csv =
      "index,name,url,size,state,cause,intended_ms,started_ms,created_ms,uploaded_ms,"
      "delivered_ms,requests,retries,resumes,new_uploads,sent,acknowledged,"
      "rolled_back,cuts\r\n";
  for (int i = 0; i < 30; ++i) {
    csv += fmt::format("{},n,u,5,{},,{}000.000,{}000.000,,{}500.000,,2,0,0,0,5,5,0,\r\n", i,
                       i == 7 ? "failed" : "verified", i, i, i);
  }
  put("uploads.csv", csv);
  put("summary.json", R"({"tool": "dex-loadgen", "version": "0.1.0", "run_id": "r", "target": "t",
      "system": "tus", "seed": 1, "network": "perfect", "payload": "random", "size": "5",
      "concurrency": 1, "rate_per_s": 0.0, "verify": "auto", "verified_by": "digest",
      "exit_code": 1, "verdict": "bad: 1 failed", "conditions_hit": [],
      "summary": {"uploads": 30, "failed": 1}})");
  const auto run = read();
  ASSERT_TRUE(run) << run.error().line();
  EXPECT_FALSE(run->parts);
  EXPECT_TRUE(run->acknowledged.empty());
  EXPECT_DOUBLE_EQ(run->elapsed(), 29.5);
}

TEST_F(RecordedRun, WithoutVerificationIsGoodWhenItWasUploaded) {
  replace("summary.json", "\"verify\": \"auto\"", "\"verify\": \"none\"");
  replace("uploads.csv", ",verified,", ",unverified,");
  const auto run = read();
  ASSERT_TRUE(run) << run.error().line();
  EXPECT_TRUE(run->uploads[0].good);
}

TEST_F(RecordedRun, TornAnywhereIsOneLine) {
  for (const char* name : {"summary.json", "uploads.csv", "seconds.csv"}) {
    const std::string whole = folder_.read(name);
    for (std::size_t size = 0; size < whole.size(); size += size < 120 ? 1 : 97) {
      put(name, whole.substr(0, size));
      const std::string told = line();
      // A seconds.csv cut at the end of a line only lacks seconds; uploads are counted.
      const bool lines_only =
          name == std::string("seconds.csv") && size > 0 && whole[size - 1] == '\n';
      // Only the last line feed is missing.
      if (lines_only || size + 1 == whole.size()) continue;
      EXPECT_THAT(told, HasSubstr(name)) << size;
      EXPECT_EQ(told.find('\n'), std::string::npos);
    }
    put(name, whole);
  }
  EXPECT_EQ(line(), "");
}

TEST_F(RecordedRun, WhatItDoesNotKnowIsOneLineThatSaysWhere) {
  struct Wrong {
    const char *file, *what, *by, *told;
  };
  for (const Wrong& wrong : std::vector<Wrong>{
           {"summary.json", "\"dex-loadgen\"", "\"k6\"", "tool: this is another tool's"},
           {"summary.json", "\"seed\": 1", "\"seed\": \"x\"", "seed"},
           {"summary.json", "\"exit_code\": 1", "\"exit_code\": 4", "did not come to its end"},
           {"summary.json", "\"uploads\": 30", "\"uploads\": 31", "has 30 uploads"},
           {"uploads.csv", "index,", "number,", "uploads.csv:1: has no column index"},
           {"uploads.csv", "\r\n3,", "\r\n2,", "uploads.csv:5: its index is not above"},
           {"uploads.csv", ",3000.000,", ",nan,", "uploads.csv:5: intended_ms is \"nan\""},
           {"uploads.csv", ",3000.000,", ",-1,", "uploads.csv:5: intended_ms is \"-1\""},
           {"uploads.csv", ",3000.000,", ",9e99,", "uploads.csv:5: intended_ms"},
           {"uploads.csv", ",3000.000,", ",3000.000,,", " fields, and the head "},
           {"uploads.csv", "\r\n3,", "\n3,", "uploads.csv:4: is not CSV"},
           {"uploads.csv", "\r\n3,", "\r\n\"3,", "uploads.csv:5: is not CSV"},
           {"seconds.csv", "\r\n4,", "\r\n2,", "seconds.csv:4: its second is not after"},
           {"seconds.csv", "\r\n30,", "\r\n99999999999,", "seconds.csv:5: second is"}}) {
    const std::string whole = folder_.read(wrong.file);
    replace(wrong.file, wrong.what, wrong.by);
    EXPECT_THAT(line(), HasSubstr(wrong.told));
    put(wrong.file, whole);
  }
  put("uploads.csv", std::string(3U << 20U, 'x'));
  EXPECT_THAT(line(), HasSubstr("uploads.csv:1: has more than a MiB"));
  fs::resize_file(path() / "summary.json", 17U << 20U);
  EXPECT_THAT(line(), HasSubstr("at most 16.0 MiB are read"));
  fs::remove(path() / "summary.json");
  EXPECT_THAT(line(), HasSubstr("is not there"));
  fs::create_directory(path() / "summary.json");
  EXPECT_THAT(line(), HasSubstr("is no regular file"));
  EXPECT_THAT(read_recorded("/dev/null").error().line(), HasSubstr("is no folder"));
}

}  // namespace
}  // namespace loadgen
