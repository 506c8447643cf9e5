#include "upload/url.hpp"

#include <gtest/gtest.h>

#include "upload/retry.hpp"

namespace loadgen {
namespace {

TEST(Url, OriginSpellsThePortOut) {
  EXPECT_EQ(*origin_of("http://h/files"), "http://h:80");
  EXPECT_EQ(*origin_of("https://h/files?x"), "https://h:443");
  EXPECT_EQ(*origin_of("http://[::1]:8080/"), "http://[::1]:8080");
  for (const char* bad :
       {"", "h:80", "ftp://h/", "http://", "/files", "http://h:x/", "http://h:65536/"}) {
    EXPECT_FALSE(origin_of(bad)) << bad;
  }
}

TEST(Url, CredentialsInAUrlAreRefusedAndNotTold) {
  const auto origin = origin_of("http://user:hush@h/files");
  ASSERT_FALSE(origin);
  EXPECT_EQ(origin.error().line().find("hush"), std::string::npos) << origin.error().line();
}

TEST(Url, LocationsAreResolved) {
  const std::string base = "http://h:1/a/files";
  EXPECT_EQ(*resolve_reference(base, "/files/1"), "http://h:1/files/1");
  EXPECT_EQ(*resolve_reference(base, "files/1"), "http://h:1/a/files/1");
  EXPECT_EQ(*resolve_reference(base, "//other/1"), "http://other/1");
  EXPECT_EQ(*resolve_reference(base, "https://x/1"), "https://x/1");
  EXPECT_FALSE(resolve_reference(base, "file:///etc/passwd"));
  EXPECT_FALSE(resolve_reference(base, "h t t p"));
}

TEST(Url, TheIdIsTheLastSegment) {
  EXPECT_EQ(last_segment("http://h/files/abc+1"), "abc+1");
  EXPECT_EQ(last_segment("http://h/files/abc/?x=/y"), "abc");
}

TEST(Url, InfoFollowsTheShapeOfTheCreationUrl) {
  EXPECT_EQ(*info_url_of("http://h:8080/files"), "http://h:8080/info");
  EXPECT_EQ(*info_url_of("https://h/upload/"), "https://h:443/upload/info");
}

TEST(RetryAfter, IsSecondsOnly) {
  EXPECT_EQ(retry_after({{"Retry-After", "7"}}), Milliseconds{7000});
  EXPECT_EQ(retry_after({{"Retry-After", "99999"}}), Milliseconds{300'000});
  EXPECT_EQ(retry_after({{"Retry-After", "-1"}}), std::nullopt);
  EXPECT_EQ(retry_after({{"Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT"}}), std::nullopt);
  EXPECT_EQ(retry_after({}), std::nullopt);
}
TEST(Urls, AHostAloneIsTriedInBothShapes) {
  const std::vector<std::string> shapes{"http://h:8080", "http://h:8080/files",
                                        "http://h:8080/upload"};
  EXPECT_EQ(creation_urls_at("http://h:8080"), shapes);
  EXPECT_EQ(creation_urls_at("https://h/").at(1), "https://h:443/files");
  for (const char* whole : {"http://h/files", "http://h/upload/", "http://h?x", "nonsense"}) {
    EXPECT_TRUE(creation_urls_at(whole).empty()) << whole;
  }
}

}  // namespace
}  // namespace loadgen
