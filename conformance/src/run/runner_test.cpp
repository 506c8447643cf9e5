#include "run/runner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <stdexcept>

#include "run/fake_context.hpp"
#include "tus/target.hpp"

namespace conformance {
namespace {

using testing::HasSubstr;

const Requirement row{"TUS-A-001", "a", "tus", Level::must, "s", "r", "t", {}, {}, {}};

MakeContext fake() {
  return [](const Requirement&, std::shared_ptr<Evidence> evidence, auto) {
    evidence->add("seen");
    return std::make_unique<FakeContext>();
  };
}

Case a_case(Outcome (*run)(Context&), std::optional<std::string> skip = std::nullopt) {
  return {&row, Check{row.id, run}, std::move(skip)};
}

CaseResult only(Case c, RunnerOptions options = {}) {
  Runner runner(std::move(options), fake(), {std::move(c)});
  return runner.wait(0);
}

TEST(Runner, AnOutcomeBecomesAVerdictWithItsTranscript) {
  const CaseResult r = only(a_case([](Context&) { return broken("a", "b"); }));
  EXPECT_EQ(r.verdict, Verdict::fail);
  EXPECT_EQ(r.outcome.expected, "a");
  EXPECT_EQ(r.transcript, "seen");
  EXPECT_EQ(r.row, &row);
}

TEST(Runner, AnOutageIsNoBrokenRule) {
  const auto under_outage = [](Outcome (*run)(Context&)) {
    const MakeContext make = [](const Requirement&, std::shared_ptr<Evidence> evidence, auto) {
      evidence->turned_away("HEAD /files/1: 502");
      evidence->turned_away("PATCH /files/1: 503");
      return std::make_unique<FakeContext>();
    };
    Runner runner({}, make, {a_case(run)});
    return runner.wait(0);
  };
  const auto broke = under_outage([](Context&) { return broken("a", "no Upload-Offset"); });
  EXPECT_EQ(broke.verdict, Verdict::blocked);
  EXPECT_THAT(broke.outcome.got, HasSubstr("no Upload-Offset"));
  EXPECT_THAT(broke.outcome.got, HasSubstr("HEAD /files/1: 502"));
  EXPECT_EQ(under_outage([](Context&) { return broken_must("a", "b"); }).verdict, Verdict::blocked);
  // What held in spite of the outage holds.
  EXPECT_EQ(under_outage([](Context&) { return holds(); }).verdict, Verdict::pass);
}

TEST(Runner, WhatIsThrownIsContained) {
  const CaseResult thrown =
      only(a_case([](Context&) -> Outcome { throw std::runtime_error("boom"); }));
  EXPECT_EQ(thrown.verdict, Verdict::error);
  EXPECT_THAT(thrown.outcome.got, HasSubstr("boom"));
  EXPECT_EQ(only(a_case([](Context&) -> Outcome { throw 1; })).verdict, Verdict::error);
  const CaseResult stopped = only(a_case([](Context&) -> Outcome {
    throw Stop{Outcome{Outcome::Kind::blocked, "x", "y"}};
  }));
  EXPECT_EQ(stopped.verdict, Verdict::blocked);
  EXPECT_EQ(stopped.outcome.got, "y");
}

TEST(Runner, AContextThatCannotBeMadeIsAnError) {
  Runner runner({},
                [](const Requirement&, std::shared_ptr<Evidence>,
                   auto) -> std::unique_ptr<Context> { throw std::runtime_error("no handle"); },
                {a_case([](Context&) { return holds(); })});
  EXPECT_EQ(runner.wait(0).verdict, Verdict::error);
}

TEST(Runner, ASkippedCaseIsNotRun) {
  const CaseResult r =
      only(a_case([](Context&) -> Outcome { throw std::logic_error("ran"); }, "why"));
  EXPECT_EQ(r.verdict, Verdict::skip);
  EXPECT_EQ(r.outcome.got, "why");
}

/// Holds checks that must not come back. Never destroyed: their threads are left behind on purpose.
struct Gate {
  std::mutex mutex;
  std::condition_variable changed;
  bool open = false;
  int inside = 0;
};
Gate& gate() {
  static auto* const the_gate = new Gate;
  return *the_gate;
}
Outcome hang(Context&) {
  Gate& g = gate();
  std::unique_lock lock(g.mutex);
  ++g.inside;
  g.changed.wait(lock, [&] { return g.open; });
  --g.inside;
  g.changed.notify_all();
  return holds();
}

TEST(Runner, ACheckThatHangsIsAbandonedAndTheRestGoesOn) {
  RunnerOptions options;
  options.jobs = 1;
  options.case_timeout = Milliseconds{20};
  options.grace = Milliseconds{20};
  Runner runner(options, fake(), {a_case(hang), a_case([](Context&) { return holds(); })});
  EXPECT_EQ(runner.wait(0).verdict, Verdict::error);
  EXPECT_THAT(runner.wait(0).outcome.got, HasSubstr("did not end within 20 ms"));
  EXPECT_EQ(runner.wait(0).transcript, "seen");
  EXPECT_EQ(runner.wait(1).verdict, Verdict::pass);
  EXPECT_EQ(runner.abandoned(), 1U);
}

TEST(Runner, AnInterruptionEndsTheRun) {
  std::atomic<bool> stop{false};
  RunnerOptions options;
  options.jobs = 1;
  options.interrupted = [&] { return stop.load(); };
  Runner runner(options, fake(), {a_case(hang), a_case(hang)});
  stop = true;
  EXPECT_EQ(runner.wait(0).verdict, Verdict::error);
  EXPECT_THAT(runner.wait(1).outcome.got, HasSubstr("not run: the run was interrupted"));
}

TEST(Runner, TheTimeOfTheRunIsKept) {
  RunnerOptions options;
  options.jobs = 1;
  options.run_timeout = Milliseconds{20};
  options.grace = Milliseconds{10};
  Runner runner(options, fake(), {a_case(hang), a_case([](Context&) { return holds(); })});
  EXPECT_EQ(runner.wait(0).verdict, Verdict::error);
  EXPECT_THAT(runner.wait(1).outcome.got, HasSubstr("--run-timeout"));
}

TEST(Runner, AHopelessRunEnds) {
  RunnerOptions options;
  options.hopeless = [] {
    return Outcome{Outcome::Kind::blocked, {}, "not run: the target is gone"};
  };
  Runner runner(options, fake(), {a_case([](Context&) { return holds(); })});
  EXPECT_EQ(runner.wait(0).verdict, Verdict::blocked);
  EXPECT_FALSE(runner.wait(0).ran);
  EXPECT_EQ(runner.wait(0).outcome.got, "not run: the target is gone");
}

/// Blocked the first time, holds from the second on.
Outcome at_second(Context&) {
  static std::atomic<int> times{0};
  return ++times > 1 ? holds() : Outcome{Outcome::Kind::blocked, "a", "b"};
}

TEST(Runner, WhatIsUnsureRunsAgainAloneAfterTheOthers) {
  RunnerOptions options;
  options.unsure = [](const CaseResult& result) { return result.verdict == Verdict::blocked; };
  std::atomic<std::size_t> finished{0};
  Runner* running = nullptr;
  options.again = [&](const CaseResult& first) {
    EXPECT_EQ(first.outcome.got, "b");
    finished = running->finished();
    return true;
  };
  std::promise<void> made;
  const auto ready = made.get_future().share();
  options.hopeless = [ready]() -> std::optional<Outcome> {
    ready.wait();
    return std::nullopt;
  };
  Runner runner(options, fake(), {a_case(at_second), a_case([](Context&) { return holds(); })});
  running = &runner;
  made.set_value();
  EXPECT_EQ(runner.wait(0).verdict, Verdict::pass);
  EXPECT_EQ(finished, 1U);
  EXPECT_THAT(runner.wait(0).transcript, HasSubstr("seen# all that again, alone"));
}

TEST(Runner, WhatIsNotRunAgainKeepsItsVerdict) {
  RunnerOptions options;
  options.unsure = [](const CaseResult&) { return true; };
  options.again = [](const CaseResult&) { return false; };
  const CaseResult r = only(a_case([](Context&) { return broken("a", "b"); }), options);
  EXPECT_EQ(r.verdict, Verdict::fail);
}

TEST(Runner, JobsRunAtTheSameTime) {
  static std::promise<void> first, second;
  RunnerOptions options;
  options.jobs = 2;
  Runner runner(options, fake(),
                {a_case([](Context&) {
                   first.set_value();
                   second.get_future().wait();
                   return holds();
                 }),
                 a_case([](Context&) {
                   first.get_future().wait();
                   second.set_value();
                   return holds();
                 })});
  EXPECT_EQ(runner.wait(0).verdict, Verdict::pass);
  EXPECT_EQ(runner.wait(1).verdict, Verdict::pass);
  EXPECT_EQ(runner.finished(), 2U);
}

/// Lets the abandoned threads end before the process does.
class Release : public testing::Environment {
 public:
  void TearDown() override {
    Gate& g = gate();
    std::unique_lock lock(g.mutex);
    g.open = true;
    g.changed.notify_all();
    g.changed.wait(lock, [&] { return g.inside == 0; });
  }
};
[[maybe_unused]] const auto* const environment = testing::AddGlobalTestEnvironment(new Release);

std::unique_ptr<TusTarget> target(std::set<std::string> extensions) {
  auto t = std::make_unique<TusTarget>(TargetOptions{});
  t->discovery.extensions = std::move(extensions);
  return t;
}

Outcome never(Context&) { return holds(); }

TEST(Plan, SlowRowsAreLeftOutUntilTheyAreAskedFor) {
  auto other = row;
  other.id = "TUS-A-002";
  other.slow = true;
  const Catalogue catalogue({row, other});
  const std::vector<Check> checks = {{row.id, never}, {"TUS-A-002", never}};
  const auto planned = [&](const Selection& selection) {
    const auto plan = make_plan(catalogue, checks, selection, tus_system, *target({}));
    return std::pair{plan->cases.size(), plan->slow_left_out};
  };
  EXPECT_EQ(planned({}), std::pair(std::size_t{1}, std::size_t{1}));
  EXPECT_EQ(planned({{"TUS-A-*"}}), std::pair(std::size_t{1}, std::size_t{1}));
  EXPECT_EQ(planned({{"tus-a-002"}}), std::pair(std::size_t{1}, std::size_t{0}));
  EXPECT_EQ(planned({{"slow"}}), std::pair(std::size_t{1}, std::size_t{0}));
  EXPECT_EQ(planned({{}, Level::may, true}), std::pair(std::size_t{2}, std::size_t{0}));
}

TEST(Plan, SkipsUncheckedAndHarnessErrors) {
  std::vector<Requirement> rows;
  for (const char* id : {"TUS-A-001", "TUS-A-002", "TUS-A-003"}) {
    rows.push_back(row);
    rows.back().id = id;
  }
  rows[1].excludes = {"termination"};
  const Catalogue catalogue(rows);
  const std::vector<Check> checks = {{"TUS-A-002", never}, {"TUS-A-001", never, "checksum"}};
  auto plan = make_plan(catalogue, checks, {}, tus_system, *target({"termination"}));
  ASSERT_TRUE(plan);
  ASSERT_EQ(plan->cases.size(), 2U);
  EXPECT_EQ(plan->cases[0].row->id, "TUS-A-001");  // the catalogue's order
  EXPECT_THAT(*plan->cases[0].skip, HasSubstr("checksum is not offered"));
  EXPECT_THAT(*plan->cases[1].skip, HasSubstr("the target offers termination"));
  ASSERT_EQ(plan->unchecked.size(), 1U);
  EXPECT_EQ(plan->unchecked[0]->id, "TUS-A-003");
  plan = make_plan(catalogue, checks, {}, tus_system, *target({"checksum"}));
  EXPECT_FALSE(plan->cases[0].skip);
  EXPECT_FALSE(plan->cases[1].skip);

  EXPECT_THAT(
      make_plan(catalogue, {{"TUS-A-009", never}}, {}, tus_system, *target({})).error().line(),
      HasSubstr("unknown requirement \"TUS-A-009\""));
  EXPECT_THAT(
      make_plan(catalogue, {checks[0], checks[0]}, {}, tus_system, *target({})).error().line(),
      HasSubstr("two checks judge TUS-A-002"));
}

TEST(Evidence, IsCutAtItsLimitAndSaysSo) {
  Evidence evidence;
  for (int i = 0; i < 100; ++i) evidence.add(std::string(100'000, 'x'));
  const std::string text = evidence.text();
  EXPECT_LT(text.size(), most_evidence.value + 100);
  EXPECT_TRUE(text.ends_with("\n! cut: more than 512.0 KiB\n")) << text.substr(text.size() - 100);
}

TEST(Runner, WhatAServerSaidAtLengthIsShortened) {
  const std::string got =
      only(a_case([](Context&) { return broken("e", std::string(1'000'000, 'x')); })).outcome.got;
  EXPECT_LT(got.size(), 5000U);
  EXPECT_TRUE(got.ends_with("... (1000000 bytes)"));
}

}  // namespace
}  // namespace conformance
