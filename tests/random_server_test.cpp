// Nothing that a server answers makes a check throw, or a client crash, hang or eat memory. All
// tests together run for DEX_RANDOM_SECONDS (60); DEX_RANDOM_SEED repeats one run.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <random>

#include "programs.hpp"
#include "random_server.hpp"

namespace {

using programs::RandomServer;
using testing::HasSubstr;
using testing::Not;
using Clock = std::chrono::steady_clock;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : std::strtoull(value, nullptr, 10);
}

/// Sanitizers reserve terabytes of address space, so it cannot be limited.
constexpr bool sanitized =
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    true;
#else
    false;
#endif

/// Runs the program with at most 1 GB of address space; throws when it does not end in time.
testkit::Finished bounded(std::vector<std::string> command) {
  std::vector<std::string> all{"/bin/sh", "-c",
                               sanitized ? "exec \"$@\"" : "ulimit -v 1000000; exec \"$@\"", "sh"};
  all.insert(all.end(), command.begin(), command.end());
  auto options = programs::with_demo_user();
  return testkit::run(std::move(all), std::move(options), std::chrono::seconds{100});
}

struct Tally {
  std::uint64_t runs = 0, answers = 0;
  std::map<int, int> codes;
};

/// Calls `once` with one seed after the other, for this share of the time.
Tally for_a_while(double share, const std::function<int(std::uint64_t, RandomServer&)>& once,
                  bool long_waits) {
  const auto total = std::chrono::seconds{from_environment("DEX_RANDOM_SECONDS", 60)};
  const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(total * share);
  const bool one = std::getenv("DEX_RANDOM_SEED") != nullptr;
  std::uint64_t seed = from_environment("DEX_RANDOM_SEED", 1);
  constexpr double oddness[] = {0.02, 0.1, 0.3, 0.7};
  Tally tally;
  do {
    SCOPED_TRACE(fmt::format("DEX_RANDOM_SEED={}", seed));
    RandomServer server({seed, oddness[seed % std::size(oddness)], long_waits});
    ++tally.codes[once(seed, server)];
    ++tally.runs;
    tally.answers += server.answers_sent();
    ++seed;
  } while (!one && Clock::now() < end && !testing::Test::HasFailure());
  std::string codes;
  for (const auto& [code, count] : tally.codes) codes += fmt::format(" {}:{}", code, count);
  fmt::print("{} runs, {} answers sent, exit codes{}\n", tally.runs, tally.answers, codes);
  testing::Test::RecordProperty("answers", std::to_string(tally.answers));
  return tally;
}

void expect_consistent(const nlohmann::json& report, int exit_code) {
  EXPECT_EQ(report.at("exit_code"), exit_code);
  std::map<std::string, int> counts;
  int red = 0;
  for (const auto& one : report.at("results")) {
    ++counts[one.at("verdict").get<std::string>()];
    red += one.at("red").get<bool>() ? 1 : 0;
    EXPECT_NE(one.at("verdict"), "error") << one.at("id") << one.value("got", "") << '\n'
                                          << one.at("transcript").get<std::string>();
  }
  for (const auto& [verdict, count] : counts) EXPECT_EQ(report.at("counts").at(verdict), count);
  EXPECT_EQ(report.at("counts").at("red"), red);
}

