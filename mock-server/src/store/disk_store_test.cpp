// What only a store on disk can go wrong with: other programs' files, torn files, full disks,
// folders that cannot be used, and being killed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loop/manual_loop.hpp"
#include "store/stores.hpp"
#include "store/test_folder.hpp"
#include "store/test_noted.hpp"
#include "tus/attributes.hpp"

namespace mock {
namespace {

using Kind = StoreError::Kind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

class DiskStoreTest : public testing::Test {
 protected:
  std::unique_ptr<Store> open() {
    auto store = make_disk_store({folder.path(),
                                  false,
                                  [this](std::string_view line) { damages.emplace_back(line); },
                                  {&tus_schema()}},
                                 loop);
    EXPECT_TRUE(store) << store.error().line();
    return std::move(store.value());
  }
  static Upload upload(std::string id, std::uint64_t length = 10) {
    Upload fresh;
    fresh.id = std::move(id);
    fresh.length = Bytes{length};
    return fresh;
  }
  std::string refusal(const std::filesystem::path& path) {
    auto store = make_disk_store({path, false, {}, {&tus_schema()}}, loop);
    return store ? "(it worked)" : store.error().line();
  }

  TestFolder folder;
  ManualLoop loop;
  std::vector<std::string> damages;
};

TEST_F(DiskStoreTest, AnotherServerFindsTusdsLayout) {
  auto store = open();
  ASSERT_TRUE(store->create(upload("a")));
  ASSERT_TRUE(store->append("a", Bytes{0}, bytes("abc")));
  EXPECT_EQ(folder.read("a"), "abc");
  EXPECT_THAT(folder.read("a.info"), HasSubstr(R"("ID":"a","Size":10,)"));
  EXPECT_THAT(folder.read("a.info"), HasSubstr(R"("Path":")" + (folder.path() / "a").string()));
  ASSERT_TRUE(store->remove("a"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST_F(DiskStoreTest, ReadsAFolderThatTusdWrote) {
  folder.write("whole", "hello");
  folder.write("whole.info", R"({"ID":"whole","Size":5,"SizeIsDeferred":false,"Offset":0,)"
                             R"("MetaData":{"filename":"a.txt"},"IsPartial":false,"IsFinal":false,)"
                             R"("PartialUploads":null,"Storage":{"InfoPath":"/else/whole.info",)"
                             R"("Path":"/else/whole","Type":"filestore"}})");
  folder.write("later", "he");
  folder.write("later.info",
               R"({"ID":"later","Size":0,"SizeIsDeferred":true,"Offset":0,"MetaData":{},)"
               R"("IsPartial":false,"IsFinal":false,"PartialUploads":null,"Storage":null})");
  folder.write("whole.meta", "{}");
  auto store = open();
  EXPECT_THAT(store->ids(), ElementsAre("later", "whole"));
  const auto whole = store->find("whole");
  ASSERT_TRUE(whole) << whole.error().detail;
  EXPECT_TRUE(whole->complete());
  EXPECT_EQ(tus_of(*whole).metadata_header, "filename YS50eHQ=");
  EXPECT_GT(whole->created, TimePoint{});
  EXPECT_GT(whole->modified, TimePoint{});
  EXPECT_EQ(store->find("later")->length, std::nullopt);
  EXPECT_EQ(store->append("later", Bytes{2}, bytes("llo")), Bytes{5});
  EXPECT_THAT(damages, IsEmpty());
}

TEST_F(DiskStoreTest, ReopeningFindsEverythingAsItWas) {
  const auto expires = loop.now() + std::chrono::hours{1};
  {
    auto store = open();
    auto made = upload("a");
    edit_tus(made).metadata.set("k", "v");
    edit_tus(made).metadata_header = "k dg==";
    made.created = loop.now();
    made.expires = expires;
    made.lane = "blue";
    ASSERT_TRUE(store->create(made));
    ASSERT_TRUE(store->append("a", Bytes{0}, bytes("abc")));
    made.length = Bytes{12};
    ASSERT_TRUE(store->update(made));
  }
  const auto found = open()->find("a");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->offset, Bytes{3});
  EXPECT_EQ(found->length, Bytes{12});
  EXPECT_EQ(tus_of(*found).metadata_header, "k dg==");
  EXPECT_EQ(found->created, loop.now());
  EXPECT_EQ(found->expires, expires);
  EXPECT_EQ(found->lane, "blue");
}

TEST_F(DiskStoreTest, NoAcknowledgedByteIsLostByAKill) {
  // The child says how far append told it to be, until it is killed in the middle of its work.
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  const auto child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto store = open();
    if (!store->create(upload("a", 1ULL << 40U))) ::_exit(1);
    Bytes at;
    const std::string piece(1000, 'x');
    while (true) {
      auto offset = store->append("a", at, bytes(piece));
      if (!offset) ::_exit(1);
      at = *offset;
      if (::write(pipe_ends[1], &at.value, sizeof at.value) != sizeof at.value) ::_exit(1);
    }
  }
  ::close(pipe_ends[1]);
  std::uint64_t acknowledged = 0;
  for (int i = 0; i < 200; ++i) {
    ASSERT_EQ(::read(pipe_ends[0], &acknowledged, sizeof acknowledged), sizeof acknowledged);
  }
  ::kill(child, SIGKILL);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  std::uint64_t last = 0;
  while (::read(pipe_ends[0], &last, sizeof last) == sizeof last) acknowledged = last;
  ::close(pipe_ends[0]);
  const auto found = open()->find("a");
  ASSERT_TRUE(found) << found.error().detail;
  EXPECT_GE(found->offset.value, acknowledged);
  EXPECT_GE(acknowledged, 200'000U);
  EXPECT_THAT(damages, IsEmpty());
}

TEST_F(DiskStoreTest, LeftoversOfAKillAreSweptOrIgnored) {
  folder.write("a", "");                    // killed between the bytes' file and the .info
  folder.write("b.info.tmp", R"({"ID":)");  // killed while the .info was written
  folder.write("c.joining", "half");        // killed while parts were joined
  auto store = open();
  EXPECT_THAT(store->ids(), IsEmpty());
  EXPECT_EQ(store->find("a").error().kind, Kind::not_found);
  EXPECT_FALSE(folder.has("b.info.tmp"));
  EXPECT_FALSE(folder.has("c.joining"));
  EXPECT_TRUE(store->create(upload("a"))) << "such an id is free";
  EXPECT_THAT(damages, IsEmpty());
}

TEST_F(DiskStoreTest, WhatWasNotVerifiedDoesNotSurviveAKill) {
  auto store = open();
  for (const auto* id : {"a", "b"}) {
    ASSERT_TRUE(store->create(upload(id)));
    ASSERT_TRUE(store->append(id, Bytes{0}, bytes("abc")));
    ASSERT_TRUE(store->stage(id));
    ASSERT_TRUE(store->append(id, Bytes{3}, bytes("def")));
  }
  ASSERT_TRUE(store->commit("b"));
  // As a kill leaves the folder: nothing is done when a store goes.
  store.reset();
  EXPECT_EQ(folder.read("a"), "abcdef");
  store = open();
  EXPECT_EQ(store->find("a")->offset, Bytes{3});
  EXPECT_EQ(store->find("b")->offset, Bytes{6});
  EXPECT_EQ(folder.read("a"), "abc");
  EXPECT_FALSE(folder.has("a.unverified"));
  EXPECT_THAT(damages, IsEmpty());
}

TEST_F(DiskStoreTest, WhatWasStagedGoesWithItsUpload) {
  auto store = open();
  const auto stage = [&] {
    ASSERT_TRUE(store->create(upload("a")));
    ASSERT_TRUE(store->stage("a"));
    ASSERT_TRUE(store->append("a", Bytes{0}, bytes("abc")));
  };
  stage();
  ASSERT_TRUE(store->remove("a"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  stage();
  std::filesystem::remove(folder.path() / "a.info");
  EXPECT_EQ(store->find("a").error().kind, Kind::not_found);
  ASSERT_TRUE(store->create(upload("a")));
  EXPECT_EQ(store->append("a", Bytes{0}, bytes("de")), Bytes{2});
  EXPECT_EQ(store->find("a")->offset, Bytes{2}) << "nothing is staged any more";
}

TEST_F(DiskStoreTest, AnUnreadableMarkOfUnverifiedBytesIsNotGuessed) {
  {
    auto store = open();
    ASSERT_TRUE(store->create(upload("a")));
    ASSERT_TRUE(store->append("a", Bytes{0}, bytes("abc")));
  }
  folder.write("a.unverified", "2 or so");
  auto store = open();
  EXPECT_EQ(store->find("a").error().kind, Kind::not_found);
  EXPECT_THAT(damages, ElementsAre(HasSubstr("a.info")));
  EXPECT_EQ(folder.read("a"), "abc");
}

TEST_F(DiskStoreTest, ATornInfoIsReportedAndSetAside) {
  folder.write("a", "abc");
  folder.write("a.info", R"({"ID":"a","Size":1)");
  folder.write("b", "abc");
  folder.write("b.info", R"({"ID":"b","Size":2,"Offset":0,"MetaData":{}})");
  auto store = open();
  EXPECT_THAT(damages, IsEmpty()) << "looked at when it is needed";
  EXPECT_EQ(store->find("a").error().kind, Kind::damaged);
  EXPECT_EQ(store->append("b", Bytes{3}, bytes("x")).error().kind, Kind::damaged)
      << "more bytes than Size";
  ASSERT_THAT(damages, SizeIs(2));
  EXPECT_THAT(damages[0], HasSubstr("a.info: damaged (not whole JSON), set aside as"));
  EXPECT_EQ(store->find("a").error().kind, Kind::not_found);
  EXPECT_TRUE(folder.has("a.info.damaged"));
  EXPECT_EQ(folder.read("a"), "abc") << "the bytes are left alone";
  EXPECT_THAT(store->ids(), IsEmpty());
}

TEST_F(DiskStoreTest, WhatIsRemovedUnderneathIsGone) {
  auto store = open();
  ASSERT_TRUE(store->create(upload("a")));
  ASSERT_TRUE(store->append("a", Bytes{0}, bytes("abc")));
  std::filesystem::remove(folder.path() / "a");
  // In the middle of a request: nobody could read these bytes again.
  const auto lost = store->append("a", Bytes{3}, bytes("def"));
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().kind, Kind::not_found);

  ASSERT_TRUE(store->create(upload("b")));
  ASSERT_TRUE(store->append("b", Bytes{0}, bytes("abc")));
  std::filesystem::remove(folder.path() / "b");
  std::filesystem::remove(folder.path() / "b.info");
  const auto found = store->find("b");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, Kind::not_found);
  ASSERT_TRUE(store->create(upload("b"))) << "the id is free again";
  EXPECT_EQ(store->find("b")->offset, Bytes{0});
}

TEST_F(DiskStoreTest, AnInfoWithoutItsBytesIsNoUpload) {
  folder.write("a.info", R"({"ID":"a","Size":1,"Offset":0,"MetaData":{}})");
  EXPECT_EQ(open()->find("a").error().kind, Kind::not_found);
}

TEST_F(DiskStoreTest, AFullDiskKeepsWhatFits) {
  auto store = open();
  ASSERT_TRUE(store->create(upload("a", 100'000)));
  // A file size limit stops a write as a full disk does: in the middle, then altogether.
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit tight{5000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  const std::string large(8000, 'x');
  const auto first = store->append("a", Bytes{0}, bytes(large));
  const auto second = store->append("a", Bytes{5000}, bytes(large));
  const auto info = store->update([&] {
    auto changed = *store->find("a");
    edit_tus(changed).metadata.set("k", std::string(8000, 'y'));
    return changed;
  }());
  Upload whole = upload("f", 10'000);
  whole.parts = {"a", "a"};
  const auto join = store->join(whole)->work();
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);

  EXPECT_EQ(first, Bytes{5000});
  EXPECT_EQ(second.error().kind, Kind::no_space);
  EXPECT_EQ(info.error().kind, Kind::no_space);
  EXPECT_EQ(join.error().kind, Kind::no_space);
  EXPECT_EQ(tus_of(*store->find("a")).metadata.find("k"), std::nullopt) << "the old .info stays";
  EXPECT_FALSE(folder.has("a.info.tmp"));
  EXPECT_FALSE(folder.has("f.joining"));
  EXPECT_EQ(store->append("a", Bytes{5000}, bytes(large)), Bytes{13'000});
  store.reset();
  EXPECT_EQ(open()->find("a")->offset, Bytes{13'000});
}

TEST_F(DiskStoreTest, ErrorsNameNoFile) {
  auto store = open();
  ASSERT_TRUE(store->create(upload("secret-id")));
  std::filesystem::remove(folder.path() / "secret-id");
  std::filesystem::create_directory(folder.path() / "secret-id");
  std::filesystem::create_directory(folder.path() / "other.info.tmp");
  const auto error = store->create(upload("other")).error();
  EXPECT_EQ(error.kind, Kind::io);
  EXPECT_EQ(error.detail, "open: Is a directory");
  EXPECT_FALSE(folder.has("other")) << "a creation that failed leaves nothing";
}

TEST_F(DiskStoreTest, FoldersAreCreatedWithTheirParents) {
  const auto deep = folder.path() / "x" / "y";
  ASSERT_TRUE(make_disk_store({deep, false, {}, {&tus_schema()}}, loop));
  EXPECT_TRUE(std::filesystem::is_directory(deep));
}

TEST_F(DiskStoreTest, UnusableFoldersAreOneClearLine) {
  folder.write("file", "");
  EXPECT_EQ(refusal(folder.path() / "file"), (folder.path() / "file").string() +
                                                 ": is not a folder (name a folder, or remove what "
                                                 "is there)");
  EXPECT_THAT(refusal(folder.path() / "file" / "below"),
              HasSubstr("cannot be created: Not a directory"));
  EXPECT_THAT(refusal(std::string(5000, 'a')), HasSubstr("cannot be created: File name too long"));
  EXPECT_THAT(refusal(""), HasSubstr("--store: the folder's name is empty"));
  EXPECT_THAT(refusal("/proc/self"), HasSubstr("/proc/self: the folder cannot be written to: "));
  EXPECT_THAT(refusal("/proc/none"), HasSubstr("/proc/none: the folder cannot be created: "));
}

TEST_F(DiskStoreTest, PermissionsAreOneClearLine) {
  const auto locked = folder.path() / "locked";
  std::filesystem::create_directory(locked);
  const auto anyone_reads = std::filesystem::perms{0555};
  std::filesystem::permissions(locked, anyone_reads);
  const auto hidden = folder.path() / "hidden";
  std::filesystem::create_directory(hidden);
  std::filesystem::permissions(hidden, std::filesystem::perms::none);
  std::filesystem::permissions(folder.path(), anyone_reads);
  // Root may write anywhere, so for these three calls we are nobody.
  constexpr uid_t nobody = 65534;
  const auto self = ::geteuid();
  ASSERT_EQ(::seteuid(self == 0 ? nobody : self), 0);
  const auto write = refusal(locked);
  const auto create = refusal(locked / "new");
  const auto search = refusal(hidden / "new");
  ASSERT_EQ(::seteuid(self), 0);
  std::filesystem::permissions(folder.path(), std::filesystem::perms::owner_all);
  std::filesystem::permissions(hidden, std::filesystem::perms::owner_all);
  EXPECT_THAT(search, HasSubstr("cannot be created: Permission denied"));
  EXPECT_THAT(write, HasSubstr("cannot be written to: open: Permission denied"));
  EXPECT_THAT(create, HasSubstr("cannot be created: Permission denied"));
}

TEST_F(DiskStoreTest, AFolderHasOneOwner) {
  auto first = open();
  EXPECT_THAT(refusal(folder.path()), HasSubstr("is in use by another mock server"));
  first.reset();
  EXPECT_TRUE(make_disk_store({folder.path(), false, {}, {&tus_schema()}}, loop));
}

// ---- a store that fails for a while

/// As long as it lives nothing can be made, removed or newly opened for writing in the folder;
/// `Access::none`: nor found.
class Unwritable {
 public:
  enum class Access { read, none };
  explicit Unwritable(std::filesystem::path folder, Access access = Access::read)
      : folder_(std::move(folder)), self_(::geteuid()) {
    set(access == Access::read ? std::filesystem::perms{0555} : std::filesystem::perms::none);
    constexpr uid_t nobody = 65534;  // root may write anywhere
    EXPECT_EQ(::seteuid(self_ == 0 ? nobody : self_), 0);
  }
  Unwritable(const Unwritable&) = delete;
  Unwritable& operator=(const Unwritable&) = delete;
  ~Unwritable() {
    EXPECT_EQ(::seteuid(self_), 0);
    set(std::filesystem::perms::owner_all);
  }

 private:
  void set(std::filesystem::perms perms) const {
    std::filesystem::permissions(folder_, perms);
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      const bool writable = perms == std::filesystem::perms::owner_all;
      std::filesystem::permissions(entry.path(), std::filesystem::perms{writable ? 0644U : 0444U});
    }
  }
  std::filesystem::path folder_;
  uid_t self_;
};

TEST_F(DiskStoreTest, WhatCannotBeUndoneIsUndoneBeforeAnythingElse) {
  auto store = open();
  ASSERT_TRUE(store->create(upload("a", 100)));
  ASSERT_TRUE(store->append("a", Bytes{0}, bytes("abc")));
  ASSERT_TRUE(store->stage("a"));
  ASSERT_TRUE(store->append("a", Bytes{3}, bytes("def")));
  {
    const Unwritable failing(folder.path());
    EXPECT_EQ(store->commit("a").error().kind, Kind::io);
    EXPECT_EQ(store->roll_back("a", Bytes{3}).error().kind, Kind::io);
    EXPECT_EQ(store->find("a")->offset, Bytes{3});
    EXPECT_EQ((*store->open("a"))->size(), Bytes{3});
    for (const auto at : {3U, 6U}) {
      EXPECT_EQ(store->append("a", Bytes{at}, bytes("x")).error().kind, Kind::io);
    }
    EXPECT_EQ(store->stage("a").error().kind, Kind::io);
    EXPECT_EQ(store->commit("a").error().kind, Kind::io) << "it was given up";
    auto changed = *store->find("a");
    EXPECT_EQ(store->update(changed).error().kind, Kind::io);
    EXPECT_EQ(store->truncate("a", Bytes{1}).error().kind, Kind::io);
  }
  EXPECT_THAT(damages, ElementsAre(HasSubstr("a: cannot be cut back to byte 3")));
  EXPECT_EQ(store->append("a", Bytes{3}, bytes("xy")), Bytes{5}) << "as if nothing had been";
  EXPECT_EQ(store->find("a")->offset, Bytes{5});
  EXPECT_EQ(folder.read("a"), "abcxy");
  EXPECT_FALSE(folder.has("a.unverified"));
  store.reset();
  EXPECT_EQ(open()->find("a")->offset, Bytes{5});
}

TEST_F(DiskStoreTest, WhatCannotBeUndoneDoesNotSurviveAKillEither) {
  auto store = open();
  ASSERT_TRUE(store->create(upload("a")));
  ASSERT_TRUE(store->append("a", Bytes{0}, bytes("abc")));
  ASSERT_TRUE(store->stage("a"));
  ASSERT_TRUE(store->append("a", Bytes{3}, bytes("def")));
  {
    const Unwritable failing(folder.path());
    EXPECT_FALSE(store->roll_back("a", Bytes{3}));
  }
  store.reset();
  EXPECT_EQ(open()->find("a")->offset, Bytes{3});
  EXPECT_EQ(folder.read("a"), "abc");
}

TEST_F(DiskStoreTest, BytesThatWereNotStagedAreUndoneToo) {
  auto store = open();
  ASSERT_TRUE(store->create(upload("a")));
  ASSERT_TRUE(store->append("a", Bytes{0}, bytes("abcdef")));
  {
    const Unwritable failing(folder.path());
    EXPECT_FALSE(store->roll_back("a", Bytes{2}));
    EXPECT_EQ(store->find("a")->offset, Bytes{2});
  }
  EXPECT_EQ(store->find("a")->offset, Bytes{2});
  EXPECT_EQ(folder.read("a"), "ab") << "looking at it is enough";
  ASSERT_TRUE(store->append("a", Bytes{2}, bytes("cd")));
  ASSERT_TRUE(store->roll_back("a", Bytes{2}));
  ASSERT_TRUE(store->roll_back("a", Bytes{2})) << "nothing is to be undone";
  EXPECT_EQ(folder.read("a"), "ab");
}

TEST_F(DiskStoreTest, AStagingThatFailsLeavesNoMark) {
  auto store = open();
  ASSERT_TRUE(store->create(upload("a")));
  {
    const Unwritable failing(folder.path());
    EXPECT_EQ(store->stage("a").error().kind, Kind::io);
  }
  EXPECT_EQ(store->append("a", Bytes{0}, bytes("abc")), Bytes{3});
  EXPECT_EQ(store->find("a")->offset, Bytes{3});
  store.reset();
  EXPECT_EQ(open()->find("a")->offset, Bytes{3});
}

TEST_F(DiskStoreTest, WhatCannotBeLookedUpIsNotGone) {
  auto store = open();
  ASSERT_TRUE(store->create(upload("a")));
  ASSERT_TRUE(store->append("a", Bytes{0}, bytes("abc")));
  {
    const Unwritable failing(folder.path(), Unwritable::Access::none);
    EXPECT_EQ(store->find("a").error().kind, Kind::io);
    EXPECT_EQ(store->find("b").error().kind, Kind::io);
    EXPECT_EQ(store->list().error().kind, Kind::io);
    EXPECT_EQ(store->create(upload("a")).error().kind, Kind::io) << "not taken over";
    EXPECT_EQ(store->remove("a").error().kind, Kind::io);
  }
  EXPECT_EQ(store->find("a")->offset, Bytes{3});
  EXPECT_EQ(folder.read("a"), "abc");
  EXPECT_THAT(damages, IsEmpty());
}

TEST_F(DiskStoreTest, AWithdrawnUploadIsNotThereWhateverTheDiskDoes) {
  auto store = open();
  ASSERT_TRUE(store->create(upload("a")));
  ASSERT_TRUE(store->append("a", Bytes{0}, bytes("abc")));
  {
    const Unwritable failing(folder.path());
    ASSERT_TRUE(store->withdraw("a"));
    EXPECT_EQ(store->find("a").error().kind, Kind::not_found);
    EXPECT_EQ(store->open("a").error().kind, Kind::not_found);
    EXPECT_EQ(store->append("a", Bytes{3}, bytes("x")).error().kind, Kind::not_found);
    EXPECT_EQ(store->create(upload("a")).error().kind, Kind::io);
    EXPECT_THAT(store->ids(), IsEmpty());
  }
  EXPECT_THAT(damages, ElementsAre(HasSubstr("a.info: cannot be removed")));
  EXPECT_THAT(store->ids(), IsEmpty());
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  EXPECT_TRUE(store->create(upload("a")));
}

TEST_F(DiskStoreTest, AnUploadIsGoneThoughItsBytesCannotBeRemoved) {
  auto store = open();
  ASSERT_TRUE(store->create(upload("a")));
  std::filesystem::remove(folder.path() / "a");
  std::filesystem::create_directory(folder.path() / "a");
  ASSERT_TRUE(store->remove("a"));
  EXPECT_EQ(store->find("a").error().kind, Kind::not_found);
  std::filesystem::remove(folder.path() / "a");
  folder.write("a", "abc");
  EXPECT_THAT(store->ids(), IsEmpty());
  EXPECT_FALSE(folder.has("a")) << "removed as soon as it can be";
}

TEST_F(DiskStoreTest, AFinalThatWaitsIsCompleteAtOnceOrNotAtAll) {
  auto store = open();
  ASSERT_TRUE(store->create(upload("p", 3)));
  ASSERT_TRUE(store->append("p", Bytes{0}, bytes("abc")));
  Upload whole;
  whole.id = "f";
  edit_tus(whole).kind = tus::UploadKind::final;
  whole.parts = {"p", "p"};
  ASSERT_TRUE(store->create(whole));
  // No file takes the name of a folder.
  std::filesystem::remove(folder.path() / "f");
  std::filesystem::create_directory(folder.path() / "f");
  {
    auto join = store->join(whole);
    ASSERT_TRUE(join->work());
    EXPECT_EQ(join->commit().error().kind, Kind::io);
  }
  EXPECT_TRUE(store->find("f")->awaits_parts());
  std::filesystem::remove(folder.path() / "f");
  folder.write("f", "");
  store.reset();
  store = open();
  EXPECT_TRUE(store->find("f")->awaits_parts());
  EXPECT_EQ(store->find("f")->length, Bytes{6}) << "every part has told its length";
  {
    auto join = store->join(*store->find("f"));
    ASSERT_TRUE(join->work());
    ASSERT_TRUE(join->commit());
  }
  store.reset();
  EXPECT_TRUE(open()->find("f")->complete());
  EXPECT_EQ(folder.read("f"), "abcabc");
}

TEST_F(DiskStoreTest, AFinalMayHaveMorePartsThanThereAreDescriptors) {
  auto store = open();
  Upload whole;
  whole.id = "f";
  std::string all;
  for (int i = 0; i < 300; ++i) {
    whole.parts.push_back("p" + std::to_string(i));
    ASSERT_TRUE(store->create(upload(whole.parts.back(), 3)));
    const auto content = std::to_string(100 + i);
    ASSERT_TRUE(store->append(whole.parts.back(), Bytes{0}, bytes(content)));
    all += content;
  }
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit tight{250, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  auto join = store->join(whole);
  const auto worked = join ? join->work() : tl::unexpected(join.error());
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_TRUE(worked) << worked.error().detail;
  ASSERT_TRUE(join->commit());
  EXPECT_EQ(folder.read("f"), all);
}

TEST_F(DiskStoreTest, AMarkThatCannotBeReadIsReadLater) {
  {
    auto store = open();
    ASSERT_TRUE(store->create(upload("a")));
    ASSERT_TRUE(store->append("a", Bytes{0}, bytes("abcdef")));
  }
  std::filesystem::create_directory(folder.path() / "a.unverified");
  auto store = open();
  EXPECT_EQ(store->find("a").error().kind, Kind::io) << "how much of it counts is not known";
  EXPECT_EQ(store->append("a", Bytes{6}, bytes("x")).error().kind, Kind::io);
  std::filesystem::remove(folder.path() / "a.unverified");
  folder.write("a.unverified", "2");
  EXPECT_EQ(store->find("a")->offset, Bytes{2});
  EXPECT_EQ(folder.read("a"), "ab");
  EXPECT_THAT(damages, IsEmpty());
}

TEST_F(DiskStoreTest, AFolderThatWentIsSaidToHaveGone) {
  const auto path = folder.path() / "store";
  std::vector<std::string> log;
  auto first =
      make_disk_store(
          {path, false, [&](std::string_view line) { log.emplace_back(line); }, {&tus_schema()}},
          loop)
          .value();
  ASSERT_TRUE(first->create(upload("a")));
  std::filesystem::remove_all(path);
  EXPECT_EQ(first->create(upload("b")).error().kind, Kind::io);
  EXPECT_EQ(first->find("a").error().kind, Kind::io) << "with the folder, not by itself";
  EXPECT_EQ(first->list().error().kind, Kind::io);
  EXPECT_EQ(first->create(upload("b")).error().detail,
            "its folder was removed; start the server again");
  EXPECT_THAT(log, ElementsAre(HasSubstr(path.string() + ": the store's folder was removed")));

  // Another may have made one of the same name: that is not ours.
  auto second = make_disk_store({path, false, {}, {&tus_schema()}}, loop).value();
  EXPECT_EQ(first->create(upload("c")).error().kind, Kind::io);
  ASSERT_TRUE(second->create(upload("d")));
  EXPECT_EQ(first->find("d").error().kind, Kind::io);
  EXPECT_THAT(second->ids(), ElementsAre("d"));
}

TEST_F(DiskStoreTest, AFolderThatIsMovedKeepsItsUploads) {
  const auto path = folder.path() / "store";
  auto store = make_disk_store({path, false, {}, {&tus_schema()}}, loop).value();
  ASSERT_TRUE(store->create(upload("a")));
  std::filesystem::rename(path, folder.path() / "moved");
  EXPECT_EQ(store->append("a", Bytes{0}, bytes("abc")), Bytes{3});
  EXPECT_EQ(folder.read("moved/a"), "abc");
  EXPECT_FALSE(folder.has("store"));
}

class SeveralSystems : public testing::Test {
 protected:
  std::unique_ptr<Store> open(AttributeSchemas schemas) {
    return make_disk_store(
               {folder.path(), false, [this](std::string_view line) { told.emplace_back(line); },
                std::move(schemas)},
               loop)
        .value();
  }
  void make(const std::string& id) {
    Upload upload;
    upload.id = id;
    upload.length = Bytes{9};
    upload.lane = "blue";
    upload.attributes = std::make_shared<test::Noted>("n\xc3\xb6te");
    auto store = open(both);
    ASSERT_TRUE(store->create(upload));
    ASSERT_TRUE(store->append(id, Bytes{0}, bytes("abc")));
  }
  static std::string note_of(const Upload& upload) {
    return std::string(upload.attributes->find("note").value_or("(none)"));
  }

  TestFolder folder;
  ManualLoop loop;
  std::vector<std::string> told;
  const AttributeSchemas both{&tus_schema(), &test::noted_schema()};
};

TEST_F(SeveralSystems, EachReadsItsOwn) {
  make("n");
  auto store = open(both);
  Upload plain;
  plain.id = "t";
  edit_tus(plain).kind = tus::UploadKind::partial;
  ASSERT_TRUE(store->create(plain));
  store.reset();
  store = open(both);
  const auto noted = store->find("n").value();
  EXPECT_EQ(system_of(noted.attributes.get()), "noted");
  EXPECT_EQ(note_of(noted), "n\xc3\xb6te");
  EXPECT_EQ(noted.offset, Bytes{3});
  EXPECT_EQ(kind_of(noted.attributes.get()), "normal");
  EXPECT_FALSE(is_tus(noted));
  EXPECT_EQ(tus_of(store->find("t").value()).kind, tus::UploadKind::partial);
  EXPECT_THAT(told, IsEmpty());
}

TEST_F(SeveralSystems, OneThatIsNotThereLosesNothing) {
  make("n");
  {
    auto store = open({&tus_schema()});
    auto upload = store->find("n").value();
    EXPECT_EQ(system_of(upload.attributes.get()), "noted");
    EXPECT_EQ(upload.lane, "blue");
    EXPECT_FALSE(is_tus(upload)) << "it is not guessed at";
    EXPECT_THAT(store->ids(), ElementsAre("n"));
    ASSERT_TRUE(store->find("n"));
    EXPECT_THAT(told, ElementsAre(testing::HasSubstr(
                          "n.info: is of the system \"noted\", which this server does not have")))
        << "told once";
    upload.length = Bytes{7};
    ASSERT_TRUE(store->update(upload));
  }
  EXPECT_FALSE(folder.has("n.info.damaged"));
  const auto again = open(both)->find("n").value();
  EXPECT_EQ(note_of(again), "n\xc3\xb6te");
  EXPECT_EQ(again.length, Bytes{7});
  EXPECT_EQ(again.offset, Bytes{3});
}

TEST_F(SeveralSystems, WhatASystemCannotReadIsSetAside) {
  make("n");
  folder.write("n.info",
               R"({"ID":"n","Size":9,"Offset":0,"MetaData":{},"DexMock":{"System":"noted"}})");
  EXPECT_EQ(open(both)->find("n").error().kind, Kind::damaged);
  EXPECT_TRUE(folder.has("n.info.damaged"));
}

}  // namespace
}  // namespace mock
