// Every requirement that can be observed over HTTP is judged in at least one named configuration of
// the mock, and none of them is red there.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <thread>

#include "configurations.hpp"
#include "testkit/temp_folder.hpp"

namespace {

struct Unseen {
  const char* prefix;
  const char* reason;
};
constexpr Unseen unseen[] = {
    {"DEX-HOOK-", "files of the server; mock-server/src/dex/dex_hooks_test.cpp looks at them"},
    {"DEX-FILES-", "files of the server; mock-server/src/dex/reports and dex_test.cpp"},
    {"DEX-CFG-", "what the server reads at its start; upload_configs_test, delivery_config_test"},
    {"DEX-AUTH-009", "needs an identity provider that is down"},
    {"DEX-META-022", "needs a broken file on the server"},
    {"DEX-META-023", "needs a file on the server that changes while it runs"},
    {"DEX-TUS-006", "the version of a library on the server"},
    {"DEX-DELIV-010", "no answer tells whether a target has a path template of its own"},
};

bool observable(const std::string& id) {
  return std::ranges::none_of(unseen, [&](const auto& u) { return id.starts_with(u.prefix); });
}

/// The area of every row of the catalogue, by id.
std::map<std::string, std::string> catalogue() {
  std::map<std::string, std::string> rows;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(DEX_FIXTURES) + "/requirements")) {
    if (entry.path().filename() == "schema.json") continue;
    const auto document = nlohmann::json::parse(std::ifstream(entry.path()));
    const auto& list = document.is_array() ? document : document.at("requirements");
    for (const auto& row : list) {
      rows.emplace(row.at("id"), entry.path().stem().string());
    }
  }
  return rows;
}

TEST(Judged, EveryObservableRowAndNoneIsRed) {
  auto all = programs::configurations();
  // A run leaves out the slow rows unless they are asked for, so judge them by themselves.
  all.push_back(all.front());
  all.back().name += "-slow";
  all.back().judge.insert(all.back().judge.end(), {"--select", "slow"});
  std::vector<programs::Conformance> results(all.size());
  std::atomic<std::size_t> next{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      for (std::size_t n = next++; n < all.size(); n = next++)
        results[n] = programs::judge_rows(all[n], {});
    });
  }
  for (auto& thread : threads) thread.join();

  std::map<std::string, std::string> judged;  // row -> first configuration that judges it
  for (std::size_t n = 0; n < all.size(); ++n) {
    SCOPED_TRACE(all[n].name);
    ASSERT_TRUE(results[n].report.is_object()) << results[n].out << results[n].err;
    if (!all[n].red) {
      EXPECT_EQ(results[n].exit_code, 0) << results[n].out;
    }
    const auto& counts = results[n].report.at("counts");
    fmt::print("{:<20}", all[n].name);
    for (const char* verdict : {"pass", "note", "warn", "skip", "fail", "blocked", "error"}) {
      fmt::print(" {:>4} {}", counts.at(verdict).get<int>(), verdict);
    }
    fmt::print("\n");
    for (const char* bad : {"fail", "blocked", "error"}) {
      if (!all[n].red) {
        EXPECT_EQ(counts.at(bad), 0);
      }
    }
    for (const auto& [id, result] : results[n].results) {
      const auto verdict = result.at("verdict").get<std::string>();
      if (verdict == "pass" || verdict == "note" || verdict == "warn") {
        judged.emplace(id, all[n].name);
      }
    }
  }

  std::map<std::string, std::pair<int, int>> areas;
  for (const auto& [id, area] : catalogue()) {
    if (!observable(id)) {
      EXPECT_FALSE(judged.contains(id)) << id << " is judged: take it off the list";
      continue;
    }
    auto& [seen, total] = areas[area];
    ++total;
    if (judged.contains(id)) ++seen;
    EXPECT_TRUE(judged.contains(id)) << id << " is judged in no configuration";
  }
  for (const auto& [area, count] : areas) {
    fmt::print("{:<28} {:>3} / {}\n", area, count.first, count.second);
  }
}

/// A tus server that takes no upload without metadata.
TEST(Judged, WhatAServerWantsOfEveryUploadIsGivenByMetadata) {
  const testkit::TempFolder folder;
  const auto rules = folder.write(
      "rules.json", R"({"when": {"method": "POST", "headers": {"Upload-Metadata": false}},
                        "then": {"reply": {"early": true, "status": 400}}})");
  const programs::Mock mock({"--profile", "tus", "--store", "memory", "--rules", rules});
  const std::vector<std::string> rows{"--system",  "tus",      "--select",
                                      "core-head", "--select", "TUS-CREATE-002"};
  EXPECT_EQ(programs::judge(mock.creation_url(), rows).exit_code, 2);
  auto given = rows;
  given.insert(given.end(), {"--metadata", "filename=a=b.csv", "--metadata", "filetype="});
  const auto run = programs::judge(mock.creation_url(), given);
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;

  const auto wrong = testkit::run({DEX_CONFORMANCE, "run", "--url", mock.creation_url(), "--system",
                                   "tus", "--metadata", "no pair"});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_NE(wrong.err.find("is not KEY=VALUE"), std::string::npos) << wrong.err;
}

// Whether metadata may be reordered or spelled otherwise, and whether an empty PATCH may be
// refused, can be argued about: a warning. A lost pair or a moved offset cannot: a failure.
TEST(Judged, WhatIsPlainInAnArguableRowIsRed) {
  struct Case {
    const char* rules;
    const char* row;
    const char* verdict;
  };
  const std::vector<Case> cases{
      {R"json({"when": {"method": "HEAD", "route": "upload"}, "then": {"reply": {"headers":
           {"replace": {"Upload-Metadata": {"regex": "^([^,]+),(.+)$", "with": "$2,$1"}}}}}})json",
       "TUS-META-002", "warn"},
      {R"json({"when": {"method": "HEAD", "route": "upload"}, "then": {"reply": {"headers":
           {"replace": {"Upload-Metadata": {"regex": ",flag(?=,|$)", "with": ""}}}}}})json",
       "TUS-META-002", "fail"},
      {R"json({"when": {"method": "PATCH", "headers": {"Content-Length": "0"}},
           "then": {"reply": {"early": true, "status": 400}}})json",
       "TUS-CORE-PATCH-015", "warn"},
      {R"json({"rules": [
           {"name": "empty", "when": {"method": "PATCH", "headers": {"Content-Length": "0"}},
            "sets": "moved"},
           {"name": "moved", "when": {"method": "HEAD", "route": "upload"}, "needs": "moved",
            "then": {"reply": {"headers": {"set": {"Upload-Offset": "9"}}}}}]})json",
       "TUS-CORE-PATCH-015", "fail"},
  };
  for (const auto& [rules, row, verdict] : cases) {
    const testkit::TempFolder folder;
    const programs::Mock mock(
        {"--profile", "tus", "--store", "memory", "--rules", folder.write("rules.json", rules)});
    const auto run = programs::judge(mock.creation_url(), {"--system", "tus", "--select", row});
    ASSERT_TRUE(run.results.contains(row)) << run.out << run.err;
    EXPECT_EQ(run.results.at(row).at("verdict"), verdict) << rules << run.out;
  }
}

}  // namespace
