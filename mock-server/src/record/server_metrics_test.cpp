#include "record/server_metrics.hpp"

#include <gtest/gtest.h>

#include "record/test_record.hpp"
#include "testkit/exposition.hpp"

namespace mock {
namespace {

using test::Exchanged;

std::map<std::string, testkit::MetricFamily> read(const ServerMetrics& metrics) {
  auto families = testkit::parse_exposition(metrics.text());
  EXPECT_TRUE(families) << families.error() << "\n" << metrics.text();
  return families ? *families : std::map<std::string, testkit::MetricFamily>();
}

TEST(ServerMetrics, CountsByRouteMethodAndStatus) {
  ServerMetrics metrics;
  Exchanged{.fired = {"lost-ack", "slow"}, .received = 7}.tell(metrics);
  Exchanged{.status = 0, .aborted = true}.tell(metrics);
  Exchanged{.method = "GET", .path = "/_mock/rules", .status = 200}.tell(metrics);
  const auto families = read(metrics);
  const auto& requests = families.at("dex_mock_requests_total").samples;
  EXPECT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests.at(R"(dex_mock_requests_total{method="PATCH",route="upload",status="204"})"),
            1);
  EXPECT_EQ(requests.at(R"(dex_mock_requests_total{method="PATCH",route="upload",status="none"})"),
            1);
  EXPECT_EQ(
      families.at("dex_mock_faults_total").samples.at(R"(dex_mock_faults_total{rule="slow"})"), 1);
  EXPECT_EQ(
      families.at("dex_mock_received_bytes_total").samples.at("dex_mock_received_bytes_total"), 7);
  EXPECT_EQ(families.at("dex_mock_sent_bytes_total").samples.at("dex_mock_sent_bytes_total"), 200);
  EXPECT_EQ(families.at("dex_mock_request_duration_seconds")
                .samples.at(R"(dex_mock_request_duration_seconds_sum{route="upload"})"),
            0.003);
}

TEST(ServerMetrics, ClientsCannotMakeUpSeries) {
  ServerMetrics metrics;
  for (int i = 0; i < 2000; ++i) {
    Exchanged{.method = "M" + std::to_string(i),
              .path = "/nowhere/" + std::to_string(i),
              .status = 600 + i}
        .tell(metrics);
  }
  EXPECT_EQ(read(metrics).at("dex_mock_requests_total").samples.size(), 1U);
}

TEST(ServerMetrics, RuleNamesAreBoundedAndEscaped) {
  ServerMetrics metrics;
  Exchanged{.fired = {"a \"quoted\"\nname\\"}}.tell(metrics);
  for (int i = 0; i < 1500; ++i) Exchanged{.fired = {"r" + std::to_string(i)}}.tell(metrics);
  const auto families = read(metrics);
  const auto& faults = families.at("dex_mock_faults_total").samples;
  EXPECT_EQ(faults.size(), 1001U);
  EXPECT_EQ(faults.at(R"(dex_mock_faults_total{rule="other"})"), 501);
  EXPECT_EQ(faults.at(R"(dex_mock_faults_total{rule="a \"quoted\"\nname\\"})"), 1);

  metrics.on_connections(7);
  metrics.reset();
  EXPECT_EQ(metrics.text().find("dex_mock_faults_total{"), std::string::npos);
  EXPECT_EQ(metrics.text().find("dex_mock_requests_total{"), std::string::npos);
  EXPECT_EQ(read(metrics).at("dex_mock_connections_open").samples.at("dex_mock_connections_open"),
            7);
  Exchanged{.fired = {"again"}}.tell(metrics);
  EXPECT_EQ(read(metrics).at("dex_mock_faults_total").samples.size(), 1U);
}

TEST(ServerMetrics, ShowsUploadsByState) {
  ServerMetrics metrics;
  metrics.set_uploads({.created = 1, .receiving = 2, .complete = 3, .expired = 4});
  metrics.on_connections(9);
  const auto families = read(metrics);
  EXPECT_EQ(families.at("dex_mock_uploads").samples.at(R"(dex_mock_uploads{state="receiving"})"),
            2);
  EXPECT_EQ(families.at("dex_mock_connections_open").samples.at("dex_mock_connections_open"), 9);
}

}  // namespace
}  // namespace mock
