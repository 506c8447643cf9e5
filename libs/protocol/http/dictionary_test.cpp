#include "protocol/http/dictionary.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace http {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<DictionaryMember> members_of(std::string_view text) {
  const auto members = parse_dictionary(text);
  EXPECT_TRUE(members) << text << ": " << (members ? "" : members.error().line());
  return members.value_or(std::vector<DictionaryMember>{});
}

TEST(Dictionary, IntegersAreToldFromWhatElseThereIs) {
  EXPECT_THAT(
      members_of("max-size=1234567890, min-size=0,max-age=-1"),
      ElementsAre(DictionaryMember{"max-size", "1234567890", 1234567890},
                  DictionaryMember{"min-size", "0", 0}, DictionaryMember{"max-age", "-1", -1}));
  EXPECT_THAT(
      members_of(R"( a="1, b=2", b=1.5, c=tok/en, d=:aGk=:, e=?0, f, g=@12, h=%"%c3%a4" )"),
      ElementsAre(DictionaryMember{"a", R"("1, b=2")", {}}, DictionaryMember{"b", "1.5", {}},
                  DictionaryMember{"c", "tok/en", {}}, DictionaryMember{"d", ":aGk=:", {}},
                  DictionaryMember{"e", "?0", {}}, DictionaryMember{"f", "?1", {}},
                  DictionaryMember{"g", "@12", {}}, DictionaryMember{"h", R"(%"%c3%a4")", {}}));
}

TEST(Dictionary, ParametersAndInnerListsAreReadOver) {
  EXPECT_THAT(members_of("a=1;x=2; y, b=(1 \"2\");q=0.5,c;z=?1"),
              ElementsAre(DictionaryMember{"a", "1", 1}, DictionaryMember{"b", "(1 \"2\")", {}},
                          DictionaryMember{"c", "?1", {}}));
}

TEST(Dictionary, TheLastOfTwoCounts) {
  EXPECT_THAT(members_of("a=1, b=2, a=?0"),
              ElementsAre(DictionaryMember{"a", "?0", {}}, DictionaryMember{"b", "2", 2}));
}

TEST(Dictionary, NothingIsADictionaryOfNothing) {
  EXPECT_THAT(members_of(""), IsEmpty());
  EXPECT_THAT(members_of("  "), IsEmpty());
}

TEST(Dictionary, WhatIsMalformedIsRefused) {
  for (const auto* text : {"a=1,",
                           ",a=1",
                           "A=1",
                           "a=",
                           "a=1 b=2",
                           "a=1;",
                           "a=1;X",
                           "a=\"open",
                           "a=(1",
                           "a=(1\"2\")",
                           "a=?2",
                           "a=@1.5",
                           "a=1.",
                           "a=1.2345",
                           "a=1234567890123456",
                           "a=1234567890123.5",
                           "a=-",
                           "a=:b",
                           "a=%x",
                           "a=%\"%C3\"",
                           "a=\"\\n\"",
                           "a=\x01",
                           "a=\"\x7f\"",
                           "1=1",
                           "a==1"}) {
    EXPECT_FALSE(parse_dictionary(text)) << text;
  }
}

}  // namespace
}  // namespace http
