// What is wrong with a manifest, in words.
#include "dex/manifest_findings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dex/delivery_told.hpp"

namespace conformance::onboard {
namespace {

using testing::HasSubstr;

const std::string people = "your contact";

dex::UploadConfig config() {
  return {{{"data_stream_id", true, {"celr"}, ""},
           {"jurisdiction", true, {"AL", "FL"}, "The place the data is about."},
           {"sender_id", true, {}, "Who sends it."},
           {"received_filename", true, {}, ""},
           {"note", false, {}, ""}}};
}

dex::Manifest good() {
  return {{"data_stream_id", "celr"},
          {"jurisdiction", "FL"},
          {"sender_id", "lab-7"},
          {"received_filename", "a.hl7"}};
}

TEST(ManifestFindings, OfAConfig) {
  EXPECT_TRUE(by_config(good(), config(), people).empty());
  auto manifest = good();
  manifest.erase("sender_id");
  manifest["jurisdiction"] = "florida";
  manifest["received_filename"] = "in/a.hl7";
  const auto findings = by_config(manifest, config(), people);
  ASSERT_EQ(findings.size(), 3U);
  EXPECT_THAT(findings[0].remedy, HasSubstr("Set \"jurisdiction\" to \"AL\" or \"FL\"."));
  EXPECT_EQ(findings[1].what, "The manifest has no field \"sender_id\" (Who sends it).");
  EXPECT_THAT(findings[1].remedy, HasSubstr("agreed on with your contact"));
  EXPECT_THAT(findings[2].remedy, HasSubstr("without folders"));
}

TEST(ManifestFindings, TellWhatWasMeant) {
  auto manifest = good();
  manifest.erase("jurisdiction");
  manifest["Jurisdiction"] = "FL";
  EXPECT_EQ(by_config(manifest, config(), people).at(0).remedy,
            "Rename the field \"Jurisdiction\" of the manifest to \"jurisdiction\".");
  manifest = good();
  manifest["jurisdiction"] = "fl ";
  EXPECT_THAT(by_config(manifest, config(), people).at(0).remedy, HasSubstr("Write it as \"FL\""));
}

TEST(ManifestFindings, OfARefusalAreThoseOfTheConfig) {
  auto manifest = good();
  manifest.erase("sender_id");
  manifest["jurisdiction"] = "TX";
  const auto body = dex::to_json(dex::ManifestRefusal{"1", dex::validate(manifest, config())});
  EXPECT_EQ(by_refusal(body, manifest, config(), people), by_config(manifest, config(), people));
  // Without a config the names of the fields are known, but not the values that are allowed.
  const auto bare = by_refusal(body, manifest, std::nullopt, people);
  ASSERT_EQ(bare.size(), 2U);
  EXPECT_THAT(bare[0].remedy, HasSubstr("--upload-config"));
}

TEST(ManifestFindings, OfAStreamThatTheServiceDoesNotKnow) {
  const auto body =
      dex::to_json(dex::ManifestRefusal{"1", dex::config_not_found_errors("celr_hl7.json")});
  const auto findings = by_refusal(body, good(), config(), people);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_THAT(findings[0].what, HasSubstr("knows no data stream \"celr\""));
}

TEST(ManifestFindings, OfWhatNobodyKnows) {
  EXPECT_THAT(by_refusal(R"({"validation_errors": ["the moon is full"]})", good(), config(), people)
                  .at(0)
                  .what,
              HasSubstr("it says: \"the moon is full\""));
  for (const char* const body : {"", "{", "[]", R"({"validation_errors": [1]})", "{}"}) {
    EXPECT_THAT(by_refusal(body, good(), config(), people).at(0).what, HasSubstr("not say why"));
  }
}

TEST(DeliveryTold, ByTheServiceAndByTheGuide) {
  const auto service = read_info(R"({"file_info": {"size_bytes": 7},
      "upload_status": {"status": "Complete"}, "deliveries": [
        {"name": "edav", "status": "FAILURE"}, {"name": "edav", "status": "SUCCESS"},
        {"name": "routing", "status": "FAILURE"}]})");
  EXPECT_TRUE(service.complete);
  EXPECT_EQ(service.size, 7U);
  EXPECT_EQ(service.targets, 2U);
  EXPECT_EQ(service.failed, 1U);
  const auto guide = read_info(R"({"File_Info": {"Size_Bytes": 7},
      "Upload_Status": {"Status": "Complete"}, "Deliveries": {"Name": "edav", "Status": "Success"}})");
  EXPECT_TRUE(guide.complete);
  EXPECT_TRUE(guide.delivered());
  for (const char* const text : {"", "[]", "{", R"({"upload_status": 1, "deliveries": [1]})"}) {
    EXPECT_FALSE(read_info(text).complete) << text;
    EXPECT_FALSE(read_info(text).delivered()) << text;
  }
}

}  // namespace
}  // namespace conformance::onboard
