// Checksum and its trailer. The rows' ids are in the tests' names.
#include "protocol/base64.hpp"
#include "protocol/digest.hpp"
#include "tus/tus_test.hpp"

namespace mock {
namespace {

std::string checksum(const std::string& name, DigestAlgorithm algorithm, std::string_view of) {
  Digest digest(algorithm);
  digest.update(of);
  return name + " " + base64::encode(digest.finish());
}
std::string sha1(std::string_view of) { return checksum("sha1", DigestAlgorithm::sha1, of); }

class ChecksumTest : public TusTest {
 protected:
  ChecksumTest() {
    server.options.extensions.insert("checksum");
    server.options.extensions.insert("checksum-trailer");
  }
  Reply patch_with(const std::string& path, const std::string& at, const std::string& sum,
                   std::string_view body, Framing framing = Framing::length) {
    return server.send("PATCH", path, patch_at(at, {{"Upload-Checksum", sum}}), body, framing);
  }
  /// A chunked PATCH whose checksum comes as a trailer, announced or not.
  std::unique_ptr<FakeExchange> trailing(const std::string& path, const std::string& at,
                                         const std::string& sum, std::string_view body,
                                         const Headers& announcement = {}) {
    auto exchange = server.open("PATCH", path, patch_at(at, announcement), std::nullopt, true);
    if (exchange->reading()) {
      exchange->bytes(body);
      exchange->trailer("Upload-Checksum", sum);
      exchange->finish();
    }
    return exchange;
  }
};

TEST_F(ChecksumTest, TUS_CSUM_001_to_004_TUS_CTRL_001_004_IsAnnounced) {
  const auto reply = server.send("OPTIONS", "/files", {});
  EXPECT_TRUE(reply.fields.has_token("Tus-Extension", "checksum"));
  EXPECT_TRUE(reply.fields.has_token("Tus-Extension", "checksum-trailer"));
  EXPECT_EQ(field(reply, "Tus-Checksum-Algorithm"), "md5,sha1,sha256,crc32,crc32c");
  server.options.extensions.erase("checksum");
  const auto without = server.send("OPTIONS", "/files", {});
  EXPECT_FALSE(without.fields.has_token("Tus-Extension", "checksum-trailer"));
  EXPECT_FALSE(without.fields.has("Tus-Checksum-Algorithm"));
}

TEST_F(ChecksumTest, TUS_CSUM_005_011_013_EachChunkHasItsOwn) {
  const auto path = create(20);
  unsigned at = 0;
  for (const auto& [name, algorithm] :
       {std::pair("md5", DigestAlgorithm::md5), std::pair("sha1", DigestAlgorithm::sha1),
        std::pair("sha256", DigestAlgorithm::sha256), std::pair("crc32", DigestAlgorithm::crc32),
        std::pair("crc32c", DigestAlgorithm::crc32c)}) {
    const auto body = std::string(4, static_cast<char>('a' + at));
    const auto reply = patch_with(path, std::to_string(at), checksum(name, algorithm, body), body);
    EXPECT_EQ(reply.status, 204) << name << ": " << reply.body;
    at += 4;
  }
  EXPECT_EQ(offset(path), "20");
}

TEST_F(ChecksumTest, TUS_CSUM_006_007_AMismatchStoresNothing) {
  const auto path = create(8);
  patch(path, 0, "abcd");
  for (const auto framing : {Framing::length, Framing::chunked}) {
    EXPECT_EQ(patch_with(path, "4", sha1("other"), "efgh", framing).status, 460);
    EXPECT_EQ(offset(path), "4");
  }
  EXPECT_EQ(server.hooks.calls.size(), 1U) << "not finished";
  EXPECT_EQ(patch_with(path, "4", sha1("efgh"), "efgh").status, 204);
  EXPECT_EQ(stored(path), "abcdefgh");
}

TEST_F(ChecksumTest, TUS_CSUM_008_009_010_MalformedOrUnknownIsRefusedBeforeTheBody) {
  const auto path = create(8);
  for (const auto* bad :
       {"foo Zm9v", "sha1", "sha1 ???", "SHA1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=", "", " "}) {
    const auto exchange = server.open("PATCH", path, patch_at("0", {{"Upload-Checksum", bad}}), 4);
    EXPECT_EQ(exchange->answer().status, 400) << bad;
  }
  EXPECT_EQ(offset(path), "0");
}

TEST_F(ChecksumTest, TUS_CSUM_017_ADigestOfAnotherLengthIsAMismatch) {
  const auto path = create(8);
  for (const auto* bad : {"sha1 Zm9v", "sha256 Zm9v", "crc32 Zm9vYmFyYmF6"}) {
    EXPECT_EQ(patch_with(path, "0", bad, "abcd").status, 460) << bad;
    EXPECT_EQ(trailing(path, "0", bad, "abcd", {{"Trailer", "Upload-Checksum"}})->answer().status,
              460)
        << bad;
  }
  EXPECT_EQ(offset(path), "0");
  EXPECT_EQ(patch_with(path, "0", sha1("abcd"), "abcd").status, 204);
}

TEST_F(ChecksumTest, TUS_CSUM_012_ABrokenOffChunkIsDropped) {
  const auto path = create(8);
  for (const auto how : {BodyEnd::aborted, BodyEnd::timed_out}) {
    auto exchange =
        server.open("PATCH", path, patch_at("0", {{"Upload-Checksum", sha1("abcd")}}), 4);
    exchange->bytes("ab");
    exchange->finish(how);
    EXPECT_EQ(offset(path), "0");
  }
  EXPECT_EQ(patch_with(path, "0", sha1("abcd"), "abcd").status, 204);
}

TEST_F(ChecksumTest, TUS_CSUM_012_SoIsOneThatIsTakenOver) {
  const auto path = create(8);
  auto exchange = server.open("PATCH", path, patch_at("0", {{"Upload-Checksum", sha1("abcd")}}), 4);
  exchange->bytes("ab");
  EXPECT_EQ(patch(path, 2, "cd").status, 409) << "those bytes were never there";
  EXPECT_EQ(patch(path, 0, "ab").status, 204);
  EXPECT_EQ(exchange->answer().status, 423);
  EXPECT_EQ(offset(path), "2");
  EXPECT_EQ(patch(path, 2, "cd").status, 204);
}

TEST_F(ChecksumTest, ALengthThatCameWithARefusedChunkDoesNotStay) {
  const auto path = create({{"Upload-Defer-Length", "1"}});
  const Headers told{{"Upload-Length", "4"}};
  for (const auto& announcement : {Headers{}, Headers{{"Trailer", "Upload-Checksum"}}}) {
    auto headers = announcement;
    headers.insert(headers.end(), told.begin(), told.end());
    const auto exchange = trailing(path, "0", sha1("other"), "abcd", headers);
    EXPECT_EQ(field(head(path), "Upload-Defer-Length"), "1") << "not while it is looked at";
    server.loop.run();
    EXPECT_EQ(exchange->answer().status, 460);
    EXPECT_EQ(field(head(path), "Upload-Defer-Length"), "1");
    EXPECT_EQ(offset(path), "0");
  }
  const auto exchange = trailing(path, "0", sha1("abcd"), "abcd", told);
  server.loop.run();
  EXPECT_EQ(exchange->answer().status, 204);
  EXPECT_EQ(field(head(path), "Upload-Length"), "4");
}

TEST_F(ChecksumTest, NothingIsSeenBeforeItIsVerified) {
  const auto path = create(4);
  const std::vector<Headers> announcements{{{"Upload-Checksum", sha1("abcd")}},
                                           {{"Trailer", "Upload-Checksum"}}};
  for (const auto& announcement : announcements) {
    auto exchange = server.open("PATCH", path, patch_at("0", announcement), std::nullopt, true);
    exchange->bytes("abcd");
    EXPECT_EQ(offset(path), "0");
    EXPECT_EQ(stored(path), "");
    EXPECT_EQ(server.hooks.received, Bytes{0});
    EXPECT_EQ(server.hooks.calls.size(), 1U) << "not finished";
    exchange->drop();
    EXPECT_EQ(offset(path), "0") << "the connection went";
  }
  auto exchange = server.open("PATCH", path, patch_at("0", announcements.front()), 4);
  exchange->bytes("abcd");
  exchange->finish();
  EXPECT_EQ(exchange->answer().status, 204);
  EXPECT_EQ(stored(path), "abcd");
  EXPECT_EQ(server.hooks.received, Bytes{4});
  EXPECT_EQ(server.hooks.calls.back(), "finished 4/4");
}

TEST_F(ChecksumTest, ALengthThatCameWithAWrongChunkDoesNotHold) {
  const auto path = create({{"Upload-Defer-Length", "1"}});
  const auto declare = [&](const std::string& sum) {
    return server.send("PATCH", path,
                       patch_at("0", {{"Upload-Checksum", sum}, {"Upload-Length", "4"}}), "abcd");
  };
  EXPECT_EQ(declare(sha1("other")).status, 460);
  EXPECT_FALSE(head(path).fields.has("Upload-Length"));
  EXPECT_EQ(declare(sha1("abcd")).status, 204);
  EXPECT_EQ(field(head(path), "Upload-Length"), "4");
  EXPECT_EQ(server.hooks.calls.back(), "finished 4/4");
}

TEST_F(ChecksumTest, TUS_CSUM_012_AnEmptyPatchDoesNotVouchForDroppedBytes) {
  const auto path = create(8);
  auto exchange = server.open("PATCH", path, patch_at("0", {{"Upload-Checksum", sha1("abcd")}}), 4);
  exchange->bytes("ab");
  EXPECT_EQ(patch(path, 2, "").status, 409);
  EXPECT_EQ(offset(path), "0");
}

TEST_F(ChecksumTest, TUS_CSUM_014_AlsoForTheBytesOfACreation) {
  const auto wrong = post(stream({{"Upload-Length", "8"}, {"Upload-Checksum", sha1("x")}}), "abcd");
  EXPECT_EQ(wrong.status, 460);
  EXPECT_FALSE(wrong.fields.has("Location"));
  EXPECT_EQ(post(stream({{"Upload-Length", "8"}, {"Upload-Checksum", "foo Zm9v"}}), "abcd").status,
            400);
  EXPECT_TRUE(server.store->ids().empty());
  const auto right =
      post(stream({{"Upload-Length", "4"}, {"Upload-Checksum", sha1("abcd")}}), "abcd");
  EXPECT_EQ(right.status, 201);
  EXPECT_EQ(field(right, "Upload-Offset"), "4");
}

TEST_F(ChecksumTest, TUS_CSUM_015_NotOfferedIsIgnored) {
  server.options.extensions.erase("checksum");
  EXPECT_EQ(patch_with(create(8), "0", "foo bar baz", "abcd").status, 204);
}

TEST_F(ChecksumTest, TUS_CSUM_016_OnAnEmptyChunk) {
  const auto path = create(8);
  EXPECT_EQ(patch_with(path, "0", sha1(""), "").status, 204);
  EXPECT_EQ(patch_with(path, "0", sha1("x"), "").status, 460);
}

TEST_F(ChecksumTest, TUS_CTRL_002_003_TheTrailerCounts) {
  const auto path = create(8);
  patch(path, 0, "abcd");
  for (const auto& [sum, status] :
       {std::pair(sha1("other"), 460), std::pair(std::string("sha1"), 400),
        std::pair(std::string("foo Zm9v"), 400), std::pair(sha1("efgh"), 204)}) {
    auto exchange = trailing(path, "4", sum, "efgh");
    server.loop.run();
    EXPECT_EQ(exchange->answer().status, status) << sum;
    EXPECT_EQ(offset(path), status == 204 ? "8" : "4");
  }
  EXPECT_EQ(server.hooks.calls.back(), "finished 8/8");
}

TEST_F(ChecksumTest, AVerificationThatThrowsIsAnsweredAndNothingIsKept) {
  const auto path = create(8);
  server.loop.before_work = [] { throw std::bad_alloc(); };
  auto exchange = trailing(path, "0", sha1("abcd"), "abcd");
  server.loop.run();
  EXPECT_EQ(exchange->answer().status, 507);
  EXPECT_EQ(offset(path), "0");
}

TEST_F(ChecksumTest, TUS_CTRL_005_AnAnnouncedTrailerIsVerifiedAsItComes) {
  const auto path = create(8);
  const Headers announced{{"Trailer", "Expires, upload-checksum"}};
  EXPECT_EQ(trailing(path, "0", sha1("other"), "abcd", announced)->answer().status, 460);
  EXPECT_EQ(trailing(path, "0", "foo Zm9v", "abcd", announced)->answer().status, 400);
  EXPECT_EQ(offset(path), "0");
  const auto crc = checksum("crc32c", DigestAlgorithm::crc32c, "abcd");
  EXPECT_EQ(trailing(path, "0", crc, "abcd", announced)->answer().status, 204);
  EXPECT_EQ(trailing(path, "4", sha1(""), "", announced)->answer().status, 204);
  EXPECT_EQ(stored(path), "abcd");
}

TEST_F(ChecksumTest, ATrailerThatWasAnnouncedHasToCome) {
  const auto path = create(8);
  auto exchange = server.open("PATCH", path, patch_at("0", {{"Trailer", "Upload-Checksum"}}),
                              std::nullopt, true);
  exchange->bytes("abcd");
  exchange->finish();
  EXPECT_EQ(exchange->answer().status, 400);
  EXPECT_EQ(offset(path), "0");
}

TEST_F(ChecksumTest, TheTrailerOfACreationCountsToo) {
  const auto creation = [&](const std::string& sum, const Headers& announcement) {
    auto headers = stream(with({{"Upload-Length", "4"}}));
    headers.insert(headers.end(), announcement.begin(), announcement.end());
    auto exchange = server.open("POST", "/files", headers, std::nullopt, true);
    exchange->bytes("abcd");
    exchange->trailer("Upload-Checksum", sum);
    exchange->finish();
    server.loop.run();
    return exchange->answer().status;
  };
  for (const auto& announcement : {Headers{}, Headers{{"Trailer", "Upload-Checksum"}}}) {
    EXPECT_EQ(creation(sha1("other"), announcement), 460);
    EXPECT_TRUE(server.store->ids().empty());
    EXPECT_EQ(creation(sha1("abcd"), announcement), 201);
    EXPECT_TRUE(server.store->remove(server.store->ids().front()));
  }
}

TEST_F(ChecksumTest, TUS_CTRL_AChunkMayBeTakenOverWhileItIsVerified) {
  const auto path = create(8);
  auto exchange = trailing(path, "0", sha1("abcd"), "abcd");
  EXPECT_FALSE(exchange->replied());
  EXPECT_EQ(server.send("DELETE", path, with({})).status, 204);
  EXPECT_EQ(exchange->answer().status, 423);
  server.loop.run();
  EXPECT_EQ(head(path).status, 404);
}

TEST_F(ChecksumTest, TUS_CTRL_WhatWasNotVerifiedIsNotKept) {
  const auto path = create(8);
  auto exchange = trailing(path, "0", sha1("abcd"), "abcd");
  EXPECT_EQ(patch(path, 4, "efgh").status, 409);
  EXPECT_EQ(exchange->answer().status, 423);
  EXPECT_EQ(offset(path), "0");
}

TEST_F(ChecksumTest, TUS_CTRL_AConnectionMayGoWhileItIsVerified) {
  const auto path = create(8);
  auto exchange = trailing(path, "0", sha1("abcd"), "abcd");
  exchange->drop();
  server.loop.run();
  EXPECT_FALSE(server.locks->locked(id(path)));
}

TEST_F(ChecksumTest, TUS_CTRL_006_NotOfferedTheTrailerIsIgnored) {
  server.options.extensions.erase("checksum-trailer");
  const auto exchange = trailing(create(8), "0", sha1("other"), "abcd");
  EXPECT_EQ(exchange->answer().status, 204);
}

}  // namespace
}  // namespace mock
