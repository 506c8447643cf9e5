// What the log says of trouble at the default level: what happened, where, and how often.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include "control_client.hpp"
#include "programs.hpp"
#include "protocol/base64.hpp"
#include "testkit/temp_folder.hpp"
#include "transport/raw_connection.hpp"

namespace {

using programs::ControlClient;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::chrono::seconds patience{20};

/// A mock whose log goes to a file. `limit` is run in the shell before it starts, as "ulimit -n
/// 64".
class LoggedMock {
 public:
  LoggedMock(const testkit::TempFolder& folder, const std::vector<std::string>& arguments,
             const std::string& limit = "true")
      : log_((folder.path() / "log").string()),
        process_(started_by_shell(limit, arguments)),
        url_(process_.wait_ready()) {}

  [[nodiscard]] const std::string& url() const { return url_; }
  [[nodiscard]] std::string log() const { return testkit::read_file(log_); }
  /// Waits until the log holds `text`, and returns it; after `patience` returns what there is.
  [[nodiscard]] std::string log_with(const std::string& text) const {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (log().find(text) == std::string::npos && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    return log();
  }
  /// Stops the server and returns the log.
  [[nodiscard]] std::string whole_log() {
    process_.signal(SIGTERM);
    EXPECT_EQ(process_.wait().exit_code, 0);
    return log();
  }

 private:
  [[nodiscard]] std::vector<std::string> started_by_shell(
      const std::string& limit, const std::vector<std::string>& arguments) const {
    std::vector<std::string> command{
        "/bin/sh",  "-c",         limit + R"(; exec "$@" 2>"$0")", log_, DEX_MOCK_SERVER,
        "--listen", "127.0.0.1:0"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return command;
  }

  std::string log_;
  testkit::ChildProcess process_;
  std::string url_;
};

std::string encoded(const std::string& text) { return base64::encode(text); }

/// The manifest that DEX requires of a sender.
http::Fields manifest(const std::string& filename) {
  std::string metadata;
  for (const auto& [key, value] :
       std::vector<std::pair<std::string, std::string>>{{"version", "2.0"},
                                                        {"data_stream_id", "dextesting"},
                                                        {"data_stream_route", "testevent1"},
                                                        {"sender_id", "s3cret-sender"},
                                                        {"data_producer_id", "p"},
                                                        {"jurisdiction", "j"},
                                                        {"received_filename", filename}}) {
    metadata += (metadata.empty() ? "" : ",") + key + " " + encoded(value);
  }
  return {{"Upload-Metadata", metadata}};
}

TEST(Log, TellsEachRuleThatFiresWithUploadAndLane) {
  const testkit::TempFolder folder;
  LoggedMock mock(folder, {"--profile", "tus", "--store", "memory"});
  ControlClient client(mock.url());
  client.put("/_mock/lanes/blue");
  client.post("/_lane/blue/_mock/rules",
              R"({"name": "slow-ack", "when": {"method": "PATCH"},
                  "then": {"pace": {"reply": "1ms"}}})");
  const auto upload = client.create(3, {}, "/_lane/blue");
  EXPECT_EQ(client.patch(upload, 0, "abc").status, 204);
  EXPECT_THAT(mock.whole_log(), HasSubstr("info rule slow-ack fired, upload " +
                                          ControlClient::id_of(upload) + ", lane blue\n"));
}

TEST(Log, TellsWhatIsRefusedAndNothingOfWhatGoesWell) {
  const testkit::TempFolder folder;
  LoggedMock mock(folder, {"--profile", "tus", "--store", "memory"});
  ControlClient client(mock.url());
  const auto upload = client.create(3);
  EXPECT_EQ(client.patch(upload, 0, "abc").status, 204);
  EXPECT_EQ(client.head(upload).status, 200);
  EXPECT_EQ(client.patch(upload, 1, "x").status, 409);
  EXPECT_EQ(client.send("GET", "/no%0asuch/thing?password=s3cret").status, 404);
  const auto log = mock.whole_log();
  EXPECT_THAT(log, ContainsRegex("info 127.0.0.1:[0-9]+ PATCH /files/" +
                                 ControlClient::id_of(upload) + " 409 0 B in [0-9]+ ms\n"));
  EXPECT_THAT(log, HasSubstr(" GET /no%0asuch/thing 404 "));
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 2) << log;
}

TEST(Log, CountsAStormInsteadOfTellingAllOfIt) {
  const testkit::TempFolder folder;
  LoggedMock mock(folder, {"--profile", "tus", "--store", "memory"});
  ControlClient client(mock.url());
  constexpr int asked = 300;
  for (int i = 0; i < asked; ++i) EXPECT_EQ(client.head("/files/none").status, 404);
  int told = 0;
  int counted = 0;
  std::istringstream log(mock.whole_log());
  for (std::string line; std::getline(log, line);) {
    std::smatch more;
    if (std::regex_search(line, more, std::regex("and ([0-9]+) more of this kind .*404"))) {
      counted += std::stoi(more[1]);
    } else {
      ++told;
    }
  }
  EXPECT_EQ(told + counted, asked);
  EXPECT_GE(told, 10);
  EXPECT_GT(counted, 0) << "300 of them took half a minute?";
}

TEST(Log, TellsThatTheStoreIsFull) {
  const testkit::TempFolder folder;
  // A limit on the size of files stands in for a full disk.
  LoggedMock mock(folder, {"--profile", "tus", "--store", (folder.path() / "store").string()},
                  "ulimit -f 64");
  ControlClient client(mock.url());
  const auto upload = client.create(1 << 20);
  EXPECT_EQ(client.patch(upload, 0, std::string(1 << 20, 'x')).status, 507);
  const auto log = mock.whole_log();
  EXPECT_THAT(log, ContainsRegex("warning the store has no space left: [a-zA-Z: ]+, upload " +
                                 ControlClient::id_of(upload) + "\n"));
  EXPECT_THAT(log, ContainsRegex("info [0-9.:]+ PATCH /files/[0-9a-z-]+ 507 "));
}

TEST(Log, SaysWhatToDoWhenDescriptorsRunOut) {
#if defined(__SANITIZE_ADDRESS__)
  // UBSan checks memory by writing it to a pipe, and reports an error when it gets no descriptor.
  GTEST_SKIP() << "the sanitizers need descriptors themselves";
#endif
  const testkit::TempFolder folder;
  LoggedMock mock(folder, {"--profile", "tus", "--store", "memory"}, "ulimit -n 64");
  std::vector<transport::RawConnection> open;
  for (int i = 0; i < 100; ++i) {
    auto connection = transport::RawConnection::open(mock.url(), {}, patience);
    ASSERT_TRUE(connection) << connection.error().line();
    open.push_back(*std::move(connection));
  }
  EXPECT_THAT(mock.log_with("connections wait"),
              HasSubstr("warning connections wait: all 64 file descriptors are in use; raise "
                        "'ulimit -n' before the start, or open fewer\n"));
  open.clear();
  ControlClient client(mock.url());
  EXPECT_EQ(client.head("/files/none").status, 404) << "served again";
}

TEST(Log, TellsWhatIsDamaged) {
  const testkit::TempFolder folder;
  const auto store = (folder.path() / "store").string();
  std::string upload;
  {
    programs::Mock mock({"--profile", "tus", "--store", store});
    upload = ControlClient::id_of(ControlClient(mock.url()).create(3));
  }
  folder.write("store/" + upload + ".info", R"({"ID": "s3cret)");
  LoggedMock mock(folder, {"--profile", "tus", "--store", store});
  EXPECT_EQ(ControlClient(mock.url()).head("/files/" + upload).status, 404);
  const auto log = mock.whole_log();
  EXPECT_THAT(log,
              HasSubstr("warning " + store + "/" + upload + ".info: damaged (not whole JSON)"));
  EXPECT_THAT(log, Not(HasSubstr("s3cret")));
}

TEST(Log, TellsEachDeliveryThatFailsWithoutTheSendersNames) {
  const testkit::TempFolder folder;
  folder.write("in-the-way", "");
  const auto config = folder.write(
      "deliver.yml", fmt::format("targets:\n  broken: {{type: file, path: '{}'}}\n"
                                 "routing_groups:\n  - data_stream_id: dextesting\n"
                                 "    data_stream_route: testevent1\n    delivery_targets:\n"
                                 "      - {{name: broken, path_template: '{{{{.Filename}}}}'}}\n",
                                 (folder.path() / "in-the-way/below").string()));
  LoggedMock mock(folder, {"--store", (folder.path() / "store").string(), "--deliver", config});
  ControlClient client(mock.url());
  const auto upload = client.create(3, manifest("s3cret-patient.csv"));
  EXPECT_EQ(client.patch(upload, 0, "abc").status, 204);
  const auto log = mock.log_with(", 0 left");
  for (int attempt = 1; attempt <= 4; ++attempt) {
    EXPECT_THAT(log, ContainsRegex(fmt::format(
                         "warning delivery to broken failed in attempt {}, {} left: [^/]+, "
                         "upload {}\n",
                         attempt, 4 - attempt, ControlClient::id_of(upload))));
  }
  EXPECT_THAT(log, Not(HasSubstr("s3cret")));
}

TEST(Log, HoldsNoValueThatAClientSent) {
  for (const char* level : {"info", "debug"}) {
    const testkit::TempFolder folder;
    LoggedMock mock(folder, {"--auth", "jwt", "--store", (folder.path() / "store").string(),
                             "--log-level", level});
    ControlClient client(mock.url());
    const auto with_token = [](http::Fields fields, const std::string& token) {
      fields.add("Authorization", "Bearer " + token);
      return fields;
    };
    const auto token = client.post("/_mock/tokens", R"({"username": "demo"})")
                           .json.at("access_token")
                           .get<std::string>();
    const auto upload = client.create(3, with_token(manifest("s3cret.csv"), token));
    client.patch(upload, 2, "s3c", with_token({}, token));
    client.patch(upload, 0, "s3c", with_token({}, "s3cret-token"));
    client.send("POST", "/files?access_token=s3cret-token", {{"Cookie", "token=s3cret-cookie"}});
    client.send("POST", "/oauth", {{"Content-Type", "application/x-www-form-urlencoded"}},
                "username=demo&password=s3cret-password");
    client.send("GET", "/oauth?username=demo&password=s3cret-password");
    auto refused = manifest("s3cret/../name.csv");
    refused.set("Upload-Concat", "final;s3cret-part");
    refused.set("X-Dex-Lane", "s3cret lane");
    client.send("POST", "/files", with_token(std::move(refused), token));
    const auto log = mock.whole_log();
    EXPECT_THAT(log, HasSubstr(" 401 ")) << "something was refused";
    for (const std::string& marker :
         {std::string("s3cret"), token, encoded("s3cret.csv"), encoded("s3cret-sender")}) {
      EXPECT_THAT(log, Not(HasSubstr(marker)));
    }
  }
}

TEST(Log, ThatNobodyReadsStopsNothing) {
  // A pipe holds 64 KiB, and each line has more than 60 bytes, so the pipe gets full.
  programs::Mock mock({"--profile", "tus", "--store", "memory", "--log-level", "debug"});
  ControlClient client(mock.url());
  for (int i = 0; i < 1500; ++i) ASSERT_EQ(client.head("/files/none").status, 404) << i;
  auto& process = mock.process();
  EXPECT_ANY_THROW(process.wait_line("no such line", std::chrono::milliseconds{200}))
      << "but it read what was there";
  EXPECT_EQ(client.head("/files/none").status, 404);
  process.signal(SIGTERM);
  EXPECT_EQ(process.wait().exit_code, 0);
  EXPECT_THAT(process.err(), ContainsRegex("warning [0-9]+ lines were not written: nobody read the "
                                           "log\n"));
}

}  // namespace
