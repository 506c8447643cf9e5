// A lane that is opened by HTTP is configured with content, or with names inside the folder of
// --lane-files. The server opens no other file because a request names it.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "control_client.hpp"
#include "programs.hpp"

namespace {

using nlohmann::json;
using programs::Answer;
using programs::ControlClient;
using programs::Mock;
using ::testing::HasSubstr;
using ::testing::Not;

namespace fs = std::filesystem;

constexpr auto manifest =
    "sender_id YQ==,data_producer_id YQ==,jurisdiction YQ==,received_filename YS50eHQ=,"
    "data_stream_id ZGV4dGVzdGluZw==,data_stream_route dGVzdGV2ZW50MQ==,version Mi4w";
const json one_user{{"username", "lab"}, {"password", "hush-hush"}};

json stream_config(const std::string& field) {
  return {{"metadata_config",
           {{"fields", json::array({{{"field_name", field}, {"required", true}}})}}}};
}

json deliver_to(const std::string& path) {
  return {
      {"targets", {{"out", {{"name", "out"}, {"type", "file"}, {"path", path}}}}},
      {"routing_groups", json::array({{{"data_stream_id", "dextesting"},
                                       {"data_stream_route", "testevent1"},
                                       {"delivery_targets", json::array({{{"name", "out"}}})}}})}};
}

/// A configuration that gives the file `name` as the value of `key`.
json naming(const std::string& key, const std::string& name) {
  return key == "rules" ? json{{"rules", json::array({name})}} : json{{key, name}};
}
const std::vector<std::string> keys{"users", "deliver", "upload_configs", "profile", "rules"};

class LaneFiles : public testing::Test {
 protected:
  void start(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"--profile", "dex", "--store",
                                       (folder_.path() / "store").string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    client_.reset();
    mock_.reset();
    mock_ = std::make_unique<Mock>(arguments);
    client_ = std::make_unique<ControlClient>(mock_->url());
  }
  Answer open(const std::string& lane, const json& config) {
    return client_->put("/_mock/lanes/" + lane, config.dump());
  }
  int log_in(const std::string& lane, const std::string& password) {
    return client_
        ->send("POST", "/_lane/" + lane + "/oauth",
               {{"Content-Type", "application/x-www-form-urlencoded"}},
               "username=lab&password=" + password)
        .status;
  }
  Answer upload(const std::string& lane) {
    return client_->send("POST", "/_lane/" + lane + "/files",
                         {{"Tus-Resumable", "1.0.0"},
                          {"Upload-Length", "5"},
                          {"Upload-Metadata", manifest},
                          {"Content-Type", "application/offset+octet-stream"}},
                         "hello");
  }
  /// Waits until a file of that content is somewhere below `where`.
  static bool appears(const fs::path& where, const std::string& content) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (std::chrono::steady_clock::now() < deadline) {
      std::error_code error;
      for (fs::recursive_directory_iterator at(where, error), end; !error && at != end;
           at.increment(error)) {
        if (!at->is_regular_file(error)) continue;
        std::ifstream in(at->path());
        std::string text{std::istreambuf_iterator<char>(in), {}};
        if (text == content && at->path().filename().string().front() != '.') return true;
      }
      std::this_thread::yield();
    }
    return false;
  }

  testkit::TempFolder folder_;
  std::unique_ptr<Mock> mock_;
  std::unique_ptr<ControlClient> client_;
};

