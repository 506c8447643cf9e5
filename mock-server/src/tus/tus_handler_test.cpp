// One test per census row, where a row can hold without a socket; the row's id is the test's name.
#include "tus/tus_handler.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tus/fake_exchange.hpp"

namespace mock {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Framing = FakeServer::Framing;
using Headers = FakeServer::Headers;

std::string field(const Reply& reply, std::string_view name) {
  return std::string(reply.fields.find(name).value_or("(absent)"));
}

class TusTest : public testing::Test {
 protected:
  static Headers with(Headers headers) {
    headers.emplace_back("Tus-Resumable", "1.0.0");
    return headers;
  }
  static Headers patch_at(const std::string& offset, Headers more = {}) {
    more.emplace_back("Upload-Offset", offset);
    more.emplace_back("Content-Type", "application/offset+octet-stream");
    return with(std::move(more));
  }
  Reply post(Headers headers, std::string_view body = {}, Framing framing = Framing::length) {
    return server.send("POST", "/files", with(std::move(headers)), body, framing);
  }
  /// The path of a new upload.
  std::string create(Headers headers) {
    const auto reply = post(std::move(headers));
    EXPECT_EQ(reply.status, 201) << reply.body;
    const auto location = field(reply, "Location");
    const auto host = location.find("://");
    return location.substr(location.find('/', host + 3));
  }
  std::string create(std::uint64_t length) {
    return create({{"Upload-Length", std::to_string(length)}});
  }
  /// A finished partial upload.
  std::string part(std::string_view bytes) {
    const auto path =
        create({{"Upload-Length", std::to_string(bytes.size())}, {"Upload-Concat", "partial"}});
    if (!bytes.empty()) {
      EXPECT_EQ(patch(path, 0, bytes).status, 204);
    }
    return path;
  }
  Reply patch(const std::string& path, std::uint64_t offset, std::string_view body,
              Framing framing = Framing::length) {
    return server.send("PATCH", path, patch_at(std::to_string(offset)), body, framing);
  }
  Reply head(const std::string& path) { return server.send("HEAD", path, with({})); }
  std::string offset(const std::string& path) { return field(head(path), "Upload-Offset"); }
  static std::string id(const std::string& path) { return path.substr(path.rfind('/') + 1); }
  std::string stored(const std::string& path) { return server.stored(id(path)).value_or("(none)"); }

  FakeServer server;
};

TEST_F(TusTest, Core_CreatePatchHead) {
  const auto path = create(11);
  EXPECT_EQ(offset(path), "0");
  EXPECT_EQ(field(patch(path, 0, "hello "), "Upload-Offset"), "6");
  EXPECT_EQ(field(patch(path, 6, "world"), "Upload-Offset"), "11");
  EXPECT_EQ(offset(path), "11");
  EXPECT_EQ(stored(path), "hello world");
  EXPECT_THAT(server.hooks.calls, ElementsAre("created 0/11", "finishing 11/11", "finished 11/11"));
}

// ---- versions

TEST_F(TusTest, TUS_CORE_VER_001_EveryReplyNamesTheVersion) {
  const auto path = create(10);
  for (const auto& reply : {
           post({{"Upload-Length", "1"}}),
           post({}),
           head(path),
           head("/files/unknown"),
           patch(path, 0, "ab"),
           patch(path, 9, "ab"),
           server.send("PUT", path, {}),
           server.send("DELETE", path, {}),
           server.send("DELETE", path, with({})),
           server.send("GET", path, {}),
       }) {
    EXPECT_EQ(field(reply, "Tus-Resumable"), "1.0.0") << reply.status << " " << reply.body;
  }
}

TEST_F(TusTest, TUS_CORE_VER_001_AlsoRepliesOfHooks) {
  server.hooks.refuse_create = 400;
  const auto reply = post({{"Upload-Length", "1"}});
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.body, "no");
  EXPECT_EQ(field(reply, "Tus-Resumable"), "1.0.0");
}

TEST_F(TusTest, TUS_CORE_VER_003_to_007_OtherVersionsAreRefusedWithoutEffect) {
  const auto path = create(10);
  for (const auto method : {"POST", "PATCH", "DELETE", "HEAD", "GET"}) {
    for (const auto version : {"2.0.0", "0.2.2", "1.0", ""}) {
      Headers headers{{"Tus-Resumable", version},
                      {"Upload-Length", "10"},
                      {"Upload-Offset", "0"},
                      {"Content-Type", "application/offset+octet-stream"}};
      const auto reply =
          server.send(method, std::string_view(method) == "POST" ? "/files" : path, headers, "abc");
      EXPECT_EQ(reply.status, 412) << method << " " << version;
      EXPECT_EQ(field(reply, "Tus-Version"), "1.0.0");
      EXPECT_FALSE(reply.fields.has("Location"));
    }
  }
  EXPECT_EQ(offset(path), "0");
  EXPECT_EQ(server.store->ids().size(), 1U);
}

TEST_F(TusTest, TUS_CORE_VER_006_MissingVersionIsRefused) {
  const auto path = create(10);
  for (const auto method : {"PATCH", "DELETE", "HEAD"}) {
    const auto reply = server.send(method, path, {{"Upload-Offset", "0"}});
    EXPECT_EQ(reply.status, 412) << method;
    EXPECT_EQ(field(reply, "Tus-Version"), "1.0.0") << method;
  }
  EXPECT_EQ(server.send("POST", "/files", {{"Upload-Length", "1"}}).status, 412);
  EXPECT_EQ(offset(path), "0");
}

// ---- OPTIONS

TEST_F(TusTest, TUS_CORE_OPT_001_to_009_Discovery) {
  const auto path = create(1);
  for (const auto& url : {std::string("/files"), path, std::string("/files/unknown")}) {
    const auto reply = server.send("OPTIONS", url, {{"Tus-Resumable", "99.0.0"}});
    EXPECT_EQ(reply.status, 204) << url;
    EXPECT_EQ(field(reply, "Tus-Resumable"), "1.0.0");
    EXPECT_EQ(field(reply, "Tus-Version"), "1.0.0");
    EXPECT_FALSE(reply.fields.has("Tus-Max-Size"));
  }
}

TEST_F(TusTest, DEX_TUS_001_DefaultExtensions) {
  EXPECT_EQ(field(server.send("OPTIONS", "/files", {}), "Tus-Extension"),
            "creation,creation-with-upload,termination,concatenation,creation-defer-length");
}

TEST_F(TusTest, TUS_CORE_OPT_005_NoExtensionNoHeader) {
  server.options.extensions.clear();
  EXPECT_FALSE(server.send("OPTIONS", "/files", {}).fields.has("Tus-Extension"));
}

