#include "transport/url.hpp"

#include <gtest/gtest.h>

namespace transport {
namespace {

TEST(ParseUrl, TellsTheParts) {
  const auto url = parse_url("HTTP://Example.ORG:8080/files/a%2Fb?x=1#part");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->scheme, "http");
  EXPECT_EQ(url->host, "example.org");
  EXPECT_EQ(url->port, 8080);
  EXPECT_EQ(url->authority, "example.org:8080");
  EXPECT_EQ(url->origin(), "http://example.org:8080");
  EXPECT_EQ(url->path, "/files/a%2Fb");
  EXPECT_EQ(url->target, "/files/a%2Fb?x=1");
}

TEST(ParseUrl, DefaultsAreLeftOutOfTheAuthority) {
  EXPECT_EQ(parse_url("https://host:443")->authority, "host");
  EXPECT_EQ(parse_url("https://host")->port, 443);
  EXPECT_EQ(parse_url("http://host")->target, "/");
  EXPECT_EQ(parse_url("http://host:80/")->authority, "host");
}

TEST(ParseUrl, IpV6) {
  const auto url = parse_url("http://[::1]:8080/files");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->authority, "[::1]:8080");
}

TEST(ParseUrl, RefusesWhatIsNoTarget) {
  for (const char* text :
       {"", "host", "/files", "ftp://host/", "http://", "http:///files", "http://host:0/",
        "http://host:99999/", "http://host/a b", "http://user:password@host/", "http://host/%zz",
        "http://10.0.0.1.example.org/files"}) {
    EXPECT_FALSE(parse_url(text)) << text;
  }
  // A password must not be repeated in a message.
  EXPECT_EQ(parse_url("http://u:secret@h/").error().line().find("secret"), std::string::npos);
}

TEST(ResolveUrl, AsRfc3986Section5) {
  const std::string base = "http://a:8080/files/x";
  EXPECT_EQ(*resolve_url(base, "/files/1"), "http://a:8080/files/1");
  EXPECT_EQ(*resolve_url(base, "1"), "http://a:8080/files/1");
  EXPECT_EQ(*resolve_url(base, "../up/1"), "http://a:8080/up/1");
  EXPECT_EQ(*resolve_url(base, "//b/1"), "http://b/1");
  EXPECT_EQ(*resolve_url(base, "https://c/1#frag"), "https://c/1");
  EXPECT_EQ(*resolve_url(base, "/files/a%2Fb"), "http://a:8080/files/a%2Fb");
  EXPECT_EQ(*resolve_url("http://a/f?q", ""), "http://a/f?q");
  EXPECT_EQ(*resolve_url("http://a/f?q", "?r"), "http://a/f?r");
  EXPECT_EQ(*resolve_url("http://a", "x"), "http://a/x");
  EXPECT_EQ(*resolve_url("http://a/b/c/d", "../../../g/./h/.."), "http://a/g/");
  EXPECT_FALSE(resolve_url(base, "http://a b/"));
}

}  // namespace
}  // namespace transport
