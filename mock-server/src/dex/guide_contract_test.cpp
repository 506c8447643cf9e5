// --contract guide: what docs/guides/contract-guide.md says of the mock.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "dex/dex_fixture.hpp"
#include "dex/json_errors.hpp"

namespace mock {
namespace {

using nlohmann::json;

class ByTheGuide : public DexFixture {
 protected:
  ByTheGuide() {
    options_.contract = dex::Contract::guide;
    restart();
  }
  static tus::Metadata by_the_guide() { return metadata_with("version", "2.0"); }
  /// The refusal as JSON.
  json refused(tus::Metadata metadata) {
    const auto upload = try_create(std::move(metadata));
    EXPECT_FALSE(upload);
    if (upload) return nullptr;
    EXPECT_EQ(upload.error().status, 400);
    EXPECT_EQ(upload.error().fields.find("Content-Type"), "application/json");
    return json::parse(upload.error().body);
  }
};

TEST_F(ByTheGuide, InfoIs404UntilTheUploadIsComplete) {
  const auto id = create(by_the_guide()).id;
  EXPECT_EQ(info_reply(id).status, 404);
  receive(id, "0123");
  EXPECT_EQ(info_reply(id).status, 404);
  receive(id, "456789");
  loop_->run();
  const auto document = json::parse(info_reply(id).body);
  EXPECT_EQ(document["Manifest"]["Upload_Id"], id);
  EXPECT_EQ(document["File_Info"]["Size_Bytes"], 10);
  EXPECT_EQ(document["Upload_Status"]["Status"], "Complete");
  EXPECT_EQ(document["Deliveries"]["Status"], "Success");
}

TEST_F(ByTheGuide, RefusalsAreTheSampleInJson) {
  const auto refusal = refused(metadata_with("data_stream_id", "else"));
  EXPECT_EQ(refusal["upload_id"], last_refused_id_);
  EXPECT_EQ(refusal["error"].get<std::string>().rfind("pre-create hook failed: exit status 1\n", 0),
            0U);
  EXPECT_NE(refused(good_metadata())["error"].get<std::string>().find(
                "Missing required metadata 'version'"),
            std::string::npos);
}

TEST_F(ByTheGuide, TheOlderModelIsTakenAndDelivered) {
  tus::Metadata older;
  older.set("meta_destination_id", "dextesting");
  older.set("meta_ext_event", "testevent1");
  older.set("filename", "old.txt");
  const auto id = upload_whole(older).id;
  const auto document = json::parse(info_reply(id).body);
  EXPECT_EQ(document["Manifest"]["meta_destination_id"], "dextesting");
  EXPECT_EQ(document["Deliveries"]["Status"], "Success") << document;
}

TEST_F(ByTheGuide, OtherMethodsOfRouteAre405) {
  Request request;
  request.method = "GET";
  const auto reply = dex_->redelivery(request, "x", "");
  EXPECT_EQ(reply.status, 405);
  EXPECT_EQ(reply.fields.find("Allow"), "POST");
}

struct Heard : Exchange {
  void read_body() override { ++asked; }
  void interim(Reply r) override { announced.push_back(r.status); }
  void reply(Reply r) override { got = std::move(r); }
  int asked = 0;
  std::vector<int> announced;
  Reply got;
};

TEST(JsonErrors, SayPlainTextsInJson) {
  for (const auto& [sent, body, type] :
       {std::tuple{text_reply(404, "not found\n"), "{\"error\":\"not found\"}\n",
                   "application/json"},
        {text_reply(200, "fine\n"), "fine\n", "text/plain"},
        {json_reply(400, "{}"), "{}", "application/json"}}) {
    const auto handler = json_errors(bodiless([&](const Request&) { return sent; }));
    Heard heard;
    handler->on_header({}, heard);
    EXPECT_EQ(heard.got.status, sent.status);
    EXPECT_EQ(heard.got.body, body);
    EXPECT_EQ(
        heard.got.fields.find("Content-Type").value_or("").substr(0, std::string(type).size()),
        type);
  }
}

TEST(JsonErrors, PassInterimResponsesOn) {
  struct Announces : Handler {
    void on_header(const Request&, Exchange& exchange) override {
      Reply announced;
      announced.status = 104;
      exchange.interim(std::move(announced));
    }
    void on_bytes(std::span<const std::byte>) override {}
    void on_end(BodyEnd) override {}
  };
  Heard heard;
  json_errors(std::make_unique<Announces>())->on_header({}, heard);
  EXPECT_EQ(heard.announced, std::vector{104});
}

TEST(JsonErrors, PassBodiesOn) {
  const auto handler = json_errors(buffered(
      Bytes{10}, [](const Request&, const std::string& body) { return text_reply(400, body); }));
  Heard heard;
  Request request;
  request.method = "POST";
  request.content_length = Bytes{2};
  handler->on_header(request, heard);
  EXPECT_EQ(heard.asked, 1);
  const std::string bytes = "ab";
  handler->on_bytes(std::as_bytes(std::span(bytes)));
  handler->on_end(BodyEnd::complete);
  EXPECT_EQ(heard.got.body, "{\"error\":\"ab\"}\n");
}

}  // namespace
}  // namespace mock
