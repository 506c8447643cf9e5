#include "client/stored.hpp"

#include <gtest/gtest.h>

namespace client {
namespace {

const std::string digest(64, 'a');

TEST(StoredUrl, IsBesideTheCreationUrlBehindAnyPrefix) {
  EXPECT_EQ(stored_url(*place_of("http://h:1/files")), "http://h:1/_mock/uploads");
  EXPECT_EQ(stored_url(*place_of("http://h:1/_lane/blue/files/")),
            "http://h:1/_lane/blue/_mock/uploads");
  EXPECT_EQ(stored_url(*place_of("http://h:1/upload")), "http://h:1/_mock/uploads");
}

TEST(MockHealthUrl, IsThereToo) {
  EXPECT_EQ(mock_health_url(*place_of("http://h:1/_lane/blue/files/")),
            "http://h:1/_lane/blue/_mock/health");
}

TEST(Stored, TellsWhatIsThere) {
  const auto stored =
      parse_stored(R"({"id":"x","offset":7,"complete":false,"sha256":")" + digest + "\"}");
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->offset, 7U);
  EXPECT_FALSE(stored->complete);
  EXPECT_EQ(stored->sha256, digest);
}

TEST(Stored, TellsTheDigestThatWasAskedFor) {
  const std::string xxh128(32, 'b');
  const auto stored =
      parse_stored(R"({"offset":7,"complete":true,"sha256":null,"xxh128":")" + xxh128 + "\"}");
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->xxh128, xxh128);
  EXPECT_EQ(stored->sha256, "");
}

TEST(Stored, WithoutADigestItIsNone) {
  for (const char* text : {"", "[]", "{}", R"({"offset":0,"complete":true,"sha256":null})",
                           R"({"offset":0,"complete":true,"sha256":"abc"})",
                           R"({"offset":0,"complete":true,"sha256":null,"xxh128":null})",
                           R"({"offset":0,"complete":true,"sha256":null,"xxh128":"abc"})"}) {
    EXPECT_FALSE(parse_stored(text)) << text;
  }
}

}  // namespace
}  // namespace client
