#include "verdict.hpp"

#include <gtest/gtest.h>

namespace conformance {
namespace {

using Kind = Outcome::Kind;

// docs/reference/verdicts.md, row by row.
TEST(VerdictOf, EveryKindAtEveryLevel) {
  const struct {
    Kind kind;
    Verdict must, should, may;
  } table[] = {
      {Kind::holds, Verdict::pass, Verdict::pass, Verdict::pass},
      {Kind::broken, Verdict::fail, Verdict::warn, Verdict::note},
      {Kind::broken_must, Verdict::fail, Verdict::fail, Verdict::fail},
      {Kind::observed, Verdict::note, Verdict::note, Verdict::note},
      {Kind::not_offered, Verdict::skip, Verdict::skip, Verdict::skip},
      {Kind::blocked, Verdict::blocked, Verdict::blocked, Verdict::blocked},
      {Kind::error, Verdict::error, Verdict::error, Verdict::error},
  };
  for (const auto& row : table) {
    const Outcome outcome{row.kind, "", ""};
    EXPECT_EQ(verdict_of(outcome, Level::must), row.must);
    EXPECT_EQ(verdict_of(outcome, Level::must_not), row.must);
    EXPECT_EQ(verdict_of(outcome, Level::should), row.should);
    EXPECT_EQ(verdict_of(outcome, Level::should_not), row.should);
    EXPECT_EQ(verdict_of(outcome, Level::may), row.may);
  }
}

TEST(Names, GoThereAndBack) {
  for (const char* name : {"pass", "fail", "warn", "note", "skip", "blocked", "error"}) {
    ASSERT_TRUE(verdict_named(name)) << name;
    EXPECT_EQ(to_string(*verdict_named(name)), name);
  }
  for (const char* name : {"MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY"}) {
    ASSERT_TRUE(level_named(name)) << name;
    EXPECT_EQ(to_string(*level_named(name)), name);
  }
  EXPECT_FALSE(verdict_named("Pass"));
  EXPECT_FALSE(level_named("must"));
}

}  // namespace
}  // namespace conformance
