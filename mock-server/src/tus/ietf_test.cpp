// 'Resumable Uploads for HTTP'. The rows' ids are in the tests' names.
#include "tus/tus_test.hpp"

namespace mock {
namespace {

class IetfTest : public TusTest {
 protected:
  IetfTest() {
    server.options.ietf_draft = {3, 4, 5, 6, 8};
    server.options.max_size = Bytes{4U << 20U};
  }
  static Headers draft(Headers headers, const std::string& version = "8") {
    headers.emplace_back("Upload-Draft-Interop-Version", version);
    return headers;
  }
  std::unique_ptr<FakeExchange> creation(const std::string& complete, std::uint64_t length,
                                         const std::string& version = "8") {
    return server.open("POST", "/files", draft({{"Upload-Complete", complete}}, version), length);
  }
  /// The path of a new upload that has `bytes` of more.
  std::string begun(const std::string& bytes, const Headers& more = {}) {
    auto headers = draft({{"Upload-Complete", "?0"}});
    headers.insert(headers.end(), more.begin(), more.end());
    const auto reply = server.send("POST", "/files", headers, bytes);
    EXPECT_EQ(reply.status, 201) << reply.body;
    return "/files/" + id(field(reply, "Location"));
  }
  Headers at(std::uint64_t offset, const std::string& complete) {
    return draft({{"Upload-Offset", std::to_string(offset)},
                  {"Upload-Complete", complete},
                  {"Content-Type", "application/partial-upload"}});
  }
  Reply append(const std::string& path, std::uint64_t offset, const std::string& complete,
               std::string_view body, Framing framing = Framing::length) {
    return server.send("PATCH", path, at(offset, complete), body, framing);
  }
  Reply look(const std::string& path) { return server.send("HEAD", path, draft({})); }
};

TEST_F(IetfTest, IETF_001_002_OnlyKnownVersionsAreSpoken) {
  for (const auto* version : {"4", "5", "6", "8"}) {
    const auto exchange = creation("?0", 3, version);
    ASSERT_EQ(exchange->interims.size(), 1U);
    EXPECT_EQ(exchange->interims[0].status, 104);
    EXPECT_EQ(field(exchange->interims[0], "Upload-Draft-Interop-Version"), version);
  }
  for (const auto* version : {"7", "9", "08", ""}) {
    const auto exchange = creation("?0", 3, version);
    EXPECT_TRUE(exchange->interims.empty());
    EXPECT_EQ(exchange->answer().status, 412) << "it is left to tus";
  }
  server.options.ietf_draft = {6};
  EXPECT_EQ(creation("?0", 3)->answer().status, 412);
  server.options.ietf_draft.clear();
  EXPECT_EQ(creation("?0", 3, "6")->answer().status, 412);
}

TEST_F(IetfTest, Version3AsksTheOtherWayRound) {
  const auto in3 = [](Headers headers) { return draft(std::move(headers), "3"); };
  EXPECT_EQ(server.send("POST", "/files", in3({}), "abc").status, 400) << "it has to be said";
  const auto created = server.send("POST", "/files", in3({{"Upload-Incomplete", "?1"}}), "abc");
  EXPECT_EQ(created.status, 201);
  EXPECT_EQ(field(created, "Upload-Incomplete"), "?1");
  EXPECT_EQ(field(created, "Upload-Offset"), "3");
  EXPECT_FALSE(created.fields.has("Upload-Complete"));
  EXPECT_FALSE(created.fields.has("Upload-Limit"));
  const auto path = "/files/" + id(field(created, "Location"));
  const auto more =
      server.send("PATCH", path, in3({{"Upload-Offset", "3"}, {"Upload-Incomplete", "?1"}}), "de");
  EXPECT_EQ(more.status, 201);
  EXPECT_EQ(field(more, "Upload-Offset"), "5");
  EXPECT_EQ(field(server.send("HEAD", path, in3({})), "Upload-Incomplete"), "?1");
  const auto last = server.send("PATCH", path, in3({{"Upload-Offset", "5"}}), "f");
  EXPECT_EQ(last.status, 201) << "what is not said to be incomplete is the last";
  EXPECT_EQ(field(server.send("HEAD", path, in3({})), "Upload-Incomplete"), "?0");
  EXPECT_EQ(server.send("GET", path, in3({})).status, 405);
}

TEST_F(IetfTest, AVersionAheadOfWhatCouldBeReadHasTheNewestForm) {
  server.options.ietf_draft = {10};
  const auto exchange = creation("?0", 3, "10");
  EXPECT_EQ(field(exchange->interims.at(0), "Upload-Draft-Interop-Version"), "10");
  EXPECT_TRUE(exchange->interims.at(0).fields.has("Upload-Limit"));
}

TEST_F(IetfTest, IETF_024_GetTellsTheOffset) {
  const auto reply = server.send("GET", begun("abc"), draft({}));
  EXPECT_EQ(reply.status, 204);
  EXPECT_EQ(field(reply, "Upload-Offset"), "3");
  EXPECT_EQ(field(reply, "Cache-Control"), "no-store");
}

TEST_F(IetfTest, IETF_025_026_TheEndMayBeSaidAgainAndNothingAdded) {
  const auto path = begun("abc");
  for (int i = 0; i < 2; ++i) {
    const auto last = append(path, 3, "?1", "");
    EXPECT_EQ(last.status, 204);
    EXPECT_EQ(field(last, "Upload-Complete"), "?1");
  }
  EXPECT_EQ(std::ranges::count(server.hooks.calls, "finished 3/3"), 1);
  EXPECT_EQ(append(path, 3, "?1", "d").status, 400);
  EXPECT_EQ(append(path, 3, "?0", "").status, 400);
  EXPECT_EQ(append(path, 2, "?1", "").status, 400);
  EXPECT_EQ(stored(path), "abc");
}

TEST_F(IetfTest, IETF_027_SingleRequestsHaveLimitsToo) {
  server.options.draft_min_append = Bytes{3};
  server.options.draft_max_append = Bytes{6};
  EXPECT_EQ(field(server.send("OPTIONS", "/files", {}), "Upload-Limit"),
            "min-size=0, max-size=4194304, min-append-size=3, max-append-size=6");
  const auto post = [&](const std::string& complete, std::string_view body) {
    return server.send("POST", "/files", draft({{"Upload-Complete", complete}}), body).status;
  };
  EXPECT_EQ(post("?0", ""), 201);
  EXPECT_EQ(post("?1", "a"), 201);
  EXPECT_EQ(post("?0", "ab"), 400);
  EXPECT_EQ(post("?1", "abcdefg"), 413);
  const auto path = begun("abc");
  EXPECT_EQ(append(path, 3, "?0", "de").status, 400);
  EXPECT_EQ(field(append(path, 3, "?0", "defghij"), "Upload-Limit").find("min-size=0"), 0U);
  EXPECT_EQ(append(path, 3, "?0", "def").status, 204);
  EXPECT_EQ(append(path, 6, "?1", "g").status, 204);
}

TEST_F(IetfTest, IETF_003_to_007_ACreationIsAnnounced) {
  auto exchange = creation("?0", 3);
  const auto announced = exchange->interims.at(0);
  EXPECT_EQ(field(announced, "Upload-Limit"), "min-size=0, max-size=4194304");
  exchange->bytes("abc");
  exchange->finish();
  const auto& reply = exchange->answer();
  EXPECT_EQ(reply.status, 201);
  EXPECT_EQ(field(reply, "Location"), field(announced, "Location"));
  EXPECT_EQ(field(reply, "Upload-Complete"), "?0");
  EXPECT_EQ(field(reply, "Upload-Offset"), "3");
  EXPECT_TRUE(reply.fields.has("Upload-Limit"));
  EXPECT_FALSE(reply.fields.has("Tus-Resumable"));
  EXPECT_EQ(stored("/" + id(field(reply, "Location"))), "abc");
}

TEST_F(IetfTest, AnUploadMayBeCompleteAtOnce) {
  for (const auto framing : {Framing::length, Framing::chunked}) {
    const auto reply =
        server.send("POST", "/files", draft({{"Upload-Complete", "?1"}}), "abc", framing);
    EXPECT_EQ(reply.status, 201);
    EXPECT_EQ(field(reply, "Upload-Complete"), "?1");
    EXPECT_EQ(server.hooks.calls.back(), "finished 3/3");
    EXPECT_EQ(field(look("/files/" + id(field(reply, "Location"))), "Upload-Length"), "3");
  }
}

TEST_F(IetfTest, IETF_008_009_HeadTellsAll) {
  const auto path = begun("abc", {{"Upload-Length", "5"}});
  const auto reply = look(path);
  EXPECT_EQ(reply.status, 204);
  EXPECT_EQ(field(reply, "Upload-Offset"), "3");
  EXPECT_EQ(field(reply, "Upload-Complete"), "?0");
  EXPECT_EQ(field(reply, "Upload-Length"), "5");
  EXPECT_EQ(field(reply, "Cache-Control"), "no-store");
  EXPECT_TRUE(reply.fields.has("Upload-Limit"));
  EXPECT_EQ(server.send("HEAD", path, draft({{"Upload-Offset", "0"}})).status, 400);
  EXPECT_EQ(offset(path), "3") << "tus sees the same upload";
}

TEST_F(IetfTest, IETF_011_012_013_Appends) {
  const auto path = begun("abc");
  const auto wrong = append(path, 2, "?0", "x");
  EXPECT_EQ(wrong.status, 409);
  EXPECT_EQ(field(wrong, "Upload-Offset"), "3");
  EXPECT_EQ(field(wrong, "Upload-Complete"), "?0");
  EXPECT_THAT(wrong.body, testing::HasSubstr(R"("expected-offset":3,"provided-offset":2)"));
  auto headers = at(3, "?0");
  headers.pop_back();
  headers.pop_back();
  EXPECT_EQ(server.send("PATCH", path, draft(headers), "x").status, 415);
  EXPECT_EQ(field(append(path, 3, "?0", "de"), "Upload-Complete"), "?0");
  const auto last = append(path, 5, "?1", "f", Framing::chunked);
  EXPECT_EQ(last.status, 204);
  EXPECT_EQ(field(last, "Upload-Complete"), "?1");
  EXPECT_EQ(stored(path), "abcdef");
  EXPECT_EQ(server.hooks.calls.back(), "finished 6/6");
  EXPECT_EQ(append(path, 6, "?1", "g").status, 400) << "it is complete";
}

TEST_F(IetfTest, IETF_014_LengthsHaveToAgree) {
  EXPECT_EQ(
      server
          .send("POST", "/files", draft({{"Upload-Complete", "?1"}, {"Upload-Length", "5"}}), "abc")
          .status,
      400);
  EXPECT_EQ(
      server
          .send("POST", "/files", draft({{"Upload-Complete", "?0"}, {"Upload-Length", "2"}}), "abc")
          .status,
      400);
  EXPECT_TRUE(server.store->ids().empty());
  const auto path = begun("abc", {{"Upload-Length", "5"}});
  EXPECT_EQ(append(path, 3, "?1", "defg").status, 400);
  EXPECT_EQ(append(path, 3, "?1", "d").status, 400);
  EXPECT_EQ(append(path, 3, "?1", "de").status, 204);
}

TEST_F(IetfTest, IETF_015_AnOverrunMakesTheUploadInvalid) {
  const auto path = begun("abc", {{"Upload-Length", "5"}});
  EXPECT_EQ(append(path, 3, "?0", "defg", Framing::chunked).status, 413);
  EXPECT_EQ(look(path).status, 404);
}

TEST_F(IetfTest, IETF_016_017_LimitsAreTold) {
  EXPECT_EQ(field(server.send("OPTIONS", "/files", {}), "Upload-Limit"),
            "min-size=0, max-size=4194304");
  const auto reply = server.send(
      "POST", "/files", draft({{"Upload-Complete", "?0"}, {"Upload-Length", "4194305"}}), "abc");
  EXPECT_EQ(reply.status, 413);
  EXPECT_TRUE(reply.fields.has("Upload-Limit"));
}

TEST_F(IetfTest, IETF_018_AnAppendTakesOverFromAHangingOne) {
  const auto path = begun("abc");
  auto hanging = server.open("PATCH", path, at(3, "?0"), 10);
  hanging->bytes("de");
  EXPECT_EQ(field(look(path), "Upload-Offset"), "5");
  EXPECT_EQ(append(path, 5, "?1", "f").status, 204);
  EXPECT_TRUE(hanging->replied());
  EXPECT_EQ(stored(path), "abcdef");
}

TEST_F(IetfTest, IETF_019_DeleteCancels) {
  const auto path = begun("abc");
  EXPECT_EQ(server.send("DELETE", path, draft({})).status, 204);
  EXPECT_EQ(look(path).status, 404);
}

TEST_F(IetfTest, IETF_021_ALongBodyIsToldHowFarItCame) {
  auto exchange = creation("?0", 3U << 20U);
  for (int i = 0; i < 3; ++i) exchange->bytes(std::string(1U << 20U, 'x'));
  ASSERT_EQ(exchange->interims.size(), 4U);
  EXPECT_EQ(field(exchange->interims[1], "Upload-Offset"), "1048576");
  EXPECT_FALSE(exchange->interims[1].fields.has("Location"));
}

TEST_F(IetfTest, ABodyThatIsCutOffIsKept) {
  auto exchange = creation("?1", 10);
  exchange->bytes("abc");
  exchange->finish(BodyEnd::aborted);
  const auto path = "/files/" + id(field(exchange->interims.at(0), "Location"));
  EXPECT_EQ(field(look(path), "Upload-Offset"), "3");
  EXPECT_EQ(append(path, 3, "?1", "defghij").status, 204);
  EXPECT_EQ(stored(path), "abcdefghij");
}

TEST_F(IetfTest, ALastBodyThatContradictsItsLengthChangesNothing) {
  const auto path = begun("abc");
  auto headers = at(3, "?1");
  headers.emplace_back("Upload-Length", "9");
  const auto reply = server.send("PATCH", path, headers, "de", Framing::chunked);
  EXPECT_EQ(reply.status, 400);
  EXPECT_THAT(reply.body, testing::HasSubstr("inconsistent-upload-length"));
  EXPECT_EQ(stored(path), "abc");
  EXPECT_FALSE(look(path).fields.has("Upload-Length"));
}

}  // namespace
}  // namespace mock
