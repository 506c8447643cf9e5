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
/// Most of their time they wait.
constexpr unsigned at_once = 8;

/// Flags of a run and their values; empty: it has none.
using Load = std::map<std::string, std::string>;
/// What is cut is resumed, so that lies of HEAD are met as well.
std::string patience() {
  std::string delays = "0s";
  for (int i = 1; i < 40; ++i) delays += ",5ms";
  return delays;
}
/// What meets a lie that the usual run does not.
const std::map<std::string, Load> met_by{
    // One in ten has to be among them, in any order.
    {"phantom-success", {{"--uploads", "60"}}},
    {"length-rounded", {{"--size", "1000001"}, {"--chunk", "500KiB"}}},
    {"past-5-mib-damaged", {{"--size", "6MiB"}, {"--chunk", "6MiB"}, {"--network", "calm.json"}}},
    {"sixtieth-patch-damaged", {{"--chunk", "1KiB"}, {"--network", "calm.json"}}},
    {"two-hundredth-patch-damaged", {{"--chunk", "400"}, {"--network", "calm.json"}}},
    {"chunked-tail-damaged", {{"--chunked", ""}}},
    {"creation-body-damaged", {{"--creation-with-upload", ""}}},
    {"creation-body-lost", {{"--creation-with-upload", ""}}},
    {"defer-tail-lost", {{"--upload-length", "last"}}},
    {"concat-length-wrong", {{"--parts", "3"}}},
    {"concat-metadata-lost", {{"--parts", "3"}}},
    {"concat-order", {{"--parts", "3"}}},
    {"final-never-delivered", {{"--parts", "3"}}},
    {"many-parts-reversed", {{"--parts", "10"}}},
    {"partial-body-lost", {{"--parts", "2"}, {"--creation-with-upload", ""}}},
    // Bodies that last are there at the same time.
    {"concurrent-damaged", {{"--network", "slow.json"}}},
    // HEAD is asked a second after the last byte.
    {"offset-forgotten", {{"--retry-delays", "1200ms,1200ms,1200ms,1200ms,1200ms,1200ms"}}}};

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
    folder_.write("calm.json", R"({"name":"calm","description":"d"})");
    folder_.write("slow.json", R"({"name":"slow","description":"d","upload_rate":"400KiB/s"})");
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

  void try_out(Trial& trial) const {
    Load load{{"--uploads", "4"},
              {"--concurrency", "4"},
              {"--size", "100KiB"},
              {"--chunk", "40KiB"},
              {"--retry-delays", patience()},
              {"--network", "cuts.json"}};
    if (const auto met = met_by.find(trial.lie.name); met != met_by.end()) {
      for (const auto& [flag, value] : met->second) load[flag] = value;
    }
    load["--network"] = (folder_.path() / load["--network"]).string();
    std::vector<std::string> command{DEX_LOADGEN, "run", "--url"};
    command.push_back(mock_.url() + "/_lane/" + lane_of(trial) + "/files");
    command.insert(command.end(), {"--seed", "5", "--system", system_of(trial)});
    command.insert(command.end(), {"--verify", trial.way});
    for (const auto& [flag, value] : load) {
      command.push_back(flag);
      if (!value.empty()) command.push_back(value);
    }
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
  // Those that sleep for seconds are asleep while the others run.
  const auto sleeps = [](const Trial& trial) {
    const auto met = met_by.find(trial.lie.name);
    return met != met_by.end() && met->second.contains("--retry-delays");
  };
  std::atomic<std::size_t> next{0};
  std::vector<std::thread> threads;
  for (auto& trial : trials) {
    if (sleeps(trial)) threads.emplace_back([&] { try_out(trial); });
  }
  for (unsigned i = 0; i < at_once; ++i) {
    threads.emplace_back([&] {
      for (std::size_t at = next++; at < trials.size(); at = next++) {
        if (!sleeps(trials[at])) try_out(trials[at]);
      }
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
    fmt::print("{:<28}{:<11}{}\n", lie.name, way,
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
  for (const char* network : {"cuts", "paced"}) {
    folder_.write("paced.json", R"({"name":"paced","description":"d","cut_probability":0.8,
                                    "upload_rate":"2MiB/s"})");
    const fs::path report = folder_.path() / network;
    const auto run = testkit::run(
        {DEX_LOADGEN, "run", "--url", mock_.creation_url(), "--uploads", "20", "--size", "1MiB",
         "--seed", "5", "--network", (folder_.path() / (std::string(network) + ".json")).string(),
         "--retry-delays", "0s,5ms,5ms,5ms,5ms,5ms,5ms", "--report", report.string()});
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
