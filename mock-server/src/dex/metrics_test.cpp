#include "dex/metrics.hpp"
#include "tus/attributes.hpp"

#include <gmock/gmock.h>

#include "tus/test_address.hpp"

namespace mock {
namespace {

using testing::HasSubstr;
using testing::Not;

void exchange(Metrics& metrics, const char* method, const char* path, int status) {
  Request request;
  request.method = method;
  request.path = path;
  request.addressed = test::addressed(request);
  metrics.on_exchange({request, status, nullptr, nullptr, Bytes{5}, Milliseconds{1}, status == 0});
}

TEST(Metrics, ClientsCannotMakeUpSeries) {
  Metrics metrics;
  exchange(metrics, "BREW", "/pot", 404);
  exchange(metrics, "BREW\"\n", "/pot", 404);
  EXPECT_THAT(metrics.text(), HasSubstr("http_requests_total{code=\"404\",method=\"other\"} 2"));
  EXPECT_THAT(metrics.text(), Not(HasSubstr("BREW")));
}

TEST(Metrics, OnlyUploadEndpointsCountAsTus) {
  Metrics metrics;
  exchange(metrics, "POST", "/files", 400);
  exchange(metrics, "PATCH", "/upload/x", 409);
  exchange(metrics, "GET", "/info/x", 404);
  const auto text = metrics.text();
  EXPECT_THAT(text, HasSubstr("tusd_requests_total{method=\"POST\"} 1"));
  EXPECT_THAT(text, HasSubstr("tusd_errors_total{status=\"409\"} 1"));
  EXPECT_THAT(text, Not(HasSubstr("tusd_errors_total{status=\"404\"}")));
  EXPECT_THAT(text, HasSubstr("\ntusd_bytes_received 10\n"));
}

TEST(Metrics, UnansweredRequestsAreNotReplies) {
  Metrics metrics;
  exchange(metrics, "PATCH", "/files/x", 0);
  EXPECT_THAT(metrics.text(), Not(HasSubstr("http_requests_total{")));
  EXPECT_THAT(metrics.text(), HasSubstr("tusd_requests_total{method=\"PATCH\"} 1"));
}

TEST(Metrics, SendersHaveBoundedlyManySeriesAndAResetForgetsThem) {
  Metrics metrics;
  Upload upload;
  const auto series = [&] {
    std::size_t count = 0;
    const auto text = metrics.text();
    for (auto at = text.find("upload_manifest_count{"); at != std::string::npos;
         at = text.find("upload_manifest_count{", at + 1))
      ++count;
    return count;
  };
  for (int i = 0; i < 3000; ++i) {
    edit_tus(upload).metadata.set("sender_id", "s" + std::to_string(i));
    metrics.upload_finished(upload, {});
  }
  EXPECT_EQ(series(), Metrics::most_manifests + 1);
  EXPECT_THAT(metrics.text(), HasSubstr("sender_id=\"other\"} 2000"));
  edit_tus(upload).metadata.set("sender_id", "s7");
  metrics.upload_finished(upload, {});
  EXPECT_THAT(metrics.text(), HasSubstr("sender_id=\"s7\"} 2"));

  metrics.forget_clients();
  EXPECT_EQ(series(), 0U);
  edit_tus(upload).metadata.set("sender_id", std::string(60'000, 'x'));
  metrics.upload_finished(upload, {});
  EXPECT_EQ(series(), 1U);
  EXPECT_THAT(metrics.text(), HasSubstr("sender_id=\"too long\"} 1"));
  EXPECT_THAT(metrics.text(), HasSubstr("tusd_uploads_finished 3002"));
}

TEST(Metrics, LabelsAreText) {
  Metrics metrics;
  Upload upload;
  edit_tus(upload).metadata.set("sender_id", "\xff");
  metrics.upload_finished(upload, {});
  EXPECT_THAT(metrics.text(), HasSubstr("sender_id=\"not UTF-8\""));
}

TEST(Metrics, SpeedIsSizeOverTime) {
  Metrics metrics;
  Upload upload;
  upload.length = upload.offset = Bytes{1000};
  upload.created = TimePoint{std::chrono::seconds{1}};
  metrics.upload_created();
  metrics.upload_finished(upload, TimePoint{std::chrono::seconds{3}});
  EXPECT_THAT(metrics.text(), HasSubstr("dex_server_upload_speed_bytes_per_second_sum 500\n"));
}

TEST(Metrics, EventsAreCountedByTypeAndOperation) {
  Metrics metrics;
  metrics.published("upload-status");
  metrics.published("upload-status");
  metrics.subscribed("FileReady");
  const auto text = metrics.text();
  EXPECT_THAT(text, HasSubstr("# TYPE dex_server_events_total counter"));
  EXPECT_THAT(text, HasSubstr("dex_server_events_total{op=\"publish\",type=\"upload-status\"} 2"));
  EXPECT_THAT(text, HasSubstr("dex_server_events_total{op=\"subscribe\",type=\"FileReady\"} 1"));
}

TEST(Metrics, TheQueueIsThereFromTheStart) {
  Metrics metrics;
  EXPECT_THAT(metrics.text(), HasSubstr("# TYPE dex_server_queue_messages gauge"));
  EXPECT_THAT(metrics.text(), HasSubstr("dex_server_queue_messages{queue=\"memory channel\"} 0"));
  metrics.queue(3);
  EXPECT_THAT(metrics.text(), HasSubstr("dex_server_queue_messages{queue=\"memory channel\"} 3"));
}

TEST(Metrics, DeliveriesAreCountedByTargetAndResult) {
  Metrics metrics;
  metrics.delivery_target("edav");
  metrics.delivery_started("edav");
  EXPECT_THAT(metrics.text(), HasSubstr("dex_server_active_deliveries{target=\"edav\"} 1"));
  metrics.delivery_ended("edav", true, Bytes{1000}, Milliseconds{500});
  metrics.delivery_started("edav");
  metrics.delivery_ended("edav", false, Bytes{1000}, Milliseconds{500});
  const auto text = metrics.text();
  for (const char* line : {
           "# TYPE dex_server_active_deliveries gauge",
           "# TYPE dex_server_deliveries_total counter",
           "# TYPE dex_server_delivery_speed_bytes_per_second histogram",
           "dex_server_active_deliveries{target=\"edav\"} 0",
           "dex_server_deliveries_total{result=\"started\",target=\"edav\"} 2",
           "dex_server_deliveries_total{result=\"completed\",target=\"edav\"} 1",
           "dex_server_deliveries_total{result=\"failed\",target=\"edav\"} 1",
           "dex_server_delivery_speed_bytes_per_second_count{target=\"edav\"} 1",
           "dex_server_delivery_speed_bytes_per_second_sum{target=\"edav\"} 2000",
           "dex_server_delivery_speed_bytes_per_second_bucket{target=\"edav\",le=\"2441.40625\"} 1",
       }) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

}  // namespace
}  // namespace mock
