// Whole runs of the real program against the real mock server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>
#include <thread>

#include "testkit/child_process.hpp"
#include "testkit/stopwatch.hpp"
#include "testkit/temp_folder.hpp"
#include "transport/client.hpp"

namespace {
using testing::HasSubstr;
using testkit::ChildProcess;
namespace fs = std::filesystem;

class Run : public testing::Test {
 protected:
  std::unique_ptr<ChildProcess> start_mock(std::vector<std::string> more = {},
                                           const std::string& listen = "127.0.0.1:0") {
    std::vector<std::string> command{DEX_MOCK, "--listen", listen, "--store", store()};
    command.insert(command.end(), more.begin(), more.end());
    auto mock = std::make_unique<ChildProcess>(std::move(command));
    url_ = mock->wait_ready();
    return mock;
  }
  [[nodiscard]] std::string store() const { return (folder_.path() / "store").string(); }
  [[nodiscard]] std::string address() const { return url_.substr(std::string("http://").size()); }

  std::vector<std::string> command(std::vector<std::string> more) const {
    std::vector<std::string> all{DEX_LOADGEN,     "run",      "--url",
                                 url_ + "/files", "--report", (folder_.path() / "report").string()};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  testkit::Finished loadgen(const std::vector<std::string>& more) const {
    return testkit::run(command(more));
  }
  [[nodiscard]] nlohmann::json report() const {
    return nlohmann::json::parse(folder_.read("report/summary.json"));
  }
  /// Polls until `condition` holds or twenty seconds have passed.
  template <class Condition>
  static bool eventually(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }

  [[nodiscard]] std::uintmax_t bytes_stored() const {
    std::uintmax_t sum = 0;
    std::error_code ignored;
    fs::recursive_directory_iterator at(store(), ignored);
    for (; !ignored && at != fs::recursive_directory_iterator(); at.increment(ignored)) {
      std::error_code vanished;
      const auto size = at->file_size(vanished);
      if (!vanished) sum += size;
    }
    return sum;
  }

  testkit::TempFolder folder_;
  std::string url_;
};

TEST_F(Run, AUrlThatNamesOnlyTheHostIsCompleted) {
  const auto mock = start_mock();
  const auto run = testkit::run({DEX_LOADGEN, "run", "--url", url_, "--uploads", "2", "--size",
                                 "1KiB", "--expect-target", "none"});
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_THAT(run.err, HasSubstr(" to " + url_ + "/files\n"));
}

// 100 uploads used to take two seconds, and to be called lost after a minute of silence.
TEST_F(Run, AServerOfAnotherSystemIsToldBeforeTheLoad) {
  for (const char* profile : {"tus", "tusd-2.10", "tus-node-2.4", "openhumans"}) {
    const auto mock = start_mock({"--profile", profile});
    const auto run = testkit::run(command({"--uploads", "100"}), {}, std::chrono::seconds{10});
    EXPECT_EQ(run.exit_code, 2) << profile << run.out << run.err;
    EXPECT_EQ(run.out, "") << profile;
    EXPECT_THAT(run.err, testing::StartsWith("dex-loadgen: --system: ")) << profile;
    EXPECT_THAT(run.err, HasSubstr("give --system tus")) << profile;
    EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
    EXPECT_LT(bytes_stored(), 1U << 20U) << profile;
  }
}

TEST_F(Run, WhatInfoDoesNotTellIsUnverifiedAndWaitedForOnce) {
  const auto mock = start_mock({"--profile", "tus"});
  const auto run = testkit::run(command({"--uploads", "30", "--size", "1KiB", "--info-url",
                                         url_ + "/info", "--deliver-timeout", "1s"}),
                                {}, std::chrono::seconds{20});
  EXPECT_EQ(run.exit_code, 1) << run.out << run.err;
  EXPECT_THAT(run.out, HasSubstr("30 started: 0 verified, 30 unverified, 0 lost, 0 failed"));
  EXPECT_THAT(run.out, HasSubstr("/info: 404  e.g. 404 page not found (a plain tus server needs"));
}

TEST_F(Run, AFinishedUploadThatIsGoneIsLost) {
  const auto mock = start_mock({"--profile", "tus", "--fault", "phantom-success"});
  const auto run = loadgen({"--system", "tus", "--uploads", "200", "--size", "1KiB"});
  EXPECT_EQ(run.exit_code, 1) << run.out;
  EXPECT_THAT(run.out, HasSubstr("verify: the server has no such upload"));
}

TEST_F(Run, InterruptedUploadsAreResumedVerifiedAndRepeatable) {
  const auto mock = start_mock();
  std::vector<std::string> digests;
  for (int i = 0; i < 2; ++i) {
    const auto run = loadgen({"--uploads", "40", "--concurrency", i == 0 ? "10" : "3", "--size",
                              "uniform:64KiB-1MiB", "--network", "flaky", "--seed", "5"});
    EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
    EXPECT_THAT(run.out, HasSubstr("good: 40 verified, 0 lost"));
    const auto json = report();
    EXPECT_EQ(json["summary"]["verified"], 40);
    EXPECT_EQ(json["verified_by"], "digest");
    EXPECT_GT(json["summary"]["cuts"], 0);
    EXPECT_GE(json["summary"]["resumes"], json["summary"]["cuts"]);
    EXPECT_EQ(json["histograms"]["deliver"]["count"], 40);
    digests.push_back(json["cuts_digest"]);
  }
  EXPECT_EQ(digests[0], digests[1]);
  ASSERT_EQ(loadgen({"--uploads", "40", "--size", "64KiB", "--network", "flaky", "--seed", "6"})
                .exit_code,
            0);
  EXPECT_NE(report()["cuts_digest"], digests[0]);
}

/// Of each upload what must not depend on how many loops there are: its size, its cuts, and what
/// `stored` says of what is at its URL.
std::map<std::string, std::string> what_repeats(
    const std::string& csv, const std::function<std::string(const std::string& url)>& stored) {
  std::map<std::string, std::string> found;
  std::istringstream lines(csv);
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::vector<std::string> fields;
    std::istringstream in(line);
    for (std::string field; std::getline(in, field, ',');) fields.push_back(field);
    found[fields.at(0)] = fields.at(3) + " " + fields.at(18) + " " + stored(fields.at(2));
  }
  return found;
}

// No cut is silent here: silent ones have to be waited for, and on a busy machine a short wait ends
// requests that were not cut.
TEST_F(Run, ANetworkIsTheSameOnOneThreadAndOnTwo) {
  folder_.write("net.json", R"({"name": "all of it", "description": "in a hurry",
    "upload_rate": "4MB/s", "download_rate": "10MB/s", "round_trip": "4ms", "jitter": "3ms",
    "queue": "5ms", "loss": {"probability": 0.001, "bursts":
    {"probability": 0.3, "every": "2s", "length": "50ms"}}, "tcp": {"handshake": "tls1.3"},
    "cut_probability": 0.3, "cut_every": "400KB", "cuts_per_hour": 100,
    "question_cut_probability": 0.1, "lost_answer_share": 0.2,
    "zombie_share": 0.2, "zombie_time": "100ms", "restart_share": 0.1, "restart_time": "50ms"})");
  std::vector<std::map<std::string, std::string>> seen;
  std::vector<std::string> digests;
  for (const std::string threads : {"1", "2"}) {
    const auto mock = start_mock({"--profile", "tus"});
    const auto run = loadgen({"--uploads", "40", "--concurrency", "8", "--threads", threads,
                              "--system", "tus", "--size", "uniform:64KiB-1MiB", "--seed", "5",
                              "--retry-delays", "0s,50ms,200ms,500ms,1s,1s,1s,1s,1s,1s,1s,1s",
                              "--network", (folder_.path() / "net.json").string()});
    ASSERT_EQ(run.exit_code, 0) << run.out << run.err;
    seen.push_back(what_repeats(folder_.read("report/uploads.csv"), [&](const std::string& url) {
      transport::Client client({});
      transport::Request request;
      request.method = "GET";
      request.url = url_ + "/_mock/uploads" + url.substr(url.rfind('/'));
      const auto exchange = client.send(request);
      EXPECT_TRUE(exchange.response) << request.url;
      if (!exchange.response) return std::string{};
      return nlohmann::json::parse(exchange.response->body).at("sha256").get<std::string>();
    }));
    digests.push_back(report()["cuts_digest"]);
    EXPECT_EQ(report()["summary"]["verified"], 40);
  }
  EXPECT_EQ(seen.at(0).size(), 40U);
  for (const auto& [index, what] : seen.at(0)) EXPECT_EQ(what, seen.at(1)[index]) << index;
  EXPECT_EQ(digests.at(0), digests.at(1));
}

