// The commit axis, through the door that handlers come by: Intercept::services.
#include "misbehave/ruled_store.hpp"

#include "misbehave/test_rules.hpp"
#include "tus/attributes.hpp"

namespace mock::misbehave {
namespace {

class Commits : public testing::Test {
 protected:
  void SetUp() override { fresh(); }
  void fresh() {
    static_cast<void>(world_.store->remove("u1"));
    world_.upload("u1", 20, "abcd");
  }

  void load(const std::string& rule) { engine_.emplace(rule, RuleOptions{}, world_.services); }
  void load_commit(const std::string& commit) {
    load(R"({"when": {"method": "PATCH"}, "then": {"commit": )" + commit + "}}");
  }

  /// PATCHes "efghi" in two slices; the Upload-Offset that the client is told, or the status.
  std::string patch(bool aborted = false) {
    auto asked = request("PATCH", "/files/u1", {{"Upload-Offset", "4"}, {"Content-Length", "9"}});
    auto intercept = engine_->begin(asked);
    if (!intercept) return "(untouched)";
    intercept->on_request(asked);
    const auto told = append_all(intercept->services(world_.services).store, "u1", {"ef", "ghi"});
    if (aborted) {
      intercept->on_abort();
      return "(aborted)";
    }
    auto answer = told ? reply(204, {{"Upload-Offset", std::to_string(*told)}}) : reply(507);
    intercept->on_reply(answer);
    const auto offset = answer.fields.find("Upload-Offset");
    return offset ? std::string{*offset} : std::to_string(answer.status);
  }
  /// What a later HEAD finds.
  std::uint64_t head() {
    auto asked = request("HEAD", "/files/u1");
    auto intercept = engine_->begin(asked);
    if (!intercept) return world_.store->find("u1")->offset.value;
    intercept->on_request(asked);
    return intercept->services(world_.services).store.find("u1")->offset.value;
  }

