// Every misbehaviour that lies, against every way in which dex-loadgen verifies. Each lie is
// caught, or lies_out_of_sight.json says why that way cannot see it. Prints the table.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <exception>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "control_client.hpp"
#include "programs.hpp"
#include "testkit/temp_folder.hpp"

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::array<const char*, 4> ways{"auto", "digest", "download", "delivered"};
/// Runs at a time; they spend most of their time waiting.
constexpr unsigned at_once = 8;

/// Flags of a run with their values; "" for a flag without a value.
using Flags = std::map<std::string, std::string>;
const Flags halting{
    {"--network", "halting.json"},
    {"--retry-delays", "500ms,500ms,500ms,500ms,500ms,500ms,500ms,500ms,500ms,500ms,500ms,500ms"}};
/// Flags with which a run meets a lie that the usual run does not meet, or not on every machine.
const std::map<std::string, Flags> met_by{
    // One finished upload in ten is gone, so it takes many uploads to meet one.
    {"phantom-success", {{"--uploads", "60"}, {"--size", "1KiB"}, {"--network", "calm.json"}}},
    {"length-rounded", {{"--size", "1000001"}, {"--chunk", "500KiB"}}},
    {"past-5-mib-damaged",
     {{"--uploads", "1"}, {"--size", "6MiB"}, {"--chunk", "6MiB"}, {"--network", "calm.json"}}},
    {"sixtieth-patch-damaged",
     {{"--uploads", "1"}, {"--chunk", "1KiB"}, {"--network", "calm.json"}}},
    {"two-hundredth-patch-damaged",
     {{"--uploads", "1"}, {"--chunk", "400"}, {"--network", "calm.json"}}},
    {"chunked-tail-damaged", {{"--chunked", ""}}},
    {"creation-body-damaged", {{"--creation-with-upload", ""}}},
    {"creation-body-lost", {{"--creation-with-upload", ""}}},
    {"defer-tail-lost", {{"--upload-length", "last"}}},
    {"concat-length-wrong", {{"--parts", "3"}}},
    {"concat-metadata-lost", {{"--parts", "3"}}},
    {"concat-order", {{"--parts", "3"}}},
    {"unfinished-never-joined", {{"--parts", "3"}}},
    {"final-never-delivered", {{"--parts", "3"}}},
    {"many-parts-reversed", {{"--parts", "10"}}},
    {"partial-body-lost", {{"--parts", "2"}, {"--creation-with-upload", ""}}},
    {"equal-metadata-one-upload", {{"--manifest", "named.json"}}},
    {"info-manifest-of-last", {{"--manifest", "long.json"}}},
    {"metadata-cut-at-32", {{"--manifest", "long.json"}}},
    {"buffer-edge-damaged", {{"--chunk", "40000"}, {"--network", "calm.json"}}},
    {"odd-offset-damaged", {{"--chunk", "40000"}, {"--network", "calm.json"}}},
    {"refusal-starts-over", {{"--network", "calm.json"}}},
    // At this rate the server has read some bytes before a cut, and with these delays it notices
    // the cut before HEAD asks, however busy it is.
    {"aborted-starts-over", halting},
    {"offset-declared", halting},
    {"offset-stale-append", halting},
    // HEAD does not find the upload after the failure, so the client begins again.
    {"lost-final-ack", {{"--network", "calm.json"}, {"--retry-delays", "50ms,50ms,50ms"}}},
    // Bodies take so long that several are under way at the same time.
    {"concurrent-damaged",
     {{"--size", "400KiB"}, {"--chunk", "400KiB"}, {"--network", "slow.json"}}},
    // These delays let HEAD ask more than a second after the last byte.
    {"offset-forgotten",
     {{"--uploads", "1"},
      {"--network", "calm.json"},
      {"--retry-delays", "1200ms,1200ms,1200ms,1200ms"}}}};
/// A rule that changes an offset on the way, so that the server refuses the PATCH.
const json refusal{
    {"when", {{"method", "PATCH"}, {"route", "upload"}, {"nth", 2}, {"per", "upload"}}},
    {"then", {{"request", {{"headers", {{"set", {{"Upload-Offset", "0"}}}}}}}}}};
/// Further misbehaviours without which a lie does not show.
const std::map<std::string, json> told_only_with{
    {"info-delivery-phantom", {{"defects", json::array({"delivery-never"})}}},
    {"offset-forgotten", {{"rules", json::array({refusal})}}},
    {"refusal-starts-over", {{"rules", json::array({refusal})}}}};

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

