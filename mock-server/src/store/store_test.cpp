// What every store has to do, run against each of them.
#include "store/store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "loop/manual_loop.hpp"
#include "protocol/digest.hpp"
#include "store/stores.hpp"
#include "store/test_folder.hpp"
#include "tus/attributes.hpp"

namespace mock {
namespace {

using Kind = StoreError::Kind;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

TEST(UploadId, IsOnePathComponent) {
  EXPECT_TRUE(is_upload_id("24e533e02ec3bc40c387f1a0e460e216"));
  EXPECT_TRUE(is_upload_id("a-b_c+D"));
  EXPECT_TRUE(is_upload_id(std::string(200, 'a')));
  for (const auto* bad : {"", ".", "..", "../a", "a/b", "a.info", "a b", "a%2fb", "\xc3\xa4"}) {
    EXPECT_FALSE(is_upload_id(bad)) << bad;
  }
  EXPECT_FALSE(is_upload_id(std::string(201, 'a')));
  EXPECT_FALSE(is_upload_id(std::string_view("a\0b", 3)));
}

struct Kept {
  const char* name;
  bool keeps_bytes;
};

class StoreTest : public testing::TestWithParam<Kept> {
 protected:
  StoreTest() {
    const std::string name = GetParam().name;
    if (name == "disk")
      store = make_disk_store({folder.path() / "new", false, {}, {&tus_schema()}}, loop).value();
    if (name == "disk_fsync")
      store = make_disk_store({folder.path(), true, {}, {&tus_schema()}}, loop).value();
    if (name == "memory") store = make_memory_store(loop, Bytes{1U << 30U});
    if (name == "discard") store = make_discard_store(loop);
  }

  Upload upload(std::string id, std::optional<std::uint64_t> length = 10) {
    Upload fresh;
    fresh.id = std::move(id);
    if (length) fresh.length = Bytes{*length};
    fresh.created = loop.now();
    fresh.modified = loop.now();
    return fresh;
  }
  void create(const std::string& id, std::string_view content = {}) {
    ASSERT_TRUE(store->create(upload(id, std::max<std::size_t>(content.size(), 10))));
    if (content.empty()) return;
    ASSERT_EQ(store->append(id, Bytes{0}, bytes(content)), Bytes{content.size()});
  }
  /// The stored bytes; for a store that keeps none, what it should have.
  std::string content(const std::string& id, const std::string& expected) {
    auto reader = store->open(id);
    if (!GetParam().keeps_bytes) {
      EXPECT_EQ(reader.error().kind, Kind::not_kept);
      EXPECT_EQ(store->find(id)->offset, Bytes{expected.size()});
      return expected;
    }
    if (!reader) return "(" + reader.error().detail + ")";
    return read_all(**reader);
  }
  static std::string read_all(Reader& reader) {
    std::string all(reader.size().value + 10, '\0');
    const auto n = reader.read(Bytes{0}, std::as_writable_bytes(std::span(all)));
    all.resize(n.value());
    return all;
  }