  World world_;
  std::optional<Rules> engine_;
};

TEST_F(Commits, WhatIsStoredAndWhatIsTold) {
  struct Case {
    const char* commit;
    const char* told;
    const char* stored;
  };
  const Case cases[] = {
      {R"({"bytes": "all"})", "9", "abcdefghi"},
      {R"({"bytes": "none"})", "9", "abcd"},
      {R"({"bytes": 3})", "9", "abcdefg"},
      {R"({"bytes": "{request.content-length-8}"})", "9", "abcde"},
      {R"({"bytes": 3, "told": "stored"})", "7", "abcdefg"},
      {R"({"told": "declared"})", "13", "abcdefghi"},
      {R"({"told": "{offset+1}"})", "5", "abcdefghi"},
      {R"({"corrupt": 0})", "9", "abcddfghi"},
      {R"({"corrupt": 3})", "9", "abcdefgii"},
      {R"({"twice": true})", "9", "abcdefefghighi"},
      {R"({"position": 0})", "9", "efghi"},
      {R"({"position": "{offset-2}"})", "9", "abefghi"},
      {R"({"fail": {"append": "no_space"}})", "507", "abcd"},
      {R"({"bytes": 3, "fail": {"append": "no_space"}})", "507", "abcdefg"},
      {R"({"found": {"offset": 0}})", "5", "abcdefghi"},
      {R"({"fail": {"find": "not_found"}})", "507", "abcd"},
  };
  for (const auto& [commit, told, stored] : cases) {
    fresh();
    load_commit(commit);
    EXPECT_EQ(patch(), told) << commit;
    EXPECT_EQ(world_.stored("u1"), stored) << commit;
    EXPECT_EQ(head(), std::string{stored}.size()) << commit << ": HEAD tells what is stored";
  }
}

TEST_F(Commits, AHoleIsZeros) {
  load_commit(R"({"position": 6})");
  EXPECT_EQ(patch(), "9");
  EXPECT_EQ(world_.stored("u1"), (std::string{"abcd\0\0efghi", 11}));
}

TEST_F(Commits, OverwritingKeepsWhatFollows) {
  world_.upload("u2", 20, "0123456789");
  load(R"({"when": {"method": "PATCH"}, "then": {"commit": {"position": 1}}})");
  auto asked = request("PATCH", "/files/u2");
  auto intercept = engine_->begin(asked);
  intercept->on_request(asked);
  EXPECT_EQ(append_all(intercept->services(world_.services).store, "u2", {"ab", "c"}), 13U);
  EXPECT_EQ(world_.stored("u2"), "0abc456789");
}

TEST_F(Commits, AnAbortTakesBackOrCredits) {
  struct Case {
    const char* commit;
    const char* stored;
    std::uint64_t head;
  };
  const Case cases[] = {
      {R"({"bytes": "none"})", "abcd", 4},
      {R"({"bytes": 2})", "abcdef", 6},
      {R"({"told": "declared", "lasting": true})", "abcdefghi", 13},
      {R"({"told": "{offset}", "lasting": true})", "abcdefghi", 4},
  };
  for (const auto& [commit, stored, offset] : cases) {
    fresh();
    load(std::string{R"({"when": {"event": "aborted"}, "then": {"commit": )"} + commit + "}}");
    patch(true);
    EXPECT_EQ(world_.stored("u1"), stored) << commit;
    EXPECT_EQ(head(), offset) << commit;
  }
}

TEST_F(Commits, AStaleOffsetMakesTheResumedBytesComeTwice) {
  load(R"({"when": {"event": "aborted"}, "then": {"commit": {"told": "{offset}", "lasting": true}},
           "times": 1})");
  patch(true);
  patch();
  EXPECT_EQ(world_.stored("u1"), "abcdefghiefghi");
  EXPECT_EQ(head(), 9U);
}

TEST_F(Commits, WhatLastsUntilTheHeadIsToldToTheNextRequestOnly) {
  load(R"({"when": {"method": "PATCH", "event": "aborted"},
           "then": {"commit": {"told": "{offset}", "lasting": "until_head"}}})");
  patch(true);
  EXPECT_EQ(world_.stored("u1"), "abcdefghi");
  for (const std::uint64_t told : {4U, 9U, 9U}) {
    auto asked = request("HEAD", "/files/u1");
    auto intercept = engine_->begin(asked);
    ASSERT_EQ(intercept != nullptr, told == 4);
    auto& store = intercept ? intercept->services(world_.services).store : *world_.store;
    EXPECT_EQ(store.find("u1")->offset, Bytes{told});
    auto answer = reply(200);
    if (intercept) intercept->on_reply(answer);
  }
  // A client that was cut off and is answered nevertheless has waited for the answer.
  fresh();
  auto cut = request("PATCH", "/files/u1", {{"Upload-Offset", "4"}, {"Content-Length", "9"}});
  auto answered = engine_->begin(cut);
  answered->on_request(cut);
  append_all(answered->services(world_.services).store, "u1", {"ef"});
  answered->on_abort();
  auto refusal = reply(400);
  answered->on_reply(refusal);
  EXPECT_EQ(head(), 6U);
  // A request that changes something finds what is stored, and the HEAD after it as well.
  fresh();
  patch(true);
  auto asked = request("PATCH", "/files/u1", {{"Upload-Offset", "4"}});
  auto intercept = engine_->begin(asked);
  ASSERT_NE(intercept, nullptr);
  EXPECT_EQ(intercept->services(world_.services).store.find("u1")->offset, Bytes{9});
  EXPECT_EQ(head(), 9U);
}

TEST_F(Commits, AnAbortThatComesLateIsAnother) {
  load(R"({"when": {"event": "aborted", "within": "10ms"}, "then": {"commit": {"bytes": 0}}})");
  for (const int after : {10, 11}) {
    fresh();
    auto asked = request("PATCH", "/files/u1", {{"Upload-Offset", "4"}, {"Content-Length", "9"}});
    auto intercept = engine_->begin(asked);
    intercept->on_request(asked);
    append_all(intercept->services(world_.services).store, "u1", {"ef"});
    world_.loop.advance(Milliseconds{after});
    intercept->on_abort();
    EXPECT_EQ(world_.stored("u1"), after == 10 ? "abcd" : "abcdef") << after;
  }
}

TEST_F(Commits, ALieEndsWithTheUpload) {
  load(
      R"({"when": {"method": "PATCH", "event": "aborted"}, "then": {"commit": {"told": "declared", "lasting": true}}})");
  patch(true);
  EXPECT_EQ(head(), 13U);
  auto asked = request("DELETE", "/files/u1");
  auto intercept = engine_->begin(asked);
  ASSERT_NE(intercept, nullptr);
  EXPECT_TRUE(intercept->services(world_.services).store.remove("u1").has_value());
  EXPECT_EQ(engine_->begin(request("HEAD", "/files/u1")), nullptr);
}

