// Rules about numbers, rates, time and other uploads, as clients of the real program see them.
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "control_client.hpp"
#include "programs.hpp"
#include "testkit/temp_folder.hpp"
#include "transport/raw_connection.hpp"

namespace {

using namespace std::chrono_literals;
using programs::ControlClient;
using programs::Mock;
using transport::RawConnection;

constexpr Milliseconds patience = 30s;

/// Begins a PATCH of `length` bytes and sends the first of them.
RawConnection begin_patch(const Mock& mock, const std::string& url, std::size_t length,
                          const std::string& bytes) {
  auto connection = RawConnection::open(mock.url(), {}, patience).value();
  const auto head = transport::request_head("PATCH", "/files/" + ControlClient::id_of(url),
                                            {{"Host", "127.0.0.1"},
                                             {"Tus-Resumable", "1.0.0"},
                                             {"Upload-Offset", "0"},
                                             {"Content-Type", "application/offset+octet-stream"},
                                             {"Content-Length", std::to_string(length)}});
  EXPECT_TRUE(connection.send(head + bytes, patience));
  return connection;
}

class RuleConditions : public testing::Test {
 protected:
  void load(const std::string& rules) {
    EXPECT_EQ(client_.remove("/_mock/rules").status / 100, 2);
    const auto loaded = client_.post("/_mock/rules", rules);
    ASSERT_EQ(loaded.status / 100, 2) << loaded.body;
  }
  Mock mock_{{"--profile", "tus", "--store", "memory"}};
  ControlClient client_{mock_.url()};
};

TEST_F(RuleConditions, ARateTellsHowLongToWaitAndTheClockGetsOneThere) {
  load(R"({"when": {"route": "creation", "rate": {"above": 2, "in": "1m"}}, "then": {"reply":
    {"early": true, "status": 429, "headers": {"set": {"Retry-After": "{retry_after}"}}}}})");
  ASSERT_EQ(client_.post("/_mock/clock", R"({"freeze": true})").status, 200);
  const auto create = [&] {
    return client_.send("POST", "/files", {{"Tus-Resumable", "1.0.0"}, {"Upload-Length", "1"}});
  };
  EXPECT_EQ(create().status, 201);
  EXPECT_EQ(create().status, 201);
  const auto limited = create();
  EXPECT_EQ(limited.status, 429);
  EXPECT_EQ(limited.header("Retry-After"), "60");
  ASSERT_EQ(client_.post("/_mock/clock", R"({"advance": "60s"})").status, 200);
  EXPECT_EQ(create().status, 201);
}

TEST_F(RuleConditions, ChunksAtOnceAndOtherUploads) {
  load(R"({"rules": [
    {"when": {"method": "PATCH", "concurrent": {"above": 1}},
     "then": {"reply": {"early": true, "status": 503}}},
    {"when": {"method": "HEAD", "upload": {"others": {"locked": true}}},
     "then": {"reply": {"headers": {"set": {"X-Others": "locked"}}}}}]})");
  const auto first = client_.create(4);
  const auto second = client_.create(4);
  auto writer = begin_patch(mock_, first, 4, "ab");
  // When another upload sees this one locked, the server has begun with the PATCH.
  for (const auto until = std::chrono::steady_clock::now() + patience;
       client_.head(second).header("X-Others") != "locked";)
    ASSERT_LT(std::chrono::steady_clock::now(), until);
  EXPECT_EQ(client_.head(first).header("X-Others"), "");
  EXPECT_EQ(client_.patch(second, 0, "abcd").status, 503);
  ASSERT_TRUE(writer.send("cd", patience));
  const auto answer = writer.read_response(patience);
  ASSERT_TRUE(answer.response.has_value());
  EXPECT_EQ(answer.response->status, 204);
  EXPECT_EQ(client_.patch(second, 0, "abcd").status, 204);
  EXPECT_EQ(client_.head(second).header("X-Others"), "");
}

