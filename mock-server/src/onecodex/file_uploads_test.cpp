#include "onecodex/file_uploads.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "loop/manual_loop.hpp"
#include "objects/record.hpp"
#include "store/stores.hpp"
#include "store/test_folder.hpp"

namespace mock {
namespace {

using testing::ElementsAre;
using State = FileUpload::State;

/// On disk, where another process finds what this one left.
class FileUploadsTest : public testing::Test {
 protected:
  FileUploadsTest() { restart(); }

  void restart() {
    uploads.reset();
    objects.reset();
    store.reset();  // its folder is locked
    store = make_disk_store({folder.path(), false, {}, {&objects_schema(), &file_upload_schema()}},
                            loop)
                .value();
    objects = std::make_unique<Objects>(loop, ETag::md5, std::vector<std::string>{"bucket"});
    uploads = std::make_unique<FileUploads>(*objects, "bucket", loop);
  }
  void put(const std::string& key) {
    auto writer = objects->begin(*store, {.bucket = "bucket", .key = key}).value();
    ASSERT_TRUE(writer->append(std::as_bytes(std::span(std::string_view("bytes")))));
    ASSERT_TRUE(writer->publish());
  }
  static FileUpload sample(const std::string& id) {
    FileUpload record;
    record.id = id;
    record.owner = "me";
    record.file_id = "f" + id;
    return record;
  }
  std::vector<std::string> keys() {
    std::vector<std::string> all;
    const auto listed = objects->list(*store, "bucket", "", "", 100).value();
    for (const auto& object : listed) all.push_back(object.key);
    return all;
  }