TEST_F(Commits, ABodyPositionTakesBackWhatWasStored) {
  load(R"({"when": {"body_byte": 2}, "then": {"commit": {"bytes": 1}, "socket": "rst"}})");
  auto asked = request("PATCH", "/files/u1");
  auto intercept = engine_->begin(asked);
  intercept->on_request(asked);
  auto& store = intercept->services(world_.services).store;
  EXPECT_EQ(append_all(store, "u1", {"ef"}), 6U);
  EXPECT_EQ(intercept->on_body(Bytes{2}).end, SocketEnd::rst);
  EXPECT_EQ(world_.stored("u1"), "abcde");
}

TEST_F(Commits, AChunkThatIsRefusedMayStayAllTheSame) {
  load(R"({"then": {"commit": {"skip": "truncate"}}})");
  auto asked = request("PATCH", "/files/u1");
  auto intercept = engine_->begin(asked);
  intercept->on_request(asked);
  auto& store = intercept->services(world_.services).store;
  EXPECT_TRUE(store.stage("u1").has_value());
  EXPECT_EQ(append_all(store, "u1", {"ef"}), 6U);
  EXPECT_EQ(world_.stored("u1"), "abcd");
  EXPECT_TRUE(store.truncate("u1", Bytes{4}).has_value());
  EXPECT_TRUE(store.commit("u1").has_value());
  EXPECT_EQ(world_.stored("u1"), "abcdef");
}

TEST_F(Commits, SkippedCallsAreAnsweredAsDone) {
  load(R"({"then": {"commit": {"skip": ["create", "remove", "update"]}}})");
  const auto with_store = [&](Request asked, auto&& use) {
    auto intercept = engine_->begin(asked);
    intercept->on_request(asked);
    use(intercept->services(world_.services).store);
  };
  with_store(request("DELETE", "/files/u1"),
             [](Store& store) { EXPECT_TRUE(store.remove("u1").has_value()); });
  EXPECT_EQ(world_.stored("u1"), "abcd");
  with_store(request("PATCH", "/files/u1"), [&](Store& store) {
    auto upload = *store.find("u1");
    upload.length = Bytes{5};
    EXPECT_TRUE(store.update(upload).has_value());
  });
  EXPECT_EQ(world_.store->find("u1")->length, Bytes{20});
  with_store(request("POST", "/files"), [&](Store& store) {
    Upload upload;
    upload.id = "u9";
    upload.length = Bytes{3};
    EXPECT_TRUE(store.create(upload).has_value());
    EXPECT_EQ(append_all(store, "u9", {"abc"}), 3U);
    EXPECT_TRUE(store.find("u9")->complete());
  });
  EXPECT_FALSE(world_.store->find("u9").has_value());
}

TEST_F(Commits, WhatWasOnlyFoundIsNotWrittenBack) {
  load_commit(R"({"found": {"length": "deferred"}})");
  auto asked = request("PATCH", "/files/u1");
  auto intercept = engine_->begin(asked);
  intercept->on_request(asked);
  auto& store = intercept->services(world_.services).store;
  auto upload = *store.find("u1");
  EXPECT_FALSE(upload.length.has_value());
  EXPECT_TRUE(store.update(upload).has_value());
  EXPECT_EQ(world_.store->find("u1")->length, Bytes{20});
  upload.length = Bytes{12};
  EXPECT_TRUE(store.update(upload).has_value());
  EXPECT_EQ(world_.store->find("u1")->length, Bytes{12});
}

TEST_F(Commits, PartsAreJoinedTheOtherWayRound) {
  for (const auto& [id, bytes] : {std::pair{"p1", "ab"}, std::pair{"p2", "cd"}}) {
    Upload part;
    part.id = id;
    part.length = Bytes{2};
    edit_tus(part).kind = tus::UploadKind::partial;
    ASSERT_TRUE(world_.store->create(part).has_value());
    ASSERT_TRUE(world_.store->append(id, Bytes{0}, bytes_of(bytes)).has_value());
  }
  load(R"({"when": {"method": "POST"}, "then": {"commit": {"parts": "reversed"}}})");
  auto asked = request("POST", "/files", {{"Upload-Concat", "final;/files/p1 /files/p2"}});
  auto intercept = engine_->begin(asked);
  intercept->on_request(asked);
  Upload final_upload;
  final_upload.id = "f";
  edit_tus(final_upload).kind = tus::UploadKind::final;
  final_upload.length = Bytes{4};
  final_upload.parts = {"p1", "p2"};
  auto join = intercept->services(world_.services).store.join(final_upload);
  ASSERT_TRUE(join.has_value());
  ASSERT_TRUE(join->work().has_value());
  ASSERT_TRUE(join->commit().has_value());
  EXPECT_EQ(world_.stored("f"), "cdab");
}

}  // namespace
}  // namespace mock::misbehave
