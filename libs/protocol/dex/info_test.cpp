#include "protocol/dex/info.hpp"

#include <gtest/gtest.h>

namespace {

using dex::Info;

Info delivered() {
  Info info;
  info.manifest = {{"upload_id", "u"}, {"data_stream_id", "dextesting"}, {"note", "a<b"}};
  info.file_info = dex::FileInfo{Bytes{10}, "2026-11-21T20:47:50.5Z"};
  info.upload_status = {"Complete", "2026-11-21T20:47:50Z"};
  info.deliveries.emplace();
  info.deliveries->push_back(
      {"SUCCESS", "edav", "/x/rf_u.txt", "2026-11-21T20:47:51Z", std::nullopt});
  info.deliveries->push_back({"FAILURE", "ehdi", "", "2026-11-21T20:47:51Z",
                              std::vector<dex::Issue>{{"ERROR", "not a directory"}}});
  return info;
}

TEST(DexInfo, TheBytesOfTheServer) {
  EXPECT_EQ(dex::to_json(delivered()),
            R"({"manifest":{"data_stream_id":"dextesting","note":"a\u003cb","upload_id":"u"},)"
            R"("file_info":{"size_bytes":10,"updated_at":"2026-11-21T20:47:50.5Z"},)"
            R"("upload_status":{"status":"Complete","chunk_received_at":"2026-11-21T20:47:50Z"},)"
            R"("deliveries":[{"status":"SUCCESS","name":"edav","location":"/x/rf_u.txt",)"
            R"("delivered_at":"2026-11-21T20:47:51Z","issues":null},)"
            R"({"status":"FAILURE","name":"ehdi","location":"",)"
            R"("delivered_at":"2026-11-21T20:47:51Z",)"
            R"("issues":[{"level":"ERROR","message":"not a directory"}]}]})"
            "\n");
}

TEST(DexInfo, BeforeTheFirstByte) {
  Info info;
  info.upload_status.status = dex::upload_state::initiated;
  EXPECT_EQ(dex::to_json(info),
            R"({"manifest":{},"file_info":null,"upload_status":{"status":"Initiated",)"
            R"("chunk_received_at":""},"deliveries":null})"
            "\n");
  EXPECT_EQ(dex::parse_info(dex::to_json(info)), info);
}

TEST(DexInfo, RoundTrip) {
  EXPECT_EQ(dex::parse_info(dex::to_json(delivered())), delivered());
  Info empty_lists = delivered();
  empty_lists.deliveries->front().issues.emplace();
  EXPECT_EQ(dex::parse_info(dex::to_json(empty_lists)), empty_lists);
  empty_lists.deliveries->clear();
  EXPECT_EQ(dex::parse_info(dex::to_json(empty_lists)), empty_lists);
}

// The guide's spelling is among what must not pass (docs/guides/contract-guide.md, point 7).
TEST(DexInfo, TheShapeIsExact) {
  struct Case {
    std::string_view text;
    std::string_view error;
  };
  constexpr Case cases[] = {
      {R"({"Manifest":{}})",
       R"(info document: unknown key "Manifest" (did you mean manifest?), expected manifest, file_info, upload_status, deliveries)"},
      {R"({"manifest":{}})", R"(info document: "file_info" is missing)"},
      {R"({"manifest":null,"file_info":null,"upload_status":{"status":"","chunk_received_at":""},"deliveries":null})",
       "info document: manifest: expected an object, found null"},
      {R"({"manifest":{"a":1},"file_info":null,"upload_status":{"status":"","chunk_received_at":""},"deliveries":null})",
       "info document: manifest.a: expected a string, found a number"},
      {R"({"manifest":{},"file_info":{"size_bytes":-1,"updated_at":""},"upload_status":{"status":"","chunk_received_at":""},"deliveries":null})",
       "info document: file_info.size_bytes: expected a whole number that is not negative"},
      {R"({"manifest":{},"file_info":{"size_bytes":"1","updated_at":""},"upload_status":{"status":"","chunk_received_at":""},"deliveries":null})",
       "info document: file_info.size_bytes: expected a whole number, found a string"},
      {R"({"manifest":{},"file_info":null,"upload_status":{"status":""},"deliveries":null})",
       R"(info document: upload_status: "chunk_received_at" is missing)"},
      {R"({"manifest":{},"file_info":null,"upload_status":{"status":"","chunk_received_at":""},"deliveries":{}})",
       "info document: deliveries: expected an array, found an object"},
      {R"({"manifest":{},"file_info":null,"upload_status":{"status":"","chunk_received_at":""},"deliveries":[{"status":"SUCCESS"}]})",
       R"(info document: deliveries[0]: "name" is missing)"},
      {"upload not found\n", ""},
  };
  for (const auto& c : cases) {
    const auto info = dex::parse_info(c.text);
    ASSERT_FALSE(info.has_value()) << c.text;
    if (!c.error.empty()) {
      EXPECT_EQ(info.error().line(), c.error);
    }
  }
}

}  // namespace
