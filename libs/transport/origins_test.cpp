#include "transport/origins.hpp"

#include <gtest/gtest.h>

namespace transport {
namespace {

TEST(Origins, AreSchemeHostAndPort) {
  Origins origins;
  origins.add("https://Upload.Example/files?x=1");
  for (const char* url : {"https://upload.example", "HTTPS://UPLOAD.example:443/other",
                          "https://upload.example/files/1#f"}) {
    EXPECT_TRUE(origins.hold(url)) << url;
  }
  for (const char* url :
       {"http://upload.example/files", "https://upload.example:8443/files", "https://example/files",
        "https://upload.example.evil/files", "https://upload.example@evil/files",
        "https://evil/https://upload.example/files", "//upload.example/files", "/files", "",
        "https://upload.example./files"}) {
    EXPECT_FALSE(origins.hold(url)) << url;
  }
}

TEST(Origins, DefaultPortsNeedNotBeSaid) {
  EXPECT_EQ(*origin_of("http://h:80/x"), "http://h");
  EXPECT_EQ(*origin_of("https://h:443/x"), "https://h");
  EXPECT_EQ(*origin_of("http://h:443/x"), "http://h:443");
  EXPECT_EQ(*origin_of("http://[::1]:8080/"), "http://[::1]:8080");
  EXPECT_FALSE(origin_of("ftp://h/x"));
}

TEST(Origins, NoneIsHeldWithoutAny) {
  Origins origins;
  origins.add("not a URL");
  EXPECT_FALSE(origins.hold("http://127.0.0.1"));
  EXPECT_FALSE(origins.hold("not a URL"));
}

}  // namespace
}  // namespace transport
