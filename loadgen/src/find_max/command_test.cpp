// `dex-loadgen find-max` against the mock, whose limit is known.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "testkit/child_process.hpp"
#include "testkit/temp_folder.hpp"

namespace {
using testing::HasSubstr;
using testing::StartsWith;

class FindMaxCommand : public testing::Test {
 protected:
  std::unique_ptr<testkit::ChildProcess> start_mock(const std::string& rules) {
    std::vector<std::string> command{DEX_MOCK,      "--profile", "tus",   "--listen",
                                     "127.0.0.1:0", "--store",   "memory"};
    if (!rules.empty()) {
      command.insert(command.end(), {"--rules", folder_.write("rules.json", rules)});
    }
    auto mock = std::make_unique<testkit::ChildProcess>(std::move(command));
    url_ = mock->wait_ready() + "/files";
    return mock;
  }
  [[nodiscard]] testkit::Finished find_max(std::vector<std::string> more) const {
    std::vector<std::string> all{DEX_LOADGEN, "find-max", "--url",
                                 url_,        "--system", "tus",
                                 "--size",    "1KiB",     "--verify",
                                 "none",      "--json",   (folder_.path() / "limit.json").string()};
    all.insert(all.end(), more.begin(), more.end());
    return testkit::run(std::move(all));
  }
  [[nodiscard]] nlohmann::json json() const {
    return nlohmann::json::parse(folder_.read("limit.json"));
  }
  testkit::TempFolder folder_;
  std::string url_ = "http://127.0.0.1:1/files";
};

// The mock takes forty uploads a second and answers 503 above that.
TEST_F(FindMaxCommand, FindsTheLimitOfAServerThatHasOne) {
  const auto mock = start_mock(R"({
      "when": {"method": "POST", "rate": {"above": 40, "in": "1s"}},
      "then": {"reply": {"early": true, "status": 503}}})");
  const auto run = find_max({"--retry-delays", "none", "--from", "30/s", "--to", "60/s", "--step",
                             "1s", "--warm-up", "200ms"});
  EXPECT_EQ(run.exit_code, 0) << run.err << run.out;
  const auto found = json();
  EXPECT_EQ(found.at("limited_by"), "target") << run.out;
  EXPECT_TRUE(found.at("complete").get<bool>());
  // No rate above the limit can be good. One below it can be bad: after a pause of this machine,
  // more than a second's worth of uploads starts within a second. The start lag tells.
  const auto rate = found.at("rate_per_s").get<double>();
  double lag_s = 0;
  for (const auto& step : found.at("steps")) {
    lag_s = std::max(lag_s, step.at("summary").at("start_lag_max_ms").get<double>() / 1000);
  }
  EXPECT_LE(rate, 40 * 1.05);
  EXPECT_GE(rate * 1.05 * (1 + 2 * lag_s), 40 * 0.95) << run.out;
  EXPECT_THAT(run.out, HasSubstr(" failed"));
  EXPECT_THAT(run.err, HasSubstr("step  1:      30/s"));
}

TEST_F(FindMaxCommand, NotEvenTheLowestRateIsExitCode1) {
  const auto mock = start_mock({});
  const auto run = find_max(
      {"--fail-if", "uploads>0", "--from", "20/s", "--step", "300ms", "--warm-up", "100ms"});
  EXPECT_EQ(run.exit_code, 1) << run.err;
  EXPECT_THAT(run.out, StartsWith("not even 20/s is good: uploads>0 (it is "));
  EXPECT_EQ(json().at("limited_by"), "from");
  EXPECT_EQ(json().at("steps").size(), 2U);
}

TEST_F(FindMaxCommand, WhatIsWrongIsOneLine) {
  struct Wrong {
    std::vector<std::string> arguments;
    int code;
    const char* part;
  };
  for (const Wrong& wrong :
       std::vector<Wrong>{{{"--from", "20/s", "--to", "10/s"}, 2, "--to: is below --from"},
                          {{"--from", "20"}, 2, "--from"},
                          {{"--precision", "0%"}, 2, "--precision"},
                          {{"--rate", "20/s"}, 2, "--rate"},
                          {{"--fail-if", "failed change > 1"}, 2, "see compare"},
                          {{folder_.write("s.json", R"({"phases": [{"phase": "hold", "for": "1s",
                                                     "load": "5/s"}]})")},
                           2,
                           "phases: is what find-max says itself"},
                          {{}, 3, "127.0.0.1"}}) {
    const auto run = find_max(wrong.arguments);
    EXPECT_EQ(run.exit_code, wrong.code) << wrong.part;
    if (wrong.code != 2) continue;
    EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
    EXPECT_THAT(run.err, HasSubstr(wrong.part));
  }
}

}  // namespace
