#include "store/info_file.hpp"
#include "tus/attributes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace mock {
namespace {

Result<Upload> read_info(std::string_view text, std::string_view id) {
  return parse_info(text, id, {&tus_schema()});
}

Upload example() {
  Upload upload;
  upload.id = "a";
  upload.length = Bytes{10};
  edit_tus(upload).metadata =
      *tus::parse_metadata("z YQ==,bytes /wD+,bare", tus::MetadataStrictness::strict);
  edit_tus(upload).metadata_header = "z YQ==,bytes /wD+,bare";
  return upload;
}

TEST(InfoFile, HasTheMembersTusdReads) {
  const auto document = nlohmann::json::parse(format_info(example(), "/store/a", "/store/a.info"));
  EXPECT_EQ(document["ID"], "a");
  EXPECT_EQ(document["Size"], 10);
  EXPECT_EQ(document["SizeIsDeferred"], false);
  EXPECT_EQ(document["Offset"], 0);
  EXPECT_EQ(document["MetaData"]["z"], "a");
  EXPECT_EQ(document["IsPartial"], false);
  EXPECT_EQ(document["IsFinal"], false);
  EXPECT_TRUE(document["PartialUploads"].is_null());
  EXPECT_EQ(document["Storage"]["Type"], "filestore");
  EXPECT_EQ(document["Storage"]["Path"], "/store/a");
  EXPECT_EQ(document["Storage"]["InfoPath"], "/store/a.info");
}

TEST(InfoFile, TUS_META_003_ComesBackAsItWas) {
  auto upload = example();
  upload.length.reset();
  edit_tus(upload).kind = tus::UploadKind::final;
  upload.parts = {"p", "q"};
  edit_tus(upload).concat_header = "final;/files/p \xff/files/q";
  upload.created = TimePoint{std::chrono::nanoseconds{1'700'000'000'123'456'789}};
  upload.expires = upload.created + std::chrono::hours{1};
  upload.lane = "blue";
  const auto read = read_info(format_info(upload, "d", "i"), "a");
  ASSERT_TRUE(read) << read.error().line();
  EXPECT_EQ(read->length, std::nullopt);
  EXPECT_EQ(tus_of(*read).metadata, tus_of(upload).metadata);
  EXPECT_EQ(tus_of(*read).metadata.find("bytes"), std::string("\xff\0\xfe", 3));
  EXPECT_EQ(tus_of(*read).metadata_header, tus_of(upload).metadata_header);
  EXPECT_EQ(tus_of(*read).kind, tus_of(upload).kind);
  EXPECT_EQ(read->parts, upload.parts);
  EXPECT_EQ(tus_of(*read).concat_header, tus_of(upload).concat_header);
  EXPECT_EQ(read->created, upload.created);
  EXPECT_EQ(read->expires, upload.expires);
  EXPECT_EQ(read->lane, "blue");
}

TEST(InfoFile, EveryByteOfAHeaderSurvives) {
  auto upload = example();
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  edit_tus(upload).concat_header = all;
  EXPECT_EQ(tus_of(*read_info(format_info(upload, "d", "i"), "a")).concat_header, all);
}

TEST(InfoFile, ReadsWhatTusdWrote) {
  const auto read = read_info(
      R"({"ID":"a","Size":5,"SizeIsDeferred":false,"Offset":0,"MetaData":{"b":"x","a":"","n":"ü"},)"
      R"("IsPartial":true,"IsFinal":false,"PartialUploads":null,)"
      R"("Storage":{"InfoPath":"data/a.info","Path":"data/a","Type":"filestore"}})",
      "a");
  ASSERT_TRUE(read) << read.error().line();
  EXPECT_EQ(read->length, Bytes{5});
  EXPECT_EQ(tus_of(*read).kind, tus::UploadKind::partial);
  EXPECT_EQ(tus_of(*read).concat_header, "partial");
  EXPECT_EQ(tus_of(*read).metadata_header, "b eA==,a,n w7w=");
}

TEST(InfoFile, KeepsWhatAnotherServerWrote) {
  const auto document = nlohmann::json::parse(
      format_info(example(), "/store/a", "/store/a.info",
                  R"({"ID":"a","Size":1,"MetaData":{"gone":"x"},"Retention":{"days":30},)"
                  R"("DexMock":{"Expires":"2026-01-01T00:00:00Z"},)"
                  R"("Storage":{"Path":"elsewhere","Bucket":"b"}})"));
  EXPECT_EQ(document["Retention"]["days"], 30);
  EXPECT_EQ(document["Storage"]["Bucket"], "b");
  EXPECT_EQ(document["Storage"]["Path"], "/store/a");
  EXPECT_EQ(document["Size"], 10);
  EXPECT_FALSE(document["MetaData"].contains("gone"));
  EXPECT_FALSE(document["DexMock"].contains("Expires"));
}

TEST(InfoFile, DoesNotTrustATornDocumentBeforeIt) {
  for (const auto* torn : {"{\"ID\":\"a\",\"Si", "[]", "null", ""}) {
    EXPECT_EQ(format_info(example(), "d", "i", torn), format_info(example(), "d", "i")) << torn;
  }
}

TEST(InfoFile, ReadsAFinalThatTusdMade) {
  const auto read = read_info(
      R"({"ID":"f","Size":5,"SizeIsDeferred":false,"Offset":0,"MetaData":{},"IsPartial":false,)"
      R"("IsFinal":true,"PartialUploads":["a","b"],"Storage":null})",
      "f");
  ASSERT_TRUE(read) << read.error().line();
  EXPECT_EQ(tus_of(*read).kind, tus::UploadKind::final);
  EXPECT_THAT(read->parts, testing::ElementsAre("a", "b"));
  EXPECT_EQ(tus_of(*read).concat_header, "final;a b");
}

TEST(InfoFile, WhatIsNotWholeIsAnError) {
  const auto good = format_info(example(), "d", "i");
  for (std::size_t n = 0; n < good.size(); ++n) {
    EXPECT_FALSE(read_info(std::string_view(good).substr(0, n), "a")) << n;
  }
  EXPECT_FALSE(read_info(good, "b")) << "another upload's";
  for (const auto* bad : {
           "[]",
           "null",
           R"({"ID":"a"})",
           R"({"ID":"a","Size":-1,"Offset":0,"MetaData":null})",
           R"({"ID":"a","Size":1.5,"Offset":0,"MetaData":null})",
           R"({"ID":"a","Size":"1","Offset":0,"MetaData":null})",
           R"({"ID":"a","Size":1,"Offset":0,"MetaData":[]})",
           R"({"ID":"a","Size":1,"Offset":0,"MetaData":{"k":1}})",
           R"({"ID":"a","Size":1,"Offset":0,"MetaData":{},"IsPartial":"no"})",
           R"({"ID":"a","Size":1,"Offset":0,"MetaData":{},"PartialUploads":"p"})",
           R"({"ID":"a","Size":1,"Offset":0,"MetaData":{},"DexMock":{"Created":"yesterday"}})",
           R"({"ID":"a","Size":1,"Offset":0,"MetaData":{},"DexMock":7})",
           R"({"ID":"a","Size":18446744073709551615,"Offset":0,"MetaData":{}})",
       }) {
    EXPECT_FALSE(read_info(bad, "a")) << bad;
  }
  EXPECT_TRUE(read_info(R"({"ID":"a","Size":1,"Offset":0,"MetaData":null})", "a"));
}

}  // namespace
}  // namespace mock
