#include "protocol/json/comments.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "protocol/json/decode.hpp"

namespace json {
namespace {

TEST(Comments, BecomeSpacesWhereTheyWere) {
  EXPECT_EQ(without_comments("{ // a\n \"b\": 1 /* c\n d */ }"), "{     \n \"b\": 1     \n      }");
  EXPECT_EQ(without_comments("1 // to the end"), "1              ");
}

TEST(Comments, AreNoneInStrings) {
  for (const char* text : {R"({"url": "http://h/ /* x */"})", R"(["a\"//", "\\"])", R"("//)"}) {
    EXPECT_EQ(without_comments(text), text);
  }
}

TEST(Comments, WithoutAnEndAreLeft) {
  for (const char* text : {"{} /* x", "{} /", "/*/"}) EXPECT_EQ(without_comments(text), text);
}

TEST(Comments, LeavePlacesInErrorsWhereTheyAre) {
  const auto parsed = detail::parse(without_comments("{ // one\n  /* two */ x }"), "f");
  ASSERT_FALSE(parsed);
  EXPECT_TRUE(parsed.error().where.starts_with("f:2:1")) << parsed.error().where;
}

}  // namespace
}  // namespace json
