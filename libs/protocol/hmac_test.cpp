#include "protocol/hmac.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace {

TEST(Hmac, KnownAnswers) {
  const std::string key(20, '\x0b');
  // RFC 2202 section 3 case 1, RFC 4231 section 4.2.
  EXPECT_EQ(to_hex(hmac(DigestAlgorithm::sha1, key, "Hi There")),
            "b617318655057264e28bc0b6fb378c8ef146be00");
  EXPECT_EQ(to_hex(hmac(DigestAlgorithm::sha256, key, "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(to_hex(hmac(DigestAlgorithm::md5, std::string(16, '\x0b'), "Hi There")),
            "9294727a3638bb1c13f48ef8158bfc9d");
}

TEST(Hmac, AKeyMayBeEmptyOrLong) {
  // echo -n "" | openssl dgst -sha1 -hmac ""
  EXPECT_EQ(to_hex(hmac(DigestAlgorithm::sha1, {}, {})),
            "fbdb1d1b18aa6c08324b7d64b71fb76370690e1d");
  // RFC 2202 section 3 case 6: longer than a block.
  EXPECT_EQ(to_hex(hmac(DigestAlgorithm::sha1, std::string(80, '\xaa'),
                        "Test Using Larger Than Block-Size Key - Hash Key First")),
            "aa4ae5e15272d00e95705637ce8a3b55ed402112");
}

// A key is set anew only if it is not that of the last text; keys that alternate must not mix.
TEST(Hmac, KeysTakeTurns) {
  const std::string longest(80, '\xaa');
  const auto hex = [](std::string_view key, std::string_view text) {
    return to_hex(hmac(DigestAlgorithm::sha1, key, text));
  };
  for (int time = 0; time < 2; ++time) {
    // RFC 2202 section 3 cases 2, 6 and 7.
    EXPECT_EQ(hex("Jefe", "what do ya want for nothing?"),
              "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    EXPECT_EQ(hex(longest, "Test Using Larger Than Block-Size Key - Hash Key First"),
              "aa4ae5e15272d00e95705637ce8a3b55ed402112");
    EXPECT_EQ(
        hex(longest, "Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data"),
        "e8e99d0f45237d786d6bbaa7965c7808bbff1a91");
    EXPECT_EQ(hex({}, {}), "fbdb1d1b18aa6c08324b7d64b71fb76370690e1d");
    EXPECT_EQ(hex({}, {}), "fbdb1d1b18aa6c08324b7d64b71fb76370690e1d");
  }
}

TEST(Hmac, AChecksumTakesNoKey) {
  EXPECT_THROW((void)hmac(DigestAlgorithm::crc32, "key", "bytes"), std::logic_error);
}

TEST(SameSecret, ComparesLengthAndBytes) {
  EXPECT_TRUE(same_secret("", ""));
  EXPECT_TRUE(same_secret("abc", "abc"));
  EXPECT_FALSE(same_secret("abc", "abd"));
  EXPECT_FALSE(same_secret("abc", "ab"));
}

}  // namespace