/// One run of dex-loadgen. All runs share the server, and each has a lane of its own.
struct Trial {
  std::string name;  ///< of the lie
  std::string way;
  json misbehaviour;  ///< of the lane: "defects", "faults", "rules"
  bool good = false;  ///< whether the run has to end well
  testkit::Finished run;
  /// Downloads need tus: DEX has none.
  [[nodiscard]] std::string system() const { return way == "download" ? "tus" : "dex"; }
  [[nodiscard]] std::string lane() const { return name + "." + way; }
};

class Lies : public testing::Test {
 protected:
  Lies() {
    folder_.write("cuts.json", R"({"name":"cuts","description":"d","cut_probability":0.8,
                                   "upload_rate":"2MiB/s"})");
    folder_.write("halting.json", R"({"name":"halting","description":"d","cut_probability":0.8,
                                      "upload_rate":"400KiB/s"})");
    folder_.write("calm.json", R"({"name":"calm","description":"d"})");
    folder_.write("slow.json", R"({"name":"slow","description":"d","upload_rate":"400KiB/s"})");
    json manifest = {{"version", "2.0"},         {"data_stream_id", "dextesting"},
                     {"sender_id", "lies_test"}, {"data_stream_route", "testevent1"},
                     {"jurisdiction", "test"},   {"data_producer_id", "lies_test"}};
    auto named = manifest;
    named["filename"] = "equal.bin";
    folder_.write("named.json", named.dump());
    manifest["dex_harness_part"] = "first";
    for (int i = 0; i < 40; ++i) manifest[fmt::format("x_{:02}", i)] = std::to_string(i);
    folder_.write("long.json", manifest.dump());
  }

  void open_lane(const Trial& trial) {
    json lane = trial.misbehaviour;
    lane["profile"] = trial.system();
    lane["seed"] = 1;
    const auto answer = control_.put("/_mock/lanes/" + trial.lane(), lane.dump());
    ASSERT_LT(answer.status, 300) << trial.name << ": " << answer.body;
  }

  [[nodiscard]] Flags flags_of(const Trial& trial) const {
    // Cut transfers are resumed, so that lies told by HEAD are met as well. Wait before each retry:
    // a busy server may notice a cut only after a HEAD that follows at once.
    std::string patience = "50ms";
    for (int i = 1; i < 20; ++i) patience += ",50ms";
    Flags flags{{"--uploads", "4"},   {"--concurrency", "4"},       {"--size", "100KiB"},
                {"--chunk", "40KiB"}, {"--retry-delays", patience}, {"--network", "cuts.json"}};
    // When the lie is caught by a delivery that never comes, the run waits this long for it.
    if (trial.system() == "dex") flags["--deliver-timeout"] = trial.good ? "30s" : "2s";
    if (const auto met = met_by.find(trial.name); met != met_by.end()) {
      for (const auto& [flag, value] : met->second) flags[flag] = value;
    }
    // With this manifest all deliveries have one name, so that they could not be found by it.
    if (trial.way == "delivered" && trial.name == "equal-metadata-one-upload") {
      flags.erase("--manifest");
    }
    for (const char* file : {"--network", "--manifest"}) {
      if (flags.contains(file)) flags[file] = (folder_.path() / flags[file]).string();
    }
    if (trial.way == "delivered") flags["--delivered-dir"] = store_.string();
    return flags;
  }

  void try_out(Trial& trial) const {
    std::vector<std::string> command{DEX_LOADGEN, "run", "--url"};
    command.push_back(mock_.url() + "/_lane/" + trial.lane() + "/files");
    command.insert(command.end(), {"--seed", "5", "--system", trial.system()});
    command.insert(command.end(), {"--verify", trial.way});
    for (const auto& [flag, value] : flags_of(trial)) {
      command.push_back(flag);
      if (!value.empty()) command.push_back(value);
    }
    try {
      trial.run = testkit::run(std::move(command), {}, std::chrono::minutes{2});
    } catch (const std::exception& e) {
      trial.run = {-1, "", e.what()};
    }
  }

  /// Runs all trials, `at_once` at a time.
  void try_out_all(std::vector<Trial>& trials) {
    for (const auto& trial : trials) open_lane(trial);
    std::atomic<std::size_t> next{0};
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < at_once; ++i) {
      threads.emplace_back([&] {
        for (std::size_t at = next++; at < trials.size(); at = next++) try_out(trials[at]);
      });
    }
    for (auto& thread : threads) thread.join();
  }

  testkit::TempFolder folder_;
  fs::path store_ = folder_.path() / "store";
  programs::Mock mock_{{"--store", store_.string()}};
  programs::ControlClient control_{mock_.url()};
};

/// What the run says is bad; "-" when it says nothing.
std::string seen(const testkit::Finished& run) {
  const auto at = run.out.rfind("\nbad: ");
  if (at == std::string::npos) return run.exit_code == 0 ? "-" : run.err;
  return run.out.substr(at + 6, run.out.find('\n', at + 1) - at - 6);
}

