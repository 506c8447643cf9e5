// Shows that the checks catch what they are for. Every defect in fixtures/misbehaviours/defects
// must worsen the verdict of each requirement that it names in `breaks`, compared with the same
// server without the defect. Every requirement that is checked needs such a defect, or an entry
// with a reason in kill_exemptions.json.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <utility>

#include "configurations.hpp"

namespace {

using programs::configurations;
using programs::judge_rows;

int severity(const nlohmann::json& result) {
  const auto verdict = result.at("verdict").get<std::string>();
  if (verdict == "fail") return 2;
  if (verdict == "warn") return 1;
  return 0;
}

// A row that is not good without the defect cannot show the defect; another configuration may.
bool is_judged(const nlohmann::json& result) {
  const auto verdict = result.at("verdict").get<std::string>();
  return verdict == "pass" || verdict == "note";
}

// docs/guides/add-a-defect.md: fail for a MUST, warn for a SHOULD, a changed note for a MAY.
bool killed(const nlohmann::json& control, const nlohmann::json& broken) {
  if (severity(broken) > severity(control)) return true;
  return control.at("level") == "MAY" && broken.at("verdict") == "note" &&
         control.value("got", "") != broken.value("got", "");
}

/// The results of the defects that ran in this process.
struct Tally {
  std::set<std::string> judged;  ///< requirements of which a defect was tried
  std::set<std::string> missed;  ///< of those, ones that did not notice a defect
  std::map<std::string, std::string> areas;
};
Tally& tally() {
  static Tally all;
  return all;
}

std::set<std::filesystem::path> defect_files() {
  std::set<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(DEX_FIXTURES) + "/misbehaviours/defects")) {
    if (entry.path().extension() == ".json") files.insert(entry.path());
  }
  return files;
}

std::string system_of(const programs::Configuration& configuration) {
  return *std::next(std::ranges::find(configuration.judge, "--system"));
}

/// The `rows` that belong to `system`.
std::set<std::string> rows_for(const std::string& system, const std::set<std::string>& rows) {
  static std::map<std::string, std::set<std::string>> known;
  const auto [at, fresh] = known.try_emplace(system);
  if (fresh) {
    std::istringstream list(testkit::run({DEX_CONFORMANCE, "list", "--system", system}).out);
    for (std::string line; std::getline(list, line);) {
      at->second.insert(line.substr(0, line.find(' ')));
    }
  }
  std::set<std::string> those;
  std::ranges::set_intersection(rows, at->second, std::inserter(those, those.end()));
  return those;
}

class Kill : public ::testing::Test {
 public:
  explicit Kill(std::filesystem::path file) : file_(std::move(file)) {}

  void TestBody() override {
    const auto defect = nlohmann::json::parse(std::ifstream(file_));
    const auto name = defect.at("name").get<std::string>();
    const auto breaks = defect.at("breaks").get<std::set<std::string>>();
    ASSERT_FALSE(breaks.empty()) << "a defect has to name what it breaks";
    auto remaining = breaks;
    for (const auto& configuration : configurations()) {
      if (remaining.empty()) break;
      const auto rows = rows_for(system_of(configuration), remaining);
      if (rows.empty()) continue;
      const auto control = judge_rows(configuration, rows);
      std::set<std::string> judged;
      for (const auto& [id, result] : control.results) {
        if (is_judged(result)) judged.insert(id);
      }
      if (judged.empty()) continue;
      const auto broken = judge_rows(configuration, judged, {"--defect", name});
      for (const auto& id : judged) {
        remaining.erase(id);
        const auto found = broken.results.find(id);
        if (found == broken.results.end()) {
          ADD_FAILURE() << id << " was not judged with the defect: exit code " << broken.exit_code
                        << "\n"
                        << broken.out << broken.err;
          continue;
        }
        const auto& before = control.results.at(id);
        tally().judged.insert(id);
        tally().areas[id] = before.at("area").get<std::string>();
        if (!killed(before, found->second)) tally().missed.insert(id);
        EXPECT_TRUE(killed(before, found->second))
            << id << " does not notice " << name << ": " << before.at("verdict") << " ("
            << before.value("got", "") << ") -> " << found->second.at("verdict") << " ("
            << found->second.value("got", "") << ")\n"
            << found->second.value("transcript", "");
      }
    }
    for (const auto& id : remaining) ADD_FAILURE() << id << " is judged in no configuration";
  }

