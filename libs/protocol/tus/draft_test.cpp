#include "protocol/tus/draft.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace tus::draft {
namespace {

TEST(Draft, VersionsAscendAndSayYesAndNoDifferently) {
  ASSERT_TRUE(std::ranges::is_sorted(versions(), {}, &Version::number));
  for (const auto& version : versions()) {
    EXPECT_NE(version.ended, version.going_on) << version.number;
    EXPECT_TRUE(version.read) << version.number;
    EXPECT_FALSE(version.texts.empty()) << version.number;
  }
  EXPECT_EQ(version_of(3).completeness, "Upload-Incomplete");
  EXPECT_EQ(version_of(3).ended, "?0");
  EXPECT_EQ(version_of(4).ended, "?1");
}

TEST(Draft, AVersionThatWasNotReadHasTheFormOfTheNewestAndSaysSo) {
  const auto next = version_of(10);
  EXPECT_EQ(next.number, 10);
  EXPECT_FALSE(next.read);
  EXPECT_EQ(next.age, versions().back().age);
  EXPECT_EQ(next.texts, "");
}

TEST(Draft, NumbersHaveOneSpelling) {
  EXPECT_EQ(parse_interop("8"), 8);
  EXPECT_EQ(parse_interop("999"), 999);
  for (const auto* text : {"", "0", "08", "+8", "-8", "8 ", "8.0", "1000", "99999999999", "?1"}) {
    EXPECT_EQ(parse_interop(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace tus::draft
