// Bodies that come as aws-chunked: what Amazon S3 answers to each (openstack/swift 504bcf4,
// test/s3api/test_input_errors.py, which is run against both).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "objects/test_objects.hpp"
#include "protocol/base64.hpp"
#include "protocol/digest.hpp"
#include "protocol/s3/aws_chunked.hpp"

namespace mock {
namespace {

using test::error_of;
using test::FakeObjects;
using test::owner;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr auto unsigned_chunks = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
constexpr auto signed_chunks = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
constexpr auto signed_trailer = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
const std::string path = "/examplebucket/k";
const std::string hello = "5\r\nhello\r\n";

std::string sum_of(std::string_view bytes, DigestAlgorithm algorithm = DigestAlgorithm::crc32) {
  Digest digest(algorithm);
  digest.update(bytes);
  return base64::encode(digest.finish());
}

/// A PUT of "hello" that says of its trailer what boto3 says.
::http::Fields fields_of(std::string length = "5", std::string trailer = "x-amz-checksum-crc32") {
  ::http::Fields fields{{"Host", "127.0.0.1:8080"}, {"Content-Encoding", "aws-chunked"}};
  if (!length.empty()) fields.add("x-amz-decoded-content-length", std::move(length));
  if (!trailer.empty()) fields.add("x-amz-trailer", std::move(trailer));
  return fields;
}

::http::Fields signed_fields(FakeObjects& store, const std::string& target, ::http::Fields fields,
                             std::string_view kind) {
  const auto proof =
      s3::authorize_v4({"PUT", target, fields}, owner, store.loop.now(), std::string(kind));
  for (const auto& [name, value] : proof) fields.add(name, value);
  return fields;
}

/// A target that takes the bytes of a part.
std::string begin_multipart(FakeObjects& store) {
  ::http::Fields fields{{"Host", "127.0.0.1:8080"}};
  const auto target = path + "?uploads";
  for (const auto& [name, value] :
       s3::authorize_v4({"POST", target, fields}, owner, store.loop.now()))
    fields.add(name, value);
  const auto reply = store.send("POST", target, fields);
  const auto upload = s3::parse_initiate_multipart_upload_result(reply.body);
  return path + "?partNumber=1&uploadId=" + upload.value().upload_id;
}

struct Case {
  const char* name;
  ::http::Fields fields;
  std::string body;
  std::string code = {};     ///< of the refusal; empty: it is stored
  std::string message = {};  ///< a part of it
};

const std::vector<Case>& cases() {
  static const auto crc = "x-amz-checksum-crc32: " + sum_of("hello") + "\r\n";
  static const std::string schema = "did not conform to our published schema.";
  static const std::string cut = "The request body terminated unexpectedly";
  static const std::string several = "Multiple checksum Types are not allowed.";
  static const std::string unsupported =
      "The value specified in the x-amz-trailer header is not supported";
  static const auto both = [] {
    auto fields = fields_of();
    fields.add("x-amz-checksum-crc32", sum_of("hello"));
    return fields;
  }();
  static const auto of_another = [] {
    auto fields = fields_of();
    fields.add("x-amz-sdk-checksum-algorithm", "SHA256");
    return fields;
  }();
  static const auto header = [] {
    auto fields = fields_of("5", "");
    fields.add("x-amz-sdk-checksum-algorithm", "CRC32");
    fields.add("x-amz-checksum-crc32", sum_of("hello"));
    return fields;
  }();
  static const std::vector<Case> all{
      {"as boto3 sends it", fields_of(), hello + "0\r\n" + crc + "\r\n"},
      {"without the last empty line", fields_of(), hello + "0\r\n" + crc},
      {"with bytes behind its end", fields_of(), hello + "0\r\n" + crc + "\r\n\xff"},
      {"in chunks", fields_of(), "2\r\nhe\r\n3\r\nllo\r\n0\r\n" + crc + "\r\n"},
      {"of two trailers the later", fields_of(),
       hello + "0\r\nx-amz-checksum-crc32:AAAAAA==\r\n" + crc + "\r\n"},
      {"no trailer", fields_of("5", ""), hello + "0\r\n\r\n"},
      {"a checksum in the head", header, hello + "0\r\n\r\n"},
      {"SHA256", fields_of("5", "x-amz-checksum-sha256"),
       hello + "0\r\nx-amz-checksum-sha256:" + sum_of("hello", DigestAlgorithm::sha256) + "\r\n"},
      {"SHA1", fields_of("5", "x-amz-checksum-sha1"),
       hello + "0\r\nx-amz-checksum-sha1:" + sum_of("hello", DigestAlgorithm::sha1) + "\r\n"},
      {"CRC32C", fields_of("5", "x-amz-checksum-crc32c"),
       hello + "0\r\nx-amz-checksum-crc32c:" + sum_of("hello", DigestAlgorithm::crc32c) + "\r\n"},
      {"CRC64NVME", fields_of("5", "x-amz-checksum-crc64nvme"),
       hello + "0\r\nx-amz-checksum-crc64nvme:" + sum_of("hello", DigestAlgorithm::crc64nvme) +
           "\r\n"},

      {"a wrong trailer", fields_of(), hello + "0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n",
       "BadDigest", "The CRC32 you specified did not match the calculated checksum."},
      {"a trailer that is no checksum", fields_of(), hello + "0\r\nx-amz-checksum-crc32:x\r\n\r\n",
       "InvalidRequest", "Value for x-amz-checksum-crc32 trailing header is invalid."},
      {"a trailer that does not come", fields_of(), hello + "0\r\n\r\n", "MalformedTrailerError",
       schema},
      {"another trailer", fields_of("5", "x-amz-checksum-crc32c"), hello + "0\r\n" + crc + "\r\n",
       "MalformedTrailerError", schema},
      {"one more trailer", fields_of(), hello + "0\r\n" + crc + "more: x\r\n\r\n",
       "MalformedTrailerError", schema},
      {"a trailer that was not announced", fields_of("5", ""), hello + "0\r\n" + crc + "\r\n",
       "MalformedTrailerError", schema},
      {"two trailers announced", fields_of("5", "x-amz-checksum-crc32, x-amz-checksum-sha256"), "",
       "InvalidRequest", several},
      {"a checksum and a trailer", both, "", "InvalidRequest",
       "Expecting a single x-amz-checksum- header"},
      {"a trailer that is not known", fields_of("5", "x-amz-checksum-bad"), "", "InvalidRequest",
       unsupported},
      {"a trailer that is no checksum's", fields_of("5", "content-md5"), "", "InvalidRequest",
       unsupported},
      {"an algorithm that is not the trailer's", of_another, "", "InvalidRequest",
       "Value for x-amz-sdk-checksum-algorithm header is invalid."},
      {"no length", fields_of(""), "", "MissingContentLength", "You must provide"},
      {"a length that is none", fields_of("5x"), "", "MissingContentLength", "You must provide"},
      {"a length above 5 GiB", fields_of("5368709121"), "", "EntityTooLarge", "exceeds"},
      {"no chunks", fields_of(), "hello", "IncompleteBody", cut},
      {"no last chunk", fields_of(), hello, "IncompleteBody", cut},
      {"line ends without CR", fields_of("5", ""), "5\nhello\n0\n\n", "IncompleteBody", cut},
      {"half an end", fields_of("5", ""), hello + "0\r\n\r", "IncompleteBody", cut},
      {"more than was promised", fields_of("4"), hello + "0\r\n" + crc + "\r\n", "IncompleteBody",
       "You did not provide the number of bytes"},
      {"less than was promised", fields_of("6"), hello + "0\r\n" + crc + "\r\n", "IncompleteBody",
       "You did not provide the number of bytes"},
  };
  return all;
}

class ChunkedTest : public testing::TestWithParam<bool> {
 protected:
  Reply put(::http::Fields fields, std::string_view body, std::string_view kind = unsigned_chunks) {
    const auto target = GetParam() ? begin_multipart(store) : path;
    before = store.store->ids();
    fields = signed_fields(store, target, std::move(fields), kind);
    return store.send("PUT", target, std::move(fields), body, 3);
  }
  FakeObjects store;
  std::vector<std::string> before;
};

TEST_P(ChunkedTest, IsTakenAsS3Does) {
  for (const auto& one : cases()) {
    const auto reply = put(one.fields, one.body);
    if (one.code.empty()) {
      EXPECT_EQ(reply.status, 200) << one.name << reply.body;
      EXPECT_EQ(reply.fields.find("ETag"), "\"5d41402abc4b2a76b9719d911017c592\"") << one.name;
      continue;
    }
    EXPECT_EQ(error_of(reply).code, one.code) << one.name << reply.body;
    EXPECT_THAT(error_of(reply).message, HasSubstr(one.message)) << one.name;
    EXPECT_EQ(store.store->ids(), before) << one.name;
  }
  if (!GetParam()) {
    EXPECT_EQ(store.content("examplebucket", "k"), "hello");
  }
}

TEST_P(ChunkedTest, TellsHowManyBytesThereWere) {
  for (const auto& [promised, told] : {std::pair{"2", "5"}, std::pair{"9", "5"}}) {
    const auto error = error_of(put(fields_of(promised, ""), hello + "0\r\n\r\n"));
    EXPECT_EQ(error.detail("NumberBytesExpected"), promised);
    EXPECT_EQ(error.detail("NumberBytesProvided"), told);
  }
}

/// Otherwise the server would hold bytes that it cannot store.
TEST_P(ChunkedTest, IsRefusedWithTheChunkThatIsTooLong) {
  const auto target = GetParam() ? begin_multipart(store) : path;
  auto exchange = store.open(
      "PUT", target, signed_fields(store, target, fields_of("4", ""), unsigned_chunks), 1000);
  exchange->bytes("3e8\r\nx");
  EXPECT_EQ(error_of(exchange->answer()).code, "IncompleteBody");
}

TEST_P(ChunkedTest, MayComeInChunksOfHttpToo) {
  const auto target = GetParam() ? begin_multipart(store) : path;
  auto fields = fields_of("5", "");
  fields.add("Transfer-Encoding", "chunked");
  auto exchange =
      store.open("PUT", target, signed_fields(store, target, std::move(fields), unsigned_chunks));
  exchange->bytes(hello + "0\r\n\r\n");
  exchange->finish();
  EXPECT_EQ(exchange->answer().status, 200) << exchange->answer().body;
}

TEST_P(ChunkedTest, LeavesNothingWhenItBreaksOff) {
  const auto target = GetParam() ? begin_multipart(store) : path;
  before = store.store->ids();
  for (const auto end : {BodyEnd::aborted, BodyEnd::timed_out}) {
    auto exchange = store.open(
        "PUT", target, signed_fields(store, target, fields_of("5", ""), unsigned_chunks), 15);
    exchange->bytes("5\r\nhel");
    EXPECT_EQ(store.store->ids().size(), before.size() + 1);
    exchange->finish(end);
    EXPECT_EQ(store.store->ids(), before);
  }
}

INSTANTIATE_TEST_SUITE_P(All, ChunkedTest, testing::Bool(),
                         [](const auto& row) { return row.param ? "Part" : "Object"; });

// ---- signed chunks

struct SignedBody {
  ::http::Fields fields;
  std::string body;
};

SignedBody sign(FakeObjects& store, std::string_view kind, const std::vector<std::string>& chunks,
                std::string trailer = {}) {
  std::size_t size = 0;
  for (const auto& chunk : chunks) size += chunk.size();
  SignedBody made{fields_of(std::to_string(size), trailer.empty() ? "" : "x-amz-checksum-crc32"),
                  {}};
  made.fields = signed_fields(store, path, made.fields, kind);
  const s3::Request request{"PUT", path, made.fields};
  const auto signature = std::get<s3::SignatureV4>(**s3::find_signature(request));
  auto key = s3::chunk_key(signature, request, owner.secret);
  const auto prove = [&](const std::string& what, const std::string& covered) {
    key.seed =
        s3::sign_v4(what + "\n" + key.date + "\n" + key.scope + "\n" + key.seed + "\n" + covered,
                    key.signing_key);
    return key.seed;
  };
  for (const auto& chunk : chunks) {
    const auto proof = prove("AWS4-HMAC-SHA256-PAYLOAD", sha256_hex("") + "\n" + sha256_hex(chunk));
    made.body += fmt::format("{:x};chunk-signature={}\r\n{}", chunk.size(), proof, chunk);
    if (!chunk.empty() || trailer.empty()) made.body += "\r\n";
  }
  if (trailer.empty()) return made;
  const auto proof = prove("AWS4-HMAC-SHA256-TRAILER", sha256_hex(trailer + "\n"));
  made.body += trailer + "\r\nx-amz-trailer-signature:" + proof + "\r\n\r\n";
  return made;
}

TEST(SignedChunks, AreProvenOneByOne) {
  FakeObjects store;
  const std::string large(9'000, 'a');
  const auto made = sign(store, signed_chunks, {large, "hello", ""});
  ASSERT_EQ(store.send("PUT", path, made.fields, made.body, 100).status, 200);
  EXPECT_EQ(store.content("examplebucket", "k"), large + "hello");
}

TEST(SignedChunks, HaveASignedTrailer) {
  FakeObjects store;
  const auto trailer = "x-amz-checksum-crc32:" + sum_of("hello");
  const auto made = sign(store, signed_trailer, {"hello", ""}, trailer);
  const auto reply = store.send("PUT", path, made.fields, made.body);
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(store.content("examplebucket", "k"), "hello");
}

TEST(SignedChunks, ThatAreWrongStoreNothing) {
  struct Wrong {
    const char* name;
    std::function<void(std::string&)> spoil;
    std::string code;
  };
  const auto replace = [](std::string from, std::string to) {
    return [from = std::move(from), to = std::move(to)](std::string& body) {
      body.replace(body.find(from), from.size(), to);
    };
  };
  const Wrong wrongs[]{
      {"bytes", replace("hello", "hallo"), "SignatureDoesNotMatch"},
      {"signature", replace("chunk-signature=", "chunk-signature=0"), "SignatureDoesNotMatch"},
      {"of the last", replace("\r\n0;chunk-signature=", "\r\n0;chunk-signature=0"),
       "SignatureDoesNotMatch"},
      {"none", replace(";chunk-signature=", ";chunk="), "IncompleteBody"},
      {"of the trailer", replace("trailer-signature:", "trailer-signature:0"),
       "SignatureDoesNotMatch"},
      {"no trailer", [](std::string& body) { body.resize(body.find("x-amz-trailer-")); },
       "IncompleteBody"},
  };
  FakeObjects store;
  const auto trailer = "x-amz-checksum-crc32:" + sum_of("hello");
  for (const auto& one : wrongs) {
    auto made = sign(store, signed_trailer, {"hello", ""}, trailer);
    one.spoil(made.body);
    const auto reply = store.send("PUT", path, made.fields, made.body);
    EXPECT_EQ(error_of(reply).code, one.code) << one.name;
    EXPECT_THAT(store.store->ids(), IsEmpty()) << one.name;
  }
  const auto made = sign(store, signed_chunks, {"he", "llo", ""});
  const auto reply = store.send("PUT", path, made.fields, made.body);
  EXPECT_EQ(reply.status, 403);
  EXPECT_EQ(error_of(reply).code, "InvalidChunkSizeError");
  EXPECT_THAT(store.store->ids(), IsEmpty());
}

// ---- who may, and what is kept

TEST(Chunked, NeedsNoSignatureInAPublicBucket) {
  FakeObjects store;
  auto fields = fields_of("5", "");
  fields.add("x-amz-content-sha256", unsigned_chunks);
  EXPECT_EQ(store.send("PUT", "/publicbucket/k", fields, hello + "0\r\n\r\n").status, 200);
  EXPECT_EQ(store.content("publicbucket", "k"), "hello");
}

TEST(Chunked, IsNothingOfVersion2OrOfAUrl) {
  FakeObjects store;
  const auto body = hello + "0\r\n\r\n";
  ::http::Fields fields{{"Host", "127.0.0.1:8080"}, {"x-amz-content-sha256", unsigned_chunks}};
  const s3::Request request{"PUT", path, fields};
  auto with_header = fields;
  for (const auto& [name, value] : s3::authorize_v2(request, owner, store.loop.now()))
    with_header.add(name, value);
  const auto until = store.loop.now() + std::chrono::hours{1};
  const std::pair<std::string, ::http::Fields> ways[]{
      {path, with_header},
      {s3::presign_v2(request, owner, until), fields},
      {s3::presign_v4(request, owner, store.loop.now(), std::chrono::hours{1}), fields}};
  for (const auto& [target, sent] : ways) {
    const auto error = error_of(store.send("PUT", target, sent, body));
    EXPECT_EQ(error.code, "XAmzContentSHA256Mismatch");
    EXPECT_EQ(error.detail("ClientComputedContentSHA256"), unsigned_chunks);
    EXPECT_EQ(error.detail("S3ComputedContentSHA256"), sha256_hex(body));
  }
}

TEST(Chunked, IsNoCodingOfWhatIsStored) {
  const std::pair<const char*, const char*> codings[]{
      {"aws-chunked", ""}, {"gzip,aws-chunked", "gzip"}, {"foo, aws-chunked, bar", "foo, bar"}};
  FakeObjects store;
  for (const auto& [sent, kept] : codings) {
    auto fields = fields_of("5", "");
    fields.set("Content-Encoding", sent);
    fields = signed_fields(store, path, fields, unsigned_chunks);
    ASSERT_EQ(store.send("PUT", path, fields, hello + "0\r\n\r\n").status, 200);
    const auto reply = store.send("HEAD", store.presigned("HEAD", path), {});
    EXPECT_EQ(reply.fields.find("Content-Encoding").value_or(""), kept);
  }
}

TEST(Chunked, ListsOfPartsDoNotComeSo) {
  FakeObjects store;
  auto target = begin_multipart(store);
  target.erase(path.size() + 1, std::string("partNumber=1&").size());
  ::http::Fields fields{{"Host", "127.0.0.1:8080"}};
  for (const auto& [name, value] :
       s3::authorize_v4({"POST", target, fields}, owner, store.loop.now(), unsigned_chunks))
    fields.add(name, value);
  EXPECT_EQ(error_of(store.send("POST", target, fields, "x")).code, "NotImplemented");
}

}  // namespace
}  // namespace mock
