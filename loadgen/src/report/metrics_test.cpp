#include "report/metrics.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "testkit/exposition.hpp"

namespace loadgen {
namespace {
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

TEST(RunMetrics, AreAnExpositionWhateverGroupsAreCalled) {
  Scenario scenario;
  scenario.groups.resize(2);
  scenario.groups[0].name = "labs";
  scenario.groups[1].name = "a \"quoted\\\n one";
  Progress progress(2);
  progress.groups[0].started = 7;
  progress.groups[0].in_flight = 3;
  progress.sent_bytes = 1000;
  RunMetrics metrics(progress, scenario);
  metrics.begun("0123456789ab");
  UploadResult upload;
  upload.intended = Time{} + 1s;
  metrics.ended(upload);  // without an end
  upload.ended = Time{} + 1300ms;
  metrics.ended(upload);
  const auto read = testkit::parse_exposition(metrics.text());
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->at("dex_loadgen_uploads_started_total")
                .samples.at("dex_loadgen_uploads_started_total{group=\"labs\"}"),
            7);
  EXPECT_EQ(read->at("dex_loadgen_sent_bytes_total").type, "counter");
  const auto& durations = read->at("dex_loadgen_upload_duration_seconds").samples;
  EXPECT_EQ(durations.at("dex_loadgen_upload_duration_seconds_bucket{le=\"0.25\"}"), 0);
  EXPECT_EQ(durations.at("dex_loadgen_upload_duration_seconds_bucket{le=\"0.5\"}"), 1);
  EXPECT_NEAR(durations.at("dex_loadgen_upload_duration_seconds_sum"), 0.3, 1e-9);
}

int connection_to(const std::string& url) {
  const auto colon = url.rfind(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(url.substr(colon + 1))));
  ::inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
  return fd;
}

std::string answer_to(const std::string& url, const std::string& request) {
  const int fd = connection_to(url);
  EXPECT_EQ(::send(fd, request.data(), request.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(request.size()));
  std::string all;
  char piece[4096];
  for (ssize_t count = 0; (count = ::recv(fd, piece, sizeof piece, 0)) > 0;) {
    all.append(piece, static_cast<std::size_t>(count));
  }
  ::close(fd);
  return all;
}

TEST(MetricsServer, AnswersWhoAsksAndWaitsForNobody) {
  auto server = MetricsServer::open("0", [] { return std::string("x 1\n"); });
  ASSERT_TRUE(server) << server.error().line();
  const std::string& url = (*server)->url();
  EXPECT_THAT(url, StartsWith("http://127.0.0.1:"));
  EXPECT_THAT(
      answer_to(url, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"),
      testing::AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), testing::EndsWith("\r\n\r\nx 1\n")));
  EXPECT_THAT(answer_to(url, "HEAD /metrics HTTP/1.1\r\n\r\n"), testing::EndsWith("close\r\n\r\n"));
  EXPECT_THAT(answer_to(url, "GET /etc/passwd HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(answer_to(url, "POST /metrics HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(
      MetricsServer::open(url.substr(url.rfind(':') + 1, url.rfind('/') - url.rfind(':') - 1),
                          [] { return std::string(); })
          .error()
          .line(),
      HasSubstr("--metrics"))
      << "somebody has it";
  const int silent = connection_to(url);
  server->reset();  // while it is asked by somebody who says nothing
  ::close(silent);
}

}  // namespace
}  // namespace loadgen
