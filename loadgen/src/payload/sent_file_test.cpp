#include "payload/sent_file.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace loadgen {
namespace {

constexpr Bytes size{200'003};

struct Case {
  PayloadKind kind;
  DigestAlgorithm algorithm;
};

class Sent : public testing::TestWithParam<Case> {
 protected:
  /// Hands out [from, to) in the pieces that a connection may ask for.
  void send(SentFile& file, std::uint64_t from, std::uint64_t to) {
    while (from < to) {
      buffer_.resize(std::min<std::uint64_t>(1 + random_() % 70'000, to - from));
      const auto count = file.read(Bytes{from}, buffer_);
      ASSERT_GT(count, 0U);
      from += count;
    }
  }
  [[nodiscard]] std::string expected() const { return payload_.digest(GetParam().algorithm); }
  [[nodiscard]] SentFile file() const { return {payload_, GetParam().algorithm}; }

  Payload payload_{GetParam().kind, 3, 4, size};
  std::mt19937_64 random_{9};

 private:
  std::vector<std::byte> buffer_;
};

TEST_P(Sent, InOneGoHasTheDigestOfThePayload) {
  auto sent = file();
  send(sent, 0, size.value);
  EXPECT_EQ(sent.digest(), expected());
}

TEST_P(Sent, AfterAnyCutsHasTheSame) {
  for (int round = 0; round < 20; ++round) {
    auto sent = file();
    std::uint64_t farthest = 0;
    for (int cut = 0; cut < 10; ++cut) {
      // The server kept some of what it was sent, or nothing at all, or the upload is another one.
      const std::uint64_t from = farthest == 0 || cut % 4 == 3 ? 0 : random_() % (farthest + 1);
      const std::uint64_t to = from + random_() % (size.value - from);
      send(sent, from, to);
      farthest = std::max(farthest, to);
    }
    EXPECT_EQ(sent.digest(), "") << "not all of it was sent";
    send(sent, random_() % (farthest + 1), size.value);
    EXPECT_EQ(sent.digest(), expected());
  }
}

TEST_P(Sent, WithAHoleHasNone) {
  auto sent = file();
  send(sent, 0, 1000);
  send(sent, 1001, size.value);
  EXPECT_EQ(sent.digest(), "");
  send(sent, 900, size.value);
  EXPECT_EQ(sent.digest(), expected()) << "it was sent after all";
}

TEST_P(Sent, IsToldOnce) {
  auto sent = file();
  send(sent, 0, size.value);
  EXPECT_EQ(sent.digest(), expected());
  send(sent, 0, size.value);
  EXPECT_EQ(sent.digest(), "");
}

INSTANTIATE_TEST_SUITE_P(Kinds, Sent,
                         testing::Values(Case{PayloadKind::random, DigestAlgorithm::xxh128},
                                         Case{PayloadKind::random, DigestAlgorithm::sha256},
                                         Case{PayloadKind::hl7, DigestAlgorithm::xxh128},
                                         Case{PayloadKind::fastq_gz_pair, DigestAlgorithm::sha256},
                                         Case{PayloadKind::constant, DigestAlgorithm::xxh128}),
                         [](const auto& c) {
                           std::string name(to_string(c.param.kind));
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name + (c.param.algorithm == DigestAlgorithm::xxh128 ? "_xxh128"
                                                                                       : "_sha256");
                         });

TEST(SentFile, MakesNoDigestUnlessItIsAskedTo) {
  const Payload payload(PayloadKind::random, 1, 1, Bytes{1000});
  SentFile file(payload, std::nullopt);
  std::vector<std::byte> buffer(1000);
  EXPECT_EQ(file.read(Bytes{0}, buffer), 1000U);
  EXPECT_EQ(file.digest(), "");
}

}  // namespace
}  // namespace loadgen