TEST_F(LaneFiles, NoFileOfTheServersIsOpenedBecauseARequestNamesIt) {
  const auto secret = folder_.write("secret.json", "marker-in-a-file: 1");
  const auto pipe = (folder_.path() / "pipe.json").string();
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const auto in = folder_.path() / "in";
  fs::create_directory(in);
  ASSERT_EQ(::mkfifo((in / "pipe.json").c_str(), 0600), 0);
  fs::create_symlink(secret, in / "link.json");
  fs::create_directory_symlink(folder_.path(), in / "way");
  std::ofstream(in / "large.json").close();
  fs::resize_file(in / "large.json", (1U << 20U) + 1);
  for (const bool with_folder : {false, true}) {
    if (with_folder) {
      start({"--lane-files", in.string()});
    } else {
      start();
    }
    for (const auto& key : keys) {
      for (const auto& name :
           {secret, pipe, std::string("/etc/passwd"), std::string("/dev/zero"),
            std::string("/proc/self/environ"), std::string("../secret.json"),
            std::string("a/../../secret.json"), std::string("link.json"),
            std::string("way/secret.json"), std::string("pipe.json"), std::string("large.json"),
            std::string("none.json"), std::string("."), std::string("./"),
            std::string(".json\0", 6), std::string("/dev/stdin"), std::string("/")}) {
        if (key == "profile" && name.find('/') == std::string::npos && !name.ends_with(".json")) {
          continue;  // a name of a profile that is built in
        }
        const auto answer = open("red", naming(key, name));
        EXPECT_EQ(answer.status, 400) << key << " " << name << ": " << answer.body;
        EXPECT_THAT(answer.body, Not(HasSubstr("marker-in"))) << key << " " << name;
        EXPECT_THAT(answer.body, Not(HasSubstr("root:"))) << key << " " << name;
        EXPECT_THAT(answer.body, Not(HasSubstr(in.string()))) << "no path of the server's";
        EXPECT_TRUE(name.front() != '/' || answer.body.find("--lane-files") != std::string::npos);
      }
    }
    EXPECT_EQ(client_->get("/_mock/health").status, 200);
    EXPECT_FALSE(fs::exists(folder_.path() / "store" / "lanes" / "red"));
  }
}

TEST_F(LaneFiles, ContentIsTakenAndSurvivesARestart) {
  start();
  const json config{
      {"auth", "none"},
      {"users", json::array({one_user})},
      {"upload_configs", {{"dextesting_testevent1", stream_config("sender_id")}}},
      {"deliver", deliver_to("out")},
      {"profile", {{"name", "own"}, {"description", "d"}, {"system", "dex"}}},
      {"rules", json::array({{{"name", "busy"},
                              {"when", {{"method", "DELETE"}}},
                              {"then", {{"reply", {{"early", true}, {"status", 599}}}}}}})}};
  const auto opened = open("red", config);
  ASSERT_EQ(opened.status, 201) << opened.body;
  EXPECT_THAT(opened.body, Not(HasSubstr("hush-hush")));
  const auto kept = folder_.path() / "store" / "lanes" / "red";
  EXPECT_EQ(fs::status(kept / "lane.json").permissions(),
            fs::perms::owner_read | fs::perms::owner_write)
      << "it holds passwords";
  for (const bool again : {false, true}) {
    if (again) start();
    EXPECT_EQ(log_in("red", "hush-hush"), 200) << again;
    EXPECT_EQ(log_in("red", "demo"), 400) << again;
    EXPECT_EQ(client_->remove("/_lane/red/files/x").status, 599) << again;
    const auto created = upload("red");
    ASSERT_EQ(created.status, 201) << created.body;
    EXPECT_TRUE(appears(kept / "deliveries" / "out", "hello")) << again;
    fs::remove_all(kept / "deliveries");
    const auto shown = client_->get("/_mock/lanes/red");
    EXPECT_THAT(shown.body, Not(HasSubstr("hush-hush")));
    EXPECT_EQ(shown.json.at("config").at("profile").at("name"), "own") << shown.body;
  }
}

// A lane that was opened without a limit once came back with the limit of the main lane.
TEST_F(LaneFiles, WhatALaneIsWithoutItIsWithoutBehindARestart) {
  for (const bool again : {false, true}) {
    start({"--max-size", "1MiB"});
    const auto opened = open("red", {{"max_size", nullptr}});
    EXPECT_EQ(opened.status, again ? 409 : 201) << opened.body;
    const auto shown = client_->get("/_mock/lanes/red");
    EXPECT_FALSE(shown.json.at("config").contains("max_size")) << again;
    EXPECT_EQ(client_->get("/_mock/lanes").json.at("lanes").at(0).at("config").at("max_size"),
              1 << 20);
  }
}

