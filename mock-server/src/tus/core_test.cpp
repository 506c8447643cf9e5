// The core protocol. One test per row that can hold without a socket; the row's id is in the
// test's name.
#include <algorithm>

#include "store/test_noted.hpp"
#include "tus/refusals.hpp"
#include "tus/tus_test.hpp"

namespace mock {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

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

// ---- X-HTTP-Method-Override

TEST_F(TusTest, TUS_CORE_XMO_001_to_004_TheOverrideDecides) {
  const auto path = create(10);
  for (const auto* real : {"POST", "PUT", "GET", "PATCH", "HEAD", "OPTIONS", "FOO"}) {
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

// ---- refusals

TEST_F(TusTest, ARefusalIsInTheWordsOfTheServer) {
  const auto unlike = server.send("HEAD", "/files/unknown", with({}));
  EXPECT_EQ(unlike.body, "") << "a reply to HEAD has none";
  EXPECT_EQ(patch("/files/unknown", 0, "abc").body, "no such upload\n");
  server.options.refusals["unknown-upload"] = {std::nullopt, "ERR: unknown\n"};
  server.options.refusals["offset-differs"] = {422, ""};
  const auto unknown = patch("/files/unknown", 0, "abc");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.body, "ERR: unknown\n");
  EXPECT_EQ(field(unknown, "Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(server.send("HEAD", "/files/unknown", with({})).body, "");
  const auto differs = patch(create(5), 3, "ab");
  EXPECT_EQ(differs.status, 422);
  EXPECT_EQ(differs.body, "");
}

TEST(RefusalNames, AreAllDifferent) {
  auto names = refusal_names();
  std::ranges::sort(names);
  EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
}

TEST_F(TusTest, AnUploadOfAnotherSystemIsNotThere) {
  Upload other;
  other.id = "other";
  other.length = Bytes{3};
  other.attributes = std::make_shared<mock::test::Noted>("mine");
  ASSERT_TRUE(server.store->create(other));
  EXPECT_EQ(head("/files/other").status, 404);
  EXPECT_EQ(patch("/files/other", 0, "abc").status, 404);
  EXPECT_EQ(server.stored("other"), "");
}

}  // namespace
}  // namespace mock