TEST_F(RuleConditions, ABodyThatLastsIsAnsweredOrCut) {
  load(R"({"rules": [
    {"when": {"body_lasts": "100ms", "headers": {"Content-Length": {"below": 10}}},
     "then": {"reply": {"early": true, "status": 408}, "socket": "fin"}},
    {"when": {"body_lasts": "100ms"}, "then": {"socket": "rst"}}]})");
  const auto upload = client_.create(100);
  const auto answer = begin_patch(mock_, upload, 9, "ab").read_response(patience);
  ASSERT_TRUE(answer.response.has_value());
  EXPECT_EQ(answer.response->status, 408);
  EXPECT_EQ(client_.head(upload).header("Upload-Offset"), "2");
  EXPECT_EQ(begin_patch(mock_, client_.create(100), 10, "").wait_for_close(patience),
            RawConnection::Seen::reset);
}

TEST_F(RuleConditions, ThePlaceOnAConnectionAndTheSpellingOfAHeader) {
  load(R"({"rules": [
    {"when": {"on_connection": {"nth": 2}, "http_version": "1.1", "spelled": {"x-lower": true}},
     "then": {"reply": {"status": 418}}},
    {"when": {"on_connection": {"nth": 3}}, "then": {"socket": {"end": "rst", "at": "before"}}}]})");
  auto connection = RawConnection::open(mock_.url(), {}, patience).value();
  const auto status = [&](const char* name) {
    const auto sent = connection.send(
        transport::request_head("GET", "/health", {{"Host", "h"}, {name, "1"}}), patience);
    const auto read = connection.read_response(patience);
    return sent && read.response ? read.response->status : 0;
  };
  EXPECT_NE(status("x-lower"), 418);
  EXPECT_EQ(status("x-lower"), 418);
  EXPECT_EQ(status("x-lower"), 0);
  connection = RawConnection::open(mock_.url(), {}, patience).value();
  EXPECT_NE(status("X-Lower"), 418);
  EXPECT_NE(status("X-Lower"), 418);
}

TEST_F(RuleConditions, ATypoIsToldByNameWithTheNearestKey) {
  const auto refused = [&](const char* when) {
    const auto answer = client_.post(
        "/_mock/rules", std::string(R"({"when": )") + when + R"(, "then": {"socket": "rst"}})");
    EXPECT_EQ(answer.status, 400);
    return answer.body;
  };
  for (const auto& [when, nearest] : std::vector<std::pair<const char*, const char*>>{
           {R"({"rat": {"above": 1, "in": "1s"}})", "did you mean rate?"},
           {R"({"headers": {"Content-Length": {"mutliple_of": 4}}})", "did you mean multiple_of?"},
           {R"({"upload": {"others": {"marked_": "x"}}})", "did you mean marked?"},
           {R"({"on_connection": {"idle_fro": "1s"}})", "did you mean idle_for?"},
       })
    EXPECT_NE(refused(when).find(nearest), std::string::npos) << refused(when);
}

TEST(LastingRules, ALockAndAMarkOutliveTheServerAndALaneItsReset) {
  const testkit::TempFolder folder;
  const auto store = (folder.path() / "store").string();
  const std::string rules = (folder.path() / "rules.json").string();
  std::ofstream(rules) << R"({"rules": [
    {"when": {"event": "aborted"}, "then": {"upload": {"lock": "10m"}}, "sets": "cut",
     "survives_restart": true},
    {"when": {"method": "HEAD", "upload": {"locked": true}},
     "then": {"reply": {"headers": {"set": {"X-Cut": "yes"}}}}, "needs": "cut"}]})";
  const std::vector<std::string> arguments{"--profile", "tus", "--store", store, "--rules", rules};
  std::string id;
  {
    const Mock mock{arguments};
    ControlClient client{mock.url()};
    const auto upload = client.create(10);
    id = ControlClient::id_of(upload);
    begin_patch(mock, upload, 10, "abc").reset();
    for (const auto until = std::chrono::steady_clock::now() + patience;
         client.head(upload).header("X-Cut") != "yes";)
      ASSERT_LT(std::chrono::steady_clock::now(), until);
  }
  const Mock mock{arguments};
  ControlClient client{mock.url()};
  const auto upload = mock.url() + "/files/" + id;
  EXPECT_EQ(client.head(upload).header("X-Cut"), "yes");
  const auto offset = std::stoul(client.head(upload).header("Upload-Offset"));
  EXPECT_EQ(client.patch(upload, offset, "d").status, 423);
  EXPECT_EQ(client.post("/_mock/clock", R"({"advance": "11m"})").status, 200);
  EXPECT_EQ(client.patch(upload, offset, "d").status, 204);
}

}  // namespace
