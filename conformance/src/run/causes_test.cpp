#include "run/causes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/last_lines.hpp"

namespace conformance {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

constexpr Foundation create{"creation", "a creation is answered 201", "mend creations"};
constexpr Foundation head{"HEAD", "HEAD is answered 200", "mend HEAD"};

const std::vector<Requirement>& rows() {
  static const std::vector<Requirement> all = [] {
    std::vector<Requirement> made;
    for (int i = 0; i < 20; ++i) {
      made.push_back(
          {"TUS-A-" + std::to_string(i), "a", "tus", Level::must, "s", "row", "t", {}, {}, {}});
    }
    return made;
  }();
  return all;
}

/// A red row that met these steps, the last one last.
Judgement red(std::size_t row, std::vector<Step> unheld, Verdict verdict = Verdict::blocked) {
  Judgement judgement;
  judgement.result.row = &rows()[row];
  judgement.result.verdict = verdict;
  judgement.result.outcome.got = "what came";
  judgement.result.met.last_held = unheld.empty();
  judgement.result.met.unheld = std::move(unheld);
  judgement.red = true;
  return judgement;
}

Judgement green(std::size_t row, std::vector<Step> unheld = {}) {
  Judgement judgement = red(row, std::move(unheld), Verdict::pass);
  judgement.red = false;
  return judgement;
}

Trial broken(const Foundation& foundation, const std::string& lacks) {
  return {&foundation,
          {{"one way", lacks, "> HEAD\n"}, {"another", lacks, ""}},
          {{&foundation, lacks}},
          "",
          ""};
}

TEST(CausesOf, RowsThatMetABrokenFoundationStandOnIt) {
  const std::vector<Judgement> all{red(0, {{&head, "405"}}),
                                   red(1, {{&create, "400"}, {&head, "405"}}, Verdict::fail),
                                   red(2, {{&head, "404"}}, Verdict::fail),  // met something else
                                   green(3, {{&head, "405"}})};
  const auto causes = causes_of(all, {{broken(head, "405")}, {}, 0});
  ASSERT_THAT(causes, SizeIs(2));
  EXPECT_EQ(causes[0].kind, Cause::Kind::broken);
  EXPECT_THAT(causes[0].rows, ElementsAre(0U, 1U));
  EXPECT_THAT(causes[0].what, HasSubstr("HEAD: 405, wanted: HEAD is answered 200"));
  EXPECT_THAT(causes[0].tries, ElementsAre("one way: 405", "another: 405"));
  EXPECT_EQ(causes[0].to_do, "mend HEAD");
  EXPECT_EQ(causes[1].kind, Cause::Kind::row);
  EXPECT_EQ(causes[1].name, "TUS-A-2");
}

TEST(CausesOf, ARowHasTheFirstOfItsCauses) {
  const std::vector<Judgement> all{red(0, {{&create, "400"}, {&head, "405"}})};
  const auto causes = causes_of(all, {{broken(create, "400"), broken(head, "405")}, {}, 0});
  ASSERT_THAT(causes, SizeIs(1));
  EXPECT_EQ(causes[0].name, "creation");
}

TEST(CausesOf, TriesThatDifferAreAFindingByThemselves) {
  Trial trial = broken(create, "500");
  trial.tries[1].lacks.clear();
  const auto causes = causes_of({green(0)}, {{trial}, {}, 0});
  ASSERT_THAT(causes, SizeIs(1));
  EXPECT_EQ(causes[0].kind, Cause::Kind::unsteady);
  EXPECT_THAT(causes[0].what, HasSubstr("creation is unsteady: 500"));
  EXPECT_THAT(causes[0].what, HasSubstr("(1 of 2 tries)"));
  RunReport report;
  report.judgements = {green(0)};
  EXPECT_EQ(exit_code(report), ExitCode::conformant);
  report.causes = causes;
  EXPECT_EQ(exit_code(report), ExitCode::not_conformant);
}

TEST(CausesOf, WhatHoldsOnlyWhenItIsAskedOtherwiseIsNotUnsteady) {
  Trial trial{&create,
              {{"of ten bytes", "500", ""}, {"once more", "500", ""}, {"of none", "", ""}},
              {{&create, "500"}},
              "",
              ""};
  const auto causes = causes_of({red(0, {{&create, "500"}})}, {{trial}, {}, 0});
  ASSERT_THAT(causes, SizeIs(1));
  EXPECT_EQ(causes[0].kind, Cause::Kind::partly);
  EXPECT_EQ(causes[0].to_do, "mend creation of ten bytes: of none it is good");
  EXPECT_THAT(causes_of({green(0)}, {{trial}, {}, 0}), SizeIs(0));
}

TEST(CausesOf, WhatHeldByItselfIsAGroup) {
  Trial held{&create, {{"one way", "", ""}}, {}, "", ""};
  const std::vector<Judgement> all{red(0, {{&create, "413"}}), red(1, {{&create, "413"}}),
                                   red(2, {{&create, "400"}})};
  const auto causes = causes_of(all, {{held}, {}, 0});
  ASSERT_THAT(causes, SizeIs(2));
  EXPECT_EQ(causes[0].kind, Cause::Kind::group);
  EXPECT_THAT(causes[0].rows, ElementsAre(0U, 1U));
  EXPECT_EQ(causes[1].kind, Cause::Kind::row);
}

TEST(CausesOf, ABrokenFoundationThatNoRowMetIsNoCause) {
  EXPECT_THAT(causes_of({green(0)}, {{broken(head, "405")}, {}, 0}), SizeIs(0));
}

TEST(CausesOf, ABrokenDiscoveryTakesWhatIsJudgedAsNotOffered) {
  constexpr Foundation discovery{"OPTIONS", "OPTIONS is answered 204", "mend OPTIONS",
                                 /*tells_offers=*/true};
  Requirement without_it = rows()[1];
  without_it.excludes = {"termination"};
  Requirement of_another_system = rows()[2];
  of_another_system.excludes = {"dex"};
  std::vector<Judgement> all{red(0, {{&discovery, "200"}}), red(1, {}), red(2, {})};
  for (auto& judgement : all) judgement.result.transcript = "> OPTIONS\n";
  all[1].result.row = &without_it;
  all[2].result.row = &of_another_system;
  const auto causes = causes_of(all, {{broken(discovery, "200")}, {}, 7, {"termination"}});
  ASSERT_THAT(causes, SizeIs(2));
  EXPECT_THAT(causes[0].rows, ElementsAre(0U, 1U));
  EXPECT_EQ(causes[0].not_judged, 7U);
  EXPECT_EQ(causes[1].name, "TUS-A-2");
}

TEST(CausesOf, ADeathTakesWhatWasUnreachableAndWhatWasNotRun) {
  Judgement not_run = red(1, {});
  not_run.result.ran = false;
  Judgement lost = red(0, {{&head, "no answer (closed)"}});
  lost.result.met.unreachable = true;
  const Death death{{{"TUS-A-0", "HEAD http://h/files/1"}}, false, false};
  const auto causes = causes_of({lost, not_run, red(2, {})}, {{}, death, 0});
  ASSERT_THAT(causes, SizeIs(2));
  EXPECT_EQ(causes[0].kind, Cause::Kind::died);
  EXPECT_THAT(causes[0].rows, ElementsAre(0U, 1U));
  EXPECT_THAT(causes[0].what, HasSubstr("dies of HEAD http://h/files/1 (TUS-A-0)"));
}

TEST(CausesOf, DeathsThatWereFoundAloneAreToldTogether) {
  Judgement lost = red(0, {});
  lost.result.met.unreachable = true;
  Judgement too = red(1, {});
  too.result.met.unreachable = true;
  const Death death{
      {{"TUS-A-0", "HEAD http://h/files/1"}, {"TUS-A-1", "PATCH http://h/files/2"}}, true, true};
  const auto causes = causes_of({lost, too}, {{}, death, 0});
  ASSERT_THAT(causes, SizeIs(1));
  EXPECT_THAT(causes[0].what, HasSubstr("dies of HEAD http://h/files/1 (TUS-A-0) and of 1 more"));
  EXPECT_THAT(causes[0].ask, ElementsAre("TUS-A-0", "TUS-A-1"));
}

TEST(CausesOf, RowsWithoutTimeAreOneAndTheLast) {
  std::vector<Judgement> all{red(0, {}, Verdict::fail)};
  for (std::size_t i = 1; i < 9; ++i) {
    all.push_back(red(i, {}, Verdict::error));
    all.back().result.ran = false;
    all.back().result.outcome.got = "not run: the time of the run was up (--run-timeout)";
  }
  const auto causes = causes_of(all, {});
  ASSERT_THAT(causes, SizeIs(2));
  EXPECT_EQ(causes[0].name, "TUS-A-0");
  EXPECT_THAT(causes[1].what, HasSubstr("--run-timeout"));
  EXPECT_THAT(causes[1].rows, SizeIs(8));
}

TEST(Suspected, AreFoundationsThatFailedInRedRowsInTheirOrder) {
  const std::vector<Judgement> all{green(0, {{&create, "400"}}), red(1, {{&head, "405"}})};
  EXPECT_THAT(suspected(all, {&create, &head}), ElementsAre(&head));
}

TEST(LastLines, AreTenAtMostWhateverTheNumberOfCauses) {
  for (const std::size_t count : {1U, 4U, 5U, 20U}) {
    RunReport report;
    for (std::size_t i = 0; i < count; ++i) report.judgements.push_back(red(i, {}, Verdict::fail));
    report.causes = causes_of(report.judgements, {});
    const auto lines = cause_lines(report, {"dex-conformance run --url U", {}});
    EXPECT_LE(lines.size(), 9U);
    EXPECT_EQ(lines.back(), "next: dex-conformance run --url U --select TUS-A-0");
    EXPECT_THAT(lines.front(), HasSubstr(" 1. TUS-A-0 [MUST]: row"));
    EXPECT_EQ(verdict_line(report), "NOT CONFORMANT (" + std::to_string(count) + " red)");
  }
}

TEST(LastLines, ADeathIsLookedForOneRowAtATime) {
  RunReport report;
  Judgement lost = red(0, {});
  lost.result.met.unreachable = true;
  report.judgements = {lost};
  const Death death{{{"TUS-A-0", "HEAD http://h/files/1"}}, false, false};
  report.causes = causes_of(report.judgements, {{}, death, 0});
  EXPECT_EQ(cause_lines(report, {"run --jobs 8", "run --jobs 1"}).back(),
            "next: run --jobs 1 --select TUS-A-0");
}

TEST(LastLines, SayWholeWhatToDoAndCutWhatCameBetweenCharacters) {
  RunReport report;
  Cause cause;
  cause.kind = Cause::Kind::broken;
  cause.what = std::string(239, 'a') + "\u00e9";
  cause.to_do = std::string(500, 'b');
  report.causes = {cause};
  const auto lines = cause_lines(report, {});
  EXPECT_THAT(lines.at(0), HasSubstr("aaa..."));
  EXPECT_EQ(lines.at(1), "    do:   " + cause.to_do);
}

}  // namespace
}  // namespace conformance