TEST_F(Run, TokensComeFromTheEnvironmentAndAreNotShown) {
  const auto mock = start_mock({"--auth", "jwt"});
  EXPECT_EQ(loadgen({"--uploads", "2", "--size", "1KiB"}).exit_code, 3);
  ChildProcess::Options options;
  options.environment = {{"LG_U", "demo"}, {"LG_P", "demo"}};
  const auto run = testkit::run(command({"--uploads", "6", "--size", "2KiB", "--payload", "hl7",
                                         "--username-env", "LG_U", "--password-env", "LG_P"}),
                                options);
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  options.environment = {{"LG_U", "demo"}, {"LG_P", "not-the-password"}};
  const auto refused = testkit::run(
      command({"--uploads", "6", "--username-env", "LG_U", "--password-env", "LG_P"}), options);
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.out + refused.err, testing::Not(HasSubstr("not-the-password")));
}

TEST_F(Run, FilesForOpenHumansBeginAgainAndAreVerifiedInBothWays) {
  ChildProcess::Options options;
  options.environment = {{"OH_TOKEN", "example_token"}};
  for (const std::string call : {"direct", "simple"}) {
    const auto mock = start_mock({"--profile", "openhumans"});
    const auto run = testkit::run({DEX_LOADGEN,
                                   "run",
                                   "--url",
                                   url_,
                                   "--system",
                                   "openhumans",
                                   "--member",
                                   "12345678",
                                   "--openhumans-call",
                                   call,
                                   "--token-env",
                                   "OH_TOKEN",
                                   "--report",
                                   (folder_.path() / "report").string(),
                                   "--uploads",
                                   "30",
                                   "--size",
                                   "200KiB",
                                   "--network",
                                   "flaky",
                                   "--seed",
                                   "7"},
                                  options);
    EXPECT_EQ(run.exit_code, 0) << call << run.out << run.err;
    EXPECT_EQ(report()["summary"]["verified"], 30) << call;
    EXPECT_EQ(report()["summary"]["resumes"], 0) << call;
    EXPECT_GT(report()["summary"]["cuts"], 0) << call;
    EXPECT_THAT(run.out + folder_.read("report/summary.json"),
                testing::Not(HasSubstr("Signature")));
  }
}

