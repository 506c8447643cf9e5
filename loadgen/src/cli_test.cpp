// The real program, as a person meets it: every wrong value is one clear line and exit code 2.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "testkit/child_process.hpp"
#include "testkit/scripted_server.hpp"
#include "testkit/stopwatch.hpp"
#include "testkit/temp_folder.hpp"

namespace {
using testing::HasSubstr;

testkit::Finished loadgen(std::vector<std::string> arguments,
                          std::map<std::string, std::string> environment = {}) {
  arguments.insert(arguments.begin(), DEX_LOADGEN);
  testkit::ChildProcess::Options options;
  options.environment = std::move(environment);
  return testkit::run(std::move(arguments), std::move(options));
}

void expect_one_line(const testkit::Finished& run, int code, const std::string& part) {
  EXPECT_EQ(run.exit_code, code) << run.err;
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
  EXPECT_THAT(run.err, testing::StartsWith("dex-loadgen: "));
  EXPECT_THAT(run.err, HasSubstr(part));
}

const std::string url = "http://127.0.0.1:1/files";

struct BadFlags {
  std::vector<std::string> flags;  ///< of 'run', after --url
  std::string part;                ///< that the one line of output holds
};
void PrintTo(const BadFlags& bad, std::ostream* out) {
  for (const auto& flag : bad.flags) *out << flag << ' ';
}

class BadFlag : public testing::TestWithParam<BadFlags> {};
TEST_P(BadFlag, IsOneLineAndExitCode2) {
  std::vector<std::string> arguments{"run", "--url", url};
  arguments.insert(arguments.end(), GetParam().flags.begin(), GetParam().flags.end());
  expect_one_line(loadgen(arguments), 2, GetParam().part);
}
INSTANTIATE_TEST_SUITE_P(
    All, BadFlag,
    testing::Values(
        BadFlags{{"--system", "s3"}, "--system"}, BadFlags{{"--uploads", "0"}, "--uploads"},
        BadFlags{{"--uploads", "many"}, "--uploads"}, BadFlags{{"--uploads", "-5"}, "--uploads"},
        BadFlags{{"--uploads", "1", "--uploads", "2"}, "--uploads"},
        BadFlags{{"--duration", "10"}, "--duration"}, BadFlags{{"--duration", "0s"}, "--duration"},
        BadFlags{{"--concurrency", "0"}, "--concurrency"},
        BadFlags{{"--concurrency", "100000", "--uploads", "100000"}, "ulimit"},
        BadFlags{{"--rate", "20"}, "--rate"},
        BadFlags{{"--shard", "0/4"}, "--shard: shards are counted from 1"},
        BadFlags{{"--shard", "5/4", "--report", "/tmp"}, "--shard"},
        BadFlags{{"--shard", "1/4"}, "--shard: needs a report"},
        BadFlags{{"--shard", "1/40", "--report", "/tmp"}, "of 10 partners at a time 11/40"},
        BadFlags{{"--start-at", "soon"}, "--start-at"},
        BadFlags{{"--start-at", "2001-01-01T00:00:00Z"}, "by the clock of this machine"},
        BadFlags{{"--rate", "0/s"}, "--rate"}, BadFlags{{"--rate", "nan/s"}, "--rate"},
        BadFlags{{"--size", "big"}, "--size"}, BadFlags{{"--size", "uniform:2-1"}, "--size"},
        BadFlags{{"--size", "1KiB", "--payload", "hl7"}, "--size"},
        BadFlags{{"--chunk", "0"}, "--chunk"}, BadFlags{{"--payload", "pdf"}, "--payload"},
        BadFlags{{"--network", "wifi"}, "--network"}, BadFlags{{"--seed", "x"}, "--seed"},
        BadFlags{{"--threads", "0"}, "--threads"},
        BadFlags{{"--retry-delays", "1,2"}, "--retry-delays"},
        BadFlags{{"--verify", "hope"}, "--verify"},
        BadFlags{{"--verify", "delivered"}, "--delivered-dir"},
        BadFlags{{"--delivered-dir", "/no/such/folder"}, "--delivered-dir"},
        BadFlags{{"--delivered-dir", "/", "--verify", "digest"}, "--delivered-dir"},
        BadFlags{{"--deliver-timeout", "soon"}, "--deliver-timeout"},
        BadFlags{{"--expect-target", "edav", "--system", "tus"}, "--expect-target"},
        BadFlags{{"--expect-target", "edav", "--expect-target", "none"}, "--expect-target"},
        BadFlags{{"--manifest", "/no/such/file"}, "--manifest"},
        BadFlags{{"--info-url", "nowhere"}, "--info-url"},
        BadFlags{{"--redeliver", "often"}, "--redeliver"},
        BadFlags{{"--redeliver", "1", "--info-url", "http://127.0.0.1:1/status"},
                 "--redeliver: where /route is"},
        BadFlags{{"--oauth-url", "http://127.0.0.1:1/oauth"}, "--oauth-url"},
        BadFlags{{"--username-env", "U"}, "--password-env"},
        BadFlags{{"--username-env", "NO_SUCH_U", "--password-env", "NO_SUCH_P"}, "NO_SUCH_U"},
        BadFlags{{"--token-env", "NO_SUCH_T"}, "NO_SUCH_T"},
        BadFlags{{"--token-env", "A=B"}, "--token-env"},
        BadFlags{{"--ca-file", "/no/such/file"}, "--ca-file"},
        BadFlags{{"--ca-file", "/"}, "is a directory"},
        BadFlags{{"--client-cert", "/dev/null"}, "is not a PEM file"},
        BadFlags{{"--client-cert", "/no/such/file"}, "--client-cert"},
        BadFlags{{"--fail-if", "speed<1"}, "--fail-if"},
        BadFlags{{"--allow-late", "many"}, "--allow-late"},
        BadFlags{{"--allow-late", "101%"}, "--allow-late"},
        BadFlags{{"--give-up", "0s"}, "--give-up"}, BadFlags{{"--give-up", "30"}, "--give-up"},
        BadFlags{{"--stall-timeout", "1ms"}, "--stall-timeout"},
        BadFlags{{"--proxy", "localhost"}, "--proxy"},
        BadFlags{{"--proxy", "http://192.0.2.1:3128"}, "--i-own-this-target"},
        BadFlags{{"--max-rate", "9"}, "--max-rate"}, BadFlags{{"--max-bytes", "0"}, "--max-bytes"},
        BadFlags{{"--max-connections", "0"}, "--max-connections"},
        BadFlags{{"--report", "/proc/nope/x"}, "--report"},
        BadFlags{{"--frobnicate"}, "frobnicate"}, BadFlags{{"--uploads"}, "--uploads"},
        BadFlags{{"a.json", "b.json"}, "b.json"},
        BadFlags{{"--upload", "7"},
                 "there is no flag \"--upload\" (the nearest are --creation-with-upload, "
                 "--upload-length, --uploads; "},
        BadFlags{{"--system", "des"}, "--system: \"des\" is not one of dex, "},
        BadFlags{{"--system", "des"}, " (the nearest is dex)"},
        BadFlags{{"--payload", "hl"}, "the nearest is hl7"},
        BadFlags{{"--payload", "compressible:2"}, "--payload: \"2\" is no share"},
        BadFlags{{"--file", "/no/such/file"}, "--file: /no/such/file: No such file"},
        BadFlags{{"--file", "/dev/null"}, "--file: /dev/null: is no file"},
        BadFlags{{"--file", "/etc/passwd", "--size", "1KiB"},
                 "--file: it is given together with --size"},
        BadFlags{{"--payload", "hl7", "--file", "/etc/passwd"},
                 "--file: it is given together with --payload"},
        BadFlags{{"--verify", "download-it"},
                 "is not one of auto, digest, download, delivered, none"},
        BadFlags{{"--network", "flakey"}, "the nearest is flaky"},
        BadFlags{{"--info-url", "http://127.0.0.1:1/info", "--system", "tus"},
                 "--info-url: is for --system dex only (drop --system tus)"},
        BadFlags{{"/no/such/scenario.json"}, "/no/such/scenario.json"}));

TEST(CommandLine, UrlsAreChecked) {
  expect_one_line(loadgen({"run"}), 2, "--url");
  for (const char* bad : {"", "127.0.0.1:8080", "ftp://127.0.0.1/", "http://"}) {
    expect_one_line(loadgen({"run", "--url", bad}), 2, "--url");
  }
}

TEST(CommandLine, LoadGoesToThisMachineOnly) {
  expect_one_line(loadgen({"run", "--url", "http://192.0.2.1/files"}), 2, "--i-own-this-target");
  expect_one_line(loadgen({"run", "--url", url, "--info-url", "http://192.0.2.1/info"}), 2,
                  "--i-own-this-target");
}

TEST(CommandLine, ProductionIsNeverLoadedWhoeverOwnsIt) {
  for (const char* host : {"api.cdc.gov", "app.onecodex.com", "WWW.openhumans.org"}) {
    expect_one_line(
        loadgen({"run", "--i-own-this-target", "--url", std::string("https://") + host + "/files"}),
        2, "never loaded");
  }
  expect_one_line(loadgen({"run", "--url", url, "--info-url", "https://api.cdc.gov/upload/info"}),
                  2, "never loaded");
}

TEST(CommandLine, AScenarioCannotClaimTheTarget) {
  const testkit::TempFolder folder;
  const auto file = (folder.path() / "s.json").string();
  std::ofstream(file) << R"({"i_own_this_target": true})";
  expect_one_line(loadgen({"run", file, "--url", url}), 2, "i_own_this_target");
}

TEST(CommandLine, AnAbsentTargetIsExitCode3) {
  expect_one_line(loadgen({"run", "--url", url}), 3, "unreachable");
}

TEST(CommandLine, NoCommandAndAnUnknownOneAreUsageErrors) {
  expect_one_line(loadgen({}), 2, "subcommand");
  expect_one_line(loadgen({"fly"}), 2,
                  "\"fly\" is not one of run, compare, find-max, merge, networks, report, payload");
  expect_one_line(loadgen({"rum"}), 2, "the nearest is run");
}

TEST(CommandLine, HelpNamesEveryCommandAndExitCode) {
  const auto help = loadgen({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  for (const char* part : {"run", "compare", "find-max", "networks", "payload", "Exit codes"}) {
    EXPECT_THAT(help.out, HasSubstr(part));
  }
  const auto run = loadgen({"run", "--help"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.out, HasSubstr("--i-own-this-target"));
  EXPECT_THAT(run.out, HasSubstr("Examples:"));
  EXPECT_THAT(run.out, HasSubstr("With --system dex:"));
  EXPECT_EQ(loadgen({"run", "--uploads", "none", "--help"}).out, run.out);
}

TEST(CommandLine, ListsNetworks) {
  const auto run = loadgen({"networks"});
  EXPECT_EQ(run.exit_code, 0);
  for (const char* name : {"perfect", "flaky", "flaky-silent", "slow-3g", "rural-dsl"}) {
    EXPECT_THAT(run.out, HasSubstr(name));
  }
}

TEST(CommandLine, WritesPayloads) {
  const auto run = loadgen({"payload", "--kind", "hl7", "--size", "4KiB", "--seed", "7"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.out.size(), 4096U);
  EXPECT_THAT(run.out, testing::StartsWith("MSH|"));
  EXPECT_EQ(loadgen({"payload", "--kind", "hl7", "--size", "4KiB", "--seed", "7"}).out, run.out);
  expect_one_line(loadgen({"payload", "--size", "1"}), 2, "--size");
  expect_one_line(loadgen({"payload", "--kind", "pdf"}), 2, "--kind");
  expect_one_line(loadgen({"payload", "--out", "/no/such/folder/x"}), 2, "--out");
  expect_one_line(loadgen({"payload", "--seed", "seven"}), 2,
                  "--seed: \"seven\" is not a whole number");
}

/// A report folder as on a CI server: the next reports go where those of the last run are.
class Reported : public testing::Test {
 protected:
  Reported() {
    for (const char* file : files) folder_.write(file, "former");
  }
  static constexpr std::array<const char*, 4> files{"summary.json", "uploads.csv", "results.json",
                                                    "report.html"};
  [[nodiscard]] std::vector<std::string> run(const std::string& target,
                                             std::vector<std::string> more = {}) const {
    std::vector<std::string> all{"run",
                                 "--url",
                                 target,
                                 "--system",
                                 "tus",
                                 "--uploads",
                                 "1",
                                 "--size",
                                 "8MiB",
                                 "--verify",
                                 "none",
                                 "--report",
                                 folder_.path().string()};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  [[nodiscard]] nlohmann::json summary() const {
    return nlohmann::json::parse(folder_.read("summary.json"));
  }
  void expect_former() const {
    for (const char* file : files) EXPECT_EQ(folder_.read(file), "former") << file;
    expect_nothing_else();
  }
  void expect_nothing_else(int more = 0) const {
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 4 + more);
  }

  testkit::TempFolder folder_;
};

TEST_F(Reported, AnUnreachableTargetIsReportedAsThat) {
  EXPECT_EQ(loadgen(run(url)).exit_code, 3);
  EXPECT_EQ(summary().at("exit_code"), 3);
  EXPECT_THAT(summary().at("verdict").get<std::string>(), HasSubstr("target unreachable"));
  EXPECT_EQ(summary().at("target"), url);
  EXPECT_THAT(folder_.read("uploads.csv"), testing::StartsWith("index,name,"));
  const auto results = nlohmann::json::parse(folder_.read("results.json"));
  EXPECT_EQ(results.at("ending").at("stopped").at("exit_code"), 3);
  EXPECT_THAT(folder_.read("report.html"), HasSubstr("target unreachable"));
  expect_nothing_else();
}

TEST_F(Reported, APageIsMadeAgainOfResults) {
  EXPECT_EQ(loadgen(run(url)).exit_code, 3);
  const std::string page = folder_.read("report.html");
  folder_.write("report.html", "");
  const auto made = loadgen({"report", folder_.path().string()});
  EXPECT_EQ(made.exit_code, 0) << made.err;
  EXPECT_THAT(made.out, HasSubstr("target unreachable"));
  EXPECT_EQ(folder_.read("report.html"), page);
  folder_.write("results.json", folder_.read("results.json").substr(0, 300));
  expect_one_line(loadgen({"report", folder_.path().string()}), 2, "results.json");
  expect_one_line(loadgen({"report", "/no/such/results.json"}), 2, "/no/such/results.json");
  expect_one_line(loadgen({"report"}), 2, "a results.json is needed");
}

TEST_F(Reported, MetricsAreOnAnAddressThatThereIs) {
  expect_one_line(loadgen(run(url, {"--metrics", "here"})), 2, "--metrics: \"here\": this is no");
  expect_one_line(loadgen(run(url, {"--metrics", "192.0.2.1:0"})), 2, "--metrics: \"192.0.2.1:0\"");
  const auto told = loadgen(run(url, {"--metrics", "0"}));
  EXPECT_THAT(told.err, testing::ContainsRegex("metrics at http://127.0.0.1:[1-9][0-9]*/metrics"));
}

TEST_F(Reported, WrongUsageLeavesTheFormerReports) {
  EXPECT_EQ(loadgen(run(url, {"--rate", "20"})).exit_code, 2);
  EXPECT_EQ(loadgen(run("http://192.0.2.1/files")).exit_code, 2);
  expect_former();
}

TEST_F(Reported, WhatCannotBeWrittenIsToldBeforeTheLoad) {
  for (const std::string name : {"uploads.csv", "seconds.csv", "results.json", "report.html"}) {
    std::filesystem::remove(folder_.path() / name);
    std::filesystem::create_directory(folder_.path() / name);
    expect_one_line(loadgen(run(url)), 2, name + "\" cannot be written: Is a directory");
    EXPECT_EQ(folder_.read("summary.json"), "former");
    std::filesystem::remove(folder_.path() / name);
  }
}

/// Takes what is sent and never answers a PATCH.
testkit::ScriptedServer::Script swallow(std::atomic<std::uint64_t>& taken) {
  return [&taken](testkit::Peer& peer) {
    for (;;) {
      const std::string head = peer.read_until("\r\n\r\n");
      if (head.empty()) return;
      if (head.starts_with("POST")) {
        peer.send("HTTP/1.1 201 Created\r\nLocation: /files/1\r\nContent-Length: 0\r\n\r\n");
      } else if (head.starts_with("PATCH")) {
        for (;;) {
          const std::string bytes = peer.read_bytes(65536);
          if (bytes.empty()) return;
          taken += bytes.size();
        }
      } else {
        peer.send("HTTP/1.1 404 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        return;
      }
    }
  };
}

constexpr std::chrono::seconds soon{1};

// The first signal waits for what is in flight, which never ends here.
TEST_F(Reported, ASecondSignalEndsItSoonWithAWholeReportThatCountsWhatIsUnderWay) {
  const std::string errors = folder_.path().string() + ".err";
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    std::atomic<std::uint64_t> taken{0};
    testkit::ScriptedServer server(swallow(taken));
    auto arguments = run(server.url("/files"));
    // Every loop has to notice the signal.
    arguments.insert(arguments.end(), {"--threads", "2"});
    arguments.insert(arguments.begin(),
                     {"/bin/sh", "-c", "exec \"$@\" 2>'" + errors + "'", "sh", DEX_LOADGEN});
    testkit::ChildProcess child(arguments);
    while (taken == 0) ASSERT_TRUE(child.running()) << child.out() << child.err();
    child.signal(number);
    const auto heard = [&] {
      return testkit::read_file(errors).find("what is in flight is waited for") !=
             std::string::npos;
    };
    const testkit::Stopwatch first;
    while (!heard() && first.elapsed() < soon)
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    EXPECT_TRUE(heard()) << number;
    EXPECT_TRUE(child.running()) << "it waits for what is in flight";
    const std::uint64_t by_then = taken;
    child.signal(number);
    const testkit::Stopwatch second;
    EXPECT_EQ(child.wait().exit_code, 4) << child.out() << child.err();
    EXPECT_LT(second.elapsed(), soon) << number;
    EXPECT_EQ(summary().at("exit_code"), 4);
    EXPECT_EQ(summary().at("verdict"), "interrupted");
    const auto figures = summary().at("summary");
    EXPECT_EQ(figures.at("interrupted"), 1);
    EXPECT_EQ(figures.at("uploaded"), 0);
    EXPECT_EQ(figures.at("acknowledged_bytes"), 0);
    EXPECT_GE(figures.at("sent_bytes").get<std::uint64_t>(), by_then);
    EXPECT_LE(figures.at("sent_bytes").get<std::uint64_t>(), 8U << 20U);
    EXPECT_THAT(folder_.read("seconds.csv"), testing::StartsWith("second,started,"));
    expect_nothing_else(1);
  }
  std::filesystem::remove(errors);
}

TEST_F(Reported, ASilentTargetDoesNotKeepASignalWaiting) {
  testkit::ScriptedServer server([](testkit::Peer& peer) { peer.stall(); });
  auto arguments = run(server.url("/files"));
  arguments.insert(arguments.begin(), DEX_LOADGEN);
  testkit::ChildProcess child(arguments);
  while (server.connections() < 1) ASSERT_TRUE(child.running()) << child.out() << child.err();
  child.signal(SIGINT);
  const testkit::Stopwatch since;
  EXPECT_EQ(child.wait().exit_code, 4);
  EXPECT_LT(since.elapsed(), soon);
  EXPECT_EQ(summary().at("exit_code"), 4);
}

TEST_F(Reported, AFullDiskIsToldAndLeavesTheFormerReports) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer writes a file of its own before main";
#endif
  std::string line = "ulimit -f 0; exec " DEX_LOADGEN;
  for (const auto& argument : run(url)) line += " '" + argument + "'";
  const auto bad = testkit::run({"/bin/sh", "-c", line});
  EXPECT_EQ(bad.exit_code, 3) << bad.err;  // the exit code of the run itself wins
  EXPECT_THAT(bad.err, HasSubstr("--report: "));
  EXPECT_THAT(bad.err, HasSubstr("cannot be written: File too large"));
  expect_former();
}

TEST(Output, AFullDeviceIsToldAndExitCode4) {
  for (const char* arguments : {"networks", "--help", "--version", "payload --size 4KiB"}) {
    const auto full = testkit::run(
        {"/bin/sh", "-c", std::string("exec " DEX_LOADGEN " ") + arguments + " >/dev/full"});
    EXPECT_EQ(full.exit_code, 4) << arguments;
    EXPECT_THAT(full.err, HasSubstr("dex-loadgen: ")) << arguments;
    EXPECT_THAT(full.err, HasSubstr("written")) << arguments;
  }
}

// SIGXFSZ used to kill it.
TEST(Output, AFileThatIsTooLargeIsToldAndExitCode4) {
  const testkit::TempFolder folder;
  const auto full = testkit::run({"/bin/sh", "-c",
                                  "ulimit -f 1; exec " DEX_LOADGEN " payload --size 4KiB >'" +
                                      (folder.path() / "payload").string() + "'"});
  EXPECT_EQ(full.exit_code, 4);
  EXPECT_THAT(full.err, HasSubstr("dex-loadgen: "));
  EXPECT_THAT(full.err, HasSubstr("written"));
}

// It used to take 7.5 GB in a minute, without an end.
TEST(Bounded, TrailersWithoutEndAreGivenUp) {
  testkit::ScriptedServer server([](testkit::Peer& peer) {
    const std::string request = peer.read_until("\r\n\r\n");
    if (request.starts_with("HEAD")) {
      peer.send("HTTP/1.1 404 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    peer.send("HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n");
    std::string much;
    while (much.size() < 1U << 16U) much += "X-A: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n";
    while (peer.send(much)) {
    }
  });
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  const std::string limit;  // sanitizers reserve terabytes of address space
#else
  const std::string limit = "ulimit -v 1000000; ";
#endif
  const auto run = testkit::run({"/bin/sh", "-c",
                                 limit + "exec " DEX_LOADGEN " run --url " + server.url("/files") +
                                     " --system tus --uploads 2 --size 1KiB --retry-delays 0s"});
  EXPECT_EQ(run.exit_code, 1) << run.err;
  EXPECT_THAT(run.out, HasSubstr("header fields"));
}
}  // namespace
