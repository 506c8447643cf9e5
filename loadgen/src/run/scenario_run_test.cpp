// Scenarios run by the real program against the real mock server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "testkit/child_process.hpp"
#include "testkit/temp_folder.hpp"
#include "transport/client.hpp"

namespace {
using testing::HasSubstr;
using testing::StartsWith;
using testkit::ChildProcess;

class ScenarioRun : public testing::Test {
 protected:
  std::unique_ptr<ChildProcess> start_mock(std::vector<std::string> more = {}) {
    // On disk, so that deliveries are files.
    const auto store = (folder_.path() / "store").string();
    std::vector<std::string> command{DEX_MOCK, "--listen", "127.0.0.1:0", "--store", store};
    command.insert(command.end(), more.begin(), more.end());
    auto mock = std::make_unique<ChildProcess>(std::move(command));
    url_ = mock->wait_ready();
    return mock;
  }
  [[nodiscard]] std::string file(const std::string& text) const {
    const auto path = (folder_.path() / "scenario.json").string();
    std::ofstream(path) << text;
    return path;
  }
  testkit::Finished run(const std::string& scenario, const std::vector<std::string>& more = {},
                        const ChildProcess::Options& options = {}) const {
    std::vector<std::string> all{DEX_LOADGEN,
                                 "run",
                                 scenario,
                                 "--url",
                                 url_ + "/files",
                                 "--report",
                                 (folder_.path() / "report").string()};
    all.insert(all.end(), more.begin(), more.end());
    return testkit::run(all, options);
  }
  [[nodiscard]] nlohmann::json report() const {
    return nlohmann::json::parse(folder_.read("report/summary.json"));
  }
  /// Columns of uploads.csv that a seed decides, by the number of the upload.
  [[nodiscard]] std::map<std::string, std::string> decided() const {
    std::map<std::string, std::string> rows;
    std::istringstream in(folder_.read("report/uploads.csv"));
    std::string line;
    std::getline(in, line);
    while (std::getline(in, line)) {
      std::vector<std::string> fields;
      std::istringstream of(line);
      for (std::string field; std::getline(of, field, ',');) fields.push_back(field);
      // index, size, state, cuts
      rows[fields.at(0)] = fields.at(3) + " " + fields.at(4) + " " + fields.at(18);
    }
    return rows;
  }

  std::string mock_answer(const std::string& method, const std::string& path) const {
    transport::Client client({});
    transport::Request request;
    request.method = method;
    request.url = url_ + path;
    const auto exchange = client.send(request);
    EXPECT_TRUE(exchange.response) << path;
    return exchange.response ? exchange.response->body : "";
  }
  [[nodiscard]] std::size_t asked_for_tokens() const {
    const auto journal = nlohmann::json::parse(mock_answer("GET", "/_mock/journal?method=POST"));
    const auto& entries = journal.at("entries");
    return static_cast<std::size_t>(
        std::count_if(entries.begin(), entries.end(), [](const nlohmann::json& entry) {
          return entry.dump().find("/oauth") != std::string::npos;
        }));
  }

  testkit::TempFolder folder_;
  std::string url_;
};

constexpr const char* mixed = R"({
  // Two groups by chance and one that comes on its own.
  "seed": 9, "arrival": "poisson", "size": "1KiB",
  "phases": [{"phase": "ramp", "for": "1s", "load": "60/s"},
             {"phase": "hold", "for": "2s", "load": "60/s"}, {"phase": "drain"}],
  "partners": [
    {"name": "labs", "weight": 3, "files": "1-3", "size": "uniform:1KiB-64KiB"},
    {"name": "clinics", "weight": 1, "payload": "csv", "size": "64KiB", "network": "flaky"},
    {"name": "state", "count": 2, "after": "500ms", "files": 8, "parallel": 3, "network": "flaky",
     "size": "128KiB"}]})";

// A verified upload has the bytes that seed, number and size say.
TEST_F(ScenarioRun, IsTheSameOnOneThreadAndOnTwo) {
  const auto mock = start_mock();
  std::map<std::string, std::string> of_one;
  std::string cuts;
  for (const char* const threads : {"1", "2"}) {
    const auto done = run(file(mixed), {"--threads", threads});
    ASSERT_EQ(done.exit_code, 0) << done.out << done.err;
    EXPECT_GT(report()["summary"]["cuts"], 0);
    if (of_one.empty()) {
      of_one = decided();
      cuts = report()["cuts_digest"];
      EXPECT_GT(of_one.size(), 100U);
      continue;
    }
    EXPECT_EQ(decided(), of_one);
    EXPECT_EQ(report()["cuts_digest"], cuts);
  }
}