TEST_F(TusTest, TUS_CORE_OPT_008_LimitIsAnnounced) {
  server.options.max_size = Bytes{1000};
  EXPECT_EQ(field(server.send("OPTIONS", "/files", {}), "Tus-Max-Size"), "1000");
}

TEST_F(TusTest, TUS_CORE_OPT_011_OnlyWhatWorksIsAdvertised) {
  server.options.extensions = {"termination", "creation-with-upload", "no-such-extension"};
  EXPECT_EQ(field(server.send("OPTIONS", "/files", {}), "Tus-Extension"), "termination");
}

// ---- numbers and duplicates

TEST_F(TusTest, TUS_CORE_HDR_003_004_007_BadOffsetsAreRefused) {
  const auto path = create(10);
  for (const auto bad :
       {"-1", "abc", "1.5", "0x0", "", "+0", "00", "99999999999999999999", "0 0"}) {
    const auto reply = server.send("PATCH", path, patch_at(bad), "abc");
    EXPECT_EQ(reply.status, 400) << bad;
  }
  EXPECT_EQ(offset(path), "0");
}

TEST_F(TusTest, TUS_CORE_HDR_005_MissingOffsetIsRefused) {
  const auto path = create(10);
  const auto reply = server.send(
      "PATCH", path, with({{"Content-Type", "application/offset+octet-stream"}}), "abc");
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(offset(path), "0");
}

TEST_F(TusTest, TUS_CORE_HDR_008_BadLengthsAreRefused) {
  for (const auto bad : {"-5", "abc", "1.5", "1e3", "", "+5", "05"}) {
    const auto reply = post({{"Upload-Length", bad}});
    EXPECT_EQ(reply.status, 400) << bad;
    EXPECT_FALSE(reply.fields.has("Location"));
  }
  EXPECT_THAT(server.store->ids(), IsEmpty());
}

TEST_F(TusTest, TUS_CORE_HDR_009_LargeLengthsAreExact) {
  for (const auto length : {"1099511627776", "9007199254740993", "9223372036854775807"}) {
    EXPECT_EQ(field(head(create({{"Upload-Length", length}})), "Upload-Length"), length);
  }
  EXPECT_EQ(post({{"Upload-Length", "9223372036854775808"}}).status, 413);
  EXPECT_EQ(post({{"Upload-Length", "99999999999999999999999"}}).status, 413);
}

TEST_F(TusTest, TUS_CORE_HDR_010_NamesMatchWithoutCase) {
  EXPECT_EQ(
      server.send("POST", "/files", {{"tus-resumable", "1.0.0"}, {"UPLOAD-LENGTH", "1"}}).status,
      201);
}

TEST_F(TusTest, TUS_CORE_HDR_011_ConflictingLinesAreRefused) {
  const auto path = create(10);
  EXPECT_EQ(server.send("PATCH", path, patch_at("0", {{"Upload-Offset", "3"}}), "abc").status, 400);
  EXPECT_EQ(post({{"Upload-Length", "1"}, {"Upload-Length", "2"}}).status, 400);
  EXPECT_EQ(post({{"Upload-Length", "1"}, {"Tus-Resumable", "2.0.0"}}).status, 400);
  EXPECT_EQ(post({{"Upload-Defer-Length", "1"}, {"Upload-Defer-Length", "0"}}).status, 400);
  EXPECT_EQ(offset(path), "0");
  EXPECT_EQ(server.store->ids().size(), 1U);
}

// ---- HEAD

TEST_F(TusTest, TUS_CORE_HEAD_001_002_003_006_007_TellsWhereToGoOn) {
  const auto path = create(4);
  for (const auto* at : {"0", "2", "4"}) {
    const auto reply = head(path);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(field(reply, "Upload-Offset"), at);
    EXPECT_EQ(field(reply, "Upload-Length"), "4");
    EXPECT_EQ(field(reply, "Cache-Control"), "no-store");
    EXPECT_EQ(reply.body, "");
    const auto next = std::stoull(at);
    if (next < 4) {
      EXPECT_EQ(patch(path, next, "ab").status, 204);
    }
  }
}

TEST_F(TusTest, TUS_CORE_HEAD_004_005_008_009_UnknownUpload) {
  const auto reply = head("/files/unknown");
  EXPECT_EQ(reply.status, 404);
  EXPECT_FALSE(reply.fields.has("Upload-Offset"));
  EXPECT_EQ(field(reply, "Cache-Control"), "no-store");
  EXPECT_EQ(reply.body, "");
}

TEST_F(TusTest, TUS_CORE_HEAD_014_TheCreationUrlIsNoUpload) {
  const auto reply = head("/files");
  EXPECT_EQ(reply.status, 405);
  EXPECT_EQ(field(reply, "Allow"), "POST, OPTIONS");
  EXPECT_EQ(reply.body, "");
}

TEST_F(TusTest, TUS_CORE_HEAD_015_HTTP_004_PathTricksFindNothing) {
  const auto path = create(4);
  for (const auto& bad : {path + "/more", path + ".info", std::string("/files/../etc/passwd"),
                          std::string("/files/..")}) {
    EXPECT_EQ(head(bad).status, 404) << bad;
    EXPECT_EQ(server.send("GET", bad, {}).status, 404) << bad;
    EXPECT_EQ(server.send("DELETE", bad, with({})).status, 404) << bad;
  }
}

// ---- PATCH

TEST_F(TusTest, TUS_CORE_PATCH_002_003_004_SuccessIs204WithTheNewOffset) {
  const auto path = create(10);
  const auto reply = patch(path, 0, "abcd");
  EXPECT_EQ(reply.status, 204);
  EXPECT_EQ(field(reply, "Upload-Offset"), "4");
  EXPECT_EQ(reply.body, "");
}

TEST_F(TusTest, TUS_CORE_PATCH_005_006_OtherMediaTypesAreNotStored) {
  const auto path = create(10);
  for (const auto* type : {"text/plain", "application/octet-stream", "",
                           "application/offset+octet-stream, text/plain"}) {
    const auto reply =
        server.send("PATCH", path, with({{"Upload-Offset", "0"}, {"Content-Type", type}}), "abc");
    EXPECT_EQ(reply.status, 415) << type;
  }
  EXPECT_EQ(server.send("PATCH", path, with({{"Upload-Offset", "0"}}), "abc").status, 415);
  EXPECT_EQ(offset(path), "0");
}

TEST_F(TusTest, TUS_CORE_PATCH_007_MediaTypesCompareAsHttpSays) {
  const auto path = create(10);
  EXPECT_EQ(server
                .send("PATCH", path,
                      with({{"Upload-Offset", "0"},
                            {"Content-Type", "Application/Offset+Octet-Stream; charset=utf-8"}}),
                      "abc")
                .status,
            204);
}

