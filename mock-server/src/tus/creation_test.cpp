// Creation, with and without upload or length. One test per row that can hold without a
// socket; the row's id is in the test's name.
#include "tus/tus_test.hpp"

namespace mock {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

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

TEST_F(TusTest, AFieldWithoutAValueIsRefused) {
  EXPECT_EQ(post({{"Upload-Length", ""}, {"Upload-Defer-Length", "1"}}).status, 400);
  EXPECT_EQ(post({{"Upload-Length", "5"}, {"Upload-Defer-Length", ""}}).status, 400);
  EXPECT_EQ(post({{"Upload-Length", "5"}, {"Upload-Concat", ""}}).status, 400);
  EXPECT_EQ(post({{"Upload-Length", "5"}, {"X-HTTP-Method-Override", ""}}).status, 405);
  const auto path = create({{"Upload-Defer-Length", "1"}});
  EXPECT_EQ(server.send("PATCH", path, patch_at("0", {{"Upload-Length", ""}}), "abc").status, 400);
}

TEST_F(TusTest, AFieldWithoutAValueIsNoneWhereTheServerReadsItSo) {
  server.options.empty_is_absent = true;
  for (const auto* nothing : {"", " \t "}) {
    const auto deferred = create({{"Upload-Length", nothing}, {"Upload-Defer-Length", "1"}});
    EXPECT_EQ(field(head(deferred), "Upload-Defer-Length"), "1");
    EXPECT_EQ(
        server.send("PATCH", deferred, patch_at("0", {{"Upload-Length", nothing}}), "abc").status,
        204);
    EXPECT_EQ(field(head(deferred), "Upload-Defer-Length"), "1");
    const auto known = create({{"Upload-Length", "5"}, {"Upload-Defer-Length", nothing}});
    EXPECT_EQ(field(head(known), "Upload-Length"), "5");
    EXPECT_FALSE(head(create({{"Upload-Length", "5"}, {"Upload-Concat", nothing}}))
                     .fields.has("Upload-Concat"));
    EXPECT_FALSE(head(create({{"Upload-Length", "5"}, {"Upload-Metadata", nothing}}))
                     .fields.has("Upload-Metadata"));
    const auto joined = create({{"Upload-Concat", "final;" + part("abc")},
                                {"Upload-Length", nothing},
                                {"Upload-Defer-Length", nothing}});
    EXPECT_EQ(field(head(joined), "Upload-Length"), "3");
    EXPECT_EQ(post({{"Upload-Length", "5"}, {"X-HTTP-Method-Override", nothing}}).status, 201);
    EXPECT_EQ(post({{"Upload-Length", nothing}}).status, 400) << "then none is told";
    EXPECT_EQ(
        server.send("POST", "/files", {{"Tus-Resumable", nothing}, {"Upload-Length", "5"}}).status,
        412);
    EXPECT_EQ(server.send("PATCH", known, patch_at(nothing), "abc").status, 400);
  }
}

// ---- creation with upload

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
    server.hooks.calls.clear();
    const auto reply = post(stream({{"Upload-Length", "3"}}), "hello", framing);
    if (framing == Framing::length) {
      EXPECT_THAT(server.hooks.calls, IsEmpty()) << "refused before it was created";
    }
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

}  // namespace
}  // namespace mock