TEST_F(ScenarioRun, DoesWhatThePlanSays) {
  const auto mock = start_mock();
  const auto scenario = file(mixed);
  const auto plan = testkit::run({DEX_LOADGEN, "run", scenario, "--plan"});
  ASSERT_EQ(plan.exit_code, 0) << plan.err;
  const auto done = run(scenario);
  ASSERT_EQ(done.exit_code, 0) << done.out << done.err;
  const auto json = report();
  EXPECT_THAT(plan.out, HasSubstr("uploads    " +
                                  std::to_string(json["summary"]["uploads"].get<int>()) + ", "));
  for (const auto& group : json["groups"]) {
    EXPECT_GT(group["summary"]["uploads"], 0) << group["name"];
  }
}

TEST_F(ScenarioRun, TellsOfEachGroupPhaseAndSecond) {
  const auto mock = start_mock();
  const auto done = run(file(mixed));
  ASSERT_EQ(done.exit_code, 0) << done.out << done.err;
  EXPECT_THAT(done.out, StartsWith("good: "));
  EXPECT_THAT(done.out, HasSubstr("\npartners "));
  EXPECT_THAT(done.out, HasSubstr("\nclinics "));
  EXPECT_THAT(done.out, HasSubstr("\nramp "));
  const auto json = report();
  for (const char* const part : {"groups", "phases"}) {
    std::uint64_t uploads = 0, bytes = 0;
    for (const auto& one : json[part]) {
      uploads += one["summary"]["uploads"].get<std::uint64_t>();
      bytes += one["summary"]["acknowledged_bytes"].get<std::uint64_t>();
    }
    EXPECT_EQ(uploads, json["summary"]["uploads"]) << part;
    EXPECT_EQ(bytes, json["summary"]["acknowledged_bytes"]) << part;
  }
  EXPECT_EQ(json["phases"][0]["kind"], "ramp");
  EXPECT_EQ(json["groups"][2]["summary"]["uploads"], 16);
  std::istringstream seconds(folder_.read("report/seconds.csv"));
  std::string head, first, second;
  std::getline(seconds, head);
  std::getline(seconds, first);
  std::getline(seconds, second);
  EXPECT_THAT(head, HasSubstr(",phase,labs started,labs uploaded,"));
  EXPECT_THAT(first, HasSubstr(",ramp,"));
  EXPECT_THAT(second, HasSubstr(",hold,"));
  EXPECT_EQ(std::count(first.begin(), first.end(), ','), std::count(head.begin(), head.end(), ','));
}

TEST_F(ScenarioRun, APlanNeedsNoTargetAndAMistakeIsOneLine) {
  const auto plan = testkit::run({DEX_LOADGEN, "run", file(mixed), "--plan", "--scale", "0.5"});
  EXPECT_EQ(plan.exit_code, 0) << plan.err;
  EXPECT_EQ(plan.err, "");
  EXPECT_THAT(plan.out, HasSubstr("of this machine: "));
  const auto wrong = testkit::run(
      {DEX_LOADGEN, "run", file(R"({"partners": [{"name": "a", "wieght": 1}]})"), "--plan"});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("scenario.json: partners[0]"));
  EXPECT_THAT(wrong.err, HasSubstr("weight"));
  EXPECT_EQ(std::count(wrong.err.begin(), wrong.err.end(), '\n'), 1) << wrong.err;
}

TEST_F(ScenarioRun, AnOutageHoldsUpWhomItMeetsAndNobodyElse) {
  const auto mock = start_mock();
  const auto done = run(file(R"({
    "size": "64KiB", "regions": [{"name": "north"}],
    "partners": [{"name": "cut-off", "count": 10, "arrival": "constant", "over": "1s", "after": "1s",
                  "region": "north"},
                 {"name": "others", "count": 10, "arrival": "constant", "over": "1s"}],
    "events": [{"event": "outage", "at": "500ms", "for": "2500ms", "region": "north"}]})"));
  ASSERT_EQ(done.exit_code, 0) << done.out << done.err;
  const auto json = report();
  // The last one comes 900 ms before the outage ends, the first one 2 s.
  EXPECT_GT(json["groups"][0]["summary"]["end_to_end_p50_ms"], 1000);
  EXPECT_LT(json["groups"][1]["summary"]["end_to_end_p50_ms"], 500);
  const auto results = nlohmann::json::parse(folder_.read("report/results.json"));
  EXPECT_EQ(results["groups"][0]["region"], "north");
  const auto& toll = results["events"][0]["toll"];
  EXPECT_EQ(toll["uploads"], 10) << "all of those that were cut off, and no other";
  EXPECT_EQ(toll["failed"], 0);
  EXPECT_GT(toll["slowest_us"], 1'500'000);
  EXPECT_THAT(results["groups"][0]["settings"].dump(),
              HasSubstr(R"({"name":"over","value":"1s"},{"name":"after","value":"1s"})"));
}

