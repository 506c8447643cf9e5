// What other implementations of tus do that no text forbids, or that is a fault of theirs and not
// of the row's foundation: seen when dex-conformance judged them (fixtures/peers).
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "programs.hpp"
#include "testkit/temp_folder.hpp"

namespace {

using testing::HasSubstr;

/// What `row` comes to where creations of 2^40 bytes and more are answered so.
nlohmann::json judged_where_large_ones_get(int status, const std::string& row) {
  const testkit::TempFolder folder;
  const auto rules = folder.path() / "rules.json";
  std::ofstream(rules) << fmt::format(
      R"({{"name": "no-room", "description": "Large creations get it.",
           "when": {{"route": "creation", "headers": {{"Upload-Length": {{"above": 1000000000000}}}}}},
           "then": {{"reply": {{"early": true, "status": {}}}}}}})",
      status);
  const programs::Mock mock({"--profile", "tus", "--store", "memory", "--rules", rules.string()});
  const auto run = programs::judge(mock.creation_url(), {"--system", "tus", "--select", row});
  EXPECT_TRUE(run.results.contains(row)) << run.out << run.err;
  return run.results.at(row);
}

// tussi 3.1 looks at the disk: RFC 4918 section 11.5 has that status for it.
TEST(Peers, ALargeCreationMayBeRefusedForWantOfRoom) {
  const auto row = judged_where_large_ones_get(507, "TUS-CORE-HDR-009");
  EXPECT_EQ(row.at("verdict"), "pass");
  EXPECT_THAT(row.value("got", ""), HasSubstr("1099511627776: refused with 507"));
}

// aiohttp-tus 1.1 makes the file at once and does not expect the system to refuse it.
TEST(Peers, ALargeCreationThatFailsIsTheServersFault) {
  const auto row = judged_where_large_ones_get(500, "TUS-CORE-HDR-009");
  EXPECT_EQ(row.at("verdict"), "warn");
  EXPECT_THAT(row.value("got", ""), HasSubstr("1099511627776: 500"));
}

}  // namespace