TEST_F(LaneFiles, TextIsTakenAsADeliverDocument) {
  start();
  const auto opened = open("red", {{"deliver",
                                    "targets:\n  out: {name: out, type: file, path: out}\n"
                                    "routing_groups:\n- data_stream_id: dextesting\n"
                                    "  data_stream_route: testevent1\n"
                                    "  delivery_targets: [{name: out}]\n"}});
  ASSERT_EQ(opened.status, 201) << opened.body;
  EXPECT_EQ(upload("red").status, 201);
  EXPECT_TRUE(appears(folder_.path() / "store" / "lanes" / "red" / "deliveries" / "out", "hello"));
}

TEST_F(LaneFiles, ContentThatIsWrongIsNamedByItsKey) {
  start();
  for (const auto& [config, says] : std::vector<std::pair<json, std::string>>{
           {{{"users", json::array({{{"username", "x"}}})}}, "users"},
           {{{"users", {{"users", json::array()}}}}, "users"},
           {{{"users", 7}}, "users"},
           {{{"upload_configs", {{"noroute", stream_config("a")}}}}, "upload_configs"},
           {{{"upload_configs", {{"../a_b", stream_config("a")}}}}, "upload_configs"},
           {{{"upload_configs", {{"a_b", {{"metadata_config", 1}}}}}}, "a_b"},
           {{{"deliver", {{"targets", 1}}}}, "deliver"},
           {{{"deliver", "a: [\n"}}, "deliver"},
           {{{"profile", {{"name", "x"}}}}, "profile"},
           {{{"rules", json::array({json::object()})}}, "rules[0]"}}) {
    const auto answer = open("red", config);
    EXPECT_EQ(answer.status, 400) << config;
    EXPECT_THAT(answer.json.value("error", ""), HasSubstr(says)) << config;
  }
}

TEST_F(LaneFiles, DeliveriesStayInTheLanesOwnFolder) {
  start();
  const auto outside = folder_.path() / "outside";
  for (const std::string& path : {outside.string(), std::string("../../out"), std::string(".."),
                                  std::string("a/../../b"), std::string("/"), std::string(".")}) {
    const auto answer = open("red", {{"deliver", deliver_to(path)}});
    EXPECT_EQ(answer.status, 400) << path;
    EXPECT_THAT(answer.body, HasSubstr("own folder")) << path;
  }
  EXPECT_FALSE(fs::exists(outside));
  // The server's environment is not looked up for ${HOME} in what a client sends.
  auto curious = deliver_to("out");
  curious["targets"]["out"]["name"] = "home${HOME}";
  curious["routing_groups"] = json::array();
  ASSERT_EQ(open("red", {{"deliver", curious}}).status, 201);
  EXPECT_THAT(client_->get("/_lane/red/health").body, HasSubstr("Target home\""));
}

json deliver_to_bucket() {
  auto config = deliver_to("out");
  config["targets"]["out"] = {{"name", "out"}, {"type", "s3"}, {"bucket_name", "out"}};
  return config;
}

TEST_F(LaneFiles, BucketsAreFoldersOfTheLaneUnderADeliverRoot) {
  start();
  const auto none = open("red", {{"deliver", deliver_to_bucket()}});
  EXPECT_EQ(none.status, 400);
  EXPECT_THAT(none.body, HasSubstr("--deliver-root"));
  for (const std::string root : {"/tmp", "../x", ".", ""}) {
    const auto answer = open("red", {{"deliver", deliver_to_bucket()}, {"deliver_root", root}});
    EXPECT_EQ(answer.status, 400) << root;
    EXPECT_THAT(answer.body, HasSubstr("deliver_root")) << root;
  }
  const auto opened = open("red", {{"deliver", deliver_to_bucket()}, {"deliver_root", "by/name"}});
  ASSERT_EQ(opened.status, 201) << opened.body;
  const auto kept = folder_.path() / "store" / "lanes" / "red" / "deliveries";
  for (const bool again : {false, true}) {
    if (again) start();
    EXPECT_EQ(client_->get("/_mock/lanes/red").json.at("config").at("deliver_root"), "by/name");
    ASSERT_EQ(upload("red").status, 201);
    EXPECT_TRUE(appears(kept / "by" / "name" / "out", "hello")) << again;
    fs::remove_all(kept);
  }
}