class OneCodexRun : public Run {
 protected:
  /// Of a lane: with a prefix before each path.
  [[nodiscard]] std::vector<std::string> command_for(const std::string& system,
                                                     const std::vector<std::string>& more) const {
    std::vector<std::string> all{DEX_LOADGEN,   "run",
                                 "--url",       url_ + "/_lane/blue",
                                 "--system",    system,
                                 "--token-env", "OC_KEY",
                                 "--report",    (folder_.path() / "report").string()};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  static ChildProcess::Options with_key() {
    ChildProcess::Options options;
    options.environment = {{"OC_KEY", "demodemodemodemodemodemodemodemo"}};
    return options;
  }
  testkit::Finished load(const std::string& system, const std::vector<std::string>& more) const {
    auto run = testkit::run(command_for(system, more), with_key());
    EXPECT_THAT(run.out + run.err + folder_.read("report/summary.json") +
                    folder_.read("report/uploads.csv"),
                testing::Not(testing::AnyOf(HasSubstr("demodemo"), HasSubstr("ignature="))));
    return run;
  }
  [[nodiscard]] nlohmann::json summary() const { return report()["summary"]; }
  /// Of each upload: bytes sent, and the positions at which it was cut.
  [[nodiscard]] std::vector<std::pair<std::uint64_t, std::vector<std::uint64_t>>> sent() const {
    std::istringstream lines(folder_.read("report/uploads.csv"));
    std::vector<std::pair<std::uint64_t, std::vector<std::uint64_t>>> all;
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line)) {
      std::vector<std::string> fields;
      std::istringstream row(line);
      for (std::string field; std::getline(row, field, ',');) fields.push_back(field);
      constexpr std::size_t of_sent = 15, of_cuts = 18;
      auto& [bytes, cuts] = all.emplace_back(std::stoull(fields.at(of_sent)), 0);
      std::istringstream positions(fields.at(of_cuts));
      for (std::string cut; std::getline(positions, cut, ';');) cuts.push_back(std::stoull(cut));
    }
    return all;
  }
};