TEST_F(Lies, AreCaughtInEveryWayOrOutOfItsSight) {
  std::ifstream in(DEX_TESTS "/lies_out_of_sight.json");
  const json exempt = json::parse(in).at("out_of_sight");
  const auto out_of_sight = [&](const std::string& name, const std::string& way) {
    const auto found = exempt.find(name);
    return found != exempt.end() &&
           (!found->contains("ways") ||
            std::count(found->at("ways").begin(), found->at("ways").end(), way) > 0);
  };
  std::vector<Trial> trials;
  for (const auto& lie : all_lies()) {
    json misbehaviour;
    misbehaviour[lie.is_defect ? "defects" : "faults"].push_back(lie.name);
    if (const auto with = told_only_with.find(lie.name); with != told_only_with.end()) {
      for (const auto& [kind, more] : with->second.items()) {
        for (const auto& one : more) misbehaviour[kind].push_back(one);
      }
    }
    for (const char* way : ways) {
      trials.push_back({lie.name, way, misbehaviour, out_of_sight(lie.name, way), {}});
    }
  }
  ASSERT_GT(trials.size(), 300U);
  try_out_all(trials);

  std::set<std::string> unused;
  for (const auto& [name, ignored] : exempt.items()) unused.insert(name);
  for (const auto& [name, way, ignored, good, run] : trials) {
    fmt::print("{:<28}{:<11}{}\n", name, way,
               good ? "out of sight: " + exempt.at(name).at("why").get<std::string>() : seen(run));
    EXPECT_EQ(run.exit_code, good ? 0 : 1) << name << " " << way << "\n" << run.out << run.err;
    if (good) unused.erase(name);
  }
  EXPECT_TRUE(unused.empty()) << *unused.begin() << " is no lie any more";
}

// The flags and misbehaviours that let a lie show make no run fail by themselves.
TEST_F(Lies, WhatMeetsThemIsGoodWhereNobodyLies) {
  std::vector<Trial> trials;
  for (const char* way : ways) {
    trials.push_back({"usual", way, json::object(), true, {}});
    std::set<std::pair<Flags, std::string>> tried;
    for (const auto& [name, flags] : met_by) {
      const auto found = told_only_with.find(name);
      const json with = found == told_only_with.end() ? json::object() : found->second;
      if (tried.insert({flags, with.dump()}).second) trials.push_back({name, way, with, true, {}});
    }
  }
  try_out_all(trials);
  for (const auto& trial : trials) {
    EXPECT_EQ(trial.run.exit_code, 0) << trial.lane() << "\n" << trial.run.out << trial.run.err;
  }
}

// "In vain" is what was sent and not kept: after a cut, the bytes that the server had not read. The
// server's journal says how many it read.
TEST_F(Lies, WasteIsWhatTheServerDidNotKeep) {
  // On a busy machine a cut can come before the mock has read a byte. Only progress renews the
  // delays, so there are more of them than the seed has cuts in a row.
  std::string delays = "0s";
  for (int i = 0; i < 40; ++i) {
    delays += ",5ms";
  }
  folder_.write("unpaced.json", R"({"name":"unpaced","description":"d","cut_probability":0.8})");
  for (const char* network : {"cuts", "unpaced"}) {
    const fs::path report = folder_.path() / network;
    const auto run = testkit::run({DEX_LOADGEN, "run", "--url", mock_.creation_url(), "--uploads",
                                   "20", "--size", "1MiB", "--seed", "5", "--network",
                                   (folder_.path() / (std::string(network) + ".json")).string(),
                                   "--retry-delays", delays, "--report", report.string()});
    ASSERT_EQ(run.exit_code, 0) << run.out << run.err;
    const auto figures = json::parse(testkit::read_file(report / "summary.json")).at("summary");
    const auto figure = [&](const char* name) { return figures.at(name).get<std::uint64_t>(); };
    std::uint64_t read = 0;
    const auto journal = control_.get("/_mock/journal?method=PATCH&limit=10000").json;
    for (const auto& entry : journal.at("entries")) {
      read += entry.at("body").at("received").get<std::uint64_t>();
    }
    fmt::print("{}: {} cuts, sent {}, read by the server {}, in vain {}\n", network, figure("cuts"),
               figure("sent_bytes"), read, figure("waste_bytes"));
    EXPECT_GT(figure("cuts"), 20U);
    EXPECT_GE(figure("sent_bytes"), read) << "what it read was sent";
    EXPECT_EQ(figure("sent_bytes") - figure("waste_bytes"), 20U << 20U);
    EXPECT_LE(figure("sent_bytes") - read, figure("waste_bytes"))
        << "what it did not read was lost";
    control_.send("DELETE", "/_mock/journal");
  }
}

}  // namespace