TEST_F(LaneFiles, TheServersDeliverRootHoldsNothingThatARequestConfigured) {
  const auto root = folder_.path() / "root";
  start({"--deliver-root", root.string()});
  ASSERT_EQ(open("red", {{"deliver", deliver_to_bucket()}}).status, 201);
  ASSERT_EQ(upload("red").status, 201);
  EXPECT_TRUE(appears(folder_.path() / "store" / "lanes" / "red" / "deliveries" / "out", "hello"));
  EXPECT_FALSE(fs::exists(root));
  ASSERT_EQ(open("blue", json::object()).status, 201);
  ASSERT_EQ(upload("blue").status, 201);
  EXPECT_TRUE(appears(root / "edav", "hello")) << "configured by the command line";
}

TEST_F(LaneFiles, TheCommandLineDeliversToBucketsUnderItsRoot) {
  auto config = deliver_to_bucket();
  config["targets"]["blob"] = {{"type", "az-blob"}, {"container_name", "$NOT_SET"}};
  config["routing_groups"].push_back(config["routing_groups"][0]);
  config["routing_groups"][1]["delivery_targets"] =
      json::array({{{"name", "out"}}, {{"name", "blob"}}});
  const auto file = folder_.write("deliver.yml", config.dump(1));
  const auto refused = testkit::run({DEX_MOCK_SERVER, "--listen", "127.0.0.1:0", "--store",
                                     (folder_.path() / "s").string(), "--deliver", file});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("--deliver-root DIR"));
  EXPECT_EQ(std::count(refused.err.begin(), refused.err.end(), '\n'), 1) << refused.err;

  const auto root = folder_.path() / "root";
  Mock mock({"--store", "memory", "--deliver", file, "--deliver-root", root.string()});
  ControlClient client(mock.url());
  const auto created = client.send("POST", "/files",
                                   {{"Tus-Resumable", "1.0.0"},
                                    {"Upload-Length", "5"},
                                    {"Upload-Metadata", manifest},
                                    {"Content-Type", "application/offset+octet-stream"}},
                                   "hello");
  ASSERT_EQ(created.status, 201) << created.body;
  EXPECT_TRUE(appears(root / "out", "hello"));
  EXPECT_TRUE(appears(root / "blob", "hello")) << "the second group of the stream is the one";
  const auto health = client.get("/health").body;
  EXPECT_THAT(health, HasSubstr("S3 deliver target out"));
  EXPECT_THAT(health, HasSubstr("Azure deliver target blob"));
}

TEST_F(LaneFiles, WithoutAFolderThereIsNowhereToDeliverTo) {
  Mock mock({"--profile", "dex", "--store", "memory"});
  ControlClient client(mock.url());
  const auto answer = client.put("/_mock/lanes/red", json{{"deliver", deliver_to("out")}}.dump());
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.body, HasSubstr("--store"));
}

TEST_F(LaneFiles, NamesInsideTheFolderAreLookedUpThere) {
  const auto in = folder_.path() / "in";
  folder_.write("in/users.json", json{{"users", json::array({one_user})}}.dump());
  folder_.write("in/configs/dextesting_testevent1.json", stream_config("never_sent").dump());
  folder_.write("in/more/deliver.yml", deliver_to("out").dump());
  folder_.write("in/profile.json",
                json{{"name", "own"}, {"description", "d"}, {"system", "dex"}}.dump());
  folder_.write("in/rule.json", json{{"when", {{"method", "DELETE"}}},
                                     {"then", {{"reply", {{"early", true}, {"status", 599}}}}}}
                                    .dump());
  const json config{{"users", "users.json"},
                    {"upload_configs", "configs"},
                    {"deliver", "more/deliver.yml"},
                    {"profile", "profile.json"},
                    {"rules", json::array({"rule.json"})}};
  start({"--lane-files", in.string()});
  const auto opened = open("red", config);
  ASSERT_EQ(opened.status, 201) << opened.body;
  for (const auto& [key, value] : config.items()) {
    EXPECT_EQ(opened.json.at("config").at(key), value) << "shown as it was said";
  }
  for (const bool again : {false, true}) {
    if (again) start({"--lane-files", in.string()});
    EXPECT_EQ(log_in("red", "hush-hush"), 200) << again;
    EXPECT_EQ(client_->remove("/_lane/red/files/x").status, 599) << again;
    EXPECT_THAT(upload("red").body, HasSubstr("never_sent")) << again;
  }
  start();
  EXPECT_EQ(client_->get("/_mock/lanes/red").status, 404) << "it cannot be opened without them";
}