TEST_F(OneCodexRun, AFormBeginsAgainAndIsVerified) {
  const auto mock = start_mock({"--profile", "onecodex"});
  const auto run = load("onecodex", {"--uploads", "30", "--size", "200KiB", "--payload", "fastq",
                                     "--network", "flaky", "--seed", "7"});
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_EQ(report()["verified_by"], "download");
  EXPECT_EQ(summary()["verified"], 30);
  EXPECT_EQ(summary()["resumes"], 0);
  EXPECT_GT(summary()["cuts"], 0);
  for (const auto& [bytes, cuts] : sent()) {
    EXPECT_EQ(bytes, std::accumulate(cuts.begin(), cuts.end(), std::uint64_t{200U << 10U}));
  }
}

TEST_F(OneCodexRun, PartsAreResumedAndOnlyWhatIsMissingIsSentAgain) {
  const auto mock = start_mock({"--profile", "onecodex"});
  constexpr std::uint64_t size = 11U << 20U;
  constexpr std::uint64_t part = 5U << 20U;
  const auto run =
      load("onecodex-multipart", {"--uploads", "4", "--size", "11MiB", "--chunk", "5MiB",
                                  "--network", "flaky", "--seed", "7", "--cleanup"});
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_EQ(summary()["verified"], 4);
  EXPECT_EQ(summary()["new_uploads"], 0);
  EXPECT_EQ(summary()["resumes"], summary()["cuts"]);
  bool beyond_the_first = false;
  for (const auto& [bytes, cuts] : sent()) {
    std::uint64_t expected = size;
    for (const auto at : cuts) expected += at % part;
    EXPECT_EQ(bytes, expected);
    for (const auto at : cuts) beyond_the_first = beyond_the_first || at > part;
  }
  EXPECT_TRUE(beyond_the_first) << "another seed is needed";
  EXPECT_EQ(report()["removed"], 4);
}

TEST_F(OneCodexRun, PartsOutliveTheServersDeath) {
  auto mock = start_mock({"--profile", "onecodex"});
  folder_.write("slow.json", R"({"name":"slow","description":"seconds for each part",
                                 "upload_rate":"4MiB/s"})");
  constexpr std::uint64_t part = 5U << 20U;
  constexpr std::uint64_t size = 3 * part;
  ChildProcess load(
      command_for("onecodex-multipart", {"--uploads", "2", "--size", "15MiB", "--chunk", "5MiB",
                                         "--network", (folder_.path() / "slow.json").string()}),
      with_key());
  ASSERT_TRUE(eventually([&] { return bytes_stored() > 3 * part; }));
  ASSERT_TRUE(load.running());
  const std::string where = address();
  mock->kill();
  mock = start_mock({"--profile", "onecodex"}, where);
  EXPECT_EQ(load.wait().exit_code, 0) << load.out() << load.err();
  EXPECT_EQ(summary()["verified"], 2);
  EXPECT_EQ(summary()["new_uploads"], 0);
  EXPECT_GT(summary()["resumes"], 0);
  for (const auto& [bytes, cuts] : sent()) EXPECT_LE(bytes, size + part);
}

