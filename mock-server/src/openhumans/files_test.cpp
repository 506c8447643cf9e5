#include "openhumans/files.hpp"

#include <gmock/gmock.h>

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

constexpr Milliseconds lifetime{60'000};

/// On disk, where another process finds what this one left.
class FilesTest : public testing::Test {
 protected:
  FilesTest() { restart(); }

  void restart() {
    files.reset();
    objects.reset();
    store.reset();  // its folder is locked
    store = make_disk_store({folder.path(), false, {}, {&objects_schema(), &file_schema()}}, loop)
                .value();
    objects = std::make_unique<Objects>(loop, ETag::md5, std::vector<std::string>{"bucket"});
    files = std::make_unique<Files>(*objects, "bucket", lifetime, loop);
  }
  void put(const std::string& key) {
    auto writer = objects->begin(*store, {.bucket = "bucket", .key = key}).value();
    ASSERT_TRUE(writer->append(std::as_bytes(std::span(std::string_view("bytes")))));
    ASSERT_TRUE(writer->publish());
  }
  StoredFile add(const std::string& name, bool complete = true) {
    FileRecord record;
    record.member = "m";
    record.key = "member-files/" + name;
    record.basename = name;
    record.metadata = R"({"description":"\u00e9 \"","tags":[]})";
    record.complete = complete;
    return files->add(*store, std::move(record)).value();
  }
  std::vector<std::string> names() {
    std::vector<std::string> all;
    const auto listed = files->list(*store, "m").value();
    for (const auto& file : listed) all.push_back(file.record->basename);
    return all;
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
  std::unique_ptr<Files> files;
};

TEST_F(FilesTest, RecordsAreFoundAgainAsTheyWere) {
  const auto added = add("\xC3\xA9 \"quoted\" \\ .txt");
  const auto waiting = add("b.txt", false);
  EXPECT_EQ(waiting.record->number, 2U);
  restart();
  const auto found = files->find(*store, 1).value();
  EXPECT_EQ(found.upload, added.upload);
  EXPECT_EQ(found.created, added.created);
  EXPECT_EQ(found.record->basename, added.record->basename);
  EXPECT_EQ(found.record->key, added.record->key);
  EXPECT_EQ(found.record->metadata, added.record->metadata);
  EXPECT_EQ(found.record->member, "m");
  EXPECT_FALSE(files->find(*store, 2).value().record->complete);
  EXPECT_EQ(names().size(), 1U);
  EXPECT_TRUE(files->set_complete(*store, 2, true));
  restart();
  EXPECT_EQ(names().size(), 2U);
  EXPECT_EQ(add("c.txt").record->number, 3U);
}

TEST_F(FilesTest, AFileGoesWithItsObject) {
  put("member-files/a");
  add("a");
  EXPECT_TRUE(files->remove(*store, 1));
  EXPECT_THAT(names(), ElementsAre());
  EXPECT_THAT(keys(), ElementsAre());
  EXPECT_EQ(files->remove(*store, 1).error().kind, StoreError::Kind::not_found);
  EXPECT_TRUE(store->ids().empty());
}

TEST_F(FilesTest, ObjectsThatAKillLeftWithoutAFileAreRemoved) {
  EXPECT_TRUE(files->load(*store));
  put("member-files/a");
  put("member-files/b");
  put("elsewhere");
  add("b");
  restart();
  EXPECT_TRUE(files->load(*store));
  EXPECT_THAT(keys(), ElementsAre("elsewhere", "member-files/b"));
}

TEST_F(FilesTest, WhatWasTooOldAtTheStartIsRemovedThen) {
  add("old", false);
  add("done");
  loop.advance(lifetime);
  restart();
  files->start(*store);
  EXPECT_EQ(files->find(*store, 1).error().kind, StoreError::Kind::not_found);
  EXPECT_THAT(names(), ElementsAre("done"));
}

TEST_F(FilesTest, WhatIsIncompleteAgainIsRemovedByItsOwnAge) {
  files->start(*store);
  add("first");
  loop.advance(lifetime / 2);
  add("second", false);
  EXPECT_TRUE(files->set_complete(*store, 1, false));
  loop.advance(lifetime / 2);
  EXPECT_EQ(files->find(*store, 1).error().kind, StoreError::Kind::not_found);
  EXPECT_TRUE(files->find(*store, 2));
  loop.advance(lifetime / 2);
  EXPECT_EQ(files->find(*store, 2).error().kind, StoreError::Kind::not_found);
}

TEST_F(FilesTest, WhatOthersRemoveIsForgotten) {
  files->start(*store);
  put("member-files/a");
  const auto added = add("a");
  const auto upload = store->find(added.upload).value();
  EXPECT_TRUE(store->remove(added.upload));
  files->removed(upload);
  EXPECT_THAT(names(), ElementsAre());
  EXPECT_THAT(keys(), ElementsAre());
}

TEST_F(FilesTest, RulesKnowAFileByNames) {
  const auto upload = store->find(add("a.txt").upload).value();
  EXPECT_EQ(upload.attributes->find("member"), "m");
  EXPECT_EQ(upload.attributes->find("basename"), "a.txt");
  EXPECT_EQ(upload.attributes->find("complete"), "yes");
  EXPECT_EQ(upload.attributes->find("other"), std::nullopt);
}

}  // namespace
}  // namespace mock