std::size_t occurrences(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

/// Selects some areas, so that a run is short; now and then everything.
std::vector<std::string> some_areas(bool dex, std::uint64_t seed) {
  static const std::vector<std::string> tus{"core-version",
                                            "core-options",
                                            "core-headers",
                                            "core-head",
                                            "core-patch",
                                            "core-method-override",
                                            "creation",
                                            "creation-metadata",
                                            "expiration",
                                            "checksum",
                                            "checksum-trailer",
                                            "creation-defer-length",
                                            "concatenation",
                                            "creation-with-upload",
                                            "concatenation-unfinished",
                                            "termination",
                                            "cors",
                                            "http",
                                            "ietf-draft"};
  static const std::vector<std::string> more{"dex-routes",   "dex-tus",      "dex-metadata",
                                             "dex-manifest", "dex-info",     "dex-auth",
                                             "dex-health",   "dex-security", "dex-clients"};
  // These rows wait up to 15 s for something that does not come.
  static const std::vector<std::string> slow{"dex-delivery", "dex-route", "dex-metrics"};
  std::vector<std::string> arguments;
  if (seed % 5 == 0) return arguments;
  std::mt19937_64 random(seed);
  for (int i = 0; i < 3; ++i) {
    const auto& list = !dex || i == 0 ? tus : seed % 7 == 0 ? slow : more;
    arguments.insert(arguments.end(), {"--select", list[random() % list.size()]});
  }
  return arguments;
}

int judge(const std::string& system, std::uint64_t seed, RandomServer& server) {
  const testkit::TempFolder folder;
  const auto json = folder.path() / "report.json";
  const auto junit = folder.path() / "report.xml";
  std::vector<std::string> command{DEX_CONFORMANCE,  "run",
                                   "--url",          server.url() + "/files",
                                   "--system",       system,
                                   "--jobs",         seed % 2 == 0 ? "1" : "6",
                                   "--seed",         std::to_string(seed),
                                   "--patience",     "100ms",
                                   "--case-timeout", "30",
                                   "--run-timeout",  "60",
                                   "--json",         json.string(),
                                   "--junit",        junit.string(),
                                   "--evidence",     (folder.path() / "evidence").string()};
  const auto areas = some_areas(system == "dex", seed);
  command.insert(command.end(), areas.begin(), areas.end());
  if (seed % 3 == 0) {
    command.insert(command.end(),
                   {"--username-env", "DEX_TEST_USERNAME", "--password-env", "DEX_TEST_PASSWORD"});
  }
  const auto finished = bounded(command);
  // Never 4, an error of the tool. 2 is possible: the answers may leave nothing to judge.
  EXPECT_THAT(finished.exit_code, testing::AnyOf(0, 1, 2, 3)) << finished.out << finished.err;
  EXPECT_THAT(finished.out + finished.err, Not(HasSubstr("the check threw")));
  const std::string xml = testkit::read_file(junit);
  const auto report = nlohmann::json::parse(testkit::read_file(json));
  expect_consistent(report, finished.exit_code);
  EXPECT_THAT(xml, testing::EndsWith("</testsuites>\n"));
  EXPECT_THAT(xml, HasSubstr(fmt::format("<testsuites name=\"dex-conformance\" tests=\"{}\"",
                                         occurrences(xml, "<testcase "))));
  return finished.exit_code;
}

TEST(RandomServer, NoAnswerMakesATusCheckThrow) {
  for_a_while(
      0.4, [](std::uint64_t seed, RandomServer& server) { return judge("tus", seed, server); },
      false);
}

TEST(RandomServer, NoAnswerMakesADexCheckThrow) {
  for_a_while(
      0.4, [](std::uint64_t seed, RandomServer& server) { return judge("dex", seed, server); },
      false);
}

TEST(RandomServer, ALoadEndsWhateverIsAnswered) {
  for_a_while(
      0.2,
      [](std::uint64_t seed, RandomServer& server) {
        const testkit::TempFolder folder;
        const auto finished = bounded({DEX_LOADGEN,
                                       "run",
                                       "--url",
                                       server.url() + "/files",
                                       "--system",
                                       seed % 2 == 0 ? "tus" : "dex",
                                       "--uploads",
                                       "20",
                                       "--concurrency",
                                       seed % 3 == 0 ? "1" : "5",
                                       "--seed",
                                       std::to_string(seed),
                                       "--size",
                                       "choice:1KiB,70000",
                                       "--chunk",
                                       "20000",
                                       "--retry-delays",
                                       "0s,5ms",
                                       "--deliver-timeout",
                                       "200ms",
                                       "--report",
                                       folder.path().string()});
        EXPECT_THAT(finished.exit_code, testing::AnyOf(0, 1, 3)) << finished.out << finished.err;
        const auto summary = nlohmann::json::parse(folder.read("summary.json"));
        EXPECT_EQ(summary.at("exit_code"), finished.exit_code);
        return finished.exit_code;
      },
      false);
}

}  // namespace