 private:
  std::filesystem::path file_;
};

/// Prints by area how many of the `checked` requirements are in `detected`.
void print_matrix(const std::map<std::string, std::string>& checked,
                  const std::set<std::string>& detected) {
  std::map<std::string, std::pair<int, int>> areas;
  for (const auto& [id, area] : checked) {
    auto& [hit, total] = areas[area];
    ++total;
    if (detected.contains(id)) ++hit;
  }
  std::pair<int, int> all;
  for (const auto& [area, count] : areas) {
    fmt::print("{:<26} {:>4} / {}\n", area, count.first, count.second);
    all.first += count.first;
    all.second += count.second;
  }
  fmt::print("{:<26} {:>4} / {}\n", "all", all.first, all.second);
}

/// The requirements that dex-conformance has a check for, with their areas.
std::map<std::string, std::string> checked_requirements() {
  std::map<std::string, std::string> checked;
  std::map<std::string, bool> judged;  // system -> whether any row was
  for (const auto& configuration : configurations()) {
    auto& done = judged[system_of(configuration)];
    // The plain configuration of a system has the system's name.
    if (system_of(configuration) != configuration.name) continue;
    // Only the ids of the rows matter here, not their verdicts, so the run may end at once.
    const auto run = judge_rows(configuration, {}, {}, {"--patience", "1", "--run-timeout", "1"});
    for (const auto& [id, result] : run.results) checked[id] = result.at("area").get<std::string>();
    done = !run.results.empty();
  }
  for (const auto& [system, done] : judged) {
    EXPECT_TRUE(done) << system << ": no configuration of this name, or nothing is judged in it";
  }
  return checked;
}

class Complete : public ::testing::Test {
 public:
  void TestBody() override {
    const auto checked = checked_requirements();
    ASSERT_FALSE(checked.empty());
    std::set<std::string> broken;
    for (const auto& file : defect_files()) {
      const auto breaks = nlohmann::json::parse(std::ifstream(file)).at("breaks");
      for (const auto& id : breaks) broken.insert(id.get<std::string>());
    }
    const auto exemptions =
        nlohmann::json::parse(std::ifstream(std::string(DEX_TESTS) + "/kill_exemptions.json"));
    for (const auto& [id, area] : checked) {
      const bool exempt = exemptions.contains(id);
      if (broken.contains(id)) {
        EXPECT_FALSE(exempt) << id << " has a defect: take it out of kill_exemptions.json";
      } else {
        EXPECT_TRUE(exempt) << id << " (" << area << ") is checked, but no defect breaks it";
      }
    }
    for (const auto& [id, reason] : exemptions.items()) {
      EXPECT_TRUE(checked.contains(id)) << id << " is exempt, but not checked";
      EXPECT_FALSE(reason.get<std::string>().empty()) << id;
    }
    fmt::print("requirements with a defect / requirements checked\n");
    print_matrix(checked, broken);
  }
};

class Matrix : public ::testing::Environment {
 public:
  void TearDown() override {
    if (tally().judged.size() < 2) return;
    std::set<std::string> detected;
    std::ranges::set_difference(tally().judged, tally().missed,
                                std::inserter(detected, detected.end()));
    fmt::print("\nrequirements whose defects were all detected / requirements tried\n");
    print_matrix(tally().areas, detected);
  }
};

}  // namespace

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  ::testing::AddGlobalTestEnvironment(new Matrix);
  ::testing::RegisterTest("KillMatrix", "EveryCheckedRequirementHasADefect", nullptr, nullptr,
                          __FILE__, __LINE__, []() -> ::testing::Test* { return new Complete; });
  for (const auto& file : defect_files()) {
    // A '-' would end the positive part of --gtest_filter: the test would select nothing and pass.
    std::string name = file.stem();
    std::ranges::replace(name, '-', '_');
    ::testing::RegisterTest("Defect", name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                            [file]() -> ::testing::Test* { return new Kill(file); });
  }
  const int failed = RUN_ALL_TESTS();
  const bool listing = GTEST_FLAG_GET(list_tests);
  if (!listing && ::testing::UnitTest::GetInstance()->test_to_run_count() == 0) {
    fmt::print(stderr, "kill_matrix_test: the filter selects no defect\n");
    return 1;
  }
  return failed;
}
