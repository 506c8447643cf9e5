// The words that talk to a target.
#include <gmock/gmock.h>

#include "run/cleanup.hpp"
#include "run/live_context_fixture.hpp"
#include "testkit/temp_folder.hpp"
#include "tus/vocabulary.hpp"

namespace conformance::suites {
namespace {

using testing::HasSubstr;
using testing::Not;
using Kind = Outcome::Kind;

class TusVocabulary : public LiveContextTest {};

TEST_F(TusVocabulary, ATusRequestCarriesTheVersionUnlessToldOtherwise) {
  session_->credentials = Credentials::given("tok");
  auto c = context();
  send_tus(*c, "HEAD", server_.url("/files/1"));
  EXPECT_THAT(last_request(), HasSubstr("\r\nTus-Resumable: 1.0.0\r\n"));
  EXPECT_THAT(last_request(), HasSubstr("\r\nAuthorization: Bearer tok\r\n"));
  EXPECT_THAT(last_request(), HasSubstr("\r\nUser-Agent: dex-test\r\n"));
  send_tus(*c, "HEAD", server_.url("/files/1"), {{"tus-resumable", "2.0.0"}});
  EXPECT_THAT(last_request(), HasSubstr("\r\ntus-resumable: 2.0.0\r\n"));
  EXPECT_THAT(last_request(), Not(HasSubstr("1.0.0")));
  send_tus(*c, "HEAD", server_.url("/files/1"), {{"Tus-Resumable", ""}});
  EXPECT_THAT(last_request(), Not(HasSubstr("Tus-Resumable")));
  transport::Request request;
  request.method = "GET";
  request.url = server_.url("/");
  c->exchange_anonymously(request);
  EXPECT_THAT(last_request(), Not(HasSubstr("Authorization")));
  EXPECT_THAT(evidence_->text(), Not(HasSubstr("tok")));
}

TEST_F(TusVocabulary, ACreationCanBeBentInEveryPart) {
  target_->metadata.set("sender_id", "me");
  auto c = context();
  Creation creation;
  creation.metadata.set("filename", "world");
  post(*c, creation);
  EXPECT_THAT(last_request(), HasSubstr("\r\nUpload-Length: 10\r\n"));
  EXPECT_THAT(last_request(),
              HasSubstr("\r\nUpload-Metadata: sender_id bWU=,filename d29ybGQ=\r\n"));
  creation.raw_metadata = "raw";
  creation.length.reset();
  creation.defer_length = true;
  creation.body = "abc";
  creation.headers = {{"Content-Type", ""}, {"Upload-Defer-Length", "2"}, {"Tus-Resumable", ""}};
  post(*c, creation);
  EXPECT_THAT(last_request(), HasSubstr("\r\nUpload-Metadata: raw\r\n"));
  EXPECT_THAT(last_request(), HasSubstr("\r\nUpload-Defer-Length: 2\r\n"));
  for (const char* name :
       {"Content-Type", "Upload-Length", "Tus-Resumable", "Upload-Defer-Length: 1"}) {
    EXPECT_THAT(last_request(), Not(HasSubstr(name)));
  }
  EXPECT_TRUE(last_request().ends_with("\r\n\r\nabc"));
}

TEST_F(TusVocabulary, CreatedUploadsAreRememberedAndRemoved) {
  reply_with(
      [](const std::string&) { return answer_of("201 Created", "Location: ../files/a%2Fb\r\n"); });
  auto c = context();
  EXPECT_EQ(create(*c), server_.url("/files/a%2Fb"));
  EXPECT_EQ(id_of(server_.url("/files/a%2Fb?x")), "a%2Fb");
  session_->created("http://elsewhere.invalid/files/2");
  Cleanup none = remove_uploads(*session_, 2, std::chrono::seconds{5});
  EXPECT_EQ(none.removed, 0U);  // termination is not offered
  EXPECT_EQ(none.left.size(), 2U);
  target_->discovery.extensions = {"termination"};
  reply_with([](const std::string&) { return answer_of("204 No Content"); });
  const Cleanup cleanup = remove_uploads(*session_, 2, std::chrono::seconds{5});
  EXPECT_EQ(cleanup.removed, 1U);
  EXPECT_THAT(cleanup.left, testing::ElementsAre("http://elsewhere.invalid/files/2"));
  EXPECT_TRUE(last_request().starts_with("DELETE /files/a%2Fb "));
}

TEST_F(TusVocabulary, WhatFailsBeforeTheCheckBlocksIt) {
  auto c = context();
  reply_with([](const std::string&) { return answer_of("400 Bad Request"); });
  EXPECT_EQ(stop_of([&] { create(*c); }).kind, Kind::blocked);
  reply_with([](const std::string&) { return answer_of("201 Created"); });
  EXPECT_EQ(stop_of([&] { create(*c); }).kind, Kind::blocked);  // no Location
  reply_with([](const std::string&) { return answer_of("200 OK", "Upload-Offset: +5\r\n"); });
  EXPECT_EQ(stop_of([&] { offset_of(*c, server_.url("/files/1")); }).kind, Kind::blocked);
  reply_with([](const std::string&) { return answer_of("200 OK", "Upload-Offset: 5\r\n"); });
  EXPECT_EQ(offset_of(*c, server_.url("/files/1")), Bytes{5});
  reply_with([](const std::string&) { return std::string(); });
  const Outcome reset = stop_of([&] { head_of(*c, server_.url("/files/1")); });
  EXPECT_EQ(reset.kind, Kind::blocked);
  EXPECT_THAT(reset.got, HasSubstr("reset"));
}

TEST_F(TusVocabulary, StoredBytesAreComparedByDownload) {
  target_->downloads = true;
  reply_with([](const std::string&) { return answer_of("200 OK", "", "abc"); });
  EXPECT_EQ(stored_equals(*context(), server_.url("/files/1"), "abc"), true);
  EXPECT_EQ(stored_equals(*context(), server_.url("/files/1"), "abd"), false);
}

TEST_F(TusVocabulary, StoredBytesAreComparedByTheDeliveredCopy) {
  const testkit::TempFolder folder;
  target_->delivered_dir = folder.path().string();
  EXPECT_EQ(stored_equals(*context(), server_.url("/files/id-1"), "abc"), std::nullopt);
  folder.write("2026/11/name_id-1.txt", "abc");
  EXPECT_EQ(stored_equals(*context(), server_.url("/files/id-1"), "abc"), true);
  EXPECT_EQ(stored_equals(*context(), server_.url("/files/id-1"), "abd"), false);
  EXPECT_EQ(stored_as_any_of(*context(), server_.url("/files/id-1"), {"abd", "abc"}), true);
  EXPECT_EQ(stored_as_any_of(*context(), server_.url("/files/id-1"), {"abd", "ab"}), false);
}

TEST_F(TusVocabulary, ARawRequestCarriesWhatTheTargetNeedsAndTheVersion) {
  session_->credentials = Credentials::given("tok");
  auto c = context();
  const Fields fields = raw_fields(*c, {{"X-More", "1"}});
  EXPECT_EQ(fields.find("Authorization"), "Bearer tok");
  EXPECT_EQ(fields.find("Tus-Resumable"), "1.0.0");
  EXPECT_EQ(fields.find("X-More"), "1");
}

}  // namespace
}  // namespace conformance::suites
