// The interop versions of the IETF draft: a row gets the worst verdict among the versions that the
// server speaks, and a version whose text was not read makes no row red.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "programs.hpp"

namespace {

using programs::Mock;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string got(const programs::Conformance& run, const char* id) {
  return run.results.at(id).value("got", "");
}

TEST(DraftVersions, ARowIsAsBadAsInTheWorstOfThoseThatAreSpoken) {
  const testkit::TempFolder folder;
  const auto rules = folder.path() / "rules.json";
  std::ofstream(rules) << R"({"rules": [
    {"when": {"method": "PATCH", "headers": {"Upload-Draft-Interop-Version": "6"},
              "reply": {"status": 409}},
     "then": {"reply": {"headers": {"drop": "Upload-Offset"}}}}]})";
  Mock mock({"--profile", "tus", "--store", "memory", "--rules", rules.string()});
  const auto all =
      programs::judge(mock.creation_url(), {"--system", "tus", "--select", "IETF-011"});
  EXPECT_EQ(all.exit_code, 1) << all.out << all.err;
  EXPECT_EQ(got(all, "IETF-011"), "interop 6: no Upload-Offset");
  const auto others = programs::judge(
      mock.creation_url(), {"--system", "tus", "--select", "IETF-011", "--draft-version", "5,8"});
  EXPECT_EQ(others.exit_code, 0) << others.out << others.err;
  EXPECT_EQ(got(others, "IETF-011"), "409; Upload-Offset: 5");
  EXPECT_EQ(others.report.at("target").at("draft_versions"), "5,8");
}

TEST(DraftVersions, OneThatWasNotReadIsToldAndNeverRed) {
  const testkit::TempFolder folder;
  const auto profile = folder.path() / "ahead.json";
  std::ofstream(profile) << R"({"name": "ahead", "description": "Ahead of what could be read.",
    "system": "tus", "tus": {"extensions": ["creation", "termination"], "ietf_draft": ["10"]},
    "defects": ["draft-mismatch-bare"]})";
  Mock mock({"--profile", profile.string(), "--store", "memory"});
  const auto run = programs::judge(mock.creation_url(), {"--system", "tus", "--select", "IETF-*",
                                                         "--draft-version", "10", "--strict"});
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_EQ(run.results.at("IETF-011").at("verdict"), "note");
  EXPECT_THAT(got(run, "IETF-011"),
              AllOf(HasSubstr("no Upload-Offset"), HasSubstr("the text of 2026-07-01")));
  EXPECT_EQ(run.results.at("IETF-008").at("verdict"), "pass");
  const auto read = programs::judge(mock.creation_url(), {"--system", "tus", "--select", "IETF-*"});
  EXPECT_EQ(read.exit_code, 2) << read.out << read.err;
  EXPECT_EQ(got(read, "IETF-011"),
            "the IETF draft is not spoken here (interop versions 3, 4, 5, 6, 8)");
}

TEST(DraftVersions, WhatIsNoVersionIsRefused) {
  const auto run = programs::judge("http://127.0.0.1:1", {"--draft-version", "8,x"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, AllOf(StartsWith("dex-conformance: --draft-version: \"x\""),
                             HasSubstr("as in 6"), Not(HasSubstr("\n\n"))));
}

}  // namespace
