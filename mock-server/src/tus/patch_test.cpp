// PATCH. One test per row that can hold without a socket; the row's id is in the test's
// name.
#include "tus/operation.hpp"
#include "tus/tus_test.hpp"

namespace mock {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

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

TEST_F(TusTest, OfManyThatComeAtOnceOneGetsOn) {
  server.holders_are_silent = false;
  const auto path = create(10);
  const auto open = [&] { return server.open("PATCH", path, patch_at("0"), 10); };
  auto holder = open();
  std::vector<std::unique_ptr<FakeExchange>> others;
  for (int i = 0; i < 20; ++i) {
    others.push_back(open());
    server.loop.advance(Milliseconds{30});
    EXPECT_FALSE(holder->replied());
  }
  holder->bytes("abcdefghij");
  holder->finish();
  EXPECT_EQ(holder->answer().status, 204);
  server.loop.advance(Milliseconds{100});
  for (const auto& other : others) EXPECT_EQ(other->answer().status, 409);
}

TEST_F(TusTest, AHolderThatFallsSilentIsTakenOver) {
  server.holders_are_silent = false;
  const auto path = create(10);
  auto old = server.open("PATCH", path, patch_at("0"), 10);
  old->bytes("abcd");
  auto fresh = server.open("PATCH", path, patch_at("4"), 6);
  EXPECT_FALSE(fresh->reading());
  server.loop.advance(Milliseconds{300});
  EXPECT_EQ(old->answer().status, 423);
  ASSERT_TRUE(fresh->reading());
  fresh->bytes("efghij");
  fresh->finish();
  EXPECT_EQ(fresh->answer().status, 204);
  EXPECT_EQ(stored(path), "abcdefghij");
}

TEST_F(TusTest, WhoWaitsForAHolderMayGo) {
  server.holders_are_silent = false;
  const auto path = create(10);
  auto holder = server.open("PATCH", path, patch_at("0"), 10);
  auto waiting = server.open("PATCH", path, patch_at("0"), 10);
  waiting->drop();
  server.loop.advance(Milliseconds{2'000});
  EXPECT_FALSE(holder->replied());
}

TEST_F(TusTest, TUS_CORE_PATCH_025_TheOldRequestMayHaveHadItsLastByte) {
  const auto path = create(4);
  auto old = server.open("PATCH", path, patch_at("0"), std::nullopt, true);
  old->bytes("abcd");
  EXPECT_EQ(patch(path, 4, "").status, 204);
  EXPECT_EQ(old->answer().status, 204);
  EXPECT_TRUE(old->answer().close) << "its body never ended";
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

TEST(StoreRefusal, AFailedStoreSaysWhy) {
  const auto reply =
      refusal(TusOptions{}, StoreError{StoreError::Kind::io, "open: Read-only file system"});
  EXPECT_EQ(reply.status, 500);
  EXPECT_EQ(reply.body, "the store failed: open: Read-only file system\n");
  EXPECT_EQ(refusal(TusOptions{}, StoreError{}).body, "the store failed\n");
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

TEST_F(TusTest, ALengthThatCameWithTooLongABodyDoesNotStay) {
  const auto path = create({{"Upload-Defer-Length", "1"}});
  auto headers = patch_at("0", {{"Upload-Length", "3"}});
  EXPECT_EQ(server.send("PATCH", path, headers, "abcdef", Framing::chunked).status, 413);
  EXPECT_EQ(field(head(path), "Upload-Defer-Length"), "1");
  EXPECT_EQ(offset(path), "0");
  headers = patch_at("0", {{"Upload-Length", "6"}});
  EXPECT_EQ(server.send("PATCH", path, headers, "abcdef", Framing::chunked).status, 204);
  EXPECT_EQ(stored(path), "abcdef");
}

Headers signal(const char* version, const char* name, const char* value) {
  return {{"Upload-Draft-Interop-Version", version}, {name, value}};
}

TEST_F(TusTest, TheEndSignalOfTheDraftIsNothingToTus) {
  const auto path = create({{"Upload-Defer-Length", "1"}});
  const auto headers = patch_at("0", signal("5", "Upload-Complete", "?1"));
  EXPECT_EQ(server.send("PATCH", path, headers, "abc").status, 204);
  EXPECT_EQ(field(head(path), "Upload-Defer-Length"), "1");
}

TEST_F(TusTest, TheEndSignalOfTheDraftEndsADeferredLengthWhereTheServerHeedsIt) {
  server.options.draft_end_signal = {"3", "4", "5"};
  for (const auto framing : {Framing::length, Framing::chunked}) {
    for (const auto& said :
         {signal("5", "Upload-Complete", "?1"), signal("4", "upload-complete", " ?1 "),
          signal("3", "Upload-Incomplete", "?0")}) {
      server.hooks.calls.clear();
      const auto path = create({{"Upload-Defer-Length", "1"}});
      patch(path, 0, "abc");
      const auto reply = server.send("PATCH", path, patch_at("3", said), "de", framing);
      EXPECT_EQ(reply.status, 204);
      EXPECT_EQ(field(reply, "Upload-Offset"), "5");
      EXPECT_EQ(field(head(path), "Upload-Length"), "5");
      EXPECT_FALSE(head(path).fields.has("Upload-Defer-Length"));
      EXPECT_THAT(server.hooks.calls, ElementsAre("created 0/?", "finishing 5/5", "finished 5/5"));
    }
  }
  const auto path = create({{"Upload-Defer-Length", "1"}});
  server.send("PATCH", path, patch_at("0", signal("5", "Upload-Complete", "?1")));
  EXPECT_EQ(field(head(path), "Upload-Length"), "0") << "also when there is nothing";
}

TEST_F(TusTest, OtherSignalsOfTheDraftEndNothing) {
  server.options.draft_end_signal = {"3", "4", "5"};
  const Headers others[] = {signal("6", "Upload-Complete", "?1"),
                            signal("05", "Upload-Complete", "?1"),
                            signal("", "Upload-Complete", "?1"),
                            signal("5", "Upload-Complete", "?0"),
                            signal("5", "Upload-Complete", "1"),
                            signal("5", "Upload-Complete", "?1;a=b"),
                            signal("5", "Upload-Incomplete", "?0"),
                            signal("3", "Upload-Complete", "?1"),
                            {{"Upload-Complete", "?1"}}};
  for (const auto& said : others) {
    const auto path = create({{"Upload-Defer-Length", "1"}});
    EXPECT_EQ(server.send("PATCH", path, patch_at("0", said), "abc").status, 204);
    EXPECT_EQ(field(head(path), "Upload-Defer-Length"), "1");
  }
}

TEST_F(TusTest, TheEndSignalOfTheDraftYieldsToALengthThatIsTold) {
  server.options.draft_end_signal = {"5"};
  auto headers = signal("5", "Upload-Complete", "?1");
  const auto known = create(9);
  EXPECT_EQ(server.send("PATCH", known, patch_at("0", headers), "abc").status, 204);
  EXPECT_EQ(field(head(known), "Upload-Length"), "9");
  const auto path = create({{"Upload-Defer-Length", "1"}});
  headers.emplace_back("Upload-Length", "9");
  EXPECT_EQ(server.send("PATCH", path, patch_at("0", headers), "abc").status, 204);
  EXPECT_EQ(field(head(path), "Upload-Length"), "9");
  EXPECT_THAT(server.hooks.calls, ElementsAre("created 0/9", "created 0/?"));
}

TEST_F(TusTest, TheEndSignalOfABodyThatIsCutShortEndsNothing) {
  server.options.draft_end_signal = {"5"};
  const auto path = create({{"Upload-Defer-Length", "1"}});
  const auto headers = patch_at("0", signal("5", "Upload-Complete", "?1"));
  auto exchange = server.open("PATCH", path, headers, 6);
  exchange->bytes("abc");
  exchange->finish(BodyEnd::aborted);
  EXPECT_EQ(field(head(path), "Upload-Defer-Length"), "1");
  EXPECT_EQ(offset(path), "3");
  EXPECT_EQ(server.send("PATCH", path, headers, "abcdef").status, 409) << "the offset is wrong";
  EXPECT_EQ(field(head(path), "Upload-Defer-Length"), "1");
}

TEST_F(TusTest, ALengthThatCameWithABrokenOffBodyStaysWithItsBytes) {
  const auto path = create({{"Upload-Defer-Length", "1"}});
  auto exchange = server.open("PATCH", path, patch_at("0", {{"Upload-Length", "6"}}), 6);
  exchange->bytes("abc");
  exchange->finish(BodyEnd::aborted);
  EXPECT_EQ(field(head(path), "Upload-Length"), "6");
  EXPECT_EQ(offset(path), "3");
}

TEST_F(TusTest, BytesAreLookedAtWhereTheyAreKeptOrChecked) {
  const Headers checked{{"Upload-Checksum", "sha1 qUqP5cyxm6YcTAhz05Hph5gvu9M="}};
  FakeServer counts{std::nullopt};
  for (auto* one : {&server, &counts}) {
    const bool kept = one == &server;
    one->options.extensions.insert("checksum");
    const auto path =
        field(one->send("POST", "/files", with({{"Upload-Length", "8"}})), "Location");
    auto plain = one->open("PATCH", path, patch_at("0"), 4);
    EXPECT_EQ(plain->looks_at_bytes(), kept);
    plain->bytes("test");
    plain->finish();
    EXPECT_EQ(plain->answer().status, 204);
    auto exchange = one->open("PATCH", path, patch_at("4", checked), 4);
    EXPECT_TRUE(exchange->looks_at_bytes());
    exchange->bytes("tset");
    exchange->finish();
    EXPECT_EQ(exchange->answer().status, 460);
    auto creation = one->open("POST", "/files", stream(with({{"Upload-Length", "8"}})), 4);
    EXPECT_EQ(creation->looks_at_bytes(), kept);
  }
}

}  // namespace
}  // namespace mock
