// `dex-loadgen compare`, as a person meets it.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "testkit/child_process.hpp"
#include "testkit/temp_folder.hpp"

namespace {
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class CompareCommand : public testing::Test {
 protected:
  /// A report as 0.1.0 wrote it: eight uploads a second that take `ms` or a little longer.
  std::string report(const std::string& name, double ms, const std::string& system = "tus") {
    constexpr int count = 240;
    std::string csv =
        "index,state,intended_ms,started_ms,created_ms,uploaded_ms,delivered_ms,"
        "retries,sent,acknowledged\r\n";
    for (int i = 0; i < count; ++i) {
      const double start = 125.0 * i;
      const double took = ms * (1 + 0.001 * ((i * 37) % 17));
      csv += fmt::format("{},verified,{:.3f},{:.3f},,{:.3f},,0,1000,1000\r\n", i, start, start,
                         start + took);
    }
    folder_.write(name + "/uploads.csv", csv);
    nlohmann::json summary{{"tool", "dex-loadgen"},
                           {"version", "0.1.0"},
                           {"run_id", name},
                           {"target", "http://127.0.0.1:1/"},
                           {"system", system},
                           {"seed", 1},
                           {"network", "perfect"},
                           {"payload", "random"},
                           {"size", "1000"},
                           {"concurrency", 10},
                           {"rate_per_s", 8},
                           {"verify", "auto"},
                           {"exit_code", 0},
                           {"verdict", "good: 240 verified, 0 lost"},
                           {"summary", {{"uploads", count}}}};
    folder_.write(name + "/summary.json", summary.dump());
    return path(name);
  }
  [[nodiscard]] std::string path(const std::string& name) const {
    return (folder_.path() / name).string();
  }
  static testkit::Finished compare(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {DEX_LOADGEN, "compare"});
    return testkit::run(std::move(arguments));
  }
  testkit::TempFolder folder_;
};

TEST_F(CompareCommand, EndsIn0WithoutADifferenceAndIn1WithAWorseFigure) {
  const auto base = report("base", 200);
  const auto slower = report("slower", 220);
  const auto same = compare({base, base});
  EXPECT_EQ(same.exit_code, 0) << same.err;
  EXPECT_THAT(same.out, StartsWith("no difference: "));
  const auto html = path("page.html");
  const auto json = path("compare.json");
  const auto worse = compare({base, slower, "--html", html, "--json", json});
  EXPECT_EQ(worse.exit_code, 1) << worse.err;
  EXPECT_THAT(worse.out, StartsWith("worse: "));
  EXPECT_THAT(worse.out,
              HasSubstr("\nworse: service p50 is 10.0 % higher: 221.8 ms in place of 201.6 ms"));
  EXPECT_THAT(folder_.read("page.html"), StartsWith("<!DOCTYPE html>"));
  const auto told = nlohmann::json::parse(folder_.read("compare.json"));
  EXPECT_EQ(told.at("exit_code"), 1);
  EXPECT_EQ(told.at("format"), 1);
  const auto better = compare({slower, base});
  EXPECT_EQ(better.exit_code, 0);
  EXPECT_THAT(better.out, StartsWith("better: "));
}

TEST_F(CompareCommand, ConditionsDecideWhereThereAreAny) {
  const auto base = report("base", 200);
  const auto slower = report("slower", 220);
  const auto held = compare({base, slower, "--fail-if", "service_p50_ms change > 5%"});
  EXPECT_EQ(held.exit_code, 1);
  EXPECT_THAT(held.out, StartsWith("worse: service_p50_ms change > 5% (the change is between +"));
  const auto not_held = compare(
      {base, slower, "--fail-if", "service_p50_ms change > 15%", "--fail-if", "uploads<240"});
  EXPECT_EQ(not_held.exit_code, 0);
  EXPECT_THAT(not_held.out, StartsWith("no condition holds: "));
}

TEST_F(CompareCommand, WhatIsWrongIsOneLineAndExitCode2) {
  const auto base = report("base", 200);
  const auto other = report("other", 200, "dex");
  const auto torn = report("torn", 200);
  std::filesystem::resize_file(torn + "/uploads.csv", 5000);
  struct Wrong {
    std::vector<std::string> arguments;
    const char* part;
  };
  for (const Wrong& wrong : std::vector<Wrong>{
           {{}, "BASE: is missing"},
           {{base}, "NEW: is missing"},
           {{base, path("nowhere")}, "is no folder"},
           {{base, base, base}, "unexpected argument"},
           {{base, other}, "system: is \"tus\" in BASE and \"dex\" in NEW"},
           {{base, torn}, "uploads.csv:"},
           {{base, base, "--fail-if", "goodput change < -5%"}, "there is no number \"goodput\""},
           {{base, base, "--tolerance", "-1%"}, "--tolerance"},
           {{base, base, "--confidence", "100%"}, "--confidence"},
           {{base, base, "--html", "/no/such/folder/page.html"}, "--html"},
           {{base, base, "--htm", "x"}, "--html"}}) {
    const auto run = compare(wrong.arguments);
    EXPECT_EQ(run.exit_code, 2) << wrong.part;
    EXPECT_EQ(run.out, "");
    EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
    EXPECT_THAT(run.err, StartsWith("dex-loadgen: "));
    EXPECT_THAT(run.err, HasSubstr(wrong.part));
  }
  const auto full = compare({base, base, "--json", "/dev/full"});
  EXPECT_EQ(full.exit_code, 4);
  EXPECT_THAT(full.err, HasSubstr("/dev/full"));
}

}  // namespace
