#include "protocol/error.hpp"

#include <gtest/gtest.h>

namespace {

TEST(Error, LineLeavesOutEmptyParts) {
  EXPECT_EQ((Error{"--rate", "is not a rate", "write 10/s"}.line()),
            "--rate: is not a rate (write 10/s)");
  EXPECT_EQ((Error{"", "is not a rate", ""}.line()), "is not a rate");
  EXPECT_EQ((Error{"a.json", "is empty", ""}.line()), "a.json: is empty");
}

TEST(Error, LineIsOneLineAndCannotSteerATerminal) {
  EXPECT_EQ((Error{"a\nb", "c\r\td", "\x1B[2J\x7F"}.line()), R"(a\nb: c\r\td (\x1b[2J\x7f))");
}

TEST(Error, LineKeepsUtf8) { EXPECT_EQ((Error{"", "größe", ""}.line()), "größe"); }

TEST(Quote, EscapesWhatIsNotPrintableAscii) {
  EXPECT_EQ(quote("plain text"), R"("plain text")");
  EXPECT_EQ(quote("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(quote("\r\n\t"), R"("\r\n\t")");
  EXPECT_EQ(quote(std::string("\x00\xFF", 2)), R"("\x00\xff")");
}

TEST(Quote, CutsWhatIsLong) {
  EXPECT_EQ(quote(std::string(60, 'a')), '"' + std::string(60, 'a') + '"');
  EXPECT_EQ(quote(std::string(61, 'a')), '"' + std::string(60, 'a') + "\"...");
}

}  // namespace
