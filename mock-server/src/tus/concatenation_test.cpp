// Concatenation and termination. One test per row that can hold without a socket; the row's
// id is in the test's name.
#include "tus/attributes.hpp"
#include "tus/tus_test.hpp"

namespace mock {
namespace {

using testing::IsEmpty;

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

TEST_F(TusTest, TUS_CONCAT_029_TheCreationTellsTheHeaderToo) {
  const auto reply = post({{"Upload-Length", "0"}, {"Upload-Concat", "partial"}});
  EXPECT_EQ(field(reply, "Upload-Concat"), "partial");
  const auto concat = "final;" + field(reply, "Location");
  EXPECT_EQ(field(post({{"Upload-Concat", concat}}), "Upload-Concat"), concat);
  EXPECT_FALSE(post({{"Upload-Length", "0"}}).fields.has("Upload-Concat"));
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

TEST_F(TusTest, TUS_CONCAT_AFinalThatIsNotJoinedYetHasNoOffset) {
  // As a server leaves it that was killed while joining.
  Upload half;
  half.id = "half";
  edit_tus(half).kind = tus::UploadKind::final;
  half.length = Bytes{5};
  edit_tus(half).concat_header = "final;a b";
  ASSERT_TRUE(server.store->create(half));
  const auto reply = head("/files/half");
  EXPECT_EQ(reply.status, 200);
  EXPECT_FALSE(reply.fields.has("Upload-Offset"));
  EXPECT_EQ(field(reply, "Upload-Length"), "5");
  EXPECT_EQ(field(reply, "Upload-Concat"), "final;a b");
}

TEST_F(TusTest, AJoiningThatRunsOutOfMemoryIs507AndLeavesNothing) {
  const auto concat = "final;" + part("hello ") + " " + part("world");
  const auto before = server.store->ids().size();
  server.loop.before_work = [] { throw std::bad_alloc(); };
  EXPECT_EQ(post({{"Upload-Concat", concat}}).status, 507);
  server.loop.before_work = [] { throw std::runtime_error("a secret"); };
  const auto reply = post({{"Upload-Concat", concat}});
  EXPECT_EQ(reply.status, 500);
  EXPECT_THAT(reply.body, testing::Not(testing::HasSubstr("secret")));
  EXPECT_EQ(field(reply, "Tus-Resumable"), "1.0.0");
  EXPECT_EQ(server.store->ids().size(), before);
  server.loop.before_work = nullptr;
  EXPECT_EQ(post({{"Upload-Concat", concat}}).status, 201);
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

TEST(Concatenation, WhatTheStoreHasNoRoomForIsRefusedBeforeAnyWork) {
  FakeServer server(Bytes{1000});
  const Headers tus{{"Tus-Resumable", "1.0.0"}};
  auto partial = tus;
  partial.insert(partial.end(), {{"Upload-Length", "300"},
                                 {"Upload-Concat", "partial"},
                                 {"Content-Type", "application/offset+octet-stream"}});
  const auto made = server.send("POST", "/files", partial, std::string(300, 'x'));
  ASSERT_EQ(made.status, 201);
  const auto location = field(made, "Location");
  const auto part = location.substr(location.find("/files"));
  const auto final_of = [&](int times) {
    auto headers = tus;
    std::string concat = "final;";
    for (int i = 0; i < times; ++i) concat.append(i == 0 ? "" : " ").append(part);
    headers.emplace_back("Upload-Concat", concat);
    return server.open("POST", "/files", headers, 0);
  };
  EXPECT_EQ(final_of(1400)->answer().status, 507) << "at once";
  auto one = final_of(2);
  EXPECT_FALSE(one->replied());
  EXPECT_EQ(final_of(1)->answer().status, 507) << "the room is promised to the other";
  one->drop();
  server.loop.run();
  auto two = final_of(2);
  server.loop.run();
  EXPECT_EQ(two->answer().status, 201) << "what was promised in vain is there again";
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

}  // namespace
}  // namespace mock
