#include "protocol/s3/aws_chunked.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <vector>

#include "protocol/digest.hpp"

namespace s3 {
namespace {

struct Outcome {
  std::string content;
  std::string checksum;  ///< of the trailer
  std::string refusal;   ///< empty when the body ended well
  bool operator==(const Outcome&) const = default;
};

Outcome read(std::string_view body, std::size_t step, const std::optional<ChunkKey>& key) {
  ChunkReader reader(key);
  Outcome outcome;
  const auto take = [&](ChunkReader::Event event) {
    if (event == ChunkReader::Event::bytes) outcome.content += reader.bytes();
    if (event == ChunkReader::Event::failed) outcome.refusal = name_of(reader.refusal().code);
    return event == ChunkReader::Event::bytes;
  };
  for (std::size_t at = 0; at < body.size(); at += step) {
    std::string_view slice = body.substr(at, step);
    while (take(reader.next(slice))) continue;
    if (!outcome.refusal.empty()) return outcome;
    EXPECT_TRUE(slice.empty());
  }
  take(reader.finish());
  for (const auto& [name, value] : reader.trailer()) {
    if (name.starts_with("x-amz-checksum-")) outcome.checksum = value;
  }
  if (outcome.refusal.empty()) {
    EXPECT_EQ(reader.decoded(), outcome.content.size());
  }
  return outcome;
}

/// In slices of several lengths; they must agree.
Outcome read(std::string_view body, const std::optional<ChunkKey>& key = std::nullopt) {
  const Outcome whole = read(body, body.size() + 1, key);
  for (const std::size_t step : {1U, 2U, 3U, 7U, 1000U}) {
    Outcome pieces = read(body, step, key);
    // How much came before a failure depends on the slices.
    if (!whole.refusal.empty()) pieces.content = whole.content;
    EXPECT_EQ(pieces, whole) << "in slices of " << step;
  }
  return whole;
}

TEST(AwsChunked, WhatBoto3SendsOverTls) {
  EXPECT_EQ(read("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"),
            (Outcome{"hello", "NhCmhg==", ""}));
  EXPECT_EQ(read("0\r\n\r\n"), Outcome{});
  EXPECT_EQ(read("A\r\n\r\n0\r\n\r\n123\r\n1\r\nx\r\n0\r\n\r\n").content, "\r\n0\r\n\r\n123x");
  EXPECT_EQ(read("1;chunk-signature=00\r\nx\r\n0;chunk-signature=00\r\n\r\n").content, "x");
}

TEST(AwsChunked, WhatS3TakesBesides) {
  // openstack/swift 504bcf4, test/s3api/test_input_errors.py.
  EXPECT_EQ(read("1\r\nx\r\n0\r\n"), (Outcome{"x", "", ""}));
  EXPECT_EQ(read("0\r\nx-amz-checksum-crc32:NhCmhg==\r\n").checksum, "NhCmhg==");
  EXPECT_EQ(read("1\r\nx\r\n0\r\n\r\nx\r\n\r\n\xff"), (Outcome{"x", "", ""}));
  EXPECT_EQ(read("1\r\nx\r\n0\r\n\r\n1\r\ny\r\n0\r\n\r\n").content, "x");
  EXPECT_EQ(read("0\r\nx-amz-checksum-crc32:a\r\nX-Amz-Checksum-CRC32: b\r\n\r\n").checksum, "b");
  EXPECT_EQ(read("1 ; chunk-signature = 00 \r\nx\r\n0\r\n\r\n").content, "x");
}

TEST(AwsChunked, BodiesThatAreRefused) {
  for (const char* body :
       {"", "5", "5\r\n", "5\r\nhel", "5\r\nhello", "5\r\nhello\r\n", "0\r", "0\r\n\r",
        "0\r\nx-amz-checksum-crc32:NhCmhg==", "0\r\na:b\n", "\r\n", "x\r\n", "-1\r\n",
        "5;x=y\r\nhello\r\n", "5\nhello\n0\n\n", "5\r\nhello!\r\n0\r\n\r\n",
        "10000000000000000\r\n", "8000000000000000\r\n"}) {
    EXPECT_EQ(read(body).refusal, "IncompleteBody") << body;
  }
  EXPECT_EQ(read(std::string(2'000, '0')).refusal, "IncompleteBody");
  for (const char* body : {"0\r\nx\r\n\r\n", "0\r\n: x\r\n\r\n", "0\r\na b: x\r\n\r\n"}) {
    EXPECT_EQ(read(body).refusal, "MalformedTrailerError") << body;
  }
  std::string trailers = "0\r\n";
  for (int i = 0; i < 1'000; ++i) trailers += "a" + std::to_string(i) + ":x\r\n";
  EXPECT_EQ(read(trailers + "\r\n").refusal, "MalformedTrailerError");
}

TEST(AwsChunked, SaysHowMuchAChunkWillBring) {
  ChunkReader reader;
  std::string_view slice = "3\r\nabc\r\n7\r\nde";
  EXPECT_EQ(reader.next(slice), ChunkReader::Event::bytes);
  EXPECT_EQ(reader.next(slice), ChunkReader::Event::bytes);
  EXPECT_EQ(reader.decoded(), 5U);
  EXPECT_EQ(reader.promised(), 10U);
}

/// AWS's example: 65 KiB + 1 KiB of 'a' in chunks of 64 KiB, with its signatures.
std::string example(std::string_view first, std::string_view second, std::string_view last,
                    std::string_view trailer) {
  std::string body = "10000;chunk-signature=" + std::string(first) + "\r\n";
  body += std::string(65'536, 'a') + "\r\n400;chunk-signature=" + std::string(second) + "\r\n";
  body += std::string(1'024, 'a') + "\r\n0;chunk-signature=" + std::string(last) + "\r\n";
  return body + std::string(trailer) + "\r\n";
}
ChunkKey example_key(std::string seed) {
  const Scope scope{"20130524"};
  return {signing_key("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", scope), "20130524T000000Z",
          to_string(scope), std::move(seed)};
}

TEST(AwsChunked, SignedChunksOfTheDocument) {
  const auto key = example_key("4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9");
  const std::string body =
      example("ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
              "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
              "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9", "");
  const Outcome outcome = read(body, key);
  EXPECT_EQ(outcome.refusal, "");
  EXPECT_EQ(outcome.content.size(), 66'560U);

  std::string changed = body;
  changed[1'000] = 'b';
  EXPECT_EQ(read(changed, key).refusal, "SignatureDoesNotMatch");
  EXPECT_EQ(read("1;chunk-signature=invalid\r\nx\r\n0\r\n\r\n", key).refusal,
            "SignatureDoesNotMatch");
  for (const char* without : {"1\r\nx\r\n0\r\n\r\n", "1;chunk-signature=\r\nx\r\n0\r\n\r\n"})
    EXPECT_EQ(read(without, key).refusal, "IncompleteBody");
}

/// The refusal tells the text that should have been signed, and the canonical request.
TEST(AwsChunked, AMismatchIsExplained) {
  const http::Fields sent{{"Host", "h"},
                          {"x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"}};
  const Request request{"PUT", "/b/k", sent};
  const SignatureV4 signature{Place::header,
                              {"AKID", Scope{"20130524"}},
                              {"host"},
                              "seed",
                              "20130524T000000Z",
                              {},
                              "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"};
  ChunkReader reader(chunk_key(signature, request, "secret"));
  std::string_view slice = "0;chunk-signature=00\r\n";
  ASSERT_EQ(reader.next(slice), ChunkReader::Event::failed);
  const auto& details = reader.refusal().details;
  EXPECT_EQ(details.at(0), (Detail{"AWSAccessKeyId", "AKID"}));
  EXPECT_EQ(details.at(1).value.find("AWS4-HMAC-SHA256-PAYLOAD\n20130524T000000Z\n"), 0U);
  EXPECT_EQ(details.at(4), (Detail{"CanonicalRequest", canonical_request(signature, request)}));
}

/// Each chunk with its signature.
std::string chunks(ChunkKey key, const std::vector<std::size_t>& sizes) {
  std::string body;
  for (const auto size : sizes) {
    const std::string bytes(size, 'x');
    key.seed = sign_v4("AWS4-HMAC-SHA256-PAYLOAD\n" + key.date + "\n" + key.scope + "\n" +
                           key.seed + "\n" + sha256_hex({}) + "\n" + sha256_hex(bytes),
                       key.signing_key);
    char digits[17];
    std::snprintf(digits, sizeof digits, "%zx", size);
    body += digits + (";chunk-signature=" + key.seed) + "\r\n" + bytes + "\r\n";
  }
  return body;
}

TEST(AwsChunked, OnlyTheLastSignedChunkIsSmall) {
  const auto key = example_key("seed");
  EXPECT_EQ(read(chunks(key, {15'000, 8'192, 17, 0}), key).refusal, "");
  EXPECT_EQ(read(chunks(key, {1'024, 4'096, 0}), key).refusal, "InvalidChunkSizeError");
  ChunkReader reader(key);
  const auto body = chunks(key, {1'024, 4'096, 0});
  std::string_view slice = body;
  while (reader.next(slice) == ChunkReader::Event::bytes) continue;
  EXPECT_EQ(reader.refusal().details,
            (std::vector<Detail>{{"Chunk", "2"}, {"BadChunkSize", "1024"}}));
}

TEST(AwsChunked, SignedTrailersOfTheDocument) {
  auto key = example_key("106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e");
  const std::string trailer = "x-amz-checksum-crc32c:sOO8/Q==\r\n";
  const auto body = [&](const std::string& end) {
    return example("b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
                   "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
                   "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992", end);
  };
  const std::string signature =
      "x-amz-trailer-signature:"
      "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n";
  EXPECT_EQ(read(body(trailer + signature), key).refusal, "");
  EXPECT_EQ(read(body(trailer), key).refusal, "IncompleteBody");
  EXPECT_EQ(read(body(trailer + "x-amz-trailer-signature:00\r\n"), key).refusal,
            "SignatureDoesNotMatch");
  EXPECT_EQ(read(body(""), key).refusal, "");
  key.trailer = true;
  EXPECT_EQ(read(body(trailer + signature), key).refusal, "");
  EXPECT_EQ(read(body(""), key).refusal, "IncompleteBody");
}

}  // namespace
}  // namespace s3
