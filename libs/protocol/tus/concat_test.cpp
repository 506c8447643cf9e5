#include "protocol/tus/concat.hpp"

#include <gtest/gtest.h>

namespace {

using tus::Concat;
using tus::UploadKind;

TEST(TusConcat, Parse) {
  EXPECT_EQ(tus::parse_concat("partial"), (Concat{UploadKind::partial, {}}));
  EXPECT_EQ(tus::parse_concat("final;/files/a /files/b"),
            (Concat{UploadKind::final, {"/files/a", "/files/b"}}));
  EXPECT_EQ(tus::parse_concat("final;https://h/a a ../b?x=1;y"),
            (Concat{UploadKind::final, {"https://h/a", "a", "../b?x=1;y"}}));
  EXPECT_EQ(tus::parse_concat("final;/a /a"), (Concat{UploadKind::final, {"/a", "/a"}}))
      << "a part may be there twice (TUS-CONCAT-014)";
}

// TUS-CONCAT-020
TEST(TusConcat, Refuse) {
  for (const std::string_view header :
       {"", "Partial", "partial ", " partial", "partial;/a", "final", "final;", "final; ",
        "Final;/a", "final ;/a", "final; /a", "final;/a ", "final;/a  /b", "final;/a\t/b",
        "final;/a\x7F", "final;/a\r\n/b", "bogus", "finals;/a"}) {
    EXPECT_FALSE(tus::parse_concat(header).has_value()) << header;
  }
  EXPECT_EQ(tus::parse_concat("bogus").error().line(),
            "Upload-Concat: \"bogus\" is neither partial nor final "
            "(write \"partial\" or \"final;URL URL\")");
}

TEST(TusConcat, FormatGivesTheBytesBack) {
  for (const std::string_view header : {"partial", "final;/a", "final;/a http://h/b a"}) {
    EXPECT_EQ(tus::format_concat(*tus::parse_concat(header)), header);
  }
}

}  // namespace
