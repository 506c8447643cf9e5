// Behaviour of other tus servers, seen when dex-conformance judged them (fixtures/peers). Some is
// allowed, and must not be red; some is a fault of the server, and must not be blamed on the row's
// foundation.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "programs.hpp"
#include "testkit/temp_folder.hpp"

namespace {

using testing::HasSubstr;

/// The result of `row` at a server that answers creations of more than 10^12 bytes with `status`.
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

// tussi 3.1 checks the free space of the disk; RFC 4918 section 11.5 has 507 for that.
TEST(Peers, ALargeCreationMayBeRefusedForWantOfRoom) {
  const auto row = judged_where_large_ones_get(507, "TUS-CORE-HDR-009");
  EXPECT_EQ(row.at("verdict"), "pass");
  EXPECT_THAT(row.value("got", ""), HasSubstr("1099511627776: refused with 507"));
}

// aiohttp-tus 1.1 makes the file at once, and fails with 500 when the system refuses.
TEST(Peers, ALargeCreationThatFailsIsTheServersFault) {
  const auto row = judged_where_large_ones_get(500, "TUS-CORE-HDR-009");
  EXPECT_EQ(row.at("verdict"), "warn");
  EXPECT_THAT(row.value("got", ""), HasSubstr("1099511627776: 500"));
}

}  // namespace