TEST_F(ScenarioRun, WhatAProxySaysIsTriedAgainOrFailsByItsStatus) {
  const auto mock = start_mock();
  const auto proxied = [&](const std::string& event) {
    return run(file(R"({"uploads": 6, "concurrency": 6, "size": "16KiB", "retry_delays": "0s,1s,2s",
                        "events": [)" +
                    event + "]}"));
  };
  const auto gateway = proxied(R"({"event": "answer", "at": "0s", "for": "500ms", "status": 502})");
  EXPECT_EQ(gateway.exit_code, 0) << gateway.out << gateway.err;
  EXPECT_GT(report()["summary"]["retries"], 5);
  const auto too_large = proxied(R"({"event": "answer", "at": "0s", "for": "5s", "status": 413})");
  EXPECT_EQ(too_large.exit_code, 1);
  EXPECT_THAT(too_large.out, HasSubstr("POST: 413"));
  const auto portal = proxied(R"({"event": "captive-portal", "at": "0s", "for": "5s"})");
  EXPECT_EQ(portal.exit_code, 1);
  EXPECT_THAT(portal.out, HasSubstr("POST: 302"));
}

TEST_F(ScenarioRun, ClientsGoOnFromTheUrlThatTheyStored) {
  const auto mock = start_mock();
  std::ofstream(folder_.path() / "slow.json")
      << R"({"name": "slow", "description": "256 KiB in 2 s", "upload_rate": "128KiB/s"})";
  const auto done = run(file(R"({
    "partners": [{"name": "dying", "count": 8, "size": "256KiB", "network": ")" +
                             (folder_.path() / "slow.json").string() + R"("}],
    "events": [{"event": "restart", "at": "1s", "for": "200ms"}]})"));
  ASSERT_EQ(done.exit_code, 0) << done.out << done.err;
  const auto summary = report()["summary"];
  EXPECT_EQ(summary["verified"], 8);
  EXPECT_EQ(summary["resumes"], 8) << "each of them was ended once";
  EXPECT_EQ(summary["new_uploads"], 0);
}

TEST_F(ScenarioRun, SendsFilesOfOnesOwnAndTellsNothingOfThem) {
  const auto mock = start_mock();
  const std::vector<std::string> contents{"first of Doe", std::string(70'000, 'x') + "Doe", ""};
  folder_.write("own/Jane Doe.hl7", contents[0]);
  folder_.write("own/John Doe.fastq.gz", contents[1]);
  folder_.write("own/doe", contents[2]);
  const auto done = run(file(R"({"partners": [
    {"name": "labs", "count": 5, "files": 4, "parallel": 2, "network": "flaky", "file": ")" +
                             (folder_.path() / "own").string() + R"("}]})"));
  ASSERT_EQ(done.exit_code, 0) << done.out << done.err;
  EXPECT_EQ(report()["summary"]["verified"], 20);
  EXPECT_EQ(report()["groups"][0]["payload"], "file");
  std::map<std::string, int> stored;
  const auto store = folder_.path() / "store";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(store)) {
    if (!entry.path().filename().string().starts_with("dex-loadgen-")) continue;
    ++stored[entry.path().extension().string() + " " + testkit::read_file(entry.path())];
  }
  EXPECT_EQ(stored.size(), 3U);
  EXPECT_GT(stored[".hl7 " + contents[0]], 1);
  EXPECT_GT(stored[".gz " + contents[1]], 1);
  EXPECT_GT(stored[".bin "], 1);
  std::string told = done.out + done.err;
  for (const char* name : {"summary.json", "uploads.csv", "seconds.csv"}) {
    told += folder_.read(std::string("report/") + name);
  }
  std::transform(told.begin(), told.end(), told.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  EXPECT_THAT(told, testing::Not(HasSubstr("doe")));
}

TEST_F(ScenarioRun, AsksAgainForDeliveriesThatTheServerGaveUp) {
  // The first attempt of each and the three that the server makes by itself.
  folder_.write("rules.json", R"({"description": "five uploads fail to be delivered, for a while",
    "when": {"effect": {"kind": "delivery"}}, "times": 20,
    "then": {"effect": {"fail": "connection to the target was refused"}}})");
  const auto mock = start_mock({"--rules", (folder_.path() / "rules.json").string()});
  const auto done = run(file(R"({"partners": [{"name": "labs", "count": 5, "size": "4KiB"}]})"),
                        {"--redeliver", "3"});
  ASSERT_EQ(done.exit_code, 0) << done.out << done.err;
  EXPECT_EQ(report()["summary"]["verified"], 5);
  EXPECT_EQ(report()["summary"]["redeliveries"], 5);
  EXPECT_THAT(done.out, HasSubstr("deliveries 5 asked for again after a failure"));
}

