// Every misbehaviour that lies, against every way in which dex-loadgen verifies: each is caught, or
// named as out of that way's sight, with the reason, in lies_out_of_sight.json. The table is
// printed.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "control_client.hpp"
#include "programs.hpp"
#include "testkit/temp_folder.hpp"

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::array<const char*, 4> ways{"auto", "digest", "download", "delivered"};
constexpr unsigned at_once = 4;

struct Lie {
  std::string name;
  bool is_defect = true;
};

std::vector<Lie> all_lies() {
  std::vector<Lie> lies;
  for (const char* kind : {"defects", "faults"}) {
    for (const auto& entry :
         fs::directory_iterator(fs::path(DEX_FIXTURES) / "misbehaviours" / kind)) {
      std::ifstream in(entry.path());
      if (json::parse(in).value("lies", false)) {
        lies.push_back({entry.path().stem().string(), kind == std::string("defects")});
      }
    }
  }
  std::sort(lies.begin(), lies.end(), [](const Lie& a, const Lie& b) { return a.name < b.name; });
  return lies;
}

/// One run; they share the server, and each has a lane of its own.
struct Trial {
  Lie lie;
  std::string way;
  testkit::Finished run;
};

class Lies : public testing::Test {
 protected:
  Lies() {
    folder_.write("cuts.json", R"({"name":"cuts","description":"d","cut_probability":0.8})");
  }

  void open_lane(const Trial& trial) {
    json defects = json::array();
    json faults = json::array();
    (trial.lie.is_defect ? defects : faults).push_back(trial.lie.name);
    // It is told only of what was not delivered.
    if (trial.lie.name == "info-delivery-phantom") defects.push_back("delivery-never");
    const json lane{
        {"profile", system_of(trial)}, {"seed", 1}, {"defects", defects}, {"faults", faults}};
    const auto answer = control_.put("/_mock/lanes/" + lane_of(trial), lane.dump());
    ASSERT_LT(answer.status, 300) << trial.lie.name << ": " << answer.body;
  }
  /// DEX shows no bytes.
  static std::string system_of(const Trial& trial) {
    return trial.way == "download" ? "tus" : "dex";
  }
  static std::string lane_of(const Trial& trial) { return trial.lie.name + "." + trial.way; }

  /// What is cut is resumed, so that lies of HEAD are met as well.
  void try_out(Trial& trial) const {
    std::string patience;
    for (int i = 0; i < 40; ++i) patience += i == 0 ? "0s" : ",5ms";
    // One in ten has to be among them, in any order.
    const char* const uploads = trial.lie.name == "phantom-success" ? "60" : "4";
    std::vector<std::string> command{DEX_LOADGEN, "run", "--url"};
    command.push_back(mock_.url() + "/_lane/" + lane_of(trial) + "/files");
    command.insert(command.end(), {"--uploads", uploads, "--concurrency", "4", "--size", "100KiB"});
    command.insert(command.end(), {"--chunk", "40KiB", "--seed", "5", "--retry-delays", patience});
    command.insert(command.end(), {"--network", (folder_.path() / "cuts.json").string()});
    command.insert(command.end(), {"--system", system_of(trial), "--verify", trial.way});
    if (system_of(trial) == "dex") command.insert(command.end(), {"--deliver-timeout", "2s"});
    if (trial.way == "delivered") {
      command.insert(command.end(), {"--delivered-dir", store_.string()});
    }
    trial.run = testkit::run(std::move(command));
  }

  testkit::TempFolder folder_;
  fs::path store_ = folder_.path() / "store";
  programs::Mock mock_{{"--store", store_.string()}};
  programs::ControlClient control_{mock_.url()};
};

/// What the run said that gave it away.
std::string seen(const testkit::Finished& run) {
  const auto at = run.out.rfind("\nbad: ");
  if (at == std::string::npos) return run.exit_code == 0 ? "-" : run.err;
  return run.out.substr(at + 6, run.out.find('\n', at + 1) - at - 6);
}