  TestFolder folder;
  ManualLoop loop;
  std::unique_ptr<Store> store;
  std::unique_ptr<Objects> objects;
  std::unique_ptr<FileUploads> uploads;
};

// Once, whoever had its URL could read it until the next start.
TEST_F(FileUploadsTest, AFileThatTheDiskKeepsForNowIsNotThereAnyMore) {
  ASSERT_TRUE(uploads->add(*store, sample("1")));
  put(FileUploads::prefix_of("me", "f1") + "a.fa");
  const auto id = objects->list(*store, "bucket", "", "", 1).value().front().id;
  const auto info = folder.path() / (id + ".info");
  std::filesystem::remove(info);
  std::filesystem::create_directory(info);  // no unlink takes that away
  ASSERT_TRUE(uploads->remove(*store, "1"));
  EXPECT_THAT(keys(), testing::IsEmpty());
}

TEST_F(FileUploadsTest, RecordsAreFoundAgainAsTheyWere) {
  auto record = sample("1");
  record.kind = onecodex::Kind::document;
  record.state = State::confirmed;
  record.paired_file_id = "p1";
  record.multipart = true;
  record.was_preuploaded = true;
  record.filename = "\xC3\xA9 \"a\".fa";
  record.announced = 7;
  record.metadata = R"({"name":"\u00e9"})";
  record.tags = {"x", "y"};
  record.project = "p";
  record.confirmed = loop.now();
  record.size = 9;
  const auto added = uploads->add(*store, record).value();
  ASSERT_TRUE(uploads->add(*store, sample("2")));
  restart();
  const auto found = uploads->find(*store, "1").value();
  EXPECT_EQ(found.upload, added.upload);
  EXPECT_EQ(found.created, added.created);
  const auto& kept = *found.record;
  EXPECT_EQ(kept.kind, record.kind);
  EXPECT_EQ(kept.state, record.state);
  EXPECT_EQ(kept.owner, "me");
  EXPECT_EQ(kept.file_id, "f1");
  EXPECT_EQ(kept.paired_file_id, "p1");
  EXPECT_TRUE(kept.multipart);
  EXPECT_TRUE(kept.was_preuploaded);
  EXPECT_EQ(kept.filename, record.filename);
  EXPECT_EQ(kept.announced, 7U);
  EXPECT_EQ(kept.metadata, record.metadata);
  EXPECT_EQ(kept.tags, record.tags);
  EXPECT_EQ(kept.project, "p");
  EXPECT_EQ(kept.confirmed, record.confirmed);
  EXPECT_EQ(kept.size, 9U);
  const auto other = uploads->find_by_file(*store, "f2").value();
  EXPECT_EQ(other.record->id, "2");
  EXPECT_EQ(other.record->filename, std::nullopt);
  EXPECT_EQ(other.record->state, State::awaited);
}

TEST_F(FileUploadsTest, KeysAreAwaitedUntilTheUploadIsConfirmed) {
  ASSERT_TRUE(uploads->add(*store, sample("1")));
  auto parts = sample("2");
  parts.multipart = true;
  parts.paired_file_id = "p2";
  ASSERT_TRUE(uploads->add(*store, parts));
  EXPECT_TRUE(uploads->awaits("user_me/file_f1/a.fa"));
  EXPECT_TRUE(uploads->awaits("f2"));
  EXPECT_TRUE(uploads->awaits("p2"));
  for (const auto* key : {"user_you/file_f1/a.fa", "user_me/file_f1", "user_me/file_f3/a.fa", "f1",
                          "user_me/file_f2/a.fa", "", "x/user_me/file_f1/a.fa"}) {
    EXPECT_FALSE(uploads->awaits(key)) << key;
  }
  auto done = sample("1");
  done.state = State::confirmed;
  ASSERT_TRUE(uploads->update(*store, done));
  EXPECT_FALSE(uploads->awaits("user_me/file_f1/a.fa"));
}

TEST_F(FileUploadsTest, AnUploadGoesWithItsObjects) {
  auto record = sample("1");
  record.paired_file_id = "p1";
  ASSERT_TRUE(uploads->add(*store, record));
  put("user_me/file_f1/a.fa");
  put("user_me/file_f1/b.fa");
  put("user_me/file_p1/c.fa");
  ASSERT_TRUE(uploads->remove(*store, "1"));
  EXPECT_THAT(keys(), ElementsAre());
  EXPECT_TRUE(store->ids().empty());
  EXPECT_EQ(uploads->remove(*store, "1").error().kind, StoreError::Kind::not_found);
}

TEST_F(FileUploadsTest, TheNewestOfAFormCounts) {
  ASSERT_TRUE(uploads->add(*store, sample("1")));
  put("user_me/file_f1/z.fa");
  loop.advance(std::chrono::seconds{1});
  put("user_me/file_f1/a.fa");
  EXPECT_EQ(uploads->object_of(*store, sample("1"), "f1")->key, "user_me/file_f1/a.fa");
}

TEST_F(FileUploadsTest, TheNewestOfAFormIsFoundAmongHundreds) {
  ASSERT_TRUE(uploads->add(*store, sample("1")));
  for (int i = 0; i < 300; ++i) put("user_me/file_f1/" + std::to_string(100 + i) + ".fa");
  loop.advance(Milliseconds{1'000});
  put("user_me/file_f1/398.fa");
  EXPECT_EQ(uploads->object_of(*store, sample("1"), "f1")->key, "user_me/file_f1/398.fa");
}

TEST_F(FileUploadsTest, ObjectsThatAKillLeftWithoutARecordAreRemoved) {
  ASSERT_TRUE(uploads->load(*store));
  put("user_me/file_f1/a.fa");
  put("user_me/file_f2/a.fa");
  put("f3");
  ASSERT_TRUE(uploads->add(*store, sample("1")));
  restart();
  ASSERT_TRUE(uploads->load(*store));
  EXPECT_THAT(keys(), ElementsAre("user_me/file_f1/a.fa"));
}

TEST_F(FileUploadsTest, WhatOthersRemoveIsForgotten) {
  uploads->start(*store);
  const auto added = uploads->add(*store, sample("1")).value();
  put("user_me/file_f1/a.fa");
  const auto upload = store->find(added.upload).value();
  ASSERT_TRUE(store->remove(added.upload));
  uploads->removed(upload);
  EXPECT_FALSE(uploads->find(*store, "1"));
  EXPECT_THAT(keys(), ElementsAre());
}

TEST_F(FileUploadsTest, RulesKnowAnUploadByNames) {
  auto record = sample("1");
  record.filename = "a.fa";
  const auto upload = store->find(uploads->add(*store, record)->upload).value();
  EXPECT_EQ(upload.attributes->find("resource"), "samples");
  EXPECT_EQ(upload.attributes->find("state"), "awaited");
  EXPECT_EQ(upload.attributes->find("filename"), "a.fa");
  EXPECT_EQ(upload.attributes->find("other"), std::nullopt);
}

}  // namespace
}  // namespace mock
