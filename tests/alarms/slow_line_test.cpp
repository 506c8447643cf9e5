// The lines themselves, and how the transport copes with a slow one.
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>

#include "control_client.hpp"
#include "line.hpp"
#include "programs.hpp"
#include "testkit/temp_folder.hpp"
#include "transport/client.hpp"
#include "transport/raw_connection.hpp"
#include "transport/slow_line.hpp"
#include "ways.hpp"

namespace {

using namespace std::chrono_literals;
using programs::Mock;
using programs::payload;
using Clock = std::chrono::steady_clock;

Mock memory_server() { return Mock({"--profile", "tus", "--store", "memory"}); }

std::unique_ptr<alarms::Way> before(const Mock& mock, const std::string& pace) {
  return alarms::stand_before(mock.url().substr(7), pace);
}

/// One PATCH with all the bytes of a new upload.
transport::Request patch(const std::string& url, std::string bytes) {
  programs::ControlClient client(url);
  transport::Request request;
  request.method = "PATCH";
  request.url = client.create(bytes.size());
  request.headers = {{"Tus-Resumable", "1.0.0"},
                     {"Upload-Offset", "0"},
                     {"Content-Type", "application/offset+octet-stream"}};
  request.body = std::move(bytes);
  return request;
}

TEST(SlowLine, CarriesEveryByteInItsOrder) {
  auto mock = memory_server();
  for (const auto& pace : alarms::paces()) {
    const auto line = before(mock, std::string(pace.name));
    programs::ControlClient client(line->url());
    const auto bytes = payload(1, 20'011);
    const auto url = client.create(bytes.size());
    EXPECT_EQ(client.patch(url, 0, bytes).status, 204) << pace.name;
    EXPECT_TRUE(client.get(url).body == bytes) << pace.name;
  }
}

/// A server that answers early and closes resets the connection when more of the body arrives.
TEST(SlowLine, CarriesAnAnswerThatAResetFollows) {
  const testkit::TempFolder folder;
  const auto rules = folder.write("rules.json", R"({"when": {"method": "PATCH"}, "then": {
      "reply": {"early": true, "status": 403, "body": ")" +
                                                    std::string(800, 'x') + R"("},
      "socket": "fin"}})");
  const Mock mock({"--profile", "tus", "--store", "memory", "--rules", rules});
  for (const auto& pace : alarms::paces()) {
    const auto line = before(mock, std::string(pace.name));
    const auto request = patch(line->url(), "bytes");
    for (int i = 0; i < 10; ++i) {
      transport::Client client({});
      const auto seen = client.send(request);
      ASSERT_TRUE(seen.response) << pace.name << ": " << seen.failure->message;
      EXPECT_EQ(seen.response->status, 403) << pace.name;
      EXPECT_EQ(seen.response->body.size(), 800U) << pace.name;
    }
  }
}

TEST(SlowLine, AnExchangeLastsWhileBytesMove) {
  auto mock = memory_server();
  const auto line = before(mock, "dribble");
  auto request = patch(line->url(), payload(1, 45'000));
  request.timeout = 3s;
  transport::Client client({});
  const auto cut = client.send(request);
  ASSERT_TRUE(cut.failure) << "it has to take longer than its timeout";

  request = patch(line->url(), payload(2, 45'000));
  request.timeout = 3s;
  const transport::SlowLine allowed(Clock::now() + 60s);
  const auto sent = client.send(request);
  ASSERT_TRUE(sent.response) << sent.failure->message;
  EXPECT_EQ(sent.response->status, 204);
  EXPECT_GT(sent.timings.total, 3s);
  EXPECT_FALSE(allowed.met());
}

TEST(SlowLine, ABodyThatCannotBeThroughIsGivenUpEarly) {
  auto mock = memory_server();
  const auto line = before(mock, "dribble");
  auto request = patch(line->url(), payload(1, 3'000'000));
  const transport::SlowLine allowed(Clock::now() + 60s);
  transport::Client client({});
  const auto begun = Clock::now();
  const auto seen = client.send(request);
  ASSERT_TRUE(seen.failure);
  EXPECT_EQ(seen.failure->kind, transport::Failure::Kind::timeout);
  EXPECT_TRUE(allowed.met()) << seen.failure->message;
  EXPECT_LT(Clock::now() - begun, 30s);
}

TEST(SlowLine, ADownloadThatIsNotThroughInTimeMetASlowLine) {
  auto mock = memory_server();
  programs::ControlClient near(mock.url());
  const auto bytes = payload(1, 45'000);
  const auto url = near.create(bytes.size());
  ASSERT_EQ(near.patch(url, 0, bytes).status, 204);
  const auto line = before(mock, "dribble");
  transport::Request request;
  request.method = "GET";
  request.url = line->url() + url.substr(mock.url().size());
  transport::Client client({});
  const transport::SlowLine allowed(Clock::now() + 1s);
  const auto seen = client.send(request);
  ASSERT_TRUE(seen.failure);
  EXPECT_EQ(seen.failure->kind, transport::Failure::Kind::timeout);
  EXPECT_TRUE(allowed.met()) << seen.failure->message;
}

TEST(SlowLine, ARawAnswerIsWaitedForWhileItsRequestMoves) {
  auto mock = memory_server();
  const auto line = before(mock, "dribble");
  const auto request = patch(line->url(), payload(1, 45'000));
  auto fields = request.headers;
  fields.add("Host", line->url().substr(7));
  fields.add("Content-Length", "45000");
  const auto path = request.url.substr(line->url().size());
  const auto head = transport::request_head("PATCH", path, fields);
  auto connection = transport::RawConnection::open(line->url(), {}, 10s);
  ASSERT_TRUE(connection);
  const transport::SlowLine allowed(Clock::now() + 60s);
  ASSERT_TRUE(connection->send(head + *request.body, 3s));
  const auto read = connection->read_response(3s);
  ASSERT_TRUE(read.response);
  EXPECT_EQ(read.response->status, 204);
  // Nothing moves now, so the timeout of a read is not extended.
  const auto begun = Clock::now();
  EXPECT_EQ(connection->read_response(200ms).seen, transport::RawConnection::Seen::timeout);
  EXPECT_LT(Clock::now() - begun, 5s);
}

}  // namespace
