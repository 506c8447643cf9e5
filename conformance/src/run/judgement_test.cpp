#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "catalogue/selection.hpp"
#include "run/baseline.hpp"
#include "run/summary.hpp"

namespace conformance {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

const Catalogue& catalogue() {
  static const Catalogue c(
      {{"TUS-A-001", "a", "tus", Level::must, "s", "must", "t", {}, {}, {}},
       {"TUS-A-002", "a", "tus", Level::should, "s", "should", "t", {}, {}, {}}});
  return c;
}

constexpr std::chrono::sys_days today{2026y / 11 / 21};

Baseline baseline(const std::string& entries) {
  auto parsed =
      parse_baseline(R"({"target":"x","deviations":[)" + entries + "]}", "b.json", catalogue());
  if (!parsed) throw std::runtime_error(parsed.error().line());
  return std::move(*parsed);
}

std::string error_of(const std::string& entry) {
  const auto parsed =
      parse_baseline(R"({"target":"x","deviations":[)" + entry + "]}", "b.json", catalogue());
  return parsed ? "" : parsed.error().line();
}

Judgement judged(Verdict verdict, const Baseline* b = nullptr, bool strict = false,
                 std::string_view needs = {}, std::set<std::string> required = {}) {
  CaseResult result;
  result.row = &catalogue().rows().front();
  result.verdict = verdict;
  return judge(std::move(result), needs, b, {strict, std::move(required), today});
}

TEST(Baseline, FaultsAreToldWithTheirPlace) {
  EXPECT_EQ(
      error_of(
          R"({"requirement":"TUS-A-001","expected":"fail","reason":"r","link":"https://x","expires":"2027-01-01"})"),
      "");
  EXPECT_THAT(error_of(R"({"requirement":"TUS-B-001","expected":"fail","reason":"r"})"),
              HasSubstr("deviations[0].requirement: \"TUS-B-001\" is not in the catalogue"));
  EXPECT_THAT(error_of(R"({"requirement":"TUS-A-001","expected":"pass","reason":"r"})"),
              HasSubstr("expected one of fail"));
  for (const auto* none : {"[]", R"(["pass"])", R"(["fail","fail"])", R"(["red"])", "1"}) {
    EXPECT_THAT(error_of(R"({"requirement":"TUS-A-001","reason":"r","expected":)" +
                         std::string(none) + "}"),
                HasSubstr("deviations[0].expected"))
        << none;
  }
  EXPECT_THAT(error_of(R"({"requirement":"TUS-A-001","expected":"fail","reason":""})"),
              HasSubstr("why"));
  EXPECT_THAT(error_of(R"({"requirement":"TUS-A-001","expected":"fail"})"),
              HasSubstr("\"reason\" is missing"));
  EXPECT_THAT(error_of(R"({"requirement":"TUS-A-001","expected":"fail","reason":"r","link":"x"})"),
              HasSubstr("link"));
  for (const char* day : {"2027-13-01", "2027-02-30", "27-01-01", "2027/01/01", "2027-1-001"}) {
    EXPECT_THAT(
        error_of(R"({"requirement":"TUS-A-001","expected":"fail","reason":"r","expires":")" +
                 std::string(day) + "\"}"),
        HasSubstr("expected a date"))
        << day;
  }
  const std::string entry = R"({"requirement":"TUS-A-001","expected":"fail","reason":"r"})";
  EXPECT_THAT(error_of(entry + "," + entry), HasSubstr("there twice"));
  EXPECT_THAT(error_of(R"({"requirement":"TUS-A-001","expected":"fail","reason":"r","x":1})"),
              HasSubstr("unknown key"));
}

TEST(Baseline, EveryFileOfTheProjectLoads) {
  const auto rows = load_catalogue(embedded_requirements(), words_of(systems()));
  ASSERT_TRUE(rows);
  for (const std::string folder : {DEX_BASELINES, DEX_BASELINES "/../peers"}) {
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().filename() == "schema.json") continue;
      const auto loaded = load_baseline(entry.path().string(), *rows);
      EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().line());
      ++files;
    }
    EXPECT_GT(files, 0U) << folder;
  }
}

TEST(Judge, WithoutABaseline) {
  for (const auto& [verdict, red, red_strict] : {std::tuple{Verdict::pass, false, false},
                                                 {Verdict::fail, true, true},
                                                 {Verdict::warn, false, true},
                                                 {Verdict::note, false, false},
                                                 {Verdict::skip, false, false},
                                                 {Verdict::blocked, true, true},
                                                 {Verdict::error, true, true}}) {
    EXPECT_EQ(judged(verdict).red, red) << to_string(verdict);
    EXPECT_EQ(judged(verdict, nullptr, true).red, red_strict) << to_string(verdict);
  }
}

