// CORS, HTTP and downloads. One test per row that can hold without a socket; the row's id is
// in the test's name.
#include "tus/tus_test.hpp"

namespace mock {
namespace {

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

TEST_F(TusTest, CORS_003_AProfileSaysItsListsAndWhatItsExtensionsNeedIsAdded) {
  server.options.cors = {"POST, PATCH", "Upload-Complete", "Location", false};
  server.options.extensions = {"creation", "checksum", "expiration"};
  server.options.expire_after = Milliseconds{1000};
  complete_cors(server.options);
  const auto preflight =
      server.send("OPTIONS", "/files",
                  {{"Origin", "https://a.example"}, {"Access-Control-Request-Method", "POST"}});
  EXPECT_EQ(field(preflight, "Access-Control-Allow-Methods"), "POST, PATCH");
  EXPECT_EQ(field(preflight, "Access-Control-Allow-Headers"), "Upload-Complete, Upload-Checksum");
  const auto other = server.send("HEAD", "/files/no", with({{"Origin", "https://a.example"}}));
  EXPECT_EQ(field(other, "Access-Control-Expose-Headers"),
            "Location, Tus-Checksum-Algorithm, Upload-Expires");
}

TEST_F(TusTest, CORS_001_EveryOptionsWithAnOriginIsAPreflightWhereTheProfileSaysSo) {
  const Headers origin{{"Origin", "https://a.example"}};
  const Headers overridden{{"Origin", "https://a.example"}, {"X-HTTP-Method-Override", "OPTIONS"}};
  for (const auto& [method, headers] : {std::pair{"OPTIONS", origin}, {"POST", overridden}}) {
    server.options.cors.any_options = false;
    auto reply = server.send(method, "/files", headers);
    EXPECT_EQ(field(reply, "Access-Control-Allow-Methods"), "(absent)") << method;
    EXPECT_NE(field(reply, "Access-Control-Expose-Headers"), "(absent)") << method;
    server.options.cors.any_options = true;
    reply = server.send(method, "/files", headers);
    EXPECT_NE(field(reply, "Access-Control-Allow-Methods"), "(absent)") << method;
    EXPECT_EQ(field(reply, "Access-Control-Max-Age"), "86400") << method;
    EXPECT_EQ(field(reply, "Access-Control-Expose-Headers"), "(absent)") << method;
  }
}

TEST_F(TusTest, CORS_005_AnEmptyOriginIsNone) {
  const auto reply = server.send("OPTIONS", "/files", {{"Origin", ""}});
  EXPECT_EQ(field(reply, "Access-Control-Allow-Origin"), "(absent)");
  EXPECT_EQ(field(reply, "Vary"), "(absent)");
}

TEST_F(TusTest, OptionsNamesTheMethodsUnlessTheProfileSaysOtherwise) {
  EXPECT_EQ(field(server.send("OPTIONS", "/files", {}), "Allow"), "POST, OPTIONS");
  server.options.options_allow = false;
  EXPECT_EQ(field(server.send("OPTIONS", "/files", {}), "Allow"), "(absent)");
  EXPECT_EQ(field(server.send("PUT", "/files", with({})), "Allow"), "POST, OPTIONS");
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

TEST_F(TusTest, DownloadsInParts) {
  const auto path = create(10);
  patch(path, 0, "abcdef");
  const auto part_of = server.send("GET", path, {{"Range", "bytes=2-3"}});
  EXPECT_EQ(part_of.status, 206);
  EXPECT_EQ(part_of.body, "cd");
  EXPECT_EQ(field(part_of, "Content-Range"), "bytes 2-3/6");
  const auto none = server.send("GET", path, {{"Range", "bytes=6-"}});
  EXPECT_EQ(none.status, 416);
  EXPECT_EQ(field(none, "Content-Range"), "bytes */6");
  EXPECT_EQ(server.send("GET", path, {}).body, "abcdef") << "what is stored so far";
}

}  // namespace
}  // namespace mock