TEST_F(TusTest, TUS_CORE_PATCH_008_009_010_026_WrongOffsetIs409WithoutEffect) {
  const auto path = create(10);
  patch(path, 0, "abcd");
  for (const auto at : {0U, 3U, 5U, 10U, 11U}) {
    EXPECT_EQ(patch(path, at, "x").status, 409) << at;
  }
  EXPECT_EQ(stored(path), "abcd");
}

TEST_F(TusTest, TUS_CORE_PATCH_012_UnknownUpload) {
  EXPECT_EQ(patch("/files/unknown", 0, "abc").status, 404);
}

TEST_F(TusTest, TUS_CORE_PATCH_014_ManySmallOnes) {
  const auto path = create(20);
  for (unsigned i = 0; i < 20; ++i) {
    EXPECT_EQ(field(patch(path, i, "x"), "Upload-Offset"), std::to_string(i + 1));
  }
}

TEST_F(TusTest, TUS_CORE_PATCH_015_019_EmptyOnesMoveNothing) {
  const auto path = create(3);
  EXPECT_EQ(field(patch(path, 0, ""), "Upload-Offset"), "0");
  EXPECT_EQ(patch(path, 0, "", Framing::chunked).status, 204);
  patch(path, 0, "abc");
  EXPECT_EQ(patch(path, 3, "").status, 204);
  EXPECT_THAT(server.hooks.calls, ElementsAre("created 0/3", "finishing 3/3", "finished 3/3"))
      << "an upload is finished once";
}

TEST_F(TusTest, TUS_CORE_PATCH_016_017_OverlongBodiesStoreNothing) {
  for (const auto framing : {Framing::length, Framing::chunked}) {
    const auto path = create(10);
    patch(path, 0, "abcd");
    EXPECT_EQ(patch(path, 4, "0123456789", framing).status, 413);
    EXPECT_EQ(stored(path), "abcd");
    EXPECT_EQ(patch(path, 4, "efghij", framing).status, 204);
    EXPECT_EQ(stored(path), "abcdefghij");
  }
}

TEST_F(TusTest, TUS_CORE_PATCH_016_RefusedBeforeTheBodyIsRead) {
  const auto path = create(10);
  const auto exchange = server.open("PATCH", path, patch_at("0"), 20);
  EXPECT_TRUE(exchange->replied());
  EXPECT_FALSE(exchange->reading());
}

TEST_F(TusTest, TUS_CORE_PATCH_018_BytesBeyondTheEndAreRefused) {
  const auto path = create(3);
  patch(path, 0, "abc");
  EXPECT_EQ(patch(path, 3, "defgh").status, 413);
  EXPECT_EQ(patch(path, 3, "defgh", Framing::chunked).status, 413);
  EXPECT_EQ(stored(path), "abc");
  EXPECT_EQ(server.hooks.calls.size(), 3U);
}

TEST_F(TusTest, TUS_CORE_PATCH_020_ChunkedIsAccepted) {
  const auto path = create(10);
  EXPECT_EQ(field(patch(path, 0, "abc", Framing::chunked), "Upload-Offset"), "3");
}

TEST_F(TusTest, TUS_CORE_PATCH_021_022_WhatCameBeforeTheBreakIsKept) {
  const auto path = create(10);
  {
    auto exchange = server.open("PATCH", path, patch_at("0"), 10);
    exchange->bytes("abcd");
    EXPECT_EQ(offset(path), "4") << "HEAD tells the truth while a PATCH runs";
    exchange->finish(BodyEnd::aborted);
  }
  EXPECT_EQ(offset(path), "4");
  EXPECT_FALSE(server.locks->locked(id(path)));
  EXPECT_EQ(patch(path, 4, "efghij").status, 204);
  EXPECT_EQ(stored(path), "abcdefghij");
}

TEST_F(TusTest, TUS_CORE_PATCH_021_ConnectionGoneWithoutAWord) {
  const auto path = create(10);
  auto exchange = server.open("PATCH", path, patch_at("0"), 10);
  exchange->bytes("abcd");
  exchange->drop();
  EXPECT_FALSE(server.locks->locked(id(path)));
  EXPECT_EQ(patch(path, 4, "efghij").status, 204);
}

TEST_F(TusTest, TUS_CORE_PATCH_021_TheLastByteMayComeWithTheBreak) {
  const auto path = create(4);
  auto exchange = server.open("PATCH", path, patch_at("0"), std::nullopt, true);
  exchange->bytes("abcd");
  exchange->finish(BodyEnd::aborted);
  EXPECT_THAT(server.hooks.calls, ElementsAre("created 0/4", "finishing 4/4", "finished 4/4"));
}

TEST_F(TusTest, TUS_CORE_PATCH_023_AStalledSenderIsTimedOut) {
  const auto path = create(10);
  auto exchange = server.open("PATCH", path, patch_at("0"), 10);
  exchange->bytes("abcd");
  exchange->finish(BodyEnd::timed_out);
  EXPECT_EQ(exchange->answer().status, 408);
  EXPECT_TRUE(exchange->answer().close);
  EXPECT_EQ(offset(path), "4");
}

