#include "redact/printable.hpp"

#include <gtest/gtest.h>

namespace redact {
namespace {

TEST(Printable, ControlCharactersAreEscapedByteByByte) {
  EXPECT_EQ(printable("plain, a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"),
            "plain, a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
  EXPECT_EQ(printable("\x1b[2J\x07\x7f"), "\\x1b[2J\\x07\\x7f");
  EXPECT_EQ(printable(std::string_view("\0a", 2)), "\\x00a");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "\\xc2\\x9b31m");
  EXPECT_EQ(printable("\xc2\xa0"), "\xc2\xa0");  // U+00A0 is the first after C1
}

TEST(Printable, NothingTurnsTheDirectionOfText) {
  for (const char* control : {"\xd8\x9c", "\xe2\x80\x8e", "\xe2\x80\x8f", "\xe2\x80\xaa",
                              "\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x81\xa9"}) {
    const std::string shown = printable(std::string("a") + control + "b");
    EXPECT_EQ(shown.find(control), std::string::npos) << shown;
    EXPECT_EQ(shown.front(), 'a');
    EXPECT_EQ(shown.back(), 'b');
  }
  EXPECT_EQ(printable("\xe2\x80\xae"), "\\xe2\\x80\\xae");
}

TEST(Printable, WhatIsNotUtf8IsEscapedAndTheRestStays) {
  EXPECT_EQ(printable("\xff\xc3\xa4"), "\\xff\xc3\xa4");
  EXPECT_EQ(printable("\xc3"), "\\xc3");
  EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf");                    // overlong
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // surrogate
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // above U+10FFFF
  EXPECT_EQ(printable("\x9b"), "\\x9b");  // C1 where a terminal takes Latin-1
}

TEST(Printable, NoCharacterThatXmlHasNot) {
  EXPECT_EQ(printable("\xef\xbf\xbe\xef\xbf\xbf"), "\\xef\\xbf\\xbe\\xef\\xbf\\xbf");
}

TEST(Printable, LinesAreKeptWhereThereMayBeSeveral) {
  EXPECT_EQ(printable("a\n\tb\r"), "a\\x0a\\x09b\\x0d");
  EXPECT_EQ(printable("a\n\tb\r", Lines::kept), "a\n\tb\\x0d");
}

}  // namespace
}  // namespace redact
