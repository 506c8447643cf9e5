// The programs together, as their users run them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>

#include <unistd.h>
#include <cctype>
#include <memory>
#include <set>

#include "programs.hpp"

namespace {

using programs::judge;
using programs::Mock;
using ::testing::HasSubstr;

const std::vector<std::string> demo_user{"--username-env", "DEX_TEST_USERNAME", "--password-env",
                                         "DEX_TEST_PASSWORD"};

std::vector<std::string> operator+(std::vector<std::string> a, const std::vector<std::string>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

struct Profile {
  const char* name;
  std::vector<std::string> server;
  std::vector<std::string> judge;
};

class Conformant : public ::testing::TestWithParam<Profile> {};

TEST_P(Conformant, TheMockHasNothingRed) {
  const testkit::TempFolder folder;
  Mock mock(GetParam().server +
            std::vector<std::string>{"--store", (folder.path() / "store").string()});
  const auto result = judge(mock.creation_url(), GetParam().judge);
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  ASSERT_TRUE(result.report.is_object());
  for (const char* bad : {"fail", "blocked", "error"}) {
    EXPECT_EQ(result.report.at("counts").at(bad), 0) << result.out;
  }
  EXPECT_GT(result.report.at("counts").at("pass").get<int>(), 100);
}

INSTANTIATE_TEST_SUITE_P(
    Profiles, Conformant,
    ::testing::Values(
        Profile{"tus", {"--profile", "tus"}, {"--system", "tus"}},
        Profile{"tus_max_size", {"--profile", "tus", "--max-size", "1MiB"}, {"--system", "tus"}},
        Profile{"dex", {"--profile", "dex"}, {"--system", "dex"}},
        Profile{"dex_jwt",
                {"--profile", "dex", "--auth", "jwt"},
                std::vector<std::string>{"--system", "dex"} + demo_user},
        Profile{"dex_opaque",
                {"--profile", "dex", "--auth", "opaque"},
                std::vector<std::string>{"--system", "dex"} + demo_user}),
    [](const auto& profile) { return std::string(profile.param.name); });

nlohmann::json summary_of(const std::filesystem::path& report_folder) {
  std::ifstream in(report_folder / "summary.json");
  EXPECT_TRUE(in.good()) << "no summary.json";
  return in.good() ? nlohmann::json::parse(in) : nlohmann::json::object();
}

TEST(Load, FlakyUploadsAreAllVerified) {
  const testkit::TempFolder folder;
  Mock mock({"--profile", "dex", "--auth", "jwt", "--store", (folder.path() / "store").string()});
  const auto report = folder.path() / "report";
  const auto finished = testkit::run(std::vector<std::string>{DEX_LOADGEN,      "run",
                                                              "--url",          mock.creation_url(),
                                                              "--system",       "dex",
                                                              "--uploads",      "40",
                                                              "--concurrency",  "20",
                                                              "--size",         "256KiB",
                                                              "--payload",      "hl7",
                                                              "--network",      "flaky",
                                                              "--seed",         "3",
                                                              "--retry-delays", "0s,50ms,200ms",
                                                              "--report",       report.string()} +
                                         demo_user,
                                     programs::with_demo_user(), std::chrono::seconds{120});
  EXPECT_EQ(finished.exit_code, 0) << finished.out << finished.err;
  const auto summary = summary_of(report).at("summary");
  EXPECT_EQ(summary.at("verified"), 40);
  EXPECT_EQ(summary.at("lost"), 0);
  EXPECT_GT(summary.at("cuts").get<int>(), 0) << "the network was to cut connections";
}

TEST(Load, AKilledServerLosesNothing) {
  const testkit::TempFolder folder;
  const std::vector<std::string> store{"--profile", "tus", "--store",
                                       (folder.path() / "store").string()};
  const auto report = folder.path() / "report";
  auto first = std::make_unique<Mock>(store);
  const std::string url = first->url();
  const std::string address = url.substr(url.rfind('/') + 1);
  testkit::ChildProcess load({DEX_LOADGEN, "run", "--url", url + "/files", "--system", "tus",
                              "--uploads", "60", "--concurrency", "10", "--size", "4MiB",
                              "--network", "flaky", "--retry-delays", "0s,100ms,500ms,2s,5s",
                              "--report", report.string()});
  // Kill the server half-way: when it has stored 20 uploads.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  const auto stored = [&] {
    std::size_t count = 0;
    std::error_code ignored;
    for (const auto& entry :
         std::filesystem::directory_iterator(folder.path() / "store", ignored)) {
      if (entry.path().extension() == ".info") ++count;
    }
    return count;
  };
  while (stored() < 20 && std::chrono::steady_clock::now() < deadline) ::usleep(1000);
  ASSERT_GE(stored(), 20U);
  ASSERT_TRUE(load.running());
  first->process().kill();
  testkit::ChildProcess second(std::vector<std::string>{DEX_MOCK_SERVER, "--listen", address} +
                               store);
  second.wait_ready();
  const auto ended = load.wait(std::chrono::seconds{120});
  EXPECT_EQ(ended.exit_code, 0) << load.out() << load.err();
  const auto summary = summary_of(report).at("summary");
  EXPECT_EQ(summary.at("verified"), 60);
  EXPECT_EQ(summary.at("lost"), 0);
}

TEST(MockServer, StopsInOrderOnSigterm) {
  Mock mock({"--store", "memory"});
  mock.process().signal(SIGTERM);
  EXPECT_EQ(mock.process().wait().exit_code, 0);
}

TEST(MockServer, AFullStandardOutputIsToldAndExitCode1) {
  for (const char* arguments :
       {"--defect list", "--fault list", "--profile list", "--help", "--version"}) {
    const auto full = testkit::run(
        {"/bin/sh", "-c", std::string("exec " DEX_MOCK_SERVER " ") + arguments + " >/dev/full"});
    EXPECT_EQ(full.exit_code, 1) << arguments;
    EXPECT_THAT(full.err, HasSubstr("dex-mock-server: standard output cannot be written: "))
        << arguments;
  }
}

// The judge follows every URL that the server hands out, so all of them have to keep the prefix.
TEST(Lanes, AreConformantBehindTheirPrefix) {
  const testkit::TempFolder folder;
  Mock mock({"--profile", "tus", "--store", (folder.path() / "store").string(), "--lane",
             "dex=" + folder.write("dex.json", R"({"profile": "dex", "auth": "jwt"})")});
  const auto result = judge(mock.url() + "/_lane/dex/files",
                            std::vector<std::string>{"--system", "dex"} + demo_user);
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  ASSERT_TRUE(result.report.is_object());
  for (const char* bad : {"fail", "blocked", "error"}) {
    EXPECT_EQ(result.report.at("counts").at(bad), 0) << result.out;
  }
  EXPECT_GT(result.report.at("counts").at("pass").get<int>(), 200);
}

// The tools have to ask a lane, and not the main one, for what that lane stored. DEX 2.8 offers no
// downloads, so only the control API behind the lane's prefix shows the bytes.
TEST(Lanes, WhatTheyStoredIsSeenBehindTheirPrefix) {
  const testkit::TempFolder folder;
  Mock mock({"--profile", "dex-2.8", "--store", (folder.path() / "store").string(), "--lane",
             "secured=" + folder.write("dex.json", R"({"profile": "dex-2.8", "auth": "jwt"})"),
             "--lane", "plain=" + folder.write("tus.json", R"({"profile": "tus"})")});
  const auto judged = judge(mock.url() + "/_lane/plain/files",
                            {"--system", "tus", "--select", "TUS-CORE-PATCH-001"});
  EXPECT_EQ(judged.results.at("TUS-CORE-PATCH-001").at("verdict"), "pass") << judged.out;
  // A lane does not accept the tokens of another: the token endpoint is behind the prefix as well.
  for (const std::string lane : {"blue", "secured"}) {
    const auto load =
        testkit::run(std::vector<std::string>{DEX_LOADGEN, "run", "--url",
                                              mock.url() + "/_lane/" + lane + "/files", "--uploads",
                                              "2", "--size", "1KiB"} +
                         demo_user,
                     programs::with_demo_user());
    EXPECT_EQ(load.exit_code, 0) << load.out << load.err;
    EXPECT_THAT(load.out, HasSubstr("by digest"));
    EXPECT_THAT(load.out, HasSubstr("good: 2 verified"));
  }
}

struct BadStart {
  std::vector<std::string> arguments;
  const char* says;
};

class MockBadInput : public ::testing::TestWithParam<BadStart> {};

TEST_P(MockBadInput, IsOneLineOnStderrAndExitCode2) {
  const auto finished = testkit::run(
      std::vector<std::string>{DEX_MOCK_SERVER, "--listen", "127.0.0.1:0"} + GetParam().arguments);
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_EQ(finished.out, "");
  EXPECT_THAT(finished.err, HasSubstr(GetParam().says));
  EXPECT_EQ(std::count(finished.err.begin(), finished.err.end(), '\n'), 1) << finished.err;
}

INSTANTIATE_TEST_SUITE_P(
    Table, MockBadInput,
    ::testing::Values(
        BadStart{{"--store", "/dev/null/x"}, "--store"},
        BadStart{{"--store", "memory", "--users", "/no/such/users.json"}, "/no/such/users.json"},
        BadStart{{"--store", "memory", "--upload-configs", "/no/such/folder"}, "/no/such/folder"},
        BadStart{{"--store", "memory", "--deliver", "/no/such.yml"}, "/no/such.yml"},
        BadStart{{"--store", "memory", "--rules", "/no/such.json"}, "/no/such.json"},
        BadStart{{"--store", "memory", "--lane", "a=/no/such.json"}, "/no/such.json"},
        BadStart{{"--store", "memory", "--lane", "a=no.such.host.invalid:0"}, "no.such.host"},
        BadStart{{"--store", "memory", "--defect", "no-such-defect"}, "no-such-defect"},
        BadStart{{"--store", "memory", "--fault", "no-such-fault"}, "no-such-fault"},
        BadStart{{"--store", "memory", "--tls-cert", "/no/c.pem", "--tls-key", "/no/k.pem"},
                 "/no/c.pem"},
        BadStart{{"--store", "memory", "--ready-file", "/no/such/ready"}, "--ready-file"}));

TEST(MockServer, APortInUseIsNamed) {
  Mock mock({"--store", "memory"});
  const std::string address = mock.url().substr(mock.url().rfind('/') + 1);
  const auto finished = testkit::run({DEX_MOCK_SERVER, "--listen", address, "--store", "memory"});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_THAT(finished.err, HasSubstr(address));
  EXPECT_THAT(finished.err, HasSubstr("in use"));
}

// The README is right: every flag that it names is in some program's --help, and its rule loads.
TEST(Readme, NamesFlagsThatExist) {
  std::string help;
  for (const std::vector<std::string>& command : {std::vector<std::string>{DEX_MOCK_SERVER},
                                                  {DEX_CONFORMANCE, "run"},
                                                  {DEX_CONFORMANCE, "onboard"},
                                                  {DEX_CONFORMANCE, "list"},
                                                  {DEX_LOADGEN, "run"}}) {
    const auto finished = testkit::run(command + std::vector<std::string>{"--help"});
    EXPECT_EQ(finished.exit_code, 0);
    help += finished.out;
  }
  const std::string readme =
      testkit::read_file(std::filesystem::path(DEX_FIXTURES) / "../README.md");
  std::set<std::string> flags;
  for (std::size_t at = readme.find("--"); at != std::string::npos;
       at = readme.find("--", at + 2)) {
    std::size_t end = at + 2;
    while (end < readme.size() &&
           (std::islower(static_cast<unsigned char>(readme[end])) != 0 || readme[end] == '-')) {
      ++end;
    }
    // Leave out the flags of CMake, and the lines of dashes in tables.
    const auto flag = readme.substr(at, end - at);
    static const std::set<std::string> of_cmake{"--build", "--install", "--prefix", "--preset"};
    if (end > at + 2 && readme[at + 2] != '-' && !of_cmake.contains(flag)) flags.insert(flag);
  }
  EXPECT_GT(flags.size(), 20U);
  for (const auto& flag : flags) EXPECT_THAT(help, HasSubstr(flag)) << "README.md";
}

TEST(Readme, ItsRuleLoads) {
  const std::string readme =
      testkit::read_file(std::filesystem::path(DEX_FIXTURES) / "../README.md");
  const auto from = readme.find("```json\n") + 8;
  const testkit::TempFolder folder;
  Mock mock({"--store", "memory", "--rules",
             folder.write("rule.json", readme.substr(from, readme.find("```", from) - from))});
  EXPECT_THAT(mock.url(), HasSubstr("http://127.0.0.1:"));
}

}  // namespace