TEST_F(LaneFiles, WhatIsWrongInsideAFileStaysInTheLog) {
  const auto in = folder_.path() / "in";
  start({"--lane-files", (fs::create_directory(in), in.string())});
  for (const auto& key : keys) {
    const auto name = key + ".json";
    for (const std::string text : {"marker-in-a-file: 1", R"({"marker-in-a-file": 1})",
                                   R"({"targets": {"x": {"type": "marker-in-a-file"}}})"}) {
      folder_.write("in/" + name, text);
      folder_.write("in/folder/a_b.json", text);
      const auto answer = open("red", naming(key, key == "upload_configs" ? "folder" : name));
      EXPECT_EQ(answer.status, 400) << key;
      EXPECT_THAT(answer.body, Not(HasSubstr("marker-in"))) << key;
      EXPECT_THAT(answer.body, HasSubstr("the log of the server")) << key << answer.body;
    }
  }
  EXPECT_EQ(client_->get("/_mock/lanes/red").status, 404);
}

TEST_F(LaneFiles, WhatTheServerWasStartedWithIsReadOnceAndMayBeNamedAgain) {
  // A shell's <(...) is a pipe, which can be read only once.
  const auto script = fmt::format(
      "exec '{}' --listen 127.0.0.1:0 --store memory --profile tus --users "
      "<(echo '{}')",
      DEX_MOCK_SERVER, json{{"users", json::array({one_user})}}.dump());
  testkit::ChildProcess mock({"bash", "-c", script});
  client_ = std::make_unique<ControlClient>(mock.wait_ready());
  EXPECT_EQ(log_in("blue", "hush-hush"), 200) << "a lane that a request names";
  const auto opened = open("red", {{"max_size", 5}});
  ASSERT_EQ(opened.status, 201) << opened.body;
  EXPECT_EQ(log_in("red", "hush-hush"), 200);
  const auto& users = opened.json.at("config").at("users");
  EXPECT_EQ(open("green", {{"users", users}}).status, 201) << users;
  EXPECT_EQ(log_in("green", "hush-hush"), 200);
}

TEST_F(LaneFiles, FilesOfTheCommandLineStillNameWhateverTheyLike) {
  const auto users = folder_.write("users.json", json{{"users", json::array({one_user})}}.dump());
  const auto outside = (folder_.path() / "outside").string();
  const auto deliver = folder_.write("deliver.yml", deliver_to(outside).dump());
  const auto lane = folder_.write("lane.json", json{{"users", users}, {"deliver", deliver}}.dump());
  // As version 0.1.0 stored the configuration of a lane that was opened by PUT.
  folder_.write("store/lanes/old/lane.json", json{{"users", users}}.dump());
  start({"--lane", "red=" + lane});
  EXPECT_EQ(log_in("red", "hush-hush"), 200);
  EXPECT_EQ(log_in("old", "hush-hush"), 200);
  EXPECT_EQ(upload("red").status, 201);
  EXPECT_TRUE(appears(outside, "hello"));
}

TEST(InputsThatNeverEnd, AreOneClearLine) {
  const testkit::TempFolder folder;
  const auto pipe = (folder.path() / "pipe.json").string();
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  fs::create_symlink("/dev/zero", folder.path() / "zero.json");
  const auto zero = (folder.path() / "zero.json").string();
  for (const std::string flag : {"--users", "--rules", "--deliver", "--profile", "--lane"}) {
    for (const auto& file : {pipe, zero}) {
      const auto ended = testkit::run({DEX_MOCK_SERVER, "--listen", "127.0.0.1:0", "--store",
                                       "memory", flag, (flag == "--lane" ? "red=" : "") + file});
      EXPECT_EQ(ended.exit_code, 2) << flag << " " << file;
      EXPECT_THAT(ended.err, HasSubstr(file));
      EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 1) << ended.err;
    }
  }
}

}  // namespace
