#include "objects/objects.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "loop/manual_loop.hpp"
#include "store/stores.hpp"
#include "store/test_folder.hpp"
#include "store/test_noted.hpp"

namespace mock {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;
using testing::IsEmpty;

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

std::unique_ptr<Store> disk_store(const TestFolder& folder, Loop& loop) {
  return make_disk_store({folder.path(), false, {}, {&objects_schema(), &test::noted_schema()}},
                         loop)
      .value();
}

class ObjectsTest : public testing::TestWithParam<const char*> {
 protected:
  ObjectsTest() { open_store(); }

  void open_store() {
    store.reset();  // its folder is locked
    store = GetParam() == "disk"s ? disk_store(folder, loop)
                                  : make_memory_store(loop, Bytes{1U << 20U});
  }
  std::unique_ptr<ObjectWriter> begin(const std::string& key, std::string_view content = {}) {
    auto writer = objects.begin(*store, {.bucket = "b", .key = key}).value();
    EXPECT_TRUE(writer->append(bytes(content)));
    return writer;
  }
  Object put(const std::string& key, std::string_view content) {
    return begin(key, content)->publish().value();
  }
  std::string content(const std::string& key) {
    const auto object = objects.find(*store, "b", key);
    if (!object) return "(" + object.error().detail + ")";
    auto reader = store->open(object->id).value();
    std::string all(reader->size().value, '\0');
    EXPECT_TRUE(reader->read(Bytes{0}, std::as_writable_bytes(std::span(all))));
    return all;
  }
  std::vector<std::string> keys(std::string_view prefix, std::string_view after = {},
                                std::size_t most = 100) {
    std::vector<std::string> all;
    const auto listed = objects.list(*store, "b", prefix, after, most).value();
    for (const auto& object : listed) all.push_back(object.key);
    return all;
  }

