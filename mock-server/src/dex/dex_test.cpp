#include "dex/dex.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "dex/dex_fixture.hpp"
#include "http/handler.hpp"
#include "protocol/http/date.hpp"
#include "tus/attributes.hpp"
#include "tus/test_address.hpp"

namespace mock {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class Service : public DexFixture {
 protected:
  Reply redeliver(const std::string& id, const std::string& body,
                  const std::string& method = "POST") {
    Request request;
    request.method = method;
    return dex_->redelivery(request, id, body);
  }
  dex::Health health() {
    const auto reply = dex_->health();
    EXPECT_EQ(reply.status, 200) << "DEX-HEALTH-003";
    return dex::parse_health(reply.body).value();
  }
};

TEST_F(Service, DEX_INFO_001_TheDocument) {
  const auto reply = info_reply(create().id);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.fields.find("Content-Type"), "application/json");
  EXPECT_EQ(reply.body.back(), '\n');
}

TEST_F(Service, DEX_INFO_002_010_Initiated) {
  const auto created = loop_->now();
  const auto id = create().id;
  loop_->advance(Milliseconds{5'000});
  const auto document = info(id);
  EXPECT_EQ(document.upload_status.status, "Initiated");
  EXPECT_EQ(document.upload_status.chunk_received_at, ::http::format_rfc3339(created));
  ASSERT_TRUE(document.file_info);
  EXPECT_EQ(document.file_info->size, Bytes{0});
}

TEST_F(Service, DEX_INFO_003_006_InProgressAtOnce) {
  const auto id = create().id;
  receive(id, "0123");
  const auto document = info(id);
  EXPECT_EQ(document.upload_status.status, "In Progress");
  EXPECT_EQ(document.file_info->size, Bytes{4});
}

TEST_F(Service, DEX_INFO_005_Complete) {
  const auto document = info(upload_whole().id);
  EXPECT_EQ(document.upload_status.status, "Complete");
  EXPECT_EQ(document.file_info->size, Bytes{10});
}

TEST_F(Service, DEX_INFO_007_008_TimesMoveWithTheBytesOnly) {
  const auto id = create().id;
  loop_->advance(Milliseconds{1'000});
  receive(id, "0123");
  const auto arrived = ::http::format_rfc3339(loop_->now());
  loop_->advance(Milliseconds{1'000});
  EXPECT_EQ(info(id).file_info->updated_at, arrived);
  EXPECT_EQ(info(id).upload_status.chunk_received_at, arrived);
  receive(id, "4");
  EXPECT_EQ(info(id).file_info->updated_at, ::http::format_rfc3339(loop_->now()));
}

TEST_F(Service, DEX_INFO_013_EmptyUploadsAreComplete) {
  const auto document = info(create(good_metadata(), Bytes{0}).id);
  EXPECT_EQ(document.upload_status.status, "Complete");
  EXPECT_EQ(document.file_info->size, Bytes{0});
}

TEST_F(Service, DEX_MANI_004_TheManifestComesBack) {
  auto metadata = metadata_with("custom", "\xc3\xa4 \"quoted\"\n");
  const auto upload = create(metadata);
  EXPECT_EQ(info(upload.id).manifest, dex::manifest_of(tus_of(upload).metadata));
}

TEST_F(Service, ValuesThatAreNoTextDoNotBreakTheDocument) {
  EXPECT_EQ(info_reply(create(metadata_with("custom", "\xff\xfe")).id).status, 200);
}

TEST_F(Service, DEX_INFO_011_012_UnknownIds) {
  const auto upload = create();
  ASSERT_TRUE(store_->remove(upload.id));
  dex_->hooks().after_terminate(upload);
  for (const std::string& id : {upload.id, std::string("1234"), std::string(), std::string("a/b"),
                                std::string("../store/") + upload.id}) {
    const auto reply = info_reply(id);
    EXPECT_EQ(reply.status, 404) << id;
    EXPECT_EQ(reply.body, "error getting file manifest\n");
    EXPECT_EQ(reply.fields.find("Content-Type"), "text/plain; charset=utf-8");
  }
}

TEST_F(Service, DEX_SEC_005_OptionsLeaksNothing) {
  const auto reply = info_reply(create().id, "OPTIONS");
  EXPECT_EQ(reply.status, 204);
  EXPECT_EQ(reply.body, "");
}

TEST_F(Service, DEX_RETRY_001_DeliversAgain) {
  const auto id = upload_whole().id;
  const auto location = attempts(id).at(0).location;
  std::filesystem::remove(location);
  const auto reply = redeliver(id, R"({"target": "edav"})");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, id);
  EXPECT_THAT(std::string(reply.fields.find("Content-Type").value()), HasSubstr("text/plain"));
  loop_->run();
  EXPECT_EQ(attempts(id).size(), 2U);
  EXPECT_EQ(content(location), "0123456789");
  EXPECT_EQ(lines(folder() / "events" / (id + "_FileReady")).size(), 2U);
}

TEST_F(Service, DEX_RETRY_001_KeysAreReadInAnyCase) {
  const auto id = upload_whole().id;
  EXPECT_EQ(redeliver(id, R"({"TARGET": "edav", "Source": "upload", "other": 1})").status, 200);
  loop_->run();
  EXPECT_EQ(attempts(id).size(), 2U);
}

TEST_F(Service, DEX_RETRY_001_TwiceAtOnceIsTwoEntries) {
  const auto id = upload_whole().id;
  EXPECT_EQ(redeliver(id, R"({"target": "edav", "source": "upload"})").status, 200);
  EXPECT_EQ(redeliver(id, R"({"target": "edav"})").status, 200);
  loop_->run();
  ASSERT_EQ(attempts(id).size(), 3U);
  for (const auto& attempt : attempts(id)) EXPECT_EQ(attempt.status, "SUCCESS");
}

TEST_F(Service, DEX_RETRY_002_003_BadRequests) {
  const auto id = upload_whole().id;
  for (const char* method : {"GET", "PUT", "OPTIONS"}) {
    EXPECT_EQ(redeliver(id, R"({"target": "edav"})", method).status, 400) << method;
  }
  for (const char* body : {"blah", "", "[]", "1", R"({"target": 1})", R"({"target": "edav")"}) {
    const auto reply = redeliver(id, body);
    EXPECT_EQ(reply.status, 400) << body;
    EXPECT_EQ(reply.body, "") << body;
  }
}

TEST_F(Service, DEX_RETRY_004_009_NoSource) {
  const auto unfinished = create().id;
  for (const std::string& id : {std::string("1234"), std::string("a/b"), unfinished}) {
    for (const char* body : {R"({"target": "edav"})", R"({"target": "nope"})"}) {
      const auto reply = redeliver(id, body);
      EXPECT_EQ(reply.status, 404);
      EXPECT_EQ(reply.body, "source file does not exist");
    }
  }
}

TEST_F(Service, DEX_RETRY_005_UnknownTarget) {
  const auto id = upload_whole().id;
  for (const char* body : {R"({"target": "nope"})", R"({"target": ""})", "{}", "null"}) {
    const auto reply = redeliver(id, body);
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(reply.body, "Invalid target\n");
  }
}

TEST_F(Service, DEX_RETRY_006_008_TargetNotInTheGroup) {
  const std::string folder_text = (temporary_.path() / "t").string();
  const std::string targets = "targets:\n  a: {type: file, path: '" + folder_text +
                              "'}\n  b: {type: file, path: '" + folder_text + "'}\n";
  const std::string group =
      "routing_groups:\n  - {data_stream_id: dextesting, data_stream_route: testevent1, "
      "delivery_targets: [{name: a}]}\n";
  for (const std::string& yaml : {targets, targets + group}) {
    restart_delivering(yaml);
    const auto reply = redeliver(upload_whole().id, R"({"target": "b"})");
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(reply.body, "Invalid target for metadata\n");
  }
}

TEST_F(Service, DEX_RETRY_007_UnknownSource) {
  const auto reply = redeliver("1234", R"({"source": "x"})");
  EXPECT_EQ(reply.status, 500);
  EXPECT_EQ(reply.body, "Could not find source");
}

TEST_F(Service, DEX_HEALTH_001_002_004_005_AllIsWell) {
  const auto document = health();
  EXPECT_EQ(document.status, "UP") << "DEX-HEALTH-006: a folder that can be made is fine";
  ASSERT_EQ(document.services.size(), 3U);
  EXPECT_EQ(document.services[0].service, "File Storage");
  EXPECT_EQ(document.services[1].service, "File Delivery Target edav");
  EXPECT_EQ(document.services[2].service, "File Source");
  for (const auto& service : document.services) {
    EXPECT_EQ(service.status, "UP");
    EXPECT_EQ(service.health_issue, "None reported");
  }
}

TEST_F(Service, DEX_HEALTH_002_ABrokenTargetDegrades) {
  ASSERT_TRUE(replace_file(edav(), "a file"));
  const auto document = health();
  EXPECT_EQ(document.status, "DEGRADED");
  EXPECT_EQ(document.services[1].status, "DOWN");
  EXPECT_THAT(document.services[1].health_issue, HasSubstr("Not a directory"));
  EXPECT_THAT(document.services[1].health_issue, Not(HasSubstr(edav().string())))
      << "no path of the server's";
}

TEST_F(Service, DEX_HEALTH_004_005_TheIssuerIsTheFirstService) {
  options_.oauth_issuer = [] { return std::string("https://issuer.example"); };
  restart();
  const auto document = health();
  ASSERT_EQ(document.services.size(), 4U);
  EXPECT_EQ(document.services[0].service, "oauth validator https://issuer.example");
  EXPECT_EQ(document.services[0].status, "UP");
  EXPECT_EQ(document.services[0].health_issue, "") << "DEX-HEALTH-005: not 'None reported'";
  EXPECT_EQ(document.services[1].service, "File Storage");
}

TEST_F(Service, DEX_HEALTH_004_005_TargetsInACloudHaveNamesOfTheirOwn) {
  restart_delivering("targets:\n  a: {type: s3, path: '" + edav().string() +
                     "'}\n  b: {type: az-blob, path: '" + edav().string() + "'}\n");
  const auto document = health();
  ASSERT_EQ(document.services.size(), 4U);
  EXPECT_EQ(document.services[1].service, "S3 deliver target a");
  EXPECT_EQ(document.services[2].service, "Azure deliver target b");
  EXPECT_EQ(document.services[1].health_issue, "");
  EXPECT_EQ(document.status, "UP");
}

TEST_F(Service, DEX_ROUTE_001_Banner) {
  const auto banner = json::parse(dex_->banner().body);
  EXPECT_EQ(banner["system"], "DEX");
  EXPECT_EQ(banner["dex_product"], "UPLOAD API");
  EXPECT_EQ(banner["dex_app"], "upload server");
  EXPECT_EQ(::http::parse_rfc3339(banner["server_time"].get<std::string>()), loop_->now());
}

TEST_F(Service, DEX_ROUTE_003_Version) {
  options_.version = {"repo", "1.2.3", "abc"};
  restart();
  EXPECT_EQ(dex::parse_version(dex_->version().body).value(), options_.version);
}

TEST_F(Service, DEX_ROUTE_004_Metrics) {
  Request request;
  request.method = "PATCH";
  request.path = "/files/x";
  request.addressed = test::addressed(request);
  dex_->observer().on_exchange({request, 204, nullptr, nullptr, Bytes{10}, Milliseconds{1}, false});
  dex_->observer().on_connections(3);
  const auto upload = upload_whole();
  const auto reply = dex_->metrics();
  EXPECT_THAT(std::string(reply.fields.find("Content-Type").value()), HasSubstr("text/plain"));
  for (const char* line : {
           "\ndex_server_connections_open 3",
           "\nhttp_requests_total{code=\"204\",method=\"PATCH\"} 1",
           "\ntusd_requests_total{method=\"PATCH\"} 1",
           "\ntusd_bytes_received 10",
           "\ntusd_uploads_created 1",
           "\ntusd_uploads_finished 1",
           "\ntusd_uploads_terminated 0",
           "\ndex_server_active_uploads 0",
           "\nupload_manifest_count{data_stream_id=\"dextesting\",data_stream_route=\"testevent1\","
           "sender_id=\"lab\"} 1",
           "\ndex_server_deliveries_total{result=\"completed\",target=\"edav\"} 1",
           "\ndex_server_deliveries_total{result=\"failed\",target=\"edav\"} 0",
           "\ndex_server_active_deliveries{target=\"edav\"} 0",
           "\ndex_server_deliveries_total{result=\"started\",target=\"edav\"} 1",
           "\ndex_server_delivery_speed_bytes_per_second_count{target=\"edav\"}",
           "\ndex_server_queue_messages{queue=\"memory channel\"} 0",
           // For the queue, and for the file.
           "\ndex_server_events_total{op=\"publish\",type=\"FileReady\"} 2",
           "\ndex_server_events_total{op=\"subscribe\",type=\"FileReady\"} 1",
           "\ndex_server_events_total{op=\"publish\",type=\"metadata-verify\"} 1",
           "\ndex_server_events_total{op=\"publish\",type=\"blob-file-copy\"} 1",
           "\ntusd_hook_invocations_total{hooktype=\"pre-create\"} 1",
           "\ntusd_hook_invocations_total{hooktype=\"post-receive\"} 1",
           "\ntusd_hook_invocations_total{hooktype=\"post-finish\"} 1",
       }) {
    EXPECT_THAT("\n" + reply.body, HasSubstr(line));
  }
}

TEST_F(Service, ActiveUploadsAreCountedAcrossARestart) {
  create();
  upload_whole();
  restart();
  dex_->resume();
  EXPECT_THAT(dex_->metrics().body, HasSubstr("\ndex_server_active_uploads 1"));
}

TEST_F(Service, BadOptionsAreNamed) {
  DexOptions options;
  options.upload_configs = temporary_.path() / "none";
  const auto no_folder = Dex::make(options, *store_, *loop_);
  ASSERT_FALSE(no_folder);
  EXPECT_THAT(no_folder.error().line(), HasSubstr((temporary_.path() / "none").string()));
  options = {};
  options.delivery_file = temporary_.path() / "none.yml";
  const auto no_file = Dex::make(options, *store_, *loop_);
  ASSERT_FALSE(no_file);
  EXPECT_THAT(no_file.error().line(), HasSubstr("none.yml"));
}

TEST_F(Service, WithoutADeliveryFolderNothingIsDelivered) {
  options_.delivery_folder.reset();
  restart();
  const auto id = upload_whole().id;
  EXPECT_EQ(info(id).deliveries, std::nullopt);
  EXPECT_EQ(health().services.size(), 2U);
}

}  // namespace
}  // namespace mock