  TestFolder folder;
  ManualLoop loop;
  std::unique_ptr<Store> store;
};

INSTANTIATE_TEST_SUITE_P(Every, StoreTest,
                         testing::Values(Kept{"disk", true}, Kept{"disk_fsync", true},
                                         Kept{"memory", true}, Kept{"discard", false}),
                         [](const auto& kept) { return kept.param.name; });

TEST_P(StoreTest, SaysWhetherItKeepsBytes) {
  EXPECT_EQ(store->keeps_bytes(), GetParam().keeps_bytes);
}

TEST_P(StoreTest, FindsWhatWasCreated) {
  auto made = upload("a");
  edit_tus(made).metadata.set("filename", "x.txt");
  edit_tus(made).metadata.set("bytes", std::string("\xff\0\xfe", 3));
  edit_tus(made).metadata_header = "filename eC50eHQ=,bytes /wD+";
  edit_tus(made).kind = tus::UploadKind::partial;
  edit_tus(made).concat_header = "partial";
  made.expires = loop.now() + std::chrono::hours{1};
  made.lane = "blue";
  ASSERT_TRUE(store->create(made));
  const auto found = store->find("a");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, "a");
  EXPECT_EQ(found->length, Bytes{10});
  EXPECT_EQ(found->offset, Bytes{0});
  EXPECT_EQ(tus_of(*found).metadata, tus_of(made).metadata);
  EXPECT_EQ(tus_of(*found).metadata_header, tus_of(made).metadata_header);
  EXPECT_EQ(tus_of(*found).kind, tus::UploadKind::partial);
  EXPECT_EQ(tus_of(*found).concat_header, "partial");
  EXPECT_EQ(found->expires, made.expires);
  EXPECT_EQ(found->created, made.created);
  EXPECT_EQ(found->lane, "blue");
  EXPECT_FALSE(found->complete());
}

TEST_P(StoreTest, WhatIsPeekedAtIsWhatIsFound) {
  EXPECT_EQ(store->peek("a"), nullptr);
  create("a", "abc");
  if (const auto* const seen = store->peek("a")) {
    EXPECT_EQ(seen->id, "a");
    EXPECT_EQ(seen->offset, store->find("a")->offset);
    EXPECT_EQ(seen->modified, store->find("a")->modified);
  } else {
    EXPECT_TRUE(std::string_view(GetParam().name).starts_with("disk"))
        << "it has the upload at hand";
  }
  ASSERT_TRUE(store->remove("a"));
  EXPECT_EQ(store->peek("a"), nullptr);
}

TEST_P(StoreTest, AnIdIsTakenOnce) {
  create("a", "abc");
  EXPECT_EQ(store->create(upload("a")).error().kind, Kind::exists);
  EXPECT_EQ(content("a", "abc"), "abc");
}

TEST_P(StoreTest, WhatDoesNotExistIsNotFound) {
  EXPECT_EQ(store->find("a").error().kind, Kind::not_found);
  EXPECT_EQ(store->update(upload("a")).error().kind, Kind::not_found);
  EXPECT_EQ(store->append("a", Bytes{0}, bytes("x")).error().kind, Kind::not_found);
  EXPECT_EQ(store->truncate("a", Bytes{0}).error().kind, Kind::not_found);
  EXPECT_EQ(store->remove("a").error().kind, Kind::not_found);
  EXPECT_EQ(store->open("a").error().kind, Kind::not_found);
  EXPECT_THAT(store->ids(), IsEmpty());
}

TEST_P(StoreTest, AppendsAtTheEndOnly) {
  create("a");
  EXPECT_EQ(store->append("a", Bytes{0}, bytes("abc")), Bytes{3});
  EXPECT_EQ(store->append("a", Bytes{0}, bytes("x")).error().kind, Kind::wrong_offset);
  EXPECT_EQ(store->append("a", Bytes{4}, bytes("x")).error().kind, Kind::wrong_offset);
  EXPECT_EQ(store->append("a", Bytes{3}, {}), Bytes{3});
  EXPECT_EQ(store->append("a", Bytes{3}, bytes("defghij")), Bytes{10});
  EXPECT_EQ(content("a", "abcdefghij"), "abcdefghij");
  EXPECT_TRUE(store->find("a")->complete());
}

TEST_P(StoreTest, KnowsWhenBytesLastArrived) {
  create("a");
  const auto created = loop.now();
  loop.advance(Milliseconds{1000});
  ASSERT_TRUE(store->append("a", Bytes{0}, {}));
  EXPECT_EQ(store->find("a")->modified, created) << "no bytes";
  ASSERT_TRUE(store->append("a", Bytes{0}, bytes("abc")));
  EXPECT_EQ(store->find("a")->modified, loop.now());
  EXPECT_EQ(store->find("a")->created, created);
}

TEST_P(StoreTest, UpdateChangesEverythingButBytes) {
  ASSERT_TRUE(store->create(upload("a", std::nullopt)));
  ASSERT_TRUE(store->append("a", Bytes{0}, bytes("abc")));
  auto changed = *store->find("a");
  EXPECT_EQ(changed.length, std::nullopt);
  changed.length = Bytes{5};
  changed.offset = Bytes{0};
  edit_tus(changed).metadata.set("k", "v");
  ASSERT_TRUE(store->update(changed));
  const auto found = *store->find("a");
  EXPECT_EQ(found.length, Bytes{5});
  EXPECT_EQ(found.offset, Bytes{3});
  EXPECT_EQ(tus_of(found).metadata.find("k"), "v");
}

TEST_P(StoreTest, TruncateTakesBytesBack) {
  const std::string large(100'000, 'x');
  create("a", large);
  ASSERT_TRUE(store->truncate("a", Bytes{200'000}));
  EXPECT_EQ(store->find("a")->offset, Bytes{100'000}) << "never makes it longer";
  ASSERT_TRUE(store->truncate("a", Bytes{3}));
  EXPECT_EQ(store->find("a")->offset, Bytes{3});
  EXPECT_EQ(store->append("a", Bytes{3}, bytes("def")), Bytes{6});
  EXPECT_EQ(content("a", "xxxdef"), "xxxdef");
  ASSERT_TRUE(store->truncate("a", Bytes{0}));
  EXPECT_EQ(content("a", ""), "");
}

TEST_P(StoreTest, RemovedIsGone) {
  create("a", "abc");
  create("b", "abc");
  ASSERT_TRUE(store->remove("a"));
  EXPECT_EQ(store->find("a").error().kind, Kind::not_found);
  EXPECT_EQ(store->append("a", Bytes{3}, bytes("x")).error().kind, Kind::not_found);
  EXPECT_THAT(store->ids(), UnorderedElementsAre("b"));
  create("a", "z");
  EXPECT_EQ(content("a", "z"), "z");
}

TEST_P(StoreTest, ManyUploadsInTurn) {
  constexpr int many = 140;  // more than there are files kept open
  for (int i = 0; i < many; ++i) create("u" + std::to_string(i), std::to_string(i));
  for (int i = 0; i < many; ++i) {
    const auto id = "u" + std::to_string(i);
    const auto at = store->find(id)->offset;
    ASSERT_TRUE(store->append(id, at, bytes("+")));
    EXPECT_EQ(content(id, std::to_string(i) + "+"), std::to_string(i) + "+");
  }
  EXPECT_EQ(store->ids().size(), static_cast<std::size_t>(many));
}

TEST_P(StoreTest, ReadersSeeWhatWasThereWhenTheyWereOpened) {
  if (!GetParam().keeps_bytes) return;
  const std::string large(3'000'000, 'a');
  create("a", large);
  auto reader = *store->open("a");
  ASSERT_TRUE(store->append("a", Bytes{large.size()}, bytes("more")));
  EXPECT_EQ(reader->size(), Bytes{large.size()});
  EXPECT_EQ(read_all(*reader), large);
  std::string middle(5, '\0');
  EXPECT_EQ(reader->read(Bytes{2'999'998}, std::as_writable_bytes(std::span(middle))), 2U);
  EXPECT_EQ(reader->read(Bytes{4'000'000}, std::as_writable_bytes(std::span(middle))), 0U);
  ASSERT_TRUE(store->remove("a"));
  EXPECT_EQ(read_all(*reader), large) << "a removed upload can still be read";
}

TEST_P(StoreTest, WhatIsReadWithoutWaitingIsTheSame) {
  if (!GetParam().keeps_bytes) return;
  create("a", std::string(100'000, 'a') + "the end");
  auto reader = *store->open("a");
  ASSERT_TRUE(store->remove("a"));
  std::string end(10, '\0');
  const auto into = std::as_writable_bytes(std::span(end));
  // A file system need not be able to tell what is at hand.
  const auto got = reader->try_read(Bytes{100'000}, into);
  ASSERT_TRUE(got);
  if (*got) {
    EXPECT_EQ(**got, 7U);
    EXPECT_EQ(end.substr(0, 7), "the end");
  }
  EXPECT_EQ(reader->try_read(Bytes{100'007}, into).value(), 0U);
}

TEST_P(StoreTest, ReadersMayWorkOnAnotherThread) {
  if (!GetParam().keeps_bytes) return;
  const std::string piece(10'000, 'a');
  ASSERT_TRUE(store->create(upload("a", std::nullopt)));
  ASSERT_TRUE(store->append("a", Bytes{0}, bytes(piece)));
  auto reader = *store->open("a");
  StoreResult<std::string> digest;
  std::thread other([&] {
    for (int i = 0; i < 20; ++i) digest = digest_of(*reader, DigestAlgorithm::sha256);
  });
  for (std::uint64_t i = 1; i < 100; ++i) {
    ASSERT_TRUE(store->append("a", Bytes{i * piece.size()}, bytes(piece)));
  }
  other.join();
  EXPECT_EQ(digest, sha256_hex(piece));
}

TEST_P(StoreTest, JoinsPartsInOrderAndAllOrNothing) {
  create("a", "hello ");
  create("b", "world");
  create("c", "");
  auto whole = upload("f", 16);
  edit_tus(whole).kind = tus::UploadKind::final;
  edit_tus(whole).concat_header = "final;/files/a /files/b";
  whole.parts = {"a", "c", "b", "b"};
  auto join = store->join(whole);
  ASSERT_TRUE(join);
  EXPECT_EQ(store->find("f").error().kind, Kind::not_found);
  StoreResult<void> worked;
  std::thread([&] { worked = join->work(); }).join();
  ASSERT_TRUE(worked);
  EXPECT_EQ(store->find("f").error().kind, Kind::not_found) << "not before commit";
  ASSERT_TRUE(join->commit());
  const auto found = store->find("f");
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->complete());
  EXPECT_EQ(found->offset, Bytes{16});
  EXPECT_EQ(found->parts, whole.parts);
  EXPECT_EQ(tus_of(*found).kind, tus::UploadKind::final);
  EXPECT_EQ(tus_of(*found).concat_header, tus_of(whole).concat_header);
  EXPECT_EQ(content("f", "hello worldworld"), "hello worldworld");
  EXPECT_EQ(content("a", "hello "), "hello ");
}

TEST_P(StoreTest, JoinsLargeParts) {
  const std::string large(3'000'001, 'q');
  create("a", large);
  auto whole = upload("f", 2 * large.size());
  whole.parts = {"a", "a"};
  auto join = store->join(whole);
  ASSERT_TRUE(join);
  ASSERT_TRUE(store->remove("a")) << "a part that goes meanwhile does not spoil it";
  ASSERT_TRUE(join->work());
  ASSERT_TRUE(join->commit());
  EXPECT_EQ(content("f", large + large), large + large);
}

TEST_P(StoreTest, AJoinThatIsGivenUpLeavesNothing) {
  create("a", "abc");
  auto whole = upload("f", 3);
  whole.parts = {"a"};
  ASSERT_TRUE(store->join(whole)->work());
  EXPECT_THAT(store->ids(), UnorderedElementsAre("a"));
  whole.parts = {"a", "missing"};
  EXPECT_EQ(store->join(whole).error().kind, Kind::not_found);
  whole.id = "a";
  whole.parts = {"a"};
  auto taken = store->join(whole);
  ASSERT_TRUE(taken->work());
  EXPECT_EQ(taken->commit().error().kind, Kind::exists);
  EXPECT_EQ(content("a", "abc"), "abc");
}

TEST_P(StoreTest, StagedBytesAreSeenOnceTheyAreCommitted) {
  create("a", "abc");
  ASSERT_TRUE(store->stage("a"));
  EXPECT_EQ(store->append("a", Bytes{3}, bytes("de")), Bytes{5});
  EXPECT_EQ(store->append("a", Bytes{5}, bytes("fgh")), Bytes{8});
  EXPECT_EQ(store->append("a", Bytes{3}, bytes("x")).error().kind, Kind::wrong_offset);
  EXPECT_EQ(store->find("a")->offset, Bytes{3});
  EXPECT_EQ(content("a", "abc"), "abc");
  ASSERT_TRUE(store->truncate("a", Bytes{6}));
  EXPECT_EQ(store->find("a")->offset, Bytes{3});
  ASSERT_TRUE(store->commit("a"));
  EXPECT_EQ(store->find("a")->offset, Bytes{6});
  EXPECT_EQ(content("a", "abcdef"), "abcdef");
  EXPECT_EQ(store->append("a", Bytes{6}, bytes("g")), Bytes{7});
  EXPECT_EQ(store->find("a")->offset, Bytes{7}) << "no longer staged";
  ASSERT_TRUE(store->commit("a")) << "nothing is staged";
}

TEST_P(StoreTest, StagedBytesCanBeDropped) {
  create("a", "abc");
  ASSERT_TRUE(store->stage("a"));
  ASSERT_TRUE(store->append("a", Bytes{3}, bytes("def")));
  ASSERT_TRUE(store->truncate("a", Bytes{3}));
  ASSERT_TRUE(store->commit("a"));
  EXPECT_EQ(content("a", "abc"), "abc");
  ASSERT_TRUE(store->stage("a"));
  ASSERT_TRUE(store->append("a", Bytes{3}, bytes("d")));
  ASSERT_TRUE(store->remove("a"));
  create("a", "xyz");
  EXPECT_EQ(content("a", "xyz"), "xyz");
  EXPECT_EQ(store->stage("missing").error().kind, Kind::not_found);
}

TEST(MemoryStore, StopsAtItsLimitAndTakesWhatFits) {
  ManualLoop loop;
  auto store = make_memory_store(loop, Bytes{10});
  Upload a;
  a.id = "a";
  Upload b;
  b.id = "b";
  ASSERT_TRUE(store->create(a));
  ASSERT_TRUE(store->create(b));
  EXPECT_EQ(store->append("a", Bytes{0}, bytes("123456")), Bytes{6});
  EXPECT_EQ(store->append("b", Bytes{0}, bytes("123456")), Bytes{4}) << "a part fitted";
  EXPECT_EQ(store->append("b", Bytes{4}, bytes("1")).error().kind, Kind::no_space);
  ASSERT_TRUE(store->truncate("b", Bytes{2}));
  EXPECT_EQ(store->append("a", Bytes{6}, bytes("78")), Bytes{8});
  Upload whole;
  whole.id = "f";
  whole.parts = {"a"};
  EXPECT_EQ(store->join(whole).error().kind, Kind::no_space) << "before any work";
  ASSERT_TRUE(store->remove("a"));
  EXPECT_EQ(store->append("b", Bytes{2}, bytes("12345678")), Bytes{10});
}

}  // namespace
}  // namespace mock
