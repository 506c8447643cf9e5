#include "report/record.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace conformance {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

constexpr std::chrono::sys_days today{2026y / 11 / 29};

const Catalogue& catalogue() {
  static const Catalogue rows(
      {{"TUS-A-001", "a", "tus", Level::must, "s", "text", "t", {}, {}, {}},
       {"TUS-A-002", "a", "tus", Level::must, "s", "text", "t", {}, {}, {}},
       {"TUS-A-003", "a", "tus", Level::must, "s", "text", "t", {}, {}, {}}});
  return rows;
}

CaseResult result(std::size_t row, Verdict verdict, const std::string& got) {
  CaseResult out;
  out.row = &catalogue().rows().at(row);
  out.verdict = verdict;
  out.outcome.got = got;
  return out;
}

Judgement judged(std::size_t row, Verdict verdict, const std::string& got,
                 const Baseline* baseline = nullptr) {
  return judge(result(row, verdict, got), "", baseline, {false, {}, today});
}

Judgement judged(std::size_t row, const std::vector<std::pair<Verdict, std::string>>& each,
                 const Baseline* baseline = nullptr) {
  Judgement out = judged(row, each.front().first, each.front().second, baseline);
  for (std::size_t i = 1; i < each.size(); ++i) {
    out = judged_again(std::move(out), result(row, each[i].first, each[i].second), "", baseline,
                       {false, {}, today});
  }
  return out;
}

RunReport report_of(std::vector<Judgement> judgements) {
  RunReport report;
  report.target.url = "https://up.example:8443/files";
  report.target.system = "tus";
  report.target.title = "tus";
  report.version = "1.2.3";
  report.started = today;
  report.judgements = std::move(judgements);
  return report;
}

TEST(Record, HoldsWhatIsTheSameInEveryRun) {
  auto rows = recorded_rows(
      report_of({judged(0, Verdict::pass,
                        "201, Location https://up.example:8443/files/1 in 12 ms, "
                        "Upload-Expires: Mon, 30 Nov 2026 20:07:29 GMT, 2026-11-30T20:07:29.5Z"),
                 judged(1, Verdict::skip, "not offered"),
                 judged(2, {{Verdict::note, "a"}, {Verdict::note, "b"}})}));
  EXPECT_EQ(rows.at("TUS-A-001").got,
            "201, Location {url}/files/1 in {time}, Upload-Expires: {time}, {time}");
  EXPECT_EQ(rows.at("TUS-A-002").got, std::nullopt);
  EXPECT_EQ(rows.at("TUS-A-003").got, std::nullopt) << "two answers";
  const auto json =
      record_json(report_of({judged(0, Verdict::fail, "x\x1b")}), {"run it", {"--a"}});
  const auto read = verdicts::parse(json, "r.json");
  ASSERT_TRUE(read) << read.error().line();
  EXPECT_EQ(read->program, "https://up.example:8443/files (tus), judged by dex-conformance 1.2.3");
  EXPECT_EQ(read->recorded, "2026-11-29");
  EXPECT_THAT(read->commands, ElementsAre("run it"));
  EXPECT_EQ(json.find('\x1b'), std::string::npos);
}

TEST(Record, IsComparedRowByRow) {
  verdicts::Column recorded{"a server",
                            {{"TUS-A-001", {{"fail"}, "400"}},
                             {"TUS-A-002", {{"pass", "fail"}, std::nullopt}},
                             {"TUS-A-009", {{"pass"}, std::nullopt}}}};
  const auto against = compared("r.json", recorded,
                                {{"TUS-A-001", {{"fail"}, "500"}},
                                 {"TUS-A-002", {{"fail"}, "whatever"}},
                                 {"TUS-A-003", {{"note"}, "new"}}});
  ASSERT_EQ(against.changes.size(), 2U);
  EXPECT_EQ(against.changes[0].id, "TUS-A-001");
  EXPECT_EQ(against.changes[0].difference.found, "500");
  EXPECT_EQ(against.changes[1].id, "TUS-A-003");
  EXPECT_EQ(against.changes[1].difference.recorded, "not judged");
  EXPECT_EQ(against.same, 1U);
  EXPECT_EQ(against.not_judged, 1U);
}

