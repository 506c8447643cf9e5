#include "protocol/dex/manifest.hpp"

#include <gtest/gtest.h>

namespace {

using dex::Manifest;

TEST(DexManifest, ToAndFromMetadata) {
  const Manifest manifest{{"data_stream_id", "dextesting"}, {"sender_id", ""}};
  const auto metadata = dex::metadata_of(manifest);
  EXPECT_EQ(tus::format_metadata(metadata), "data_stream_id ZGV4dGVzdGluZw==,sender_id");
  EXPECT_EQ(dex::manifest_of(metadata), manifest);
}

TEST(DexManifest, FromJson) {
  EXPECT_EQ(dex::parse_manifest_json(R"({"b":"2","a":"größe"})", "m.json"),
            (Manifest{{"a", "größe"}, {"b", "2"}}));
  EXPECT_EQ(dex::parse_manifest_json("{}", "m.json"), Manifest{});
}

TEST(DexManifest, BadJsonNamesTheField) {
  EXPECT_EQ(dex::parse_manifest_json(R"({"a":1})", "m.json").error().line(),
            "m.json: a: expected a string, found a number");
  EXPECT_EQ(dex::parse_manifest_json("[]", "m.json").error().line(),
            "m.json: expected an object, found an array");
  EXPECT_EQ(dex::parse_manifest_json(R"({"a b":"1"})", "m.json").error().where, "m.json");
  EXPECT_FALSE(dex::parse_manifest_json(R"({"":"1"})", "m.json").has_value());
  EXPECT_FALSE(dex::parse_manifest_json(R"({"a":"1","a":"2"})", "m.json").has_value());
}

// DEX-DELIV-011
TEST(DexManifest, FilenamePrecedence) {
  Manifest manifest{{"received_filename", "r"},
                    {"meta_ext_filename", "m"},
                    {"original_filename", "o"},
                    {"filename", "f"}};
  for (const char* expected : {"f", "o", "m", "r"}) {
    EXPECT_EQ(dex::filename_of(manifest), expected);
    std::erase_if(manifest, [&](const auto& member) { return member.second == expected; });
  }
  EXPECT_FALSE(dex::filename_of(manifest).has_value());
  EXPECT_EQ(dex::filename_of({{"filename", ""}, {"received_filename", "r"}}), "")
      << "present counts, empty or not";
}

}  // namespace