  TestFolder folder;
  ManualLoop loop;
  std::unique_ptr<Store> store;
  Objects objects{loop, ETag::md5, {"b"}};
};

TEST_P(ObjectsTest, IsThereWithItsLastByteOnly) {
  auto writer = begin("a/b", "hello ");
  EXPECT_EQ(content("a/b"), "(no object of this key)");
  ASSERT_TRUE(writer->append(bytes("world")));
  EXPECT_EQ(content("a/b"), "(no object of this key)");
  const auto object = writer->publish();
  ASSERT_TRUE(object);
  EXPECT_EQ(object->etag, "5eb63bbbe01eeed093cb22bb8f5acdc3");
  EXPECT_EQ(object->size, Bytes{11});
  EXPECT_EQ(content("a/b"), "hello world");
}

TEST_P(ObjectsTest, NothingIsLeftOfWhatIsNotPublished) {
  begin("k", "half");
  EXPECT_EQ(content("k"), "(no object of this key)");
  EXPECT_THAT(store->ids(), IsEmpty());
}

TEST_P(ObjectsTest, TheLaterOfTwoWins) {
  put("k", "first");
  auto slow = begin("k", "slow");
  put("k", "second");
  EXPECT_EQ(content("k"), "second");
  ASSERT_TRUE(slow->publish());
  EXPECT_EQ(content("k"), "slow");
  EXPECT_EQ(store->ids().size(), 1U);
}

TEST_P(ObjectsTest, OneThatFailsLeavesTheFormer) {
  put("k", "former");
  begin("k", "aborted");
  EXPECT_EQ(content("k"), "former");
}

TEST_P(ObjectsTest, KeysAreAnyBytes) {
  const std::string odd[] = {"../../etc/passwd", "\0\xff\r\n"s, std::string(4000, 'x'), "a//b/",
                             "%2e%2e",           "\xc3\xa4&=;"};
  for (const auto& key : odd) {
    put(key, key + "!");
    EXPECT_EQ(content(key), key + "!");
  }
  open_store();
  if (GetParam() == "memory"s) return;
  Objects again{loop, ETag::md5, {"b"}};
  for (const auto& key : odd) {
    const auto object = again.find(*store, "b", key);
    ASSERT_TRUE(object) << key;
    EXPECT_EQ(object->key, key);
  }
}

TEST_P(ObjectsTest, FieldsComeBack) {
  auto writer = objects
                    .begin(*store, {.bucket = "b",
                                    .key = "k",
                                    .fields = {{"Content-Type", "text/plain; charset=utf-8"},
                                               {"x-amz-meta-foo", "a&b=\xe4+ c"}}})
                    .value();
  ASSERT_TRUE(writer->publish());
  const auto object = objects.find(*store, "b", "k");
  ASSERT_TRUE(object);
  EXPECT_EQ(object->fields.find("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(object->fields.find("x-amz-meta-foo"), "a&b=\xe4+ c");
  EXPECT_EQ(object->etag, "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(object->size, Bytes{0});
}

TEST_P(ObjectsTest, AreListedByPrefix) {
  for (const auto* key : {"a/1", "a/2", "a/3", "ab", "b"}) put(key, "x");
  EXPECT_THAT(keys("a/"), ElementsAre("a/1", "a/2", "a/3"));
  EXPECT_THAT(keys("a/", "a/1"), ElementsAre("a/2", "a/3"));
  EXPECT_THAT(keys("", "", 2), ElementsAre("a/1", "a/2"));
  EXPECT_THAT(keys("c"), IsEmpty());
  EXPECT_THAT(objects.list(*store, "other", "", "", 10).value(), IsEmpty());
}

TEST_P(ObjectsTest, AreRemoved) {
  put("k", "x");
  ASSERT_TRUE(objects.remove(*store, "b", "k"));
  EXPECT_EQ(content("k"), "(no object of this key)");
  EXPECT_THAT(store->ids(), IsEmpty());
  EXPECT_EQ(objects.remove(*store, "b", "k").error().kind, StoreError::Kind::not_found);
}

TEST_P(ObjectsTest, AreRemovedByOthers) {
  const auto first = put("k", "x");
  const auto upload = store->find(first.id).value();
  ASSERT_TRUE(store->remove(first.id));
  EXPECT_EQ(objects.find(*store, "b", "k").error().kind, StoreError::Kind::not_found);
  put("k", "y");
  objects.removed(upload);  // told late
  EXPECT_EQ(content("k"), "y");
}

TEST_P(ObjectsTest, AFullStoreSaysSo) {
  auto small = make_memory_store(loop, Bytes{3});
  Objects full{loop, ETag::md5, {"b"}};
  auto writer = full.begin(*small, {.bucket = "b", .key = "k"}).value();
  const auto appended = writer->append(bytes("abcd"));
  ASSERT_FALSE(appended);
  EXPECT_EQ(appended.error().kind, StoreError::Kind::no_space);
  writer.reset();
  EXPECT_THAT(small->ids(), IsEmpty());
}

TEST_P(ObjectsTest, AnOpaqueTagIsNoDigest) {
  Objects opaque{loop, ETag::opaque, {"b"}};
  const auto tag = [&] {
    auto writer = opaque.begin(*store, {.bucket = "b", .key = "k"}).value();
    EXPECT_TRUE(writer->append(bytes("hello world")));
    EXPECT_EQ(writer->md5(), "");
    return writer->publish().value().etag;
  };
  EXPECT_NE(tag(), tag());
}

INSTANTIATE_TEST_SUITE_P(All, ObjectsTest, testing::Values("disk", "memory"),
                         [](const auto& kind) { return std::string(kind.param); });

/// Only files remain of a process that was killed.
class KilledTest : public testing::Test {
 protected:
  /// Leaves an upload in `state`; no destructor tidies up.
  void leave(const std::string& key, std::string_view content, ObjectRecord::State state,
             std::uint64_t sequence) {
    auto store = disk_store(folder, loop);
    Upload upload;
    upload.id = "id" + std::to_string(sequence);
    upload.created = upload.modified = loop.now();
    auto record = std::make_shared<ObjectRecord>();
    record->state = state;
    record->bucket = "b";
    record->key = key;
    record->etag = "tag" + std::to_string(sequence);
    record->sequence = sequence;
    upload.attributes = std::move(record);
    ASSERT_TRUE(store->create(upload));
    ASSERT_TRUE(store->append(upload.id, Bytes{0}, bytes(content)));
  }

  TestFolder folder;
  ManualLoop loop;
};

TEST_F(KilledTest, AnUnfinishedTransferIsRemoved) {
  leave("k", "whole", ObjectRecord::State::object, 1);
  leave("k", "ha", ObjectRecord::State::writing, 2);
  auto store = disk_store(folder, loop);
  Objects objects{loop, ETag::md5, {"b"}};
  ASSERT_TRUE(objects.load(*store));
  EXPECT_EQ(objects.find(*store, "b", "k")->etag, "tag1");
  EXPECT_THAT(store->ids(), ElementsAre("id1"));
}

TEST_F(KilledTest, OfTwoTheLaterIsTheObject) {
  leave("k", "new", ObjectRecord::State::object, 7);
  leave("k", "old", ObjectRecord::State::object, 3);
  leave("other", "x", ObjectRecord::State::object, 5);
  auto store = disk_store(folder, loop);
  Objects objects{loop, ETag::md5, {"b"}};
  ASSERT_TRUE(objects.load(*store));
  EXPECT_EQ(objects.find(*store, "b", "k")->etag, "tag7");
  EXPECT_THAT(store->ids(), ElementsAre("id5", "id7"));
  // And what comes now is later still.
  ASSERT_TRUE(objects.begin(*store, {.bucket = "b", .key = "k"}).value()->publish());
  store.reset();
  store = disk_store(folder, loop);
  Objects again{loop, ETag::md5, {"b"}};
  EXPECT_EQ(again.find(*store, "b", "k")->size, Bytes{0});
}

TEST_F(KilledTest, WhatAnotherStoreOfTheLaneIsTakingStays) {
  leave("k", "ha", ObjectRecord::State::writing, 1);
  auto store = disk_store(folder, loop);
  Objects other{loop, ETag::md5, {"elsewhere"}};
  ASSERT_TRUE(other.load(*store));
  EXPECT_THAT(store->ids(), ElementsAre("id1"));
}

TEST_F(KilledTest, OtherUploadsStay) {
  {
    auto store = disk_store(folder, loop);
    Upload upload;
    upload.id = "noted";
    upload.attributes = std::make_shared<test::Noted>("writing");
    ASSERT_TRUE(store->create(upload));
  }
  auto store = disk_store(folder, loop);
  Objects objects{loop, ETag::md5, {"b"}};
  ASSERT_TRUE(objects.load(*store));
  EXPECT_THAT(store->ids(), ElementsAre("noted"));
}

}  // namespace
}  // namespace mock