TEST_F(OneCodexRun, OfAPairOnlyOneFileCanBeSeenAndThatIsSaid) {
  const auto mock = start_mock({"--profile", "onecodex"});
  for (const std::string system : {"onecodex", "onecodex-multipart"}) {
    const std::vector<std::string> pairs{"--uploads", "3",         "--size",
                                         "100KiB",    "--payload", "fastq-gz-pair"};
    auto run = load(system, pairs);
    EXPECT_EQ(run.exit_code, 1) << system << run.out << run.err;
    EXPECT_EQ(summary()["unverified"], 3) << system;
    EXPECT_THAT(run.out, HasSubstr("verify: not all of the bytes can be seen")) << system;
    EXPECT_THAT(run.out, HasSubstr("the first 51200 of 102400 are right")) << system;
  }
}

TEST_F(OneCodexRun, ASampleThatTheServerSpoilsIsLost) {
  const auto mock = start_mock({"--profile", "onecodex", "--defect", "object-corrupted"});
  const auto run = load("onecodex-multipart", {"--uploads", "2", "--size", "64KiB"});
  EXPECT_EQ(run.exit_code, 1) << run.out << run.err;
  EXPECT_EQ(summary()["lost"], 2);
  EXPECT_THAT(run.out, HasSubstr("verify: different bytes"));
}

TEST_F(Run, SurvivesTheServersDeathInTheMiddle) {
  auto mock = start_mock();
  folder_.write("slow.json", R"({"name":"slow","description":"about two seconds for each upload",
                                 "upload_rate":"512KiB/s","cut_probability":0.2})");
  ChildProcess load(command({"--uploads", "24", "--concurrency", "12", "--size", "1MiB",
                             "--network", (folder_.path() / "slow.json").string()}));
  ASSERT_TRUE(eventually([&] { return bytes_stored() > (6U << 20U); }));
  ASSERT_TRUE(load.running());
  const std::string where = address();
  mock->kill();
  mock = start_mock({}, where);
  EXPECT_EQ(load.wait().exit_code, 0) << load.out() << load.err();
  EXPECT_EQ(report()["summary"]["verified"], 24);
  EXPECT_EQ(report()["summary"]["rolled_back_bytes"], 0);
  EXPECT_GT(report()["summary"]["retries"], report()["summary"]["cuts"]);
}

TEST_F(Run, BytesThatAServerSpoilsAreLost) {
  const auto mock = start_mock({"--defect", "bytes-corrupted"});
  const auto run = loadgen({"--uploads", "3", "--size", "64KiB"});
  EXPECT_EQ(run.exit_code, 1) << run.out << run.err;
  EXPECT_EQ(report()["summary"]["lost"], 3);
  EXPECT_THAT(run.out, HasSubstr("verify: different bytes"));
}

TEST_F(Run, AnInterruptEndsItInOrderAndSoon) {
  const auto mock = start_mock();
  for (const int number : {SIGINT, SIGTERM}) {
    const auto before = bytes_stored();
    ChildProcess load(command({"--duration", "1h", "--concurrency", "2", "--size", "64KiB"}));
    ASSERT_TRUE(eventually([&] { return bytes_stored() > before + (1U << 20U); }));
    load.signal(number);
    const testkit::Stopwatch since;
    EXPECT_EQ(load.wait().exit_code, 4);
    EXPECT_LT(since.elapsed(), std::chrono::seconds{1});
    EXPECT_THAT(load.out(), HasSubstr("\ninterrupted\n"));
    const auto summary = report()["summary"];
    EXPECT_EQ(summary["interrupted"], 0) << "what was in flight was waited for";
    EXPECT_EQ(summary["verified"], summary["uploads"]) << "and verified";
  }
}

TEST_F(Run, AnOpenLoopCountsWhatCouldNotStart) {
  const auto mock = start_mock();
  folder_.write("slow.json", R"({"name":"slow","description":"d","round_trip":"400ms"})");
  const auto run =
      loadgen({"--rate", "50/s", "--duration", "1s", "--concurrency", "2", "--size", "1KiB",
               "--network", (folder_.path() / "slow.json").string(), "--fail-if", "not_started>0"});
  EXPECT_EQ(run.exit_code, 1) << run.out;
  const auto summary = report()["summary"];
  EXPECT_EQ(summary["uploads"].get<int>() + summary["not_started"].get<int>(), 50);
  EXPECT_GE(summary["end_to_end_max_ms"].get<double>(), summary["service_max_ms"].get<double>());
}

