// The census walk: the mock under the profile of a real server has to get the verdicts that are on
// record of that server, row by row, for the same answers. Rows that cannot be reproduced are
// listed in the profile with the reason; an entry that is no longer needed is a failure too.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "control_client.hpp"
#include "programs.hpp"
#include "verdicts/record.hpp"

namespace {

namespace fs = std::filesystem;

const fs::path profiles = fs::path(DEX_FIXTURES) / "profiles";

/// Whether the profile is that of a correct server, which no real one is compared with.
bool is_correct(const nlohmann::json& profile) {
  return !profile.contains("defects") && !profile.contains("rules");
}

std::set<fs::path> json_files(const fs::path& folder) {
  std::set<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    if (name.ends_with(".json") && !name.ends_with(".schema.json")) files.insert(entry.path());
  }
  return files;
}

std::map<std::string, std::string> reasons_of(const nlohmann::json& profile) {
  std::map<std::string, std::string> reasons;
  for (const auto& entry : profile.value("not_reproduced", nlohmann::json::array())) {
    // Entries without a requirement are about single replies, which replies_test judges.
    if (entry.contains("requirement")) reasons[entry.at("requirement")] = entry.at("reason");
  }
  return reasons;
}

struct Count {
  int rows = 0;
  int verdicts = 0;  ///< rows with the verdict of the real server
  int answers = 0;   ///< rows with its verdict and its answer
};

void print(const std::string& profile, const std::map<std::string, Count>& areas) {
  Count all;
  fmt::print("{:<26} {:>6} {:>9} {:>9}\n", profile, "rows", "verdicts", "answers");
  for (const auto& [area, count] : areas) {
    fmt::print("{:<26} {:>6} {:>9} {:>9}\n", area, count.rows, count.verdicts, count.answers);
    all.rows += count.rows;
    all.verdicts += count.verdicts;
    all.answers += count.answers;
  }
  fmt::print("{:<26} {:>6} {:>9} {:>9}\n", "reproduced", all.rows, all.verdicts, all.answers);
}

class Walk : public ::testing::Test {
 public:
  explicit Walk(fs::path file) : file_(std::move(file)) {}

  void TestBody() override {
    const auto recorded = verdicts::load(file_);
    ASSERT_FALSE(recorded.rows.empty());
    const auto profile =
        nlohmann::json::parse(std::ifstream(profiles / (recorded.profile + ".json")));
    auto reasons = reasons_of(profile);

    const testkit::TempFolder store;
    std::vector<std::string> server{"--profile", recorded.profile, "--store",
                                    (store.path() / "store").string()};
    const auto more = nlohmann::json::parse(std::ifstream(file_)).value("mock", nlohmann::json());
    for (const auto& argument : more) server.push_back(argument);
    programs::Mock mock(server);
    programs::leave_out_chance(mock, profile);
    auto arguments = recorded.judge;
    std::ranges::replace(arguments, "{store}", (store.path() / "store").string());
    arguments.insert(arguments.end(), {"--baseline", recorded.profile});
    const auto run = programs::judge(mock.creation_url(), std::move(arguments));
    ASSERT_FALSE(run.report.is_null()) << run.out << run.err;
    EXPECT_EQ(run.exit_code, 0) << "the baseline of that name does not know it\n" << run.out;
    const auto found = verdicts::rows_of(run.report);

    std::map<std::string, Count> areas;
    for (const auto& [id, result] : run.results) {
      const auto row = recorded.rows.find(id);
      // The check is newer than the record. scripts/interop.sh, which runs the real servers, fails
      // on it.
      if (row == recorded.rows.end()) {
        fmt::print("not on record: {}\n", id);
        continue;
      }
      const auto difference = verdicts::difference(row->second, &found.at(id));
      auto& count = areas[result.at("area")];
      ++count.rows;
      if (!difference || difference->in == verdicts::Difference::In::answer) ++count.verdicts;
      if (!difference) ++count.answers;
      const bool excused = reasons.erase(id) > 0;
      if (!difference) {
        EXPECT_FALSE(excused) << id << " is reproduced: take it out of not_reproduced";
      } else if (!excused) {
        ADD_FAILURE() << id << " differs from the real server\n  real  " << difference->recorded
                      << "\n  mock  " << difference->found << "\n"
                      << result.value("transcript", "");
      }
    }
    for (const auto& [id, row] : recorded.rows) {
      EXPECT_TRUE(run.results.contains(id)) << id << " is on record, but was not judged";
    }
    for (const auto& [id, reason] : reasons) {
      ADD_FAILURE() << id << " is in not_reproduced, but is not on record";
    }
    print(recorded.profile, areas);
  }

 private:
  fs::path file_;
};

class Pairs : public ::testing::Test {
 public:
  void TestBody() override {
    std::set<std::string> recorded;
    for (const auto& file : json_files(profiles / "verdicts")) {
      const auto loaded = verdicts::load(file);
      EXPECT_EQ(loaded.profile, file.stem());
      EXPECT_TRUE(fs::exists(profiles / file.filename())) << "a record without a profile";
      recorded.insert(file.stem());
    }
    for (const auto& file : json_files(profiles)) {
      if (is_correct(nlohmann::json::parse(std::ifstream(file)))) continue;
      EXPECT_TRUE(recorded.contains(file.stem()))
          << file << " says it is a real server, but nothing is on record to compare it with";
    }
  }
};

}  // namespace

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  ::testing::RegisterTest("CensusWalk", "EveryRealServerIsOnRecord", nullptr, nullptr, __FILE__,
                          __LINE__, []() -> ::testing::Test* { return new Pairs; });
  for (const auto& file : json_files(profiles / "verdicts")) {
    // --gtest_filter cannot select a name that has '-' or '.' in it.
    auto name = file.stem().string();
    std::ranges::replace(name, '-', '_');
    std::ranges::replace(name, '.', '_');
    ::testing::RegisterTest("CensusWalk", name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                            [file]() -> ::testing::Test* { return new Walk(file); });
  }
  const int failed = RUN_ALL_TESTS();
  const bool listing = GTEST_FLAG_GET(list_tests);
  if (!listing && ::testing::UnitTest::GetInstance()->test_to_run_count() == 0) {
    fmt::print(stderr, "census_walk_test: the filter selects nothing\n");
    return 1;
  }
  return failed;
}
