// docs/guides/cookbook.md: a client meets each situation with the rule that the guide prints and
// without it, each time in a lane of its own.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cookbook.hpp"
#include "testkit/temp_folder.hpp"

namespace {

using cookbook::Entry;
using cookbook::Lane;
using cookbook::Situation;

/// One server for all situations, and one with TLS for those that need it; each is started when it
/// is first needed.
class Servers {
 public:
  Lane lane(const Entry& entry, bool with_rule) {
    const bool tls = std::count(entry.flags.begin(), entry.flags.end(), "--tls-self-signed") > 0;
    transport::TlsOptions trust;
    if (tls) trust.ca_file = (folder_.path() / "tls/ca.pem").string();
    return {mock(tls), trust, std::to_string(++lanes_), entry, with_rule};
  }

 private:
  const programs::Mock& mock(bool tls) {
    auto& mock = mocks_[tls];
    if (!mock) {
      // The store is on disk, because uploads in memory are not delivered.
      const auto store = (folder_.path() / (tls ? "tls-store" : "store")).string();
      std::vector<std::string> arguments{"--store", store, "--log-level", "warning"};
      if (tls) {
        arguments.insert(arguments.end(), {"--tls-self-signed", (folder_.path() / "tls").string()});
      }
      mock = std::make_unique<programs::Mock>(arguments);
    }
    return *mock;
  }

  testkit::TempFolder folder_;
  std::map<bool, std::unique_ptr<programs::Mock>> mocks_;
  int lanes_ = 0;
};

void meet(const std::vector<Situation>& situations) {
  std::map<std::string, Entry> by_heading;
  for (auto& entry : cookbook::entries()) by_heading[entry.heading] = std::move(entry);
  Servers servers;
  for (const auto& situation : situations) {
    const auto& entry = by_heading[situation.heading];
    if (entry.line == 0) continue;  // another test fails because it is missing
    SCOPED_TRACE(fmt::format("cookbook.md:{} {}", entry.line, entry.heading));
    try {
      auto lane = servers.lane(entry, true);
      EXPECT_EQ(situation.see(lane), situation.with);
      auto usual = servers.lane(entry, false);
      EXPECT_EQ(situation.see(usual), situation.without);
    } catch (const std::exception& e) {
      ADD_FAILURE() << e.what();
    }
    EXPECT_NE(situation.with, situation.without);
  }
}

TEST(Cookbook, EachSituationIsMetByAClient) {
  std::set<std::string> in_guide, tested;
  for (const auto& entry : cookbook::entries())
    EXPECT_TRUE(in_guide.insert(entry.heading).second) << "twice: " << entry.heading;
  for (const auto& table : {cookbook::of_clients(), cookbook::of_servers()}) {
    for (const auto& situation : table)
      EXPECT_TRUE(tested.insert(situation.heading).second) << "twice: " << situation.heading;
  }
  for (const auto& heading : in_guide)
    EXPECT_TRUE(tested.contains(heading)) << "the guide's '" << heading << "' has no test";
  for (const auto& heading : tested)
    EXPECT_TRUE(in_guide.contains(heading)) << "'" << heading << "' is not in the guide";
}

/// The anchor that GitHub makes of a heading.
std::string anchor_of(const std::string& heading) {
  std::string anchor;
  for (const char c : heading) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == ' ') anchor += '-';
    if (std::isalnum(byte) != 0 || c == '-' || c == '_')
      anchor += static_cast<char>(std::tolower(byte));
  }
  return anchor;
}

TEST(Cookbook, TheIndexNamesEachSituation) {
  std::vector<std::string> expected, index;
  for (const auto& entry : cookbook::entries())
    expected.push_back(fmt::format("[{}](#{})", entry.heading, anchor_of(entry.heading)));
  for (const auto& line : cookbook::guide()) {
    const auto cell = line.substr(0, line.find(" |", 2));
    if (cell.starts_with("| [") && cell.find("](#") != std::string::npos)
      index.push_back(cell.substr(2));
  }
  EXPECT_EQ(index, expected);
}

TEST(Cookbook, WhatRealClientsMeetIsInTheGuide) {
  std::set<std::string> anchors;
  for (const auto& entry : cookbook::entries()) anchors.insert(anchor_of(entry.heading));
  std::ifstream table(std::string(DEX_INTEROP) + "/cookbook.tsv");
  int met = 0;
  for (std::string line; std::getline(table, line);) {
    if (line.starts_with('#')) continue;
    EXPECT_TRUE(anchors.contains(line.substr(0, line.find(' ')))) << line;
    ++met;
  }
  EXPECT_GE(met, 12);
}

TEST(Cookbook, OfClientsAndStorage) { meet(cookbook::of_clients()); }

TEST(Cookbook, OfServersAndProxies) { meet(cookbook::of_servers()); }

}  // namespace
