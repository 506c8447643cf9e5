#include "protocol/http/form.hpp"

#include <gtest/gtest.h>

namespace {

using http::Form;

TEST(Percent, DecodeAndEncode) {
  EXPECT_EQ(http::percent_decode("a%20b%2Fc%2f+"), "a b/c/+");
  EXPECT_EQ(http::percent_decode("%00%ff"), std::string("\0\xFF", 2));
  EXPECT_EQ(http::percent_encode("a b/+%~-._"), "a%20b%2F%2B%25~-._");
  EXPECT_EQ(http::percent_encode("\xC3\xA9"), "%C3%A9");
  EXPECT_EQ(http::percent_encode(std::string("\0", 1)), "%00");
}

TEST(Percent, RefuseBrokenEscapes) {
  for (const std::string_view text : {"%", "a%", "%2", "%g0", "%0g", "%-1", "%%20", "% 20"}) {
    EXPECT_FALSE(http::percent_decode(text).has_value()) << text;
  }
}

TEST(Form, Parse) {
  EXPECT_EQ(http::parse_form("username=a%40b&password=x+y%2B"),
            (Form{{"username", "a@b"}, {"password", "x y+"}}));
  EXPECT_EQ(http::parse_form(""), Form{});
  EXPECT_EQ(http::parse_form("&&a&b=&=c&a=1=2&"),
            (Form{{"a", ""}, {"b", ""}, {"", "c"}, {"a", "1=2"}}));
  EXPECT_FALSE(http::parse_form("a=1&b=%zz").has_value());
  EXPECT_FALSE(http::parse_form("%=1").has_value());
}

TEST(Form, Format) {
  EXPECT_EQ(http::format_form({{"grant_type", "password"}, {"p", "a b&c=d+%"}, {"", ""}}),
            "grant_type=password&p=a+b%26c%3Dd%2B%25&=");
  EXPECT_EQ(http::format_form({}), "");
}

TEST(Form, FindTakesTheFirst) {
  const Form form{{"a", "1"}, {"b", "2"}, {"a", "3"}};
  EXPECT_EQ(http::find(form, "a"), "1");
  EXPECT_FALSE(http::find(form, "A").has_value());
}

}  // namespace
