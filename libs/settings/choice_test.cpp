#include "settings/choice.hpp"

#include <gtest/gtest.h>

#include <array>

namespace settings {
namespace {

enum class Fruit { apple, pear };
constexpr std::array<std::pair<std::string_view, Fruit>, 2> fruits{
    {{"apple", Fruit::apple}, {"pear", Fruit::pear}}};

TEST(Choice, ValuesHaveNames) {
  EXPECT_EQ(value_named(fruits, "pear"), Fruit::pear);
  EXPECT_FALSE(value_named(fruits, "Pear"));
  EXPECT_FALSE(value_named(fruits, ""));
  EXPECT_EQ(name_of(fruits, Fruit::pear), "pear");
  EXPECT_EQ(shown_choice(fruits), "apple|pear");
}

TEST(Choice, AnotherNameIsAnErrorWithThoseThereAre) {
  EXPECT_EQ(parse_choice(fruits, "apple"), Fruit::apple);
  const auto none = parse_choice(fruits, "cheese");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().line(), "cheese not in {apple,pear}");
}

TEST(Choice, WhatIsNoneOfTheNamesIsQuoted) {
  EXPECT_EQ(not_one_of("chee\nse", {"apple", "pear"}).value().line(),
            R"("chee\nse" is not one of apple, pear)");
  EXPECT_EQ(not_one_of("per", {"apple", "pear"}).value().line(),
            R"("per" is not one of apple, pear (the nearest is pear))");
}

TEST(Choice, ASlipIsAnsweredWithTheNameThatWasMeant) {
  EXPECT_EQ(parse_choice(fruits, "aple").error().line(),
            "aple not in {apple,pear} (the nearest is apple)");
  const std::vector<std::string_view> levels{"debug", "info", "warning"};
  EXPECT_EQ(meant_by("warn", levels), "warning");
  EXPECT_EQ(meant_by("INFO", levels), "info");
  EXPECT_FALSE(meant_by("loud", levels));
  EXPECT_FALSE(meant_by("", levels));
  EXPECT_FALSE(meant_by("d", levels));
}

}  // namespace
}  // namespace settings
