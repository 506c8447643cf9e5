// DEX by its guide and DEX as the service is: a mock of each, judged by each. And what --secure
// changes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "minted_tokens.hpp"
#include "programs.hpp"

namespace {

using programs::Conformance;
using programs::Mock;

/// A mock with the contract `served`, judged by the contract `by`; `more` are flags of the mock.
Conformance judged(const std::string& served, const std::string& by,
                   const std::vector<std::string>& more = {}) {
  const testkit::TempFolder folder;
  std::vector<std::string> server{
      "--profile",  "dex",  "--auth",  "jwt",
      "--contract", served, "--store", (folder.path() / "store").string()};
  server.insert(server.end(), more.begin(), more.end());
  Mock mock(server);
  const auto tokens = folder.path() / "tokens.json";
  programs::write_tokens(mock.url(), tokens);
  return programs::judge(
      mock.creation_url(),
      {"--system", "dex", "--contract", by, "--username-env", "DEX_TEST_USERNAME", "--password-env",
       "DEX_TEST_PASSWORD", "--tokens", tokens.string()});
}

std::set<std::string> with_verdict(const Conformance& run, const std::set<std::string>& verdicts) {
  std::set<std::string> rows;
  for (const auto& [id, result] : run.results) {
    if (verdicts.contains(result.at("verdict").get<std::string>())) rows.insert(id);
  }
  return rows;
}

/// Rows that are red here, or would be with --strict, and are not red there.
std::set<std::string> worse(const Conformance& here, const Conformance& there) {
  auto rows = with_verdict(here, {"fail", "warn", "blocked", "error"});
  for (const auto& id : with_verdict(there, {"fail", "warn", "blocked", "error"})) rows.erase(id);
  return rows;
}

TEST(Contract, TheGuidesMockHasNothingRedByTheGuide) {
  const auto run = judged("guide", "guide");
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  for (const char* bad : {"fail", "blocked", "error"}) {
    EXPECT_EQ(run.report.at("counts").at(bad), 0) << run.out;
  }
  EXPECT_GT(run.report.at("counts").at("pass").get<int>(), 150);
}

TEST(Contract, GivenTokensLeaveNoRowAboutThemOut) {
  const auto run = judged("server", "server");
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  for (const char* id : {"DEX-AUTH-003", "DEX-AUTH-004", "DEX-AUTH-005", "DEX-AUTH-006",
                         "DEX-AUTH-007", "DEX-AUTH-008", "DEX-AUTH-016"}) {
    EXPECT_EQ(run.results.at(id).at("verdict"), "pass") << run.results.at(id);
  }
}

// What becomes of a finished upload is read in the words of either contract.
TEST(Contract, WhatBecomesOfUploadsIsSeenByTheGuideToo) {
  const std::map<std::string, std::string> seen_by{{"final-delivery-fails", "TUS-CORE-OPT-011"},
                                                   {"partial-processed", "TUS-CONCAT-027"}};
  for (const char* contract : {"server", "guide"}) {
    for (const auto& [defect, row] : seen_by) {
      const testkit::TempFolder folder;
      Mock mock({"--profile", "dex", "--contract", contract, "--store",
                 (folder.path() / "store").string(), "--defect", defect});
      const auto run = programs::judge(
          mock.creation_url(),
          {"--system", "dex", "--contract", contract, "--username-env", "DEX_TEST_USERNAME",
           "--password-env", "DEX_TEST_PASSWORD", "--select", row, "--patience", "2"});
      EXPECT_EQ(run.results.at(row).at("verdict"), "warn") << contract << "\n"
                                                           << run.out << run.err;
    }
  }
}

/// Rows for which guide and service demand different things, both of which can be observed
/// (docs/guides/contract-guide.md).
const std::set<std::string> differ{
    "DEX-ROUTE-011", "DEX-META-001", "DEX-META-002",  "DEX-META-003",  "DEX-META-004",
    "DEX-META-005",  "DEX-META-008", "DEX-META-011",  "DEX-META-013",  "DEX-META-016",
    "DEX-META-018",  "DEX-META-019", "DEX-META-020",  "DEX-INFO-001",  "DEX-INFO-009",
    "DEX-INFO-010",  "DEX-INFO-012", "DEX-DELIV-001", "DEX-DELIV-003", "DEX-RETRY-002",
    "DEX-AUTH-001",  "DEX-AUTH-002", "DEX-AUTH-003",  "DEX-AUTH-004",  "DEX-AUTH-005",
    "DEX-AUTH-006",  "DEX-AUTH-008", "DEX-AUTH-015"};

TEST(Contract, TheServicesMockIsRedByTheGuideWhereTheyDiffer) {
  EXPECT_EQ(worse(judged("server", "guide"), judged("guide", "guide")), differ);
}

TEST(Contract, TheGuidesMockIsRedByTheServiceWhereTheyDiffer) {
  auto rows = differ;
  // The guide leaves these open or hides them: the words for an unknown stream, progress, attempts.
  rows.insert({"DEX-META-007", "DEX-META-012", "DEX-INFO-002", "DEX-INFO-003", "DEX-INFO-006",
               "DEX-INFO-008", "DEX-RETRY-001"});
  EXPECT_EQ(worse(judged("guide", "server"), judged("server", "server")), rows);
}

TEST(Secure, BreaksWhatItSaysItBreaks) {
  const auto plain = judged("server", "server");
  const auto secure = judged("server", "server", {"--secure"});
  EXPECT_EQ(worse(secure, plain),
            (std::set<std::string>{"DEX-AUTH-015", "DEX-CLI-008", "DEX-TUS-004", "DEX-TUS-005"}));
  EXPECT_EQ(plain.results.at("DEX-SEC-004").at("verdict"), "warn");
  EXPECT_EQ(secure.results.at("DEX-SEC-004").at("verdict"), "pass");
}

}  // namespace