TEST(Judge, AnExpectedDeviationIsNotRed) {
  const Baseline b = baseline(R"({"requirement":"TUS-A-001","expected":"fail","reason":"known"})");
  const Judgement j = judged(Verdict::fail, &b, true);
  EXPECT_EQ(j.standing, Standing::expected);
  EXPECT_FALSE(j.red);
}

TEST(Judge, AnythingElseThanExpectedIsRed) {
  const Baseline b = baseline(R"({"requirement":"TUS-A-001","expected":"fail","reason":"known"})");
  for (const Verdict v : {Verdict::pass, Verdict::warn, Verdict::note, Verdict::skip,
                          Verdict::blocked, Verdict::error}) {
    const Judgement j = judged(v, &b);
    EXPECT_EQ(j.standing, Standing::unexpected) << to_string(v);
    EXPECT_TRUE(j.red) << to_string(v);
  }
  EXPECT_THAT(judged(Verdict::pass, &b).why_red, HasSubstr("unexpected pass"));
}

TEST(Judgement, ABaselineMayExpectWhatComesByTurns) {
  const Baseline b =
      baseline(R"({"requirement":"TUS-A-001","expected":["fail","pass"],"reason":"a race"})");
  for (const auto v : {Verdict::fail, Verdict::pass}) {
    EXPECT_EQ(judged(v, &b).standing, Standing::expected) << to_string(v);
    EXPECT_FALSE(judged(v, &b).red) << to_string(v);
  }
  EXPECT_THAT(judged(Verdict::blocked, &b).why_red, HasSubstr("expects fail or pass"));
}

TEST(Baseline, IsTakenByNameOrFromAFile) {
  const auto catalogue = load_catalogue(embedded_requirements(), words_of(systems()));
  ASSERT_TRUE(catalogue);
  for (const auto* name : {"dex-2.8", "tusd-2.10", "tus-node-2.4", "tus-node-2.4-expiring"}) {
    const auto built_in = load_baseline(name, *catalogue);
    ASSERT_TRUE(built_in) << built_in.error().line();
    const auto file = load_baseline(DEX_BASELINES + std::string("/") + name + ".json", *catalogue);
    ASSERT_TRUE(file) << file.error().line();
    EXPECT_EQ(file->target, built_in->target);
    EXPECT_EQ(file->deviations.size(), built_in->deviations.size());
  }
  const auto none = load_baseline("dex-9", *catalogue);
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().line(), HasSubstr("built in are dex-2.8, tus-node-2.4"));
}

TEST(Judge, AnExpiredEntryIsRed) {
  const auto on = [](const char* day) {
    const Baseline b =
        baseline(R"({"requirement":"TUS-A-001","expected":"fail","reason":"r","expires":")" +
                 std::string(day) + "\"}");
    return judged(Verdict::fail, &b).standing;
  };
  EXPECT_EQ(on("2026-11-22"), Standing::expected);
  EXPECT_EQ(on("2026-11-21"), Standing::expired);
  EXPECT_EQ(on("2025-01-01"), Standing::expired);
}

TEST(Judge, ASkipOfARequiredExtensionIsRed) {
  EXPECT_FALSE(judged(Verdict::skip, nullptr, false, "checksum").red);
  EXPECT_TRUE(judged(Verdict::skip, nullptr, false, "checksum", {"checksum"}).red);
  EXPECT_FALSE(judged(Verdict::skip, nullptr, false, "", {"checksum"}).red);
  EXPECT_FALSE(judged(Verdict::pass, nullptr, false, "checksum", {"checksum"}).red);
}

RunReport report(const std::vector<Verdict>& verdicts) {
  RunReport r;
  for (const Verdict v : verdicts) r.judgements.push_back(judged(v));
  return r;
}

TEST(ExitCode, TheFirstThatApplies) {
  EXPECT_EQ(exit_code(report({})), ExitCode::usage);
  EXPECT_EQ(exit_code(report({Verdict::skip})), ExitCode::usage);
  EXPECT_EQ(exit_code(report({Verdict::pass, Verdict::warn, Verdict::note, Verdict::skip})),
            ExitCode::conformant);
  EXPECT_EQ(exit_code(report({Verdict::pass, Verdict::fail})), ExitCode::not_conformant);
  EXPECT_EQ(exit_code(report({Verdict::blocked})), ExitCode::not_conformant);
  EXPECT_EQ(exit_code(report({Verdict::fail, Verdict::error})), ExitCode::harness);
  RunReport r = report({Verdict::pass});
  r.missing_extensions = {"checksum"};
  EXPECT_EQ(exit_code(r), ExitCode::not_conformant);
  r = report({});
  r.interrupted = true;
  EXPECT_EQ(exit_code(r), ExitCode::harness);
  const Baseline b = baseline(R"({"requirement":"TUS-A-001","expected":"error","reason":"r"})");
  r = report({Verdict::pass});
  r.judgements.push_back(judged(Verdict::error, &b));
  EXPECT_EQ(exit_code(r), ExitCode::conformant);
}

}  // namespace
}  // namespace conformance
