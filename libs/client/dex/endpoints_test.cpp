#include "client/dex/endpoints.hpp"

#include <gtest/gtest.h>

namespace dex {
namespace {

void expect_endpoints(const char* creation_url, const std::string& base,
                      const std::string& parent) {
  const auto endpoints = endpoints_of(creation_url);
  ASSERT_TRUE(endpoints) << creation_url;
  EXPECT_EQ(endpoints->info, base + "/info");
  EXPECT_EQ(endpoints->health, base + "/health");
  EXPECT_EQ(endpoints->version, base + "/version");
  EXPECT_EQ(endpoints->metrics, parent + "/metrics");
  EXPECT_EQ(endpoints->root, parent + "/");
  EXPECT_EQ(endpoints->oauth, parent + "/oauth");
}

TEST(Endpoints, InsideTheGateway) {
  expect_endpoints("http://h:1/files/", "http://h:1", "http://h:1");
  expect_endpoints("http://h:1", "http://h:1", "http://h:1");
}

TEST(Endpoints, BehindTheGateway) {
  expect_endpoints("https://h/upload", "https://h/upload", "https://h");
}

TEST(Endpoints, BehindAnyPrefix) {
  expect_endpoints("http://h:1/_lane/blue/files", "http://h:1/_lane/blue", "http://h:1/_lane/blue");
  expect_endpoints("https://h/prefix/upload/", "https://h/prefix/upload", "https://h/prefix");
}

TEST(Endpoints, OnlyOfAUrl) { EXPECT_FALSE(endpoints_of("h:1/files")); }

}  // namespace
}  // namespace dex
