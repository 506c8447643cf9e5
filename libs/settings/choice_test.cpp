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

}  // namespace
}  // namespace settings
