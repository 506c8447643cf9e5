#include "protocol/onecodex/answers.hpp"

#include <gtest/gtest.h>

#include <ctime>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "protocol/onecodex/requests.hpp"

namespace onecodex {
namespace {

using nlohmann::json;

const std::string id = "28459508592a481c";

TEST(OneCodexAnswers, AFormIsToldInItsOrderWithTheStatusAsANumber) {
  const Initiated initiated{
      Kind::sample, id, {"http://h/b", {{"acl", "private"}, {"success_action_status", "201"}}}};
  const auto text = to_json(initiated);
  EXPECT_EQ(text, R"({"additional_fields":{"acl":"private","success_action_status":201},)"
                  R"("sample_id":"28459508592a481c","upload_url":"http://h/b"})");
  EXPECT_EQ(parse_initiated(text, Kind::sample), initiated);
  EXPECT_FALSE(parse_initiated(text, Kind::document));
}

TEST(OneCodexAnswers, FormsOfOthers) {
  const auto fields_of = [](const std::string& fields) {
    return parse_initiated(
        R"({"document_id": "d", "upload_url": "u", "additional_fields": )" + fields + "}",
        Kind::document);
  };
  EXPECT_EQ(fields_of(R"({"z": "1", "a": 2})")->file.fields, (http::Form{{"z", "1"}, {"a", "2"}}));
  for (const auto* fields : {"null", "\"a=b\"", "[]", R"({"a": true})", R"({"a": {}})"}) {
    EXPECT_FALSE(fields_of(fields)) << fields;
  }
  const auto secret = fields_of(R"({"signature": 1.5})");
  ASSERT_FALSE(secret);
}

TEST(OneCodexAnswers, PairedEnds) {
  const Initiated initiated{
      Kind::sample, id, {"http://h/b", {{"key", "1"}}}, UploadForm{"http://h/b", {{"key", "2"}}}};
  EXPECT_EQ(parse_initiated(to_json(initiated), Kind::sample), initiated);
}

TEST(OneCodexAnswers, MultipartUploads) {
  MultipartInitiated initiated{Kind::sample, "/c", "b", id, "pe", "key", "secret", id};
  EXPECT_EQ(parse_multipart_initiated(to_json(initiated), Kind::sample), initiated);
  initiated.paired_end_file_id.reset();
  initiated.sample_id.reset();
  initiated.kind = Kind::document;
  const auto text = to_json(initiated);
  EXPECT_TRUE(json::parse(text).at("import_as_document"));
  EXPECT_EQ(parse_multipart_initiated(text, Kind::document), initiated);
}

TEST(OneCodexAnswers, Confirmations) {
  EXPECT_EQ(to_json(Confirmed{Kind::sample, true, "m", id}),
            R"({"message":"m","sample":{"$ref":"/api/v1/samples/28459508592a481c"},)"
            R"("success":true})");
  const Confirmed document{Kind::document, false, "m", id};
  EXPECT_EQ(parse_confirmed(to_json(document), Kind::document), document);
  EXPECT_FALSE(parse_confirmed("{}", Kind::sample));
  EXPECT_FALSE(parse_confirmed(R"({"success": true, "sample": {"$ref": "/a/b"}})", Kind::sample));
  EXPECT_EQ(parse_id(id_body(Kind::document, id), Kind::document), id);
  EXPECT_EQ(cancelled_body(), R"({"message":"Upload cancelled","success":true})");
}

TEST(OneCodexAnswers, Errors) {
  EXPECT_EQ(to_json(Problem{404, "m"}), R"({"message":"m","status":404})");
  EXPECT_EQ(parse_problem(R"({"message":"m","status":404})"), (Problem{404, "m"}));
  EXPECT_EQ(parse_problem(R"({"message":"m"})"), (Problem{0, "m"}));
  EXPECT_FALSE(parse_problem("{}"));
  const auto breach = parse_document_draft(R"({"filename":"a","size":0})", Contract::server);
  EXPECT_EQ(to_json(breach.error()),
            R"({"message":"size: must be at least 1","status":400,)"
            R"("errors":[{"path":["size"],"validationOf":{"minimum":1}}]})");
  const auto nothing = parse_document_draft("{", Contract::server);
  EXPECT_EQ(json::parse(to_json(nothing.error())).at("status"), 400);
  EXPECT_EQ(json::parse(unknown_item_body("samples", "x")).at("item"),
            (json{{"$id", "x"}, {"$type", "samples"}}));
}

TEST(OneCodexAnswers, ASampleAsReferencesAndExpanded) {
  Sample sample;
  sample.id = id;
  sample.created_at = "2018-05-27T12:22:27Z";
  sample.filename = "a.fa";
  sample.metadata = R"({"name":"n"})";
  sample.owner = "o";
  sample.size = 7;
  sample.tags = {"t"};
  sample.visibility = "awaiting data";
  const auto brief = json::parse(to_json(sample, false));
  EXPECT_EQ(brief.at("metadata").at("$ref"), "/api/v1/metadata/" + id);
  EXPECT_EQ(brief.at("tags").at(0).at("$ref"), "/api/v1/tags/" + tag_id("t"));
  EXPECT_EQ(brief.at("status"), "awaiting data");
  const auto expanded = json::parse(to_json(sample, true));
  EXPECT_EQ(expanded.at("metadata").at("name"), "n");
  EXPECT_EQ(expanded.at("metadata").at("sample").at("$ref"), "/api/v1/samples/" + id);
  EXPECT_EQ(expanded.at("tags").at(0).at("name"), "t");
  const auto parsed = parse_sample(to_json(sample, true));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->id, id);
  EXPECT_EQ(parsed->visibility, "awaiting data");
  EXPECT_EQ(parsed->size, 7U);
  EXPECT_FALSE(parse_sample(R"({"$uri": "/api/v1/samples/a/b", "visibility": "private"})"));
}

TEST(OneCodexAnswers, WhatAClientSaysMuchOfIsToldInItsTime) {
  Sample sample;
  sample.id = id;
  auto custom = json::object();
  for (int i = 0; i < 40'000; ++i) custom["key " + std::to_string(i)] = i;
  sample.metadata = json{{"custom", std::move(custom)}}.dump();
  // The CPU time of this process, whatever others do.
  const auto begun = std::clock();
  EXPECT_EQ(json::parse(metadata_body(sample)).at("custom").size(), 40'000U);
  EXPECT_LT(std::clock() - begun, 3 * CLOCKS_PER_SEC);
}

TEST(OneCodexAnswers, AFormIsNotReadFromAnythingLong) {
  const Initiated initiated{Kind::sample, id, {"http://h/b", {{"key", std::string(70'000, 'k')}}}};
  EXPECT_FALSE(parse_initiated(to_json(initiated), Kind::sample));
}

TEST(OneCodexAnswers, Downloads) {
  const Download download{"http://h/b/k", 24};
  EXPECT_EQ(parse_download(to_json(download)), download);
}

}  // namespace
}  // namespace onecodex
