#include "dex/dex_hooks.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "dex/dex_fixture.hpp"
#include "protocol/dex/upload_config.hpp"
#include "protocol/http/date.hpp"
#include "tus/attributes.hpp"

namespace mock {
namespace {

using nlohmann::json;
using testing::ElementsAre;

class Hooking : public DexFixture {
 protected:
  /// The validation errors of a refusal; empty when the upload was created.
  std::vector<std::string> refusal_of(const tus::Metadata& metadata,
                                      tus::UploadKind kind = tus::UploadKind::normal) {
    const auto upload = try_create(metadata, Bytes{10}, kind);
    if (upload) return {};
    EXPECT_EQ(upload.error().status, 400);
    const auto refusal = dex::parse_manifest_refusal(upload.error().body);
    EXPECT_TRUE(refusal) << upload.error().body;
    return refusal ? refusal->validation_errors : std::vector<std::string>{"?"};
  }
};

TEST_F(Hooking, DEX_TUS_002_IdsAreUuidsOfVersion4) {
  const auto first = create().id;
  EXPECT_THAT(first, testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-"
                                           "[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
  EXPECT_NE(create().id, first);
}

TEST_F(Hooking, DEX_MANI_001_002_TheServerAddsItsFields) {
  const auto upload = create();
  EXPECT_EQ(tus_of(upload).metadata.find("upload_id"), upload.id);
  const std::string time(tus_of(upload).metadata.find("dex_ingest_datetime").value());
  EXPECT_EQ(::http::parse_rfc3339(time), loop_->now());
  EXPECT_EQ(time.back(), 'Z');
}

TEST_F(Hooking, DEX_MANI_003_ClientValuesAreOverwritten) {
  auto metadata = metadata_with("upload_id", "hack");
  metadata.set("dex_ingest_datetime", "1999-01-01T00:00:00Z");
  const auto upload = create(metadata);
  EXPECT_EQ(tus_of(upload).metadata.find("upload_id"), upload.id);
  EXPECT_NE(tus_of(upload).metadata.find("dex_ingest_datetime"), "1999-01-01T00:00:00Z");
}

TEST_F(Hooking, DEX_MANI_004_TheClientsPairsStayFirstAndInOrder) {
  auto metadata = good_metadata();
  metadata.set("custom", std::string("\0\xff", 2));
  const auto upload = create(metadata);
  const auto& kept = tus_of(upload).metadata.pairs();
  ASSERT_EQ(kept.size(), metadata.pairs().size() + 2);
  for (std::size_t i = 0; i < metadata.pairs().size(); ++i) EXPECT_EQ(kept[i], metadata.pairs()[i]);
}

TEST_F(Hooking, DEX_META_001_002_TheStreamIsRequired) {
  EXPECT_THAT(refusal_of(metadata_without("data_stream_id")),
              ElementsAre("validation failure", "field data_stream_id was missing"));
  EXPECT_THAT(refusal_of(metadata_without("data_stream_route")),
              ElementsAre("validation failure", "field data_stream_route was missing"));
}

TEST_F(Hooking, DEX_META_003_004_RequiredFieldsAreReportedTogether) {
  auto metadata = metadata_without("sender_id");
  metadata.remove("jurisdiction");
  EXPECT_THAT(refusal_of(metadata),
              ElementsAre("validation failure", "field sender_id was missing", "validation failure",
                          "field jurisdiction was missing"));
}

TEST_F(Hooking, DEX_META_007_UnknownStream) {
  EXPECT_THAT(refusal_of(metadata_with("data_stream_route", "nope")),
              ElementsAre("open dextesting_nope.json: no such file or directory",
                          "validation failure", "manifest validation config file not found"));
}

TEST_F(Hooking, DEX_META_008_SlashInACheckedName) {
  EXPECT_THAT(refusal_of(metadata_with("received_filename", "test/-file")),
              ElementsAre("invalid character found in test/-file validation failure"));
}

TEST_F(Hooking, DEX_META_009_SlashInAnUncheckedNamePasses) {
  EXPECT_THAT(refusal_of(metadata_with("filename", "a/b")), ElementsAre());
}

TEST_F(Hooking, DEX_META_010_OtherCharactersPass) {
  for (const char* name : {"a\\b", "..", "a\tb", "\x7f"}) {
    EXPECT_THAT(refusal_of(metadata_with("received_filename", name)), ElementsAre()) << name;
  }
}

TEST_F(Hooking, DEX_SEC_003_NamesThatClimbOutAreRefused) {
  EXPECT_THAT(refusal_of(metadata_with("filename", "../../../escape/x.csv")),
              ElementsAre("invalid character found in ../../../escape/x.csv validation failure"));
}

TEST_F(Hooking, DEX_META_011_ValuesKeepTheirCase) {
  EXPECT_THAT(refusal_of(metadata_with("data_stream_id", "DEXTESTING")),
              ElementsAre("validation failure", "data_stream_id had disallowed value DEXTESTING"));
}

TEST_F(Hooking, DEX_META_013_Version1IsRefused) {
  tus::Metadata metadata;
  metadata.set("meta_destination_id", "dextesting");
  metadata.set("meta_ext_event", "testevent1");
  EXPECT_THAT(refusal_of(metadata),
              ElementsAre("validation failure", "field data_stream_id was missing"));
}

TEST_F(Hooking, DEX_META_015_016_ExtraAndEmptyValuesPass) {
  EXPECT_THAT(refusal_of(metadata_with("custom", "1")), ElementsAre());
  EXPECT_THAT(refusal_of(metadata_with("sender_id", "")), ElementsAre());
}

TEST_F(Hooking, DEX_META_020_TheRefusalIsJsonLabelledText) {
  const auto refused = try_create({});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fields.find("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(refused.error().fields.count("Content-Type"), 1U);
}

TEST_F(Hooking, DEX_META_021_025_ARefusalLeavesOnlyReports) {
  const auto refused = try_create({});
  ASSERT_FALSE(refused);
  const auto refusal = dex::parse_manifest_refusal(refused.error().body).value();
  EXPECT_EQ(refusal.upload_id, last_refused_id_);
  EXPECT_EQ(info_reply(refusal.upload_id).status, 404);
  EXPECT_TRUE(store_->ids().empty());
  EXPECT_FALSE(refused.error().fields.has("Location"));
}

TEST_F(Hooking, DEX_META_022_ABrokenConfigIs500) {
  options_.upload_configs = temporary_.path() / "configs";
  std::filesystem::create_directory(*options_.upload_configs);
  restart();
  // At the start it would have been found.
  ASSERT_TRUE(replace_file(*options_.upload_configs / "dextesting_testevent1.json", "{"));
  const auto refused = try_create(good_metadata());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, 500);
  EXPECT_EQ(refused.error().body.rfind("ERR_INTERNAL_SERVER_ERROR: ", 0), 0U)
      << refused.error().body;
}

TEST_F(Hooking, DEX_META_024_PartsAndFinalsAreJudgedToo) {
  EXPECT_FALSE(refusal_of({}, tus::UploadKind::partial).empty());
  EXPECT_FALSE(refusal_of({}, tus::UploadKind::final).empty());
}

TEST_F(Hooking, DEX_HOOK_001_PreCreateReports) {
  ASSERT_FALSE(try_create(metadata_without("sender_id")));
  ASSERT_EQ(report(last_refused_id_, "metadata-transform").size(), 1U);
  const auto verify = report(last_refused_id_, "metadata-verify");
  ASSERT_EQ(verify.size(), 1U);
  const auto document = json::parse(verify[0]);
  EXPECT_EQ(document["stage_info"]["status"], "FAILURE");
  EXPECT_EQ(document["stage_info"]["issues"][0]["level"], "ERROR");
  EXPECT_EQ(document["stage_info"]["issues"][0]["message"],
            "validation failure\nfield sender_id was missing");

  const auto good = create().id;
  const auto passed = json::parse(report(good, "metadata-verify").at(0));
  EXPECT_EQ(passed["stage_info"]["status"], "SUCCESS");
  EXPECT_TRUE(passed["stage_info"]["issues"].is_null());
}

TEST_F(Hooking, DEX_HOOK_002_PostCreateReports) {
  const auto id = create().id;
  EXPECT_EQ(report(id, "upload-started").size(), 1U);
  const auto status = report(id, "upload-status");
  ASSERT_EQ(status.size(), 1U);
  EXPECT_EQ(json::parse(status[0])["content"]["offset"], 0);
}

TEST_F(Hooking, DEX_HOOK_003_ProgressIsReportedOnceASecond) {
  const auto id = create().id;
  for (const char* byte : {"a", "b", "c"}) {
    receive(id, byte);
    loop_->advance(Milliseconds{300});
  }
  EXPECT_EQ(report(id, "upload-status").size(), 1U) << "none within the first second";
  loop_->advance(Milliseconds{100});
  const auto status = report(id, "upload-status");
  ASSERT_EQ(status.size(), 2U);
  EXPECT_EQ(json::parse(status[1])["content"]["offset"], 3);
  loop_->advance(Milliseconds{10'000});
  EXPECT_EQ(report(id, "upload-status").size(), 2U) << "none while nothing moves";
}

TEST_F(Hooking, DEX_HOOK_004_TheMetaFileIsTheManifest) {
  const auto upload = upload_whole();
  const auto meta = json::parse(content(folder() / (upload.id + ".meta")));
  EXPECT_EQ(meta.get<dex::Manifest>(), dex::manifest_of(tus_of(upload).metadata));
}

TEST_F(Hooking, DEX_HOOK_004_AMetaFileThatCannotBeWrittenIs500) {
  const auto upload = create();
  std::filesystem::create_directory(folder() / (upload.id + ".meta"));
  const auto outcome = dex_->hooks().before_finish(upload);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().status, 500);
}

TEST_F(Hooking, AMetaFileForWhichThereIsNoSpaceIs507) {
  const auto upload = create();
  std::filesystem::create_symlink("/dev/full", folder() / (upload.id + ".meta.new"));
  const auto outcome = dex_->hooks().before_finish(upload);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().status, 507);
}

TEST_F(Hooking, AnUploadThatCouldNotBeFinishedIsFinishedOnceItCanBe) {
  const auto upload = create(good_metadata(), Bytes{3});
  std::filesystem::create_directory(folder() / (upload.id + ".meta"));
  ASSERT_TRUE(store_->append(upload.id, Bytes{0}, std::as_bytes(std::span("abc", 3))));
  const auto whole = store_->find(upload.id).value();
  ASSERT_FALSE(dex_->hooks().before_finish(whole));
  loop_->advance(Milliseconds{60'000});
  EXPECT_TRUE(attempts(upload.id).empty());
  std::filesystem::remove(folder() / (upload.id + ".meta"));
  loop_->advance(Milliseconds{60'000});
  loop_->run();
  ASSERT_EQ(attempts(upload.id).size(), 1U);
  EXPECT_EQ(attempts(upload.id)[0].status, dex::delivery_state::success);
  EXPECT_EQ(report(upload.id, "upload-completed").size(), 1U);
}

TEST_F(Hooking, ADeleteEndsTheAttemptsToFinish) {
  const auto upload = create(good_metadata(), Bytes{3});
  std::filesystem::create_directory(folder() / (upload.id + ".meta"));
  ASSERT_FALSE(dex_->hooks().before_finish(upload));
  ASSERT_TRUE(store_->remove(upload.id));
  dex_->hooks().after_terminate(upload);
  loop_->advance(Milliseconds{60'000});
  EXPECT_FALSE(std::filesystem::exists(folder() / (upload.id + ".meta")));
  EXPECT_TRUE(report(upload.id, "upload-completed").empty());
}

TEST_F(Hooking, DEX_HOOK_005_PostFinishReportsAndEvents) {
  const auto id = upload_whole().id;
  EXPECT_EQ(report(id, "upload-completed").size(), 1U);
  const auto status = json::parse(report(id, "upload-status").back());
  EXPECT_EQ(status["content"]["offset"], 10) << "DEX-FILES-005";
  EXPECT_EQ(status["content"]["size"], 10);
  EXPECT_EQ(status["disposition_type"], "replace");
  loop_->advance(Milliseconds{5'000});
  EXPECT_EQ(report(id, "upload-status").size(), 2U) << "nothing after the end";
}

TEST_F(Hooking, DEX_HOOK_006_ADeleteIsNotReported) {
  const auto upload = upload_whole();
  const auto count = [&] {
    return std::distance(std::filesystem::directory_iterator(folder() / "reports"), {});
  };
  const auto before = count();
  ASSERT_TRUE(store_->remove(upload.id));
  dex_->hooks().after_terminate(upload);
  EXPECT_EQ(count(), before) << "reports stay";
  EXPECT_FALSE(std::filesystem::exists(folder() / (upload.id + ".meta")));
}

TEST_F(Hooking, ADeleteStopsTheProgressReports) {
  const auto id = create().id;
  receive(id, "abc");
  const auto upload = store_->find(id).value();
  ASSERT_TRUE(store_->remove(id));
  dex_->hooks().after_terminate(upload);
  loop_->advance(Milliseconds{2'000});
  EXPECT_EQ(report(id, "upload-status").size(), 1U);
}

TEST_F(Hooking, DEX_FILES_002_ReportKeys) {
  const auto upload = upload_whole();
  const auto document = json::parse(report(upload.id, "upload-completed").at(0));
  std::vector<std::string> keys;
  for (const auto& member : document.items()) keys.push_back(member.key());
  EXPECT_THAT(keys, testing::UnorderedElementsAre(
                        "report_schema_version", "upload_id", "sender_id", "data_stream_id",
                        "data_stream_route", "jurisdiction", "dex_ingest_datetime", "content_type",
                        "disposition_type", "stage_info", "content"));
  EXPECT_EQ(document["report_schema_version"], "1.0.0");
  EXPECT_EQ(document["upload_id"], upload.id);
  EXPECT_EQ(document["jurisdiction"], "GA");
  EXPECT_EQ(document["stage_info"]["service"], "UPLOAD API");
  EXPECT_EQ(document["stage_info"]["action"], "upload-completed");
  EXPECT_EQ(document["content"]["content_schema_name"], "upload-completed");
}

TEST_F(Hooking, DEX_FILES_003_EventKeys) {
  const auto upload = upload_whole();
  const auto events = lines(folder() / "events" / (upload.id + "_FileReady"));
  ASSERT_EQ(events.size(), 1U) << "one for each target";
  const auto event = json::parse(events[0]);
  EXPECT_EQ(event["type"], "FileReady");
  EXPECT_EQ(event["upload_id"], upload.id);
  EXPECT_EQ(event["deliver_target"], "edav");
  EXPECT_EQ(event["retry_count"], 0);
  EXPECT_EQ(event["Metadata"]["received_filename"], "rf.txt");
  EXPECT_TRUE(event["path"].get<std::string>().ends_with("rf_" + upload.id + ".txt"));
}

TEST_F(Hooking, WithoutAFolderNothingIsWritten) {
  options_.store_folder.reset();
  restart();
  const auto id = upload_whole().id;
  EXPECT_FALSE(std::filesystem::exists(folder() / "reports"));
  EXPECT_FALSE(std::filesystem::exists(folder() / (id + ".meta")));
  EXPECT_EQ(attempts(id).size(), 1U) << "remembered in memory";
}

}  // namespace
}  // namespace mock
