#include "settings/own.hpp"

#include <gtest/gtest.h>

namespace settings {
namespace {

OwnSetting setting(const std::string& name, bool refused_elsewhere, Times times = Times::once) {
  return {{name, "TEXT", "a text", "Options", "", times}, not_empty, refused_elsewhere};
}

/// Boats, and ferries, which are boats: what one has the other has too.
struct Harbour {
  std::vector<OwnSetting> boat{setting("name", false)};
  std::vector<OwnSetting> ferry{setting("name", false), setting("line", true),
                                setting("stop", false, Times::often)};
  [[nodiscard]] Owners<OwnSetting> owners() const { return {{"boat", &boat}, {"ferry", &ferry}}; }
};

TEST(OwnSettings, AreEachThereOnceAndSayWhoseTheyAre) {
  const Harbour harbour;
  const auto all = own_settings(harbour.owners());
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].name, "name");
  EXPECT_EQ(all[0].group, "Options");
  EXPECT_EQ(all[1].name, "line");
  EXPECT_EQ(all[1].group, "With --system ferry");
}

TEST(OwnSettings, AreKeptByName) {
  const Harbour harbour;
  OwnSettings own;
  EXPECT_FALSE(given(own, "name"));
  for (const char* const text : {"a", "b"}) {
    EXPECT_TRUE(keep(own, harbour.ferry[0], text));
    EXPECT_TRUE(keep(own, harbour.ferry[2], text));
  }
  EXPECT_EQ(own["name"], std::vector<std::string>{"b"});
  EXPECT_EQ(own["stop"], (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(given(own, "stop"), "b");
  const auto empty = keep(own, harbour.boat[0], "");
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().line(), "must not be empty");
  EXPECT_EQ(given(own, "name"), "b");
}

TEST(OwnSettings, AreRefusedOrIgnoredWithASystemThatHasThemNot) {
  const Harbour harbour;
  const OwnSettings line{{"line", {"1"}}};
  EXPECT_TRUE(check_own(harbour.owners(), "ferry", line));
  EXPECT_TRUE(check_own(harbour.owners(), "boat", {{"stop", {"pier"}}, {"name", {"x"}}}));
  const auto refused = check_own(harbour.owners(), "boat", line);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().line(), "--line: is for --system ferry only");
}

TEST(OwnSettings, OfTheDefaultSystemAreToBeHadWithoutAnother) {
  const Harbour harbour;
  const Owners<OwnSetting> ferry_first{{"ferry", &harbour.ferry}, {"boat", &harbour.boat}};
  const auto refused = check_own(ferry_first, "boat", {{"line", {"1"}}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().line(), "--line: is for --system ferry only (drop --system boat)");
}

}  // namespace
}  // namespace settings
