#include "auth/key_ring.hpp"

#include <gtest/gtest.h>

#include "files/files.hpp"
#include "files/temporary_folder.hpp"

namespace mock {
namespace {

class KeyFile : public testing::Test {
 protected:
  [[nodiscard]] std::unique_ptr<KeyRing> open() const {
    auto ring = KeyRing::open(file_);
    EXPECT_TRUE(ring) << ring.error().line();
    return ring ? std::move(*ring) : nullptr;
  }

  TemporaryFolder folder_;
  std::filesystem::path file_ = folder_.path() / "state" / "signing-key.pem";
};

TEST_F(KeyFile, OutlivesARestart) {
  const auto first = open();
  ASSERT_TRUE(first->current());
  const auto second = open();
  const SigningKey& a = *first->current().value();
  const SigningKey& b = *second->current().value();
  EXPECT_EQ(a.id(), b.id());
  EXPECT_EQ(a.modulus(), b.modulus());
  EXPECT_TRUE(b.verify("text", a.sign("text").value()));
  EXPECT_FALSE(b.verify("other", a.sign("text").value()));
  const auto mode = std::filesystem::status(file_).permissions();
  EXPECT_EQ(mode & std::filesystem::perms::all,
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(KeyFile, ARotationLeavesTheEarlierKeyInPlace) {
  const auto ring = open();
  const auto first = ring->current().value()->id();
  EXPECT_EQ(ring->previous(), nullptr);
  const auto second = ring->rotate(false).value();
  EXPECT_NE(first, second);
  EXPECT_EQ(ring->current().value()->id(), second);
  EXPECT_EQ(ring->previous()->id(), first);
  const auto again = open();
  EXPECT_EQ(again->current().value()->id(), second);
  EXPECT_EQ(again->previous()->id(), first);
}

TEST_F(KeyFile, EarlierKeysCanBeRetired) {
  const auto ring = open();
  ASSERT_TRUE(ring->rotate(false));
  const auto last = ring->rotate(true).value();
  ASSERT_EQ(ring->all().size(), 1U);
  EXPECT_EQ(ring->previous(), nullptr);
  EXPECT_EQ(open()->current().value()->id(), last);
}

TEST_F(KeyFile, ARotationThatCannotBeKeptChangesNothing) {
  const auto ring = open();
  const auto first = ring->current().value()->id();
  std::filesystem::remove(file_);
  std::filesystem::create_directory(file_);
  EXPECT_FALSE(ring->rotate(false));
  EXPECT_EQ(ring->current().value()->id(), first);
}

TEST_F(KeyFile, WhatIsNoRsaKeyIsRefused) {
  ASSERT_TRUE(open()->current());
  const std::string good = **read_file(file_);
  for (const std::string& text :
       {std::string("not a key"), std::string(), good + good.substr(0, good.size() / 2)}) {
    ASSERT_TRUE(replace_file(file_, text));
    const auto ring = KeyRing::open(file_);
    ASSERT_FALSE(ring) << text.size();
    EXPECT_NE(ring.error().line().find(file_.string()), std::string::npos) << ring.error().line();
    EXPECT_NE(ring.error().line().find("remove it"), std::string::npos);
  }
}

TEST(KeyRing, WithoutAFileTheFirstKeyIsTheProcesssOwn) {
  const auto one = KeyRing::open(std::nullopt).value();
  const auto two = KeyRing::open(std::nullopt).value();
  EXPECT_TRUE(one->all().empty()) << "made when it is asked for";
  const auto id = one->current().value()->id();
  EXPECT_EQ(two->current().value()->id(), id);
  EXPECT_NE(one->rotate(false).value(), id);
  EXPECT_EQ(two->current().value()->id(), id);
  EXPECT_NE(KeyRing::unknown().value()->id(), id);
}

}  // namespace
}  // namespace mock
