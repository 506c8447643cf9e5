#include "protocol/dex/guide.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace dex {
namespace {

using nlohmann::json;

const UploadConfig config{{{"sender_id", true, {}, "who sends"},
                           {"jurisdiction", true, {}, "where"},
                           {"entity", false, {"ENT", "ENT1"}, "which"},
                           {"data_stream_id", true, {"celr"}, "the stream"}}};

Manifest good() {
  return {{"sender_id", "lab"},
          {"jurisdiction", "FL"},
          {"data_stream_id", "celr"},
          {"data_stream_route", "x"},
          {"version", "2.0"}};
}

Manifest with(Manifest manifest, const std::string& field, const std::string& value) {
  manifest[field] = value;
  return manifest;
}
Manifest without(Manifest manifest, const std::string& field) {
  manifest.erase(field);
  return manifest;
}

using Lines = std::vector<std::string>;

TEST(GuideManifest, IsJudgedInTheWordsOfTheSample) {
  EXPECT_EQ(guide::validate(good(), config), Lines{});
  EXPECT_EQ(guide::validate(without(good(), "sender_id"), config),
            Lines{"Missing required metadata 'sender_id', description = 'who sends'"});
  EXPECT_EQ(guide::validate(with(good(), "entity", "ENT2"), config),
            Lines{R"(entity = ENT2 is not one of the allowed values: ["ENT","ENT1"])"});
  EXPECT_EQ(guide::validate(without(good(), "version"), config).size(), 1U);
  EXPECT_EQ(guide::validate(without(without(good(), "sender_id"), "jurisdiction"), config).size(),
            2U);
}

TEST(GuideManifest, NamesAreComparedWithoutRegardToCase) {
  EXPECT_EQ(guide::validate(with(without(good(), "jurisdiction"), "Jurisdiction", "FL"), config),
            Lines{});
  EXPECT_EQ(guide::validate(with(without(good(), "version"), "Version", "2.0"), config), Lines{});
}

TEST(GuideManifest, WhatIsNotKnownIsNullAndNotEmpty) {
  EXPECT_EQ(guide::validate(with(good(), "sender_id", "null"), config), Lines{});
  EXPECT_EQ(guide::validate(with(good(), "sender_id", ""), config).size(), 1U);
}

TEST(GuideManifest, SlashesAreRefusedInNamesAndInFileNames) {
  EXPECT_EQ(guide::validate_names(good()), Lines{});
  EXPECT_EQ(guide::validate_names(with(good(), "a/b", "x")).size(), 1U);
  EXPECT_EQ(guide::validate(with(good(), "filename", "a/b"), config).size(), 1U);
  EXPECT_EQ(guide::validate(with(good(), "sender_id", "a/b"), config), Lines{});
}

TEST(GuideManifest, TheOlderModelIsTaken) {
  const Manifest older{{"meta_destination_id", "celr"}, {"meta_ext_event", "x"}};
  EXPECT_EQ(guide::validate_stream(older, &config), Lines{});
  EXPECT_EQ(guide::validate(older, config), Lines{});
  EXPECT_EQ(guide::with_stream(older).at("data_stream_id"), "celr");
  EXPECT_EQ(guide::with_stream(older).at("data_stream_route"), "x");
  EXPECT_EQ(guide::with_stream(with(older, "data_stream_id", "y")).at("data_stream_id"), "y");
  EXPECT_EQ(guide::validate({{"meta_destination_id", "DESTX"}}, config).size(), 1U);
}

TEST(GuideManifest, TheStreamMustBeKnown) {
  EXPECT_EQ(guide::validate_stream({}, nullptr).size(), 2U);
  EXPECT_EQ(guide::validate_stream(good(), nullptr).size(), 1U);
  EXPECT_EQ(guide::validate_stream(good(), &config), Lines{});
}

TEST(GuideManifest, ARefusalIsJsonThatHoldsTheSamplesText) {
  const auto refusal = json::parse(
      guide::refusal_json("id", {"a line", "another"}, {{"k", "v"}, {"upload_id", "u"}}));
  EXPECT_EQ(refusal["upload_id"], "id");
  EXPECT_EQ(refusal["error"],
            "pre-create hook failed: exit status 1\na line\nanother\nProvided metadata: "
            "{\"k\":\"v\"}");
}

Info delivered(std::vector<Delivery> deliveries) {
  return {{{"upload_id", "u"}, {"dex_ingest_datetime", "t"}, {"sender_id", "lab"}},
          FileInfo{Bytes{7}, "t1"},
          {"Complete", "t2"},
          std::move(deliveries)};
}
const Delivery failed{"FAILURE", "edav", "", "t3", std::vector<Issue>{{"ERROR", "disk full"}}};
const Delivery succeeded{"SUCCESS", "edav", "/there", "t4", std::nullopt};

TEST(GuideInfo, HasTheGuidesNamesAndWords) {
  EXPECT_EQ(json::parse(guide::to_json(delivered({failed, failed, succeeded}))), json::parse(R"({
    "Manifest": {"Upload_Id": "u", "Dex_Ingest_Datetime": "t", "sender_id": "lab"},
    "File_Info": {"Size_Bytes": 7, "Updated_At": "t1"},
    "Upload_Status": {"Status": "Complete", "Chunk_Received_At": "t2"},
    "Deliveries": {"Status": "Success", "Name": "edav", "Location": "/there",
                   "Delivered_At": "t4", "Issues": null}})"));
}

TEST(GuideInfo, AFailedDeliveryHasNoPlaceAndNoTime) {
  EXPECT_EQ(json::parse(guide::to_json(delivered({failed})))["Deliveries"], json::parse(R"({
    "Status": "Failed", "Name": "edav", "Issues": [{"Level": "ERROR", "Message": "disk full"}]})"));
}

TEST(GuideInfo, SeveralTargetsAreAList) {
  auto other = succeeded;
  other.name = "ehdi";
  const auto deliveries =
      json::parse(guide::to_json(delivered({failed, other, failed})))["Deliveries"];
  ASSERT_EQ(deliveries.size(), 2U);
  EXPECT_EQ(deliveries[0]["Name"], "ehdi");
  EXPECT_EQ(deliveries[1]["Name"], "edav");
}

TEST(GuideError, IsJson) {
  EXPECT_EQ(guide::error_json("not found\n"), "{\"error\":\"not found\"}\n");
}

}  // namespace
}  // namespace dex