// A partner asks for its token by the same line that it uploads by.
TEST_F(Run, TokensComeByTheSimulatedNetwork) {
  const auto mock = start_mock({"--auth", "jwt"});
  folder_.write("slow.json", R"({"name":"slow","description":"d","round_trip":"400ms"})");
  ChildProcess::Options options;
  options.environment = {{"LG_U", "demo"}, {"LG_P", "demo"}};
  const auto run = testkit::run(
      command({"--uploads", "1", "--size", "1KiB", "--username-env", "LG_U", "--password-env",
               "LG_P", "--network", (folder_.path() / "slow.json").string()}),
      options);
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  // One round trip for the token, and one for the creation.
  EXPECT_GE(report()["summary"]["create_max_ms"].get<double>(), 800);
}

TEST_F(Run, SilentlyLostConnectionsAreResumed) {
  const auto mock = start_mock();
  folder_.write("dark.json", R"({"name":"dark","description":"d","cut_probability":0.5,
                                 "silent_share":1,"stall_timeout":"300ms"})");
  const auto run =
      loadgen({"--uploads", "12", "--concurrency", "12", "--size", "256KiB", "--payload", "csv",
               "--network", (folder_.path() / "dark.json").string()});
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_GT(report()["summary"]["silent_cuts"], 0);
  EXPECT_EQ(report()["summary"]["verified"], 12);
}

/// Runs `command` with no more than `most` descriptors.
testkit::Finished with_descriptors(int most, const std::vector<std::string>& command) {
  std::string line = "ulimit -n " + std::to_string(most) + "; exec";
  for (const auto& word : command) line += " '" + word + "'";
  return testkit::run({"/bin/sh", "-c", line});
}

// 3015 uploads used to fail as if the target could not be connected to.
TEST_F(Run, SocketsOfSilentCutsLeaveRoomForTheOthers) {
  const auto mock = start_mock({"--profile", "tus"});
  folder_.write("dark.json", R"({"name":"dark","description":"d","cut_probability":0.5,
                                 "silent_share":1,"stall_timeout":"700ms"})");
  const auto run = with_descriptors(
      120, command({"--system", "tus", "--uploads", "120", "--concurrency", "40", "--size", "8KiB",
                    "--network", (folder_.path() / "dark.json").string()}));
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_GT(report()["summary"]["silent_cuts"], 60);
  EXPECT_THAT(run.out, testing::Not(HasSubstr("cannot connect")));
}

// 931 uploads used to be called lost, as there were no descriptors left to ask after them.
TEST_F(Run, WhatAsksForDeliveriesKeepsWithinTheDescriptors) {
  const auto mock = start_mock({"--fault", "latency", "--fault", "info-late"});
  const auto run = with_descriptors(110, command({"--uploads", "150", "--concurrency", "30",
                                                  "--size", "1KiB", "--deliver-timeout", "20s"}));
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_EQ(report()["summary"]["verified"], 150);
  EXPECT_EQ(report()["summary"]["retries"], 0);
}

TEST_F(Run, ALineIsNoFasterInManyRequests) {
  const auto mock = start_mock();
  folder_.write("slow.json", R"({"name":"slow","description":"d","upload_rate":"100kB/s"})");
  const auto run = loadgen({"--uploads", "1", "--size", "50KB", "--chunk", "2KB", "--network",
                            (folder_.path() / "slow.json").string()});
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_GE(report()["summary"]["upload_max_ms"].get<double>(), 450)
      << "all but the slice that was saved up during the creation";
}

