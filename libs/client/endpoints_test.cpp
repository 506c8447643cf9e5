#include "client/endpoints.hpp"

#include <gtest/gtest.h>

namespace client {
namespace {

TEST(Place, IsTakenFromAUrlBehindAnyPrefix) {
  const auto place = place_of("https://H:443/some/prefix/files/?x=1#y");
  ASSERT_TRUE(place);
  EXPECT_EQ(place->origin, "https://h");
  EXPECT_EQ(place->parent, "https://h/some/prefix");
  EXPECT_EQ(place->name, "files");
  EXPECT_EQ(place->self(), "https://h/some/prefix/files");
  EXPECT_EQ(place_of("http://h:1/files")->parent, "http://h:1");
  EXPECT_EQ(place_of("http://h:1//files")->parent, "http://h:1");
  EXPECT_FALSE(place_of("/files"));
}

TEST(Place, AHostAloneIsItsOwnParent) {
  for (const char* url : {"http://h:1", "http://h:1/", "http://h:1//"}) {
    const auto place = place_of(url);
    ASSERT_TRUE(place) << url;
    EXPECT_EQ(place->parent, "http://h:1");
    EXPECT_EQ(place->name, "");
    EXPECT_EQ(place->self(), "http://h:1");
  }
}

TEST(Locate, ALocationIsResolved) {
  const std::string base = "http://h:1/a/files";
  EXPECT_EQ(*locate(base, "/files/1"), "http://h:1/files/1");
  EXPECT_EQ(*locate(base, "files/1"), "http://h:1/a/files/1");
  EXPECT_EQ(*locate(base, "/files/a%2Fb"), "http://h:1/files/a%2Fb");
  EXPECT_EQ(*locate(base, "//other/1"), "http://other/1");
  EXPECT_EQ(*locate(base, "https://x/1"), "https://x/1");
  EXPECT_FALSE(locate(base, "file:///etc/passwd"));
  EXPECT_FALSE(locate(base, "http://user:secret@h/"));
  EXPECT_FALSE(locate(base, "h t t p"));
}

TEST(LastSegment, IsTheId) {
  EXPECT_EQ(last_segment("http://h/files/abc+1"), "abc+1");
  EXPECT_EQ(last_segment("http://h/files/abc/?x=/y"), "abc");
  EXPECT_EQ(last_segment("abc"), "abc");
}

}  // namespace
}  // namespace client
