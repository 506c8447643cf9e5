#include "verify/comparison.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace loadgen {
namespace {

constexpr std::uint64_t size = 200'003;

std::string bytes_of(const Payload& payload) {
  std::string bytes(payload.size().value, '\0');
  for (std::size_t at = 0; at < bytes.size();) {
    at += payload.read(Bytes{at}, std::as_writable_bytes(std::span(bytes)).subspan(at));
  }
  return bytes;
}

class ComparedKind : public testing::TestWithParam<PayloadKind> {
 protected:
  /// The verdict on `bytes`, however they are cut up.
  std::optional<Damage> compared(const std::string& bytes) {
    Comparison comparison(payload_);
    for (std::size_t at = 0; at < bytes.size();) {
      const auto count = std::min<std::size_t>(1 + random_() % 40'000, bytes.size() - at);
      comparison.add(std::as_bytes(std::span(bytes)).subspan(at, count));
      at += count;
    }
    return comparison.verdict();
  }

  Payload payload_{GetParam(), 3, 4, Bytes{size}};
  std::mt19937_64 random_{9};
};

TEST_P(ComparedKind, IsComparedByteByByte) {
  const std::string good = bytes_of(payload_);
  EXPECT_FALSE(compared(good));
  for (const auto& [begin, end] : {std::pair{0U, 1U},
                                   {16'383U, 16'385U},
                                   {70'001U, 140'002U},
                                   {200'002U, 200'003U},
                                   {0U, 200'003U}}) {
    std::string bad = good;
    for (auto at = begin; at < end; ++at) bad[at] = static_cast<char>(bad[at] ^ 1);
    const auto damage = compared(bad);
    ASSERT_TRUE(damage) << begin;
    EXPECT_EQ(damage->cause.what, "verify: different bytes");
    EXPECT_EQ(damage->range, (ByteRange{Bytes{begin}, Bytes{end}}));
    EXPECT_EQ(damage->cause.detail, "bytes " + std::to_string(begin) + "-" +
                                        std::to_string(end - 1) + ", " +
                                        std::to_string(end - begin) + " of them");
  }
  const auto shorter = compared(good.substr(0, 150'000));
  ASSERT_TRUE(shorter);
  EXPECT_EQ(shorter->cause.what, "verify: bytes are missing");
  EXPECT_EQ(shorter->range, (ByteRange{Bytes{150'000}, Bytes{size}}));
  const auto longer = compared(good + "x");
  ASSERT_TRUE(longer);
  EXPECT_EQ(longer->cause.what, "verify: too many bytes");
  EXPECT_FALSE(longer->range);
}
INSTANTIATE_TEST_SUITE_P(Kinds, ComparedKind,
                         testing::Values(PayloadKind::random, PayloadKind::hl7,
                                         PayloadKind::fastq_gz, PayloadKind::constant),
                         [](const auto& kind) {
                           std::string name(to_string(kind.param));
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace loadgen