// The mock locks what is sent: the other writer is told so, and every byte is there once.
TEST_F(ScenarioRun, OfTwoWritersOneIsRefusedAndNoByteIsLost) {
  const auto mock = start_mock();
  const auto done = run(file(R"({"partners": [{"name": "labs", "count": 10, "size": "256KiB",
    "chunk": "64KiB", "two_writers": true}]})"));
  ASSERT_EQ(done.exit_code, 0) << done.out << done.err;
  const auto summary = report()["summary"];
  EXPECT_EQ(summary["verified"], 10);
  EXPECT_EQ(summary["second_writers"], 40);
  EXPECT_EQ(summary["second_refused"], 40);
  EXPECT_THAT(done.out,
              HasSubstr("writers    40 times two at once: 40 refused (409, 423), 0 both "));
}

TEST_F(ScenarioRun, CaseFilesOfCdcsLoadToolRunAsTheyAre) {
  folder_.write("cases/reports.json", R"({"Chunk": 0.0625, "Size": 0.125, "Manifest": {
    "version": "2.0", "data_stream_id": "dextesting", "data_stream_route": "testevent1",
    "received_filename": "test", "sender_id": "s", "data_producer_id": "p", "jurisdiction": "j"},
    "time_limit": "30s", "expected_delivery_targets": ["edav"],
    "expected_reports": [{"stageInfo": {"action": "metadata-verify"}}]})");
  const auto mock = start_mock();
  const auto done = run((folder_.path() / "cases").string(), {"--uploads", "6"});
  ASSERT_EQ(done.exit_code, 0) << done.out << done.err;
  EXPECT_EQ(report()["summary"]["verified"], 6);
  EXPECT_EQ(report()["summary"]["acknowledged_bytes"], 6 * 131'072);
  EXPECT_THAT(done.err, HasSubstr("\"expected_reports\" are not asked for"));
}

TEST_F(ScenarioRun, OfAFileThatChangesOneLineIsTold) {
  const auto mock = start_mock();
  folder_.write("slow.json", R"({"name": "slow", "description": "4 s", "upload_rate": "1MiB/s"})");
  const auto own = folder_.write("Doe.csv", std::string(4U << 20U, 'x'));
  ChildProcess load({DEX_LOADGEN, "run", "--url", url_ + "/files", "--file", own, "--uploads", "3",
                     "--network", (folder_.path() / "slow.json").string(), "--report",
                     (folder_.path() / "report").string()});
  // Until some of it has arrived.
  const auto arrived = [&] {
    const auto uploads = nlohmann::json::parse(mock_answer("GET", "/_mock/uploads")).at("uploads");
    return std::any_of(uploads.begin(), uploads.end(),
                       [](const nlohmann::json& upload) { return upload.at("offset") > 0; });
  };
  while (!arrived() && load.running()) {
  }
  std::filesystem::remove(own);
  EXPECT_EQ(load.wait().exit_code, 1) << load.out() << load.err();
  const std::string line = "dex-loadgen: " + own + ": was taken away while the run went on";
  EXPECT_EQ(load.err().find(line), load.err().rfind(line));
  EXPECT_THAT(load.err(), HasSubstr(line));
  EXPECT_THAT(load.out(), HasSubstr("3  a file of --file was taken away while the run went on\n"));
  EXPECT_THAT(folder_.read("report/summary.json"), testing::Not(HasSubstr("Doe")));
}

TEST_F(ScenarioRun, TokensThatAreRevokedOrForgottenAreAskedForAgain) {
  const auto mock = start_mock({"--auth", "jwt"});
  ChildProcess::Options options;
  options.environment = {{"LAB_1_USER", "demo"}, {"LAB_2_USER", "demo"}, {"LAB_PASSWORD", "demo"}};
  for (const std::string event : {"tokens-revoked", "tokens-forgotten"}) {
    const auto done = run(file(R"({
      "partners": [{"name": "labs", "count": 4, "files": 4, "think": "300ms", "size": "4KiB",
                    "accounts": 2, "username_env": "LAB_{account}_USER",
                    "password_env": "LAB_PASSWORD",
                    "manifest": {"version": "2.0", "data_stream_id": "dextesting",
                                 "data_stream_route": "testevent1", "sender_id": "lab-{partner}",
                                 "data_producer_id": "account-{account}", "jurisdiction": "{file}",
                                 "received_filename": "x"}}],
      "events": [{"event": ")" +
                               event + R"(", "at": "400ms"}]})"),
                          {}, options);
    EXPECT_EQ(done.exit_code, 0) << event << done.out << done.err;
    EXPECT_EQ(report()["summary"]["verified"], 16) << event;
    EXPECT_EQ(report()["notes"], nlohmann::json::array()) << event;
    // One for the probe, one for each account, and one more for each that is lost.
    EXPECT_GE(asked_for_tokens(), 5U) << event;
    mock_answer("DELETE", "/_mock/journal");
  }
}

}  // namespace
