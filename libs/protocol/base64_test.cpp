#include "protocol/base64.hpp"

#include <gtest/gtest.h>

namespace {

struct Vector {
  std::string_view bytes;
  std::string_view text;
};

// RFC 4648 section 10.
constexpr Vector rfc_vectors[] = {{"", ""},
                                  {"f", "Zg=="},
                                  {"fo", "Zm8="},
                                  {"foo", "Zm9v"},
                                  {"foob", "Zm9vYg=="},
                                  {"fooba", "Zm9vYmE="},
                                  {"foobar", "Zm9vYmFy"}};

TEST(Base64, RfcVectors) {
  for (const auto& v : rfc_vectors) {
    EXPECT_EQ(base64::encode(v.bytes), v.text);
    EXPECT_EQ(base64::decode(v.text), v.bytes);
  }
}

TEST(Base64, EveryByteValue) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  EXPECT_EQ(base64::decode(base64::encode(bytes)), bytes);
  EXPECT_EQ(base64::decode_url(base64::encode_url(bytes)), bytes);
}

TEST(Base64, DecodeIsStrict) {
  for (const std::string_view text :
       {"Z", "Zg", "Zg=", "Zm8", "=", "==", "====", "Z===", "Zg==Zg==", "Zg== ", " Zg==", "Zm\n9v",
        "Zm9v\r\n", "Zm-_", "Zm9v====", "Z=g=", "!!!", "a???", "Zg==="}) {
    EXPECT_FALSE(base64::decode(text).has_value()) << text;
    EXPECT_FALSE(base64::decode(text, base64::TrailingBits::ignored).has_value()) << text;
  }
  EXPECT_FALSE(base64::decode(std::string_view("Zg\0=", 4)).has_value());
  EXPECT_FALSE(base64::decode("\xC3\xA9YQ").has_value());
}

TEST(Base64, TrailingBits) {
  for (const std::string_view text : {"YR==", "Yf==", "YWJ=", "YWL="}) {
    EXPECT_FALSE(base64::decode(text).has_value()) << text;
  }
  EXPECT_EQ(base64::decode("YR==", base64::TrailingBits::ignored), "a");
  EXPECT_EQ(base64::decode("YWJ=", base64::TrailingBits::ignored), "ab");
}

TEST(Base64, UrlAlphabetHasNoPadding) {
  EXPECT_EQ(base64::encode("\xFF\xEF\xBE"), "/+++");
  EXPECT_EQ(base64::encode_url("\xFF\xEF\xBE"), "_---");
  EXPECT_EQ(base64::encode_url("f"), "Zg");
  EXPECT_EQ(base64::decode_url("Zg"), "f");
  for (const std::string_view text : {"Zg==", "Z", "A", "AAAAA", "/+++", "Zh", "Zm 9"}) {
    EXPECT_FALSE(base64::decode_url(text).has_value()) << text;
  }
}

}  // namespace
