// A run shared by several processes, each as if on a machine of its own, against the real mock
// server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "protocol/http/date.hpp"
#include "testkit/child_process.hpp"
#include "testkit/temp_folder.hpp"
#include "transport/client.hpp"

namespace {
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;
using testkit::ChildProcess;

constexpr const char* scenario = R"({
  "seed": 21, "arrival": "poisson", "size": "uniform:1KiB-32KiB",
  "retry_delays": "0s,1s,1s,1s,1s,1s,1s,1s,1s,1s",
  "phases": [{"phase": "ramp", "for": "1s", "load": "60/s"},
             {"phase": "hold", "for": "1s", "load": "60/s"}, {"phase": "drain"}],
  "regions": [{"name": "north", "uplink": "80Mbit/s"}, {"name": "south", "uplink": "80Mbit/s"}],
  "partners": [
    {"name": "labs", "weight": 3, "files": "1-3", "network": "flaky"},
    {"name": "clinics", "weight": 1, "region": "north", "network": "flaky"},
    {"name": "schools", "weight": 1, "region": "south"},
    {"name": "state", "count": 5, "after": "500ms", "files": 4, "parallel": 2, "network": "flaky"}]})";

class Shards : public testing::Test {
 protected:
  void SetUp() override {
    mock_ = std::make_unique<ChildProcess>(std::vector<std::string>{
        DEX_MOCK, "--listen", "127.0.0.1:0", "--store", (files_.path() / "store").string()});
    url_ = mock_->wait_ready();
    file_ = files_.write("scenario.json", scenario);
  }
  [[nodiscard]] std::string folder(const std::string& name) const {
    return (files_.path() / name).string();
  }
  [[nodiscard]] std::vector<std::string> command(const std::string& report,
                                                 const std::vector<std::string>& more) const {
    std::vector<std::string> all{DEX_LOADGEN,     "run",      file_,         "--url",
                                 url_ + "/files", "--report", folder(report)};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  /// Runs all shards at the same time; returns the folders of their reports.
  std::vector<std::string> run_shards(std::uint64_t of, const std::vector<std::string>& more = {}) {
    // Time for all to start, also on a busy machine: a shard that is late does not take part.
    const auto start =
        http::format_rfc3339(std::chrono::system_clock::now() + std::chrono::seconds{5});
    std::vector<ChildProcess> all;
    std::vector<std::string> folders;
    for (std::uint64_t number = 1; number <= of; ++number) {
      const auto name = std::to_string(number) + "-" + std::to_string(of);
      std::vector<std::string> flags{"--shard", std::to_string(number) + "/" + std::to_string(of),
                                     "--start-at", start};
      flags.insert(flags.end(), more.begin(), more.end());
      all.emplace_back(command(name, flags));
      folders.push_back(folder(name));
    }
    for (auto& one : all) {
      EXPECT_EQ(one.wait().exit_code, 0) << one.out() << one.err();
      EXPECT_THAT(one.out(), AllOf(StartsWith("shard "), HasSubstr("merge judges the whole")));
      EXPECT_THAT(one.err(), HasSubstr("ready; starts at " + start));
    }
    return folders;
  }
  [[nodiscard]] static testkit::Finished merge(const std::string& out,
                                               const std::vector<std::string>& folders,
                                               const std::vector<std::string>& more = {}) {
    std::vector<std::string> all{DEX_LOADGEN, "merge", out};
    all.insert(all.end(), folders.begin(), folders.end());
    all.insert(all.end(), more.begin(), more.end());
    return testkit::run(all);
  }

  [[nodiscard]] std::string mock_answer(const std::string& path) const {
    transport::Client client({});  // a connection that was idle may be gone
    transport::Request request;
    request.method = "GET";
    request.url = url_ + path;
    const auto exchange = client.send(request);
    EXPECT_TRUE(exchange.response) << path;
    return exchange.response ? exchange.response->body : "";
  }
  /// By the number of an upload: its size, what became of it, its cuts, and the digest of the bytes
  /// that the server holds.
  [[nodiscard]] std::map<std::string, std::string> uploads_of(const std::string& report) const {
    std::map<std::string, std::string> rows;
    std::istringstream in(files_.read(report + "/uploads.csv"));
    std::string line;
    std::getline(in, line);
    while (std::getline(in, line)) {
      std::vector<std::string> fields;
      std::istringstream of(line);
      for (std::string field; std::getline(of, field, ',');) fields.push_back(field);
      const auto id = fields.at(2).substr(fields.at(2).rfind('/') + 1);
      const auto stored = nlohmann::json::parse(mock_answer("/_mock/uploads/" + id));
      EXPECT_TRUE(stored.contains("sha256")) << stored.dump();
      rows[fields.at(0)] = fields.at(3) + " " + fields.at(4) + " " + fields.at(18) + " " +
                           stored.value("sha256", "");
    }
    return rows;
  }
  [[nodiscard]] nlohmann::json summary_of(const std::string& report) const {
    return nlohmann::json::parse(files_.read(report + "/summary.json"));
  }

  testkit::TempFolder files_;
  std::unique_ptr<ChildProcess> mock_;
  std::string url_, file_;
};

TEST_F(Shards, OfTwoAndFourAreOneProcess) {
  const auto one = testkit::run(command("one", {}));
  ASSERT_EQ(one.exit_code, 0) << one.out << one.err;
  const auto uploads = uploads_of("one");
  EXPECT_GT(uploads.size(), 80U);
  const auto of_one = summary_of("one");
  EXPECT_GT(of_one["summary"]["cuts"], 5);
  for (const std::uint64_t of : {2U, 4U}) {
    const auto whole = "whole-" + std::to_string(of);
    const auto merged = merge(folder(whole), run_shards(of));
    ASSERT_EQ(merged.exit_code, 0) << merged.out << merged.err;
    EXPECT_THAT(merged.out, StartsWith("good: "));
    EXPECT_EQ(uploads_of(whole), uploads) << of << " shards";
    const auto json = summary_of(whole);
    EXPECT_EQ(json["cuts_digest"], of_one["cuts_digest"]);
    EXPECT_EQ(json["shards"].size(), of);
    for (const char* const figure : {"uploads", "verified", "failed", "lost", "cuts", "silent_cuts",
                                     "acknowledged_bytes", "not_started"}) {
      EXPECT_EQ(json["summary"][figure], of_one["summary"][figure]) << figure;
      for (std::size_t group = 0; group < 4; ++group) {
        EXPECT_EQ(json["groups"][group]["summary"][figure],
                  of_one["groups"][group]["summary"][figure])
            << figure << " of group " << group;
      }
    }
    // In which phase a partner's second file is due depends on when the first one was through.
    EXPECT_GT(json["phases"][0]["summary"]["uploads"], 20);
    EXPECT_THAT(files_.read(whole + "/seconds.csv"), HasSubstr("\r\n2,"));
    EXPECT_FALSE(std::filesystem::exists(folder(whole) + "/uploads.partial.csv"));
    EXPECT_FALSE(std::filesystem::exists(folder(whole) + "/shard.json"));
  }
}

TEST_F(Shards, AreJudgedTogether) {
  file_ = files_.write("few.json", R"({"uploads": 12, "concurrency": 6, "size": "1KiB"})");
  // Each shard alone would fulfil it.
  const auto folders = run_shards(3, {"--fail-if", "uploads<12"});
  const auto good = merge(folder("whole"), folders);
  EXPECT_EQ(good.exit_code, 0) << good.out << good.err;
  const auto bad = merge(folder("bad"), folders, {"--fail-if", "uploads==12"});
  EXPECT_EQ(bad.exit_code, 1) << bad.out;
  EXPECT_THAT(bad.out, StartsWith("bad: uploads==12"));
  const auto missing = merge(folder("none"), {folders[0], folders[2]});
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_EQ(missing.err, "dex-loadgen: of 3 shards: 1 is missing: 2\n");
  EXPECT_EQ(missing.out, "");
  EXPECT_FALSE(std::filesystem::exists(folder("none")));
  // A report that is begun anew is no shard until it is whole.
  ChildProcess again(command("1-3", {"--shard", "1/3", "--start-at", "+1h"}));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (std::filesystem::exists(folder("1-3") + "/shard.json") && again.running() &&
         std::chrono::steady_clock::now() < deadline) {
  }
  again.signal(SIGINT);
  EXPECT_EQ(again.wait().exit_code, 4) << again.err();
  EXPECT_THAT(again.err(), HasSubstr("interrupted before the load began"));
  EXPECT_THAT(merge(folder("none"), folders).err, HasSubstr("no shard ended here"));
}

}  // namespace