TEST_F(TusTest, TUS_CORE_PATCH_024_AtMostOneOfConcurrentOnesIsApplied) {
  const auto path = create(200'000);
  auto a = server.open("PATCH", path, patch_at("0"), 200'000);
  auto b = server.open("PATCH", path, patch_at("0"), 200'000);
  EXPECT_EQ(a->answer().status, 423) << "nothing of it had come";
  b->bytes(std::string(100'000, 'b'));
  a->bytes(std::string(100'000, 'a'));
  auto c = server.open("PATCH", path, patch_at("0"), 200'000);
  EXPECT_EQ(c->answer().status, 409) << "the offset has moved on; the holder is not disturbed";
  EXPECT_TRUE(b->reading());
  b->bytes(std::string(100'000, 'b'));
  b->finish();
  EXPECT_EQ(b->answer().status, 204);
  EXPECT_EQ(stored(path), std::string(200'000, 'b'));
}

TEST_F(TusTest, TUS_CORE_PATCH_025_030_ANewRequestTakesOverFromAHangingOne) {
  const auto path = create(10);
  auto hanging = server.open("PATCH", path, patch_at("0"), 10);
  hanging->bytes("abcd");
  EXPECT_EQ(offset(path), "4");
  EXPECT_FALSE(hanging->replied()) << "HEAD disturbs nobody";
  EXPECT_EQ(patch(path, 4, "efghij").status, 204);
  EXPECT_EQ(hanging->answer().status, 423);
  EXPECT_TRUE(hanging->answer().close);
  hanging->bytes("XXXX");
  EXPECT_EQ(stored(path), "abcdefghij");
}

TEST_F(TusTest, TUS_CORE_PATCH_025_TheOldRequestMayHaveHadItsLastByte) {
  const auto path = create(4);
  auto old = server.open("PATCH", path, patch_at("0"), std::nullopt, true);
  old->bytes("abcd");
  EXPECT_EQ(patch(path, 4, "").status, 204);
  EXPECT_EQ(old->answer().status, 204);
  EXPECT_THAT(server.hooks.calls, ElementsAre("created 0/4", "finishing 4/4", "finished 4/4"));
}

TEST_F(TusTest, TUS_CORE_PATCH_025_WrongRequestsDoNotDisturbTheHolder) {
  const auto path = create(10);
  auto holder = server.open("PATCH", path, patch_at("0"), 10);
  holder->bytes("abcd");
  EXPECT_EQ(patch(path, 0, "x").status, 409);
  EXPECT_EQ(patch(path, 4, "0123456789").status, 413);
  EXPECT_EQ(server.send("PATCH", path, with({{"Upload-Offset", "4"}}), "x").status, 415);
  EXPECT_FALSE(holder->replied());
  holder->bytes("efghij");
  holder->finish();
  EXPECT_EQ(holder->answer().status, 204);
}

TEST_F(TusTest, TUS_CORE_PATCH_027_TheEarlyErrorFollowsTheOption) {
  const auto path = create(10);
  EXPECT_EQ(patch(path, 5, "abc").unread_body, UnreadBody::drain);
  server.options.early_error = UnreadBody::close;
  EXPECT_EQ(patch(path, 5, "abc").unread_body, UnreadBody::close);
}

// ---- X-HTTP-Method-Override

TEST_F(TusTest, TUS_CORE_XMO_001_to_004_TheOverrideDecides) {
  const auto path = create(10);
  for (const auto* real : {"POST", "PUT", "GET", "PATCH", "HEAD", "FOO"}) {
    EXPECT_EQ(
        field(server.send(real, path, with({{"X-HTTP-Method-Override", "HEAD"}})), "Upload-Offset"),
        "0")
        << real;
    EXPECT_EQ(server.send(real, path, {{"X-HTTP-Method-Override", "OPTIONS"}}).status, 204) << real;
  }
  auto headers = patch_at("0");
  headers.emplace_back("X-HTTP-Method-Override", "PATCH");
  EXPECT_EQ(field(server.send("PUT", path, headers, "abcd"), "Upload-Offset"), "4");
  EXPECT_EQ(server.send("POST", path, with({{"X-HTTP-Method-Override", "DELETE"}})).status, 204);
  EXPECT_EQ(head(path).status, 404);
}

TEST_F(TusTest, TUS_CORE_XMO_005_MethodsHaveLetterCase) {
  const auto path = create(10);
  for (const auto* unknown : {"patch", "", "FOO", "PUT"}) {
    EXPECT_EQ(server.send("PATCH", path, patch_at("0", {{"X-HTTP-Method-Override", unknown}}), "a")
                  .status,
              405)
        << unknown;
  }
  EXPECT_EQ(offset(path), "0");
}

// ---- creation

TEST_F(TusTest, TUS_CREATE_002_003_013_EachPostMakesAnUpload) {
  const auto first = post({{"Upload-Length", "10"}});
  const auto second = post({{"Upload-Length", "10"}});
  EXPECT_EQ(first.status, 201);
  EXPECT_TRUE(field(first, "Location").starts_with("http://127.0.0.1:8080/files/"));
  EXPECT_NE(field(first, "Location"), field(second, "Location"));
}

TEST_F(TusTest, DEX_TUS_002_IdsAreRandomUuids) {
  EXPECT_THAT(id(create(1)),
              testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-"
                                    "[0-9a-f]{12}"));
  server.hooks.next_id = "of-a-hook";
  EXPECT_EQ(create(1), "/files/of-a-hook");
}

TEST_F(TusTest, TUS_CREATE_006_007_OneLengthHeaderIsNeeded) {
  for (const auto& headers :
       {Headers{}, Headers{{"Upload-Length", "5"}, {"Upload-Defer-Length", "1"}}}) {
    const auto reply = post(headers);
    EXPECT_EQ(reply.status, 400);
    EXPECT_FALSE(reply.fields.has("Location"));
  }
}

TEST_F(TusTest, TUS_CREATE_008_009_AnEmptyUploadIsCompleteAtOnce) {
  const auto path = create(0);
  EXPECT_EQ(offset(path), "0");
  EXPECT_EQ(field(head(path), "Upload-Length"), "0");
  EXPECT_THAT(server.hooks.calls, ElementsAre("created 0/0", "finishing 0/0", "finished 0/0"));
  const auto with_type =
      post({{"Upload-Length", "0"}, {"Content-Type", "application/offset+octet-stream"}});
  EXPECT_EQ(with_type.status, 201);
  EXPECT_EQ(server.hooks.calls.size(), 6U) << "also as a creation with upload";
}

TEST_F(TusTest, TUS_CREATE_010_BytesForAnEmptyUploadAreRefused) {
  const auto path = create(0);
  EXPECT_EQ(patch(path, 0, "abc").status, 413);
  EXPECT_EQ(offset(path), "0");
}

TEST_F(TusTest, TUS_CREATE_011_012_TheLimitIsInclusive) {
  server.options.max_size = Bytes{1000};
  EXPECT_EQ(post({{"Upload-Length", "1001"}}).status, 413);
  EXPECT_THAT(server.store->ids(), IsEmpty());
  EXPECT_EQ(post({{"Upload-Length", "1000"}}).status, 201);
}

TEST_F(TusTest, TUS_CREATE_014_ARefusedCreationLeavesNothing) {
  server.hooks.refuse_create = 400;
  const auto reply = post({{"Upload-Length", "5"}});
  EXPECT_FALSE(reply.fields.has("Location"));
  EXPECT_THAT(server.store->ids(), IsEmpty());
  EXPECT_THAT(server.hooks.calls, IsEmpty());
}

TEST_F(TusTest, TUS_CREATE_015_AContentTypeWithoutABodyDoesNoHarm) {
  for (const auto* type : {"application/json", "application/x-www-form-urlencoded"}) {
    EXPECT_EQ(post({{"Upload-Length", "5"}, {"Content-Type", type}}).status, 201);
    EXPECT_EQ(post({{"Upload-Length", "5"}, {"Content-Type", type}}, "", Framing::chunked).status,
              201);
  }
}

TEST_F(TusTest, TUS_CREATE_016_PostOnAnUploadIsNotAllowed) {
  const auto reply = server.send("POST", create(1), with({{"Upload-Length", "5"}}));
  EXPECT_EQ(reply.status, 405);
  EXPECT_EQ(field(reply, "Allow"), "HEAD, PATCH, DELETE, GET, OPTIONS");
}

TEST_F(TusTest, TUS_CREATE_018_DEX_TUS_004_LocationKeepsTheHostOfTheClient) {
  const Headers forwarded{{"Upload-Length", "1"},
                          {"Host", "other:99"},
                          {"X-Forwarded-Host", "api.cdc.gov"},
                          {"X-Forwarded-Proto", "https"}};
  EXPECT_TRUE(field(post(forwarded), "Location").starts_with("http://other:99/files/"));
  server.options.trust_forwarded = true;
  EXPECT_TRUE(field(post(forwarded), "Location").starts_with("https://api.cdc.gov/files/"));
}

TEST_F(TusTest, TUS_CREATE_020_HooksMayRefuse) {
  server.hooks.refuse_create = 418;
  EXPECT_EQ(post({{"Upload-Length", "5"}}).status, 418);
}

// ---- metadata

TEST_F(TusTest, TUS_META_001_002_003_TheHeaderComesBackByteForByte) {
  for (const auto* sent : {"filename d29ybGQ=", "filename d29ybGQ=,is_confidential",
                           "z enr=,a YQ==,bytes /wD+", "a YQ==, b Yg==", "k ,a YQ==", "k"}) {
    const auto reply = post({{"Upload-Length", "1"}, {"Upload-Metadata", sent}});
    if (std::string_view(sent).find("enr=") != std::string_view::npos) {
      EXPECT_EQ(reply.status, 400) << "trailing bits: not canonical Base64";
      continue;
    }
    ASSERT_EQ(reply.status, 201) << sent;
    EXPECT_EQ(field(head(field(reply, "Location")), "Upload-Metadata"), sent);
  }
}

TEST_F(TusTest, TUS_META_002_PairsThatHooksAddFollowTheOnesAsSent) {
  server.hooks.add = {{"upload_id", "x"}, {"b", "new"}};
  const auto path = create({{"Upload-Length", "1"}, {"Upload-Metadata", "z eg==, b Yg==,k ,bare"}});
  EXPECT_EQ(field(head(path), "Upload-Metadata"), "z eg==,b bmV3,k ,bare,upload_id eA==");
}

TEST_F(TusTest, TUS_META_006_007_008_016_018_FaultyPairsAreRefused) {
  for (const auto* bad : {"b64bad ???,a YQ==", "a YQ==,a Yg==", ",a YQ==", "a YQ==,", "a YQ",
                          "a YQ-_", "a b YQ==", "a  YQ=="}) {
    const auto reply = post({{"Upload-Length", "1"}, {"Upload-Metadata", bad}});
    EXPECT_EQ(reply.status, 400) << bad;
    EXPECT_FALSE(reply.fields.has("Location"));
  }
}

TEST_F(TusTest, TUS_META_006_LenientDropsTheFaultyPairOnly) {
  server.options.metadata = tus::MetadataStrictness::lenient;
  const auto path = create({{"Upload-Length", "1"}, {"Upload-Metadata", "b64bad ???,a YQ==,k "}});
  EXPECT_EQ(field(head(path), "Upload-Metadata"), "a YQ==,k ");
}

TEST_F(TusTest, TUS_META_009_NoneGivenNoneReturned) {
  EXPECT_FALSE(head(create(1)).fields.has("Upload-Metadata"));
}

TEST_F(TusTest, TUS_META_010_ValuesAreNeverReflectedRaw) {
  // "x\r\nSet-Cookie: a=b"
  const auto reply =
      post({{"Upload-Length", "0"}, {"Upload-Metadata", "filename eA0KU2V0LUNvb2tpZTogYT1i"}});
  const auto get = server.send("GET", field(reply, "Location"), {});
  EXPECT_EQ(field(get, "Content-Disposition"),
            "attachment; filename*=UTF-8''x%0D%0ASet-Cookie%3A%20a%3Db");
  for (const auto& f : get.fields) EXPECT_TRUE(::http::is_field_value(f.value)) << f.name;
}

TEST_F(TusTest, TUS_META_014_TwoLinesEqualOne) {
  const auto path = create(
      {{"Upload-Length", "1"}, {"Upload-Metadata", "a YQ=="}, {"Upload-Metadata", "b Yg=="}});
  EXPECT_EQ(field(head(path), "Upload-Metadata"), "a YQ==,b Yg==");
}

TEST_F(TusTest, TUS_META_017_HostileKeysDoNoHarm) {
  for (const auto& key :
       {std::string("__proto__"), std::string(5000, 'k'), std::string("a/../b")}) {
    const auto path = create({{"Upload-Length", "1"}, {"Upload-Metadata", key + " YQ=="}});
    EXPECT_EQ(field(head(path), "Upload-Metadata"), key + " YQ==");
  }
}

// ---- deferred length

TEST_F(TusTest, TUS_DEFER_002_004_006_007_LengthMayComeLater) {
  const auto path = create({{"Upload-Defer-Length", "1"}});
  for (const auto* at : {"0", "3"}) {
    const auto reply = head(path);
    EXPECT_EQ(field(reply, "Upload-Defer-Length"), "1");
    EXPECT_FALSE(reply.fields.has("Upload-Length"));
    EXPECT_EQ(field(reply, "Upload-Offset"), at);
    if (*at == '0') {
      EXPECT_EQ(patch(path, 0, "abc").status, 204);
    }
  }
}

TEST_F(TusTest, TUS_DEFER_003_OnlyOneMeansDeferred) {
  for (const auto* bad : {"0", "2", "true", ""}) {
    EXPECT_EQ(post({{"Upload-Defer-Length", bad}}).status, 400) << bad;
  }
}

TEST_F(TusTest, TUS_DEFER_005_008_009_010_014_ASetLengthStays) {
  const auto path = create({{"Upload-Defer-Length", "1"}});
  EXPECT_EQ(server.send("PATCH", path, patch_at("0", {{"Upload-Length", "11"}}), "abc").status,
            204);
  EXPECT_EQ(field(head(path), "Upload-Length"), "11");
  EXPECT_FALSE(head(path).fields.has("Upload-Defer-Length"));
  for (const auto* again : {"12", "11"}) {
    EXPECT_EQ(server.send("PATCH", path, patch_at("3", {{"Upload-Length", again}}), "d").status,
              400);
  }
  EXPECT_EQ(field(head(path), "Upload-Length"), "11");
  EXPECT_EQ(offset(path), "3");
}

TEST_F(TusTest, TUS_DEFER_011_012_013_019_AFaultyDeclarationSetsNothing) {
  server.options.max_size = Bytes{1000};
  const auto path = create({{"Upload-Defer-Length", "1"}});
  patch(path, 0, "abc");
  struct Case {
    const char* length;
    const char* offset;
    int status;
  };
  for (const auto& c :
       {Case{"2", "3", 400}, Case{"1001", "3", 413}, Case{"abc", "3", 400}, Case{"-1", "3", 400},
        Case{"11", "2", 409}, Case{"99999999999999999999", "3", 413}}) {
    EXPECT_EQ(
        server.send("PATCH", path, patch_at(c.offset, {{"Upload-Length", c.length}}), "d").status,
        c.status)
        << c.length;
    EXPECT_EQ(field(head(path), "Upload-Defer-Length"), "1") << c.length;
  }
  EXPECT_EQ(stored(path), "abc");
}

TEST_F(TusTest, TUS_DEFER_015_AnEmptyPatchMayFinishIt) {
  const auto path = create({{"Upload-Defer-Length", "1"}});
  patch(path, 0, "abc");
  EXPECT_EQ(server.send("PATCH", path, patch_at("3", {{"Upload-Length", "3"}})).status, 204);
  EXPECT_THAT(server.hooks.calls, ElementsAre("created 0/?", "finishing 3/3", "finished 3/3"));
}

TEST_F(TusTest, TUS_DEFER_017_NeverGrowsPastTheLimit) {
  server.options.max_size = Bytes{1000};
  for (const auto framing : {Framing::length, Framing::chunked}) {
    const auto path = create({{"Upload-Defer-Length", "1"}});
    EXPECT_EQ(patch(path, 0, std::string(900, 'a'), framing).status, 204);
    EXPECT_EQ(patch(path, 900, std::string(200, 'b'), framing).status, 413);
    EXPECT_EQ(offset(path), "900");
    EXPECT_EQ(patch(path, 900, std::string(100, 'b'), framing).status, 204);
  }
}

TEST_F(TusTest, TUS_DEFER_018_NotOfferedIsRefused) {
  server.options.extensions.erase("creation-defer-length");
  EXPECT_EQ(post({{"Upload-Defer-Length", "1"}}).status, 501);
  EXPECT_THAT(server.store->ids(), IsEmpty());
}

// ---- creation with upload

const Headers offset_stream{{"Content-Type", "application/offset+octet-stream"}};

Headers stream(Headers headers) {
  headers.insert(headers.end(), offset_stream.begin(), offset_stream.end());
  return headers;
}

TEST_F(TusTest, TUS_CWU_003_004_005_008_010_TheBodyIsTaken) {
  for (const auto framing : {Framing::length, Framing::chunked}) {
    for (const auto& length : {std::pair("Upload-Length", "10"), std::pair("Upload-Length", "5"),
                               std::pair("Upload-Defer-Length", "1")}) {
      const auto reply = post(stream({{length.first, length.second}}), "hello", framing);
      EXPECT_EQ(reply.status, 201);
      EXPECT_EQ(field(reply, "Upload-Offset"), "5");
      EXPECT_EQ(offset(field(reply, "Location")), "5");
      EXPECT_EQ(stored(field(reply, "Location")), "hello");
    }
  }
  EXPECT_EQ(std::count(server.hooks.calls.begin(), server.hooks.calls.end(), "finished 5/5"), 2);
}

TEST_F(TusTest, TUS_CWU_006_OtherMediaTypesAreRefused) {
  for (const auto framing : {Framing::length, Framing::chunked}) {
    EXPECT_EQ(
        post({{"Upload-Length", "10"}, {"Content-Type", "text/plain"}}, "hello", framing).status,
        415);
    EXPECT_EQ(post({{"Upload-Length", "10"}}, "hello", framing).status, 415);
  }
  EXPECT_THAT(server.store->ids(), IsEmpty());
}

TEST_F(TusTest, TUS_CWU_007_TUS_CREATE_014_OverlongBodiesLeaveNothing) {
  for (const auto framing : {Framing::length, Framing::chunked}) {
    const auto reply = post(stream({{"Upload-Length", "3"}}), "hello", framing);
    EXPECT_EQ(reply.status, 413);
    EXPECT_FALSE(reply.fields.has("Location"));
    EXPECT_THAT(server.store->ids(), IsEmpty());
  }
}

TEST_F(TusTest, TUS_CWU_009_012_013_OffsetIsToldWhenTheTypeIsGiven) {
  EXPECT_EQ(field(post(stream({{"Upload-Length", "3"}})), "Upload-Offset"), "0");
  EXPECT_FALSE(post({{"Upload-Length", "3"}}).fields.has("Upload-Offset"));
  EXPECT_EQ(post({{"Upload-Length", "3"}, {"Upload-Offset", "3"}}).status, 201);
}

TEST_F(TusTest, TUS_CWU_011_ARefusalDoesNotWaitForTheBody) {
  server.hooks.refuse_create = 400;
  const auto exchange = server.open("POST", "/files", with(stream({{"Upload-Length", "10"}})), 5);
  EXPECT_TRUE(exchange->replied());
}

TEST_F(TusTest, TUS_CWU_AnAbortKeepsWhatCame) {
  auto exchange = server.open("POST", "/files", with(stream({{"Upload-Length", "10"}})), 10);
  exchange->bytes("abcd");
  exchange->finish(BodyEnd::aborted);
  ASSERT_EQ(server.store->ids().size(), 1U);
  EXPECT_EQ(server.stored(server.store->ids().front()), "abcd");
}

TEST_F(TusTest, TUS_CWU_NotOfferedIsRefused) {
  server.options.extensions.erase("creation-with-upload");
  EXPECT_EQ(post(stream({{"Upload-Length", "10"}}), "hello").status, 501);
  EXPECT_EQ(post(stream({{"Upload-Length", "10"}}), "hello", Framing::chunked).status, 501);
  EXPECT_THAT(server.store->ids(), IsEmpty());
  EXPECT_EQ(post(stream({{"Upload-Length", "10"}})).status, 201);
}

// ---- termination

TEST_F(TusTest, TUS_TERM_002_to_007_DeletedIsGone) {
  for (const bool finished : {false, true}) {
    const auto path = create(3);
    if (finished) patch(path, 0, "abc");
    EXPECT_EQ(server.send("DELETE", path, with({}), "xx").status, 204) << "TUS-TERM-011: a body";
    EXPECT_EQ(head(path).status, 404);
    EXPECT_FALSE(head(path).fields.has("Upload-Offset"));
    EXPECT_EQ(patch(path, 0, "abc").status, 404);
    EXPECT_EQ(server.send("DELETE", path, with({})).status, 404);
    EXPECT_EQ(server.send("GET", path, {}).status, 404);
    EXPECT_EQ(server.hooks.calls.back(), finished ? "terminated 3/3" : "terminated 0/3");
  }
}

TEST_F(TusTest, TUS_TERM_008_UnknownUpload) {
  EXPECT_EQ(server.send("DELETE", "/files/unknown", with({})).status, 404);
}

TEST_F(TusTest, TUS_TERM_009_NotOfferedIsRefused) {
  server.options.extensions.erase("termination");
  const auto path = create(3);
  const auto reply = server.send("DELETE", path, with({}));
  EXPECT_EQ(reply.status, 405);
  EXPECT_EQ(field(reply, "Allow"), "HEAD, PATCH, GET, OPTIONS");
  EXPECT_EQ(head(path).status, 200);
}

TEST_F(TusTest, TUS_TERM_010_DeleteDuringAPatch) {
  const auto path = create(10);
  auto running = server.open("PATCH", path, patch_at("0"), 10);
  running->bytes("abcd");
  EXPECT_EQ(server.send("DELETE", path, with({})).status, 204);
  EXPECT_EQ(running->answer().status, 423);
  running->bytes("efghij");
  running->finish();
  EXPECT_EQ(head(path).status, 404);
  EXPECT_THAT(server.store->ids(), IsEmpty());
}

// ---- concatenation

TEST_F(TusTest, TUS_CONCAT_002_003_004_PartialUploads) {
  const auto path = create({{"Upload-Length", "5"}, {"Upload-Concat", "partial"}});
  EXPECT_EQ(field(head(path), "Upload-Concat"), "partial");
  EXPECT_EQ(offset(path), "0");
}

TEST_F(TusTest, TUS_CONCAT_005_to_009_013_028_FinalUploads) {
  const auto a = part("hello ");
  const auto b = part("world");
  for (const auto& [concat, whole] :
       {std::pair("final;" + a + " " + b, "hello world"),
        std::pair("final;" + b + " " + a, "worldhello "),
        std::pair("final;" + a + " " + a, "hello hello "),
        std::pair("final;http://127.0.0.1:8080" + a + " " + b, "hello world")}) {
    const auto path = create({{"Upload-Concat", concat}, {"Upload-Metadata", "own eA=="}});
    const auto reply = head(path);
    EXPECT_EQ(field(reply, "Upload-Length"), std::to_string(std::string_view(whole).size()));
    EXPECT_EQ(field(reply, "Upload-Offset"), field(reply, "Upload-Length"));
    EXPECT_EQ(field(reply, "Upload-Concat"), concat) << "TUS-CONCAT-008: as received";
    EXPECT_EQ(field(reply, "Upload-Metadata"), "own eA==");
    EXPECT_EQ(stored(path), whole);
  }
  EXPECT_EQ(stored(a), "hello ") << "TUS-CONCAT-023: parts stay";
}

TEST_F(TusTest, TUS_CONCAT_010_011_PatchOnAFinalIsForbidden) {
  const auto path = create({{"Upload-Concat", "final;" + part("abc")}});
  EXPECT_EQ(patch(path, 0, "x").status, 403);
  EXPECT_EQ(patch(path, 3, "").status, 403);
  EXPECT_EQ(patch(path, 3, "x").status, 403);
  EXPECT_EQ(server.send("PATCH", path, with({}), "x").status, 403);
  EXPECT_EQ(stored(path), "abc");
}

TEST_F(TusTest, TUS_CONCAT_012_PartMetadataStaysWithTheParts) {
  const auto a = create(
      {{"Upload-Length", "0"}, {"Upload-Concat", "partial"}, {"Upload-Metadata", "partonly eA=="}});
  EXPECT_FALSE(head(create({{"Upload-Concat", "final;" + a}})).fields.has("Upload-Metadata"));
}

TEST_F(TusTest, TUS_CONCAT_017_to_022_WhatCannotBeJoined) {
  const auto unfinished = create({{"Upload-Length", "5"}, {"Upload-Concat", "partial"}});
  const auto normal = create(0);
  const auto good = part("abc");
  const auto final_upload = create({{"Upload-Concat", "final;" + good}});
  const auto before = server.store->ids().size();
  for (const auto& bad :
       {"final;" + unfinished, "final;" + normal, "final;" + final_upload,
        "final;" + good + " " + unfinished, std::string("final;/files/unknown"),
        "final;http://evil.example" + good, "final;/other" + good, std::string("final"),
        std::string("final;"), std::string("bogus"), std::string("Partial"), std::string(""),
        "final;" + good + "/../../../etc/passwd", "partial;" + good}) {
    const auto reply = post({{"Upload-Concat", bad}});
    EXPECT_EQ(reply.status, 400) << bad;
    EXPECT_FALSE(reply.fields.has("Location"));
  }
  EXPECT_EQ(server.store->ids().size(), before);
}

TEST_F(TusTest, TUS_CONCAT_019_030_AFinalHasNoLengthAndNoBodyOfItsOwn) {
  const auto concat = std::pair<std::string, std::string>("Upload-Concat", "final;" + part("abc"));
  EXPECT_EQ(post({concat, {"Upload-Length", "999"}}).status, 400);
  EXPECT_EQ(post({concat, {"Upload-Defer-Length", "1"}}).status, 400);
  EXPECT_EQ(post(stream({concat}), "xyz").status, 400);
  EXPECT_EQ(post(stream({concat}), "xyz", Framing::chunked).status, 400);
  EXPECT_EQ(server.store->ids().size(), 1U);
  EXPECT_EQ(post({concat}, "", Framing::chunked).status, 201);
}

TEST_F(TusTest, TUS_CONCAT_024_TheLimitHoldsForTheSum) {
  server.options.max_size = Bytes{5};
  const auto a = part("abc");
  EXPECT_EQ(post({{"Upload-Concat", "final;" + a + " " + a}}).status, 413);
}

TEST_F(TusTest, TUS_CONCAT_025_EmptyParts) {
  const auto path = create({{"Upload-Concat", "final;" + part("")}});
  EXPECT_EQ(field(head(path), "Upload-Length"), "0");
  EXPECT_EQ(offset(path), "0");
}

TEST_F(TusTest, TUS_CONCAT_026_NotOfferedIsRefused) {
  server.options.extensions.erase("concatenation");
  EXPECT_EQ(post({{"Upload-Length", "5"}, {"Upload-Concat", "partial"}}).status, 501);
  EXPECT_THAT(server.store->ids(), IsEmpty());
}

TEST_F(TusTest, TUS_CONCAT_AFinalOfAClientThatLeftIsNotMade) {
  const auto a = part("abc");
  auto exchange = server.open("POST", "/files", with({{"Upload-Concat", "final;" + a}}), 0);
  exchange->drop();
  server.loop.run();
  EXPECT_EQ(server.store->ids().size(), 1U);
}

// ---- CORS and HTTP

TEST_F(TusTest, CORS_001_002_003_Preflight) {
  const auto reply =
      server.send("OPTIONS", "/files",
                  {{"Origin", "https://a.example"}, {"Access-Control-Request-Method", "PATCH"}});
  EXPECT_EQ(reply.status, 204);
  EXPECT_EQ(field(reply, "Access-Control-Allow-Origin"), "https://a.example");
  for (const auto* method : {"POST", "HEAD", "PATCH", "DELETE", "OPTIONS"}) {
    EXPECT_TRUE(reply.fields.has_token("Access-Control-Allow-Methods", method)) << method;
  }
  for (const auto* name :
       {"Tus-Resumable", "Upload-Length", "Upload-Offset", "Upload-Metadata", "Upload-Defer-Length",
        "Upload-Concat", "Content-Type", "X-HTTP-Method-Override", "Authorization"}) {
    EXPECT_TRUE(reply.fields.has_token("Access-Control-Allow-Headers", name)) << name;
  }
}

TEST_F(TusTest, CORS_004_005_006_008_ActualRequestsAndErrors) {
  const auto path = create(5);
  const std::pair<std::string, std::string> origin("Origin", "https://a.example");
  for (const auto& reply :
       {server.send("HEAD", path, with({origin})), server.send("HEAD", "/files/no", with({origin})),
        server.send("PATCH", path, patch_at("3", {origin}), "x"),
        server.send("HEAD", path, {origin}), server.send("PUT", path, {origin})}) {
    EXPECT_EQ(field(reply, "Access-Control-Allow-Origin"), "https://a.example") << reply.status;
    EXPECT_EQ(field(reply, "Vary"), "Origin");
    for (const auto* name : {"Location", "Upload-Offset", "Upload-Length", "Tus-Version",
                             "Tus-Resumable", "Tus-Max-Size", "Tus-Extension", "Upload-Metadata",
                             "Upload-Defer-Length", "Upload-Concat", "Upload-Expires"}) {
      EXPECT_TRUE(reply.fields.has_token("Access-Control-Expose-Headers", name)) << name;
    }
  }
  EXPECT_FALSE(head(path).fields.has("Access-Control-Allow-Origin")) << "no Origin, no CORS";
}

TEST_F(TusTest, CORS_007_DEX_TUS_005_CredentialsNeverGoWithAStar) {
  server.options.cors_credentials = true;
  const auto reply = server.send("OPTIONS", "/files", {{"Origin", "https://a.example"}});
  EXPECT_EQ(field(reply, "Access-Control-Allow-Credentials"), "true");
  EXPECT_EQ(field(reply, "Access-Control-Allow-Origin"), "https://a.example");
}

TEST_F(TusTest, HTTP_001_UnsupportedMethodsGet405WithAllow) {
  const auto path = create(5);
  for (const auto* method : {"PUT", "TRACE", "FOO"}) {
    EXPECT_EQ(server.send(method, path, with({})).status, 405);
    EXPECT_EQ(field(server.send(method, "/files", {}), "Allow"), "POST, OPTIONS");
  }
  EXPECT_EQ(server.send("GET", "/files", {}).status, 405);
}

TEST_F(TusTest, DEX_ROUTE_009_DownloadsCanBeOff) {
  server.options.downloads = false;
  const auto reply = server.send("GET", create(5), {});
  EXPECT_EQ(reply.status, 405);
  EXPECT_FALSE(reply.fields.has_token("Allow", "GET"));
}

TEST_F(TusTest, HTTP_006_DownloadsAreAttachments) {
  const auto path = create(
      {{"Upload-Length", "3"}, {"Upload-Metadata", "filename YS5odG1s,filetype dGV4dC9odG1s"}});
  patch(path, 0, "abc");
  const auto reply = server.send("GET", path, {});
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "abc");
  EXPECT_EQ(field(reply, "Content-Type"), "application/octet-stream");
  EXPECT_EQ(field(reply, "Content-Disposition"), "attachment; filename*=UTF-8''a.html");
  EXPECT_EQ(field(reply, "X-Content-Type-Options"), "nosniff");
}

// ---- hooks and the store

TEST_F(TusTest, AHookMayRefuseTheFinish) {
  server.hooks.refuse_finish = 500;
  const auto path = create(3);
  EXPECT_EQ(patch(path, 0, "abc").status, 500);
  EXPECT_EQ(offset(path), "3") << "what is stored is stored";
  EXPECT_THAT(server.hooks.calls, ElementsAre("created 0/3", "finishing 3/3"));
}

TEST_F(TusTest, FullStoreKeepsWhatFits) {
  FakeServer small(Bytes{10});
  small.hooks.next_id = "a";
  ASSERT_EQ(small.send("POST", "/files", with({{"Upload-Length", "100"}})).status, 201);
  EXPECT_EQ(small.send("PATCH", "/files/a", patch_at("0"), "0123456789abcdef").status, 507);
  EXPECT_EQ(small.stored("a"), "0123456789");
  EXPECT_EQ(field(small.send("HEAD", "/files/a", with({})), "Upload-Offset"), "10");
  EXPECT_EQ(small.send("PATCH", "/files/a", patch_at("10"), "abcdef").status, 507);
  EXPECT_EQ(small.send("POST", "/files", with(stream({{"Upload-Length", "5"}})), "abcde").status,
            507);
  EXPECT_THAT(small.store->ids(), ElementsAre("a")) << "a refused creation leaves nothing";
  EXPECT_THAT(small.hooks.calls, testing::Contains("terminated 0/5"));
}

TEST_F(TusTest, AnUploadThatVanishesUnderAPatchIsNotMadeAgain) {
  const auto path = create(10);
  auto exchange = server.open("PATCH", path, patch_at("0"), 10);
  exchange->bytes("abcd");
  ASSERT_TRUE(server.store->remove(id(path)));
  exchange->bytes("efghij");
  EXPECT_EQ(exchange->answer().status, 404);
  EXPECT_THAT(server.store->ids(), IsEmpty());
}

}  // namespace
}  // namespace mock