TEST(Record, ARunThatIsNotAsOnRecordIsNotGood) {
  auto report = report_of({judged(0, Verdict::pass, "")});
  EXPECT_EQ(exit_code(report), ExitCode::conformant);
  report.against =
      compared("r.json", {"s", {{"TUS-A-001", {{"note"}, "x"}}}}, recorded_rows(report));
  EXPECT_EQ(exit_code(report), ExitCode::not_conformant);
}

TEST(Repeated, AVerdictThatChangesIsNamed) {
  const auto changing = judged(0, {{Verdict::pass, ""}, {Verdict::fail, "x"}, {Verdict::pass, ""}});
  EXPECT_TRUE(changing.red);
  EXPECT_EQ(changing.result.verdict, Verdict::fail) << "with the evidence of that time";
  EXPECT_THAT(changing.why_red, HasSubstr("pass, fail, pass"));
  // The change is named, and not red: neither verdict is.
  EXPECT_TRUE(judged(0, {{Verdict::note, "a"}, {Verdict::skip, "b"}}).changes());
  EXPECT_FALSE(judged(0, {{Verdict::note, "a"}, {Verdict::skip, "b"}}).red);
  EXPECT_FALSE(judged(0, {{Verdict::note, "a"}, {Verdict::note, "b"}}).red);
  // A baseline may expect that the verdict changes.
  const Baseline known{"t", {{"TUS-A-001", {Verdict::pass, Verdict::fail}, "r", "", ""}}};
  EXPECT_FALSE(judged(0, {{Verdict::pass, ""}, {Verdict::fail, "x"}}, &known).red);
  EXPECT_TRUE(judged(0, {{Verdict::pass, ""}, {Verdict::blocked, "x"}}, &known).red);
  auto report = report_of({judged(0, Verdict::pass, "")});
  report.repeat_lacks = 1;
  EXPECT_EQ(exit_code(report), ExitCode::harness) << "not judged as often as was asked";
}

TEST(UpdatedBaseline, KeepsWhatIsStaleAndLetsNothingNewLastUnseen) {
  const Baseline former{"mine",
                        {{"TUS-A-001", {Verdict::fail}, "stale", "https://x", ""},
                         {"TUS-A-002", {Verdict::fail}, "expired", "", "2026-01-01"}}};
  const auto report =
      report_of({judged(0, Verdict::pass, "", &former), judged(1, Verdict::fail, "x", &former),
                 judged(2, {{Verdict::pass, ""}, {Verdict::fail, "y"}}, &former)});
  const auto text = updated_baseline(report, &former, today);
  const auto read = parse_baseline(text, "b.json", catalogue());
  ASSERT_TRUE(read) << read.error().line();
  EXPECT_EQ(read->target, "mine");
  ASSERT_EQ(read->deviations.size(), 3U);
  EXPECT_EQ(read->deviations[0].reason, "stale");
  EXPECT_EQ(read->deviations[0].link, "https://x");
  EXPECT_EQ(read->deviations[1].expires, "2026-01-01");
  const auto& fresh = read->deviations[2];
  EXPECT_EQ(fresh.requirement, "TUS-A-003");
  EXPECT_THAT(fresh.expected, ElementsAre(Verdict::pass, Verdict::fail));
  EXPECT_EQ(fresh.reason, "TO BE REVIEWED: got y");
  EXPECT_EQ(fresh.expires, "2026-12-29");
  // With the updated baseline the stale and the expired entry are as red as before.
  EXPECT_TRUE(judged(0, Verdict::pass, "", &*read).red);
  EXPECT_TRUE(judged(1, Verdict::fail, "x", &*read).red);
}

TEST(UpdatedBaseline, HoldsNoFaultOfTheHarness) {
  auto not_run = judged(1, Verdict::blocked, "gone");
  not_run.result.ran = false;
  const auto text = updated_baseline(
      report_of({judged(0, Verdict::error, "x"), std::move(not_run), judged(2, Verdict::note, "")}),
      nullptr, today);
  EXPECT_TRUE(nlohmann::json::parse(text).at("deviations").empty()) << text;
}

}  // namespace
}  // namespace conformance