// It used to go on for 880 s.
TEST_F(Run, ATargetThatIsGoneEndsTheRun) {
  auto mock = start_mock({"--profile", "tus"});
  ChildProcess load(
      command({"--system", "tus", "--uploads", "100000", "--concurrency", "4", "--size", "256KiB",
               "--retry-delays", "0s,100ms,100ms", "--give-up", "1s"}));
  ASSERT_TRUE(eventually([&] { return bytes_stored() > (1U << 20U); }));
  mock->kill();
  EXPECT_EQ(load.wait(std::chrono::seconds{20}).exit_code, 1) << load.out() << load.err();
  EXPECT_THAT(load.out(), HasSubstr("no progress for 1.0 s (--give-up)"));
  EXPECT_EQ(report()["gave_up"], true);
  EXPECT_GT(report()["summary"]["uploaded"], 0);
  EXPECT_EQ(report()["summary"]["lost"], 0) << "nothing was seen to be lost";
}

TEST_F(Run, ALostConnectionIsNoAbsentTarget) {
  const auto mock = start_mock({"--profile", "tus", "--fault", "reset-on-accept", "--seed", "1"});
  const auto run = loadgen({"--system", "tus", "--uploads", "5", "--size", "1KiB", "--retry-delays",
                            "0s,0s,0s,0s,0s,0s,0s,0s"});
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
}

TEST_F(Run, AnOpenLoopStartsItsLastUpload) {
  const auto mock = start_mock({"--profile", "tus"});
  const auto run = loadgen({"--system", "tus", "--rate", "2000/s", "--duration", "200ms",
                            "--concurrency", "10000", "--size", "1KiB"});
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_EQ(report()["summary"]["uploads"], 400);
  EXPECT_EQ(report()["histograms"]["start_lag"]["count"], 400);
  EXPECT_GT(report()["histograms"]["loop_lag"]["count"], 0);
}

TEST_F(Run, AKillLeavesWhatWasKnown) {
  const auto mock = start_mock({"--profile", "tus"});
  ChildProcess load(
      command({"--system", "tus", "--duration", "1h", "--concurrency", "2", "--size", "16KiB"}));
  const auto lines = [&](const char* file) {
    if (!fs::exists(folder_.path() / "report" / file)) return std::ptrdiff_t{0};
    const std::string text = folder_.read(std::string("report/") + file);
    return std::count(text.begin(), text.end(), '\n');
  };
  ASSERT_TRUE(eventually([&] {
    return lines("uploads.partial.csv") > 2 && lines("seconds.csv") > 2;
  })) << load.err();
  load.kill();
  EXPECT_THAT(folder_.read("report/uploads.partial.csv"), testing::StartsWith("index,name,url,"));
  EXPECT_THAT(folder_.read("report/uploads.partial.csv"), HasSubstr(",16384,uploaded,"));
  EXPECT_FALSE(fs::exists(folder_.path() / "report" / "uploads.csv"));
  EXPECT_EQ(
      loadgen({"--system", "tus", "--uploads", "3", "--size", "1KiB", "--threads", "2"}).exit_code,
      0);
  EXPECT_EQ(lines("uploads.csv"), 4);
  EXPECT_EQ(lines("uploads.partial.csv"), 0) << "all of it is in uploads.csv";
}

TEST_F(Run, NothingStartsBeyondTheCeilingAndAllIsRemovedInTheEnd) {
  const auto mock = start_mock();
  const auto run = loadgen({"--uploads", "100", "--size", "1KiB", "--max-bytes", "10KiB",
                            "--max-connections", "2", "--cleanup"});
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_EQ(report()["summary"]["verified"], 10);
  EXPECT_EQ(report()["removed"], 10);
  EXPECT_EQ(report()["left_behind"], 0);
  EXPECT_THAT(run.out, HasSubstr("cleanup    10 removed, 0 left behind"));
}

TEST_F(Run, WithoutVerificationThatIsSaidLoudly) {
  const auto mock = start_mock();
  const auto run =
      loadgen({"--uploads", "2", "--size", "1KiB", "--verify", "none", "--threads", "2"});
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_THAT(run.err, HasSubstr("will NOT be verified"));
  EXPECT_THAT(run.out, HasSubstr("NOT VERIFIED"));
}
}  // namespace
