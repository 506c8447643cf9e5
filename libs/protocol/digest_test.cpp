#include "protocol/digest.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace {

std::string hex_of(DigestAlgorithm algorithm, std::string_view bytes) {
  Digest digest(algorithm);
  digest.update(bytes);
  return to_hex(digest.finish());
}

struct Vector {
  DigestAlgorithm algorithm;
  std::string_view bytes;
  std::string_view hex;
};

TEST(Digest, KnownVectors) {
  constexpr Vector vectors[] = {
      {DigestAlgorithm::md5, "", "d41d8cd98f00b204e9800998ecf8427e"},
      {DigestAlgorithm::md5, "abc", "900150983cd24fb0d6963f7d28e17f72"},
      {DigestAlgorithm::sha1, "", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
      {DigestAlgorithm::sha1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
      {DigestAlgorithm::sha256, "",
       "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {DigestAlgorithm::sha256, "abc",
       "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {DigestAlgorithm::crc32, "", "00000000"},
      {DigestAlgorithm::crc32, "123456789", "cbf43926"},
      {DigestAlgorithm::crc32c, "", "00000000"},
      {DigestAlgorithm::crc32c, "123456789", "e3069283"},
      {DigestAlgorithm::crc64nvme, "", "0000000000000000"},
      {DigestAlgorithm::crc64nvme, "123456789", "ae8b14860a799888"},
      {DigestAlgorithm::xxh128, "", "99aa06d3014798d86001c324468d497f"},
      {DigestAlgorithm::xxh128, "abc", "06b05ab6733a618578af5f94892f3950"},
  };
  for (const auto& v : vectors) EXPECT_EQ(hex_of(v.algorithm, v.bytes), v.hex);
}

// The value is xxHash's own, made in one go without AVX2.
TEST(Digest, Xxh128OfLongBytesIsTheSameInAnyPieces) {
  std::string bytes(1'000'003, '\0');
  std::uint32_t state = 7;
  for (char& c : bytes) c = static_cast<char>((state = state * 1664525U + 1013904223U) >> 24U);
  const std::string whole = "b0f6e1fdbb4eea6feb87ca61982687d1";
  EXPECT_EQ(hex_of(DigestAlgorithm::xxh128, bytes), whole);
  for (const std::size_t piece : {1U, 63U, 64U, 255U, 257U, 1024U, 65'536U, 999'999U}) {
    Digest digest(DigestAlgorithm::xxh128);
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      digest.update(std::string_view(bytes).substr(at, piece));
    }
    EXPECT_EQ(to_hex(digest.finish()), whole) << piece;
  }
}

TEST(Digest, BytesAndTextAreTheSame) {
  const std::string text = "offset+octet-stream";
  Digest digest(DigestAlgorithm::sha1);
  digest.update(std::as_bytes(std::span(text)));
  EXPECT_EQ(to_hex(digest.finish()), hex_of(DigestAlgorithm::sha1, text));
}

TEST(Digest, MovesWithItsState) {
  Digest first(DigestAlgorithm::crc32);
  first.update("1234");
  Digest second(std::move(first));
  second.update("56789");
  EXPECT_EQ(to_hex(second.finish()), "cbf43926");
}

TEST(Digest, IsFinishedOnce) {
  Digest digest(DigestAlgorithm::md5);
  (void)digest.finish();
  EXPECT_THROW((void)digest.finish(), std::logic_error);
  EXPECT_THROW(digest.update("x"), std::logic_error);
}

TEST(Digest, Sha256InOneStep) {
  EXPECT_EQ(sha256_hex("abc"), hex_of(DigestAlgorithm::sha256, "abc"));
}

TEST(Digest, HexIsLowerCase) { EXPECT_EQ(to_hex(std::string_view("\x00\xAB\xFF", 3)), "00abff"); }

}  // namespace
