#include "protocol/http/fields.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(LowerCase, ChangesAsciiLettersOnly) {
  EXPECT_EQ(http::lower_case("X-Amz-Meta-\xC3\x84[0]"), "x-amz-meta-\xC3\x84[0]");
}

TEST(HttpFields, NamesIgnoreAsciiCaseOnly) {
  EXPECT_TRUE(http::same_name("Upload-Offset", "uPLOAD-oFFSET"));
  EXPECT_FALSE(http::same_name("Upload-Offset", "Upload-Offse"));
  EXPECT_FALSE(http::same_name("a", "\xC1"));
  EXPECT_FALSE(http::same_name("[", "{")) << "differ by the case bit, and are no letters";
}

TEST(HttpFields, KeepOrderSpellingAndDuplicates) {
  http::Fields fields{{"B", "1"}, {"a", "2"}};
  fields.add("b", "3");
  EXPECT_THAT(fields,
              ElementsAre(http::Field{"B", "1"}, http::Field{"a", "2"}, http::Field{"b", "3"}));
  EXPECT_EQ(fields.find("b"), "1");
  EXPECT_THAT(fields.all("B"), ElementsAre("1", "3"));
  EXPECT_EQ(fields.count("b"), 2U);
  EXPECT_EQ(fields.joined("b"), "1, 3");
  EXPECT_FALSE(fields.joined("c").has_value());
  EXPECT_FALSE(fields.has("c"));
}

TEST(HttpFields, SetReplacesInThePlaceOfTheFirst) {
  http::Fields fields{{"x", "1"}, {"Y", "2"}, {"z", "3"}, {"y", "4"}};
  fields.set("y", "new");
  EXPECT_THAT(fields,
              ElementsAre(http::Field{"x", "1"}, http::Field{"y", "new"}, http::Field{"z", "3"}));
  fields.set("w", "5");
  EXPECT_EQ(fields.size(), 4U);
  EXPECT_EQ(fields.find("W"), "5");
}

TEST(HttpFields, RemoveTellsHowMany) {
  http::Fields fields{{"x", "1"}, {"Y", "2"}, {"X", "3"}};
  EXPECT_EQ(fields.remove("x"), 2U);
  EXPECT_EQ(fields.remove("x"), 0U);
  EXPECT_THAT(fields, ElementsAre(http::Field{"Y", "2"}));
}

TEST(HttpFields, HasTokenLooksIntoEveryList) {
  const http::Fields fields{{"Cache-Control", "private, max-age=0"}, {"cache-control", "No-Store"}};
  EXPECT_TRUE(fields.has_token("Cache-Control", "no-store"));
  EXPECT_TRUE(fields.has_token("Cache-Control", "private"));
  EXPECT_FALSE(fields.has_token("Cache-Control", "store"));
}

TEST(HttpFields, SplitList) {
  EXPECT_THAT(http::split_list("a, b ,\tc"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(http::split_list(""), IsEmpty());
  EXPECT_THAT(http::split_list(" , ,,"), IsEmpty());
  EXPECT_THAT(http::split_list("a,,b,"), ElementsAre("a", "b"));
  EXPECT_THAT(http::split_list(R"(a="x,y", b)"), ElementsAre(R"(a="x,y")", "b"));
  EXPECT_THAT(http::split_list(R"("x\",y", b)"), ElementsAre(R"("x\",y")", "b"));
  EXPECT_THAT(http::split_list(R"(a, "open, b)"), ElementsAre("a", R"("open, b)"));
  EXPECT_THAT(http::split_list(R"("open\)"), ElementsAre(R"("open\)"));
}

TEST(HttpFields, TrimOws) {
  EXPECT_EQ(http::trim_ows(" \ta b\t "), "a b");
  EXPECT_EQ(http::trim_ows(" \t "), "");
  EXPECT_EQ(http::trim_ows("\va"), "\va") << "only space and tab are OWS";
}

TEST(HttpFields, WhatMayBeSent) {
  EXPECT_TRUE(http::is_field_value("x\ty \xFF"));
  EXPECT_FALSE(http::is_field_value("x\r\nSet-Cookie: a=b"));
  EXPECT_FALSE(http::is_field_value("x\ny"));
  EXPECT_FALSE(http::is_field_value(std::string_view("x\0y", 3)));
  EXPECT_TRUE(http::is_token("Tus-Resumable"));
  EXPECT_TRUE(http::is_token("!#$%&'*+-.^_`|~09azAZ"));
  for (const std::string_view text : {"", "a b", "a,b", "a:b", "a\"", "a/b", "\xC3\xA9"}) {
    EXPECT_FALSE(http::is_token(text)) << text;
  }
}

}  // namespace
