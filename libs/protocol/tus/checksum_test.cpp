#include "protocol/tus/checksum.hpp"

#include <gtest/gtest.h>

#include "protocol/base64.hpp"

namespace {

TEST(TusChecksum, TheExampleOfTheText) {
  const auto checksum = tus::parse_checksum("sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=");
  ASSERT_TRUE(checksum.has_value());
  EXPECT_EQ(checksum->algorithm, "sha1");
  EXPECT_EQ(to_hex(checksum->digest), "2aae6c35c94fcfb415dbe95f408b9ce91ee846ed");
  Digest digest(DigestAlgorithm::sha1);
  digest.update("hello world");
  EXPECT_EQ(digest.finish(), checksum->digest);
}

TEST(TusChecksum, AnyLengthIsReadAndOneMatches) {
  for (const auto& [name, size] : {std::pair<std::string, std::size_t>{"md5", 16},
                                   {"sha1", 20},
                                   {"sha256", 32},
                                   {"crc32", 4}}) {
    for (const auto bytes : {size - 1, size, size + 1}) {
      const auto checksum =
          tus::parse_checksum(name + " " + base64::encode(std::string(bytes, 'x')));
      ASSERT_TRUE(checksum.has_value()) << name;
      EXPECT_EQ(checksum->digest, std::string(bytes, 'x'));
    }
    const auto algorithm = tus::digest_algorithm(name);
    ASSERT_TRUE(algorithm.has_value()) << name;
    EXPECT_EQ(Digest(*algorithm).finish().size(), size) << name;
  }
}

TEST(TusChecksum, AnUnknownAlgorithmMayHaveAnyLength) {
  const auto checksum = tus::parse_checksum("blake3 YQ==");
  ASSERT_TRUE(checksum.has_value());
  EXPECT_EQ(*checksum, (tus::Checksum{"blake3", "a"}));
  EXPECT_FALSE(tus::digest_algorithm("blake3").has_value());
  EXPECT_FALSE(tus::digest_algorithm("SHA1").has_value()) << "names are as announced";
}

TEST(TusChecksum, Refuse) {
  for (const std::string_view header :
       {"", " ", "sha1", "sha1 ", "blake3 ", " Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
        "sha1  Kq5sNclPz7QV2+lfQIuc6R7oRu0=", "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0",
        "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu1=", "sha1 Kq5sNclPz7QV2-lfQIuc6R7oRu0=",
        "sha1\tKq5sNclPz7QV2+lfQIuc6R7oRu0=", "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0= ", "sha,1 YQ==",
        "x !!!"}) {
    EXPECT_FALSE(tus::parse_checksum(header).has_value()) << header;
  }
  EXPECT_EQ(tus::parse_checksum("md5 ???").error().line(),
            "Upload-Checksum: the digest is not Base64 (write \"algorithm base64\")");
}

TEST(TusChecksum, FormatGivesTheBytesBack) {
  const std::string_view header = "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=";
  EXPECT_EQ(tus::format_checksum(*tus::parse_checksum(header)), header);
}

}  // namespace