TEST_F(Lies, AreCaughtInEveryWayOrOutOfItsSight) {
  std::ifstream in(DEX_TESTS "/lies_out_of_sight.json");
  const json exempt = json::parse(in).at("out_of_sight");
  std::vector<Trial> trials;
  for (const auto& lie : all_lies()) {
    for (const char* way : ways) trials.push_back({lie, way, {}});
  }
  ASSERT_GT(trials.size(), 100U);
  for (const auto& trial : trials) open_lane(trial);
  std::atomic<std::size_t> next{0};
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < at_once; ++i) {
    threads.emplace_back([&] {
      for (std::size_t at = next++; at < trials.size(); at = next++) try_out(trials[at]);
    });
  }
  for (auto& thread : threads) thread.join();

  std::set<std::string> unused;
  for (const auto& [name, ignored] : exempt.items()) unused.insert(name);
  for (const auto& [lie, way, run] : trials) {
    const auto found = exempt.find(lie.name);
    const bool out_of_sight =
        found != exempt.end() &&
        (!found->contains("ways") ||
         std::count(found->at("ways").begin(), found->at("ways").end(), way) > 0);
    fmt::print("{:<26}{:<11}{}\n", lie.name, way,
               out_of_sight ? "out of sight: " + found->at("why").get<std::string>() : seen(run));
    EXPECT_EQ(run.exit_code, out_of_sight ? 0 : 1) << lie.name << " " << way << "\n"
                                                   << run.out << run.err;
    if (out_of_sight) unused.erase(lie.name);
  }
  EXPECT_TRUE(unused.empty()) << *unused.begin() << " is no lie any more";
}

// "In vain" is what was sent and is not there: nothing where the server had read all of it when a
// connection was cut, and what it was told and had not read otherwise. Its own count says which.
TEST_F(Lies, WasteIsWhatTheServerDidNotKeep) {
  // A cut on a busy machine can come before the mock has read a byte: without progress no delay is
  // given back, so there are more of them than the seed has cuts in a row.
  std::string delays = "0s";
  for (int i = 0; i < 40; ++i) { delays += ",5ms"; }
  for (const char* network : {"cuts", "paced"}) {
    folder_.write("paced.json", R"({"name":"paced","description":"d","cut_probability":0.8,
                                    "upload_rate":"2MiB/s"})");
    const fs::path report = folder_.path() / network;
    const auto run = testkit::run(
        {DEX_LOADGEN, "run", "--url", mock_.creation_url(), "--uploads", "20", "--size", "1MiB",
         "--seed", "5", "--network", (folder_.path() / (std::string(network) + ".json")).string(),
         "--retry-delays", delays, "--report", report.string()});
    ASSERT_EQ(run.exit_code, 0) << run.out << run.err;
    const auto figures = json::parse(testkit::read_file(report / "summary.json")).at("summary");
    const auto figure = [&](const char* name) { return figures.at(name).get<std::uint64_t>(); };
    std::uint64_t read = 0;
    std::uint64_t kept = 0;
    const auto journal = control_.get("/_mock/journal?method=PATCH&limit=10000").json;
    for (const auto& entry : journal.at("entries")) {
      read += entry.at("body").at("received").get<std::uint64_t>();
      const auto& offset = entry.at("offset");
      if (offset.at("after").is_number()) {
        kept += offset.at("after").get<std::uint64_t>() - offset.at("before").get<std::uint64_t>();
      }
    }
    fmt::print("{}: {} cuts, sent {}, read by the server {}, kept {}, in vain {}\n", network,
               figure("cuts"), figure("sent_bytes"), read, kept, figure("waste_bytes"));
    EXPECT_GT(figure("cuts"), 20U);
    EXPECT_GE(figure("sent_bytes"), read) << "what it read was sent";
    EXPECT_EQ(figure("sent_bytes") - figure("waste_bytes"), 20U << 20U);
    EXPECT_LE(figure("sent_bytes") - read, figure("waste_bytes"))
        << "what it did not read was lost";
    control_.send("DELETE", "/_mock/journal");
  }
}

}  // namespace
