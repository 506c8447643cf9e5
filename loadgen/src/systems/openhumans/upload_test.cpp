#include "systems/openhumans/upload.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "link/cut.hpp"
#include "link/line.hpp"
#include "protocol/http/form_data.hpp"
#include "protocol/openhumans/files.hpp"
#include "protocol/openhumans/metadata.hpp"
#include "systems/openhumans/fake_openhumans.hpp"

namespace loadgen {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string api = FakeOpenHumans::api;
const std::string direct = "POST " + api + "files/upload/direct/";
const std::string complete = "POST " + api + "files/upload/complete/";
const std::string put_1 = "PUT http://127.0.0.1:1/bucket/1?Signature=s1";
const std::string put_2 = "PUT http://127.0.0.1:1/bucket/2?Signature=s2";

std::string storage_says(const std::string& code, const std::string& message,
                         const std::string& more = {}) {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>" + code + "</Code><Message>" +
         message + "</Message>" + more + "</Error>";
}

class OpenHumansUploadTest : public testing::Test {
 protected:
  OpenHumansUploadTest() {
    options.create_url = "http://127.0.0.1:1";
    options.run_id = "r1";
    network.name = "perfect";
  }

  UploadResult upload(Bytes size) {
    const Line line(transport, network);
    CutLink link(line.top(), CutPlan(network, options.seed, 3, size));
    Authorizer authorizer(transport, {"the-token", "", "", ""});
    const OpenHumansClient client(options, own);
    int uploaded = 0;
    int ended = 0;
    const auto upload = client.upload({link, authorizer, client}, 3, size, transport.now(),
                                      {[&] { ++uploaded; }, [&] { ++ended; }, {}});
    upload->start();
    transport.run();
    EXPECT_EQ(uploaded, 1);
    EXPECT_EQ(ended, 1);
    UploadResult result = upload->result();
    result.cuts = link.happened();
    return result;
  }
  std::string expected_bytes(Bytes size) const {
    std::string bytes(size.value, '\0');
    const Payload payload(options.payload, options.seed, 3, size);
    for (std::size_t at = 0; at < bytes.size();) {
      at += payload.read(Bytes{at}, std::as_writable_bytes(std::span(bytes)).subspan(at));
    }
    return bytes;
  }
  /// Answers the requests whose method and URL begin with `what`, in their order.
  void on(const std::string& what, std::vector<std::optional<LoadOutcome>> outcomes) {
    scripted_[what] = std::move(outcomes);
    server.interfere = [this](const LoadRequest& request) -> std::optional<LoadOutcome> {
      for (auto& [begin, left] : scripted_) {
        if (!(request.method + " " + request.url).starts_with(begin) || left.empty()) continue;
        auto first = std::move(left.front());
        left.erase(left.begin());
        return first;
      }
      return std::nullopt;
    };
  }

  FakeOpenHumans server;
  FakeTransport transport{[this](const LoadRequest& r) { return server(r); }};
  UploadOptions options;
  OpenHumansOptions own{OpenHumansOptions::Call::direct, {"12345678"}};
  Network network;

 private:
  std::map<std::string, std::vector<std::optional<LoadOutcome>>> scripted_;
};

TEST_F(OpenHumansUploadTest, AsksForAUrlPutsAndCompletes) {
  const auto result = upload(Bytes{10'000});
  EXPECT_EQ(result.state, UploadState::uploaded);
  EXPECT_THAT(transport.log, ElementsAre(direct, put_1, complete));
  EXPECT_EQ(server.objects["1"], expected_bytes(Bytes{10'000}));
  EXPECT_EQ(result.acknowledged, Bytes{10'000});
  EXPECT_EQ(result.sent, Bytes{10'000});
  EXPECT_EQ(result.requests, 3U);
  EXPECT_TRUE(result.created);
  EXPECT_EQ(result.url, api + "exchange-member/?project_member_id=12345678#1");

  const http::Form& form = server.begun.at(0);
  EXPECT_EQ(http::find(form, "project_member_id"), "12345678");
  EXPECT_EQ(http::find(form, "filename"), "dex-loadgen-r1-00000003.bin");
  const auto metadata = openhumans::parse_metadata(http::find(form, "metadata").value_or(""),
                                                   openhumans::Contract::guide);
  ASSERT_TRUE(metadata) << metadata.error().text;
  EXPECT_THAT(metadata->tags, ElementsAre("dex-loadgen"));
}

TEST_F(OpenHumansUploadTest, TheStorageGetsNoCredentialsAndNoContentType) {
  upload(Bytes{10});
  ASSERT_EQ(transport.requests.size(), 3U);
  EXPECT_EQ(transport.requests[0].headers.find("Authorization"), "Bearer the-token");
  EXPECT_EQ(transport.requests[1].headers, http::Fields{});
  EXPECT_EQ(transport.requests[2].headers.find("Authorization"), "Bearer the-token");
}

TEST_F(OpenHumansUploadTest, AnEmptyFileIsPutAsWell) {
  EXPECT_EQ(upload(Bytes{0}).state, UploadState::uploaded);
  EXPECT_THAT(transport.log, ElementsAre(direct, put_1, complete));
}

TEST_F(OpenHumansUploadTest, WhatIsCutIsSentAgainFromItsFirstByteToTheSameUrl) {
  network.cut_probability = 0.6;
  for (options.seed = 1; transport.log.size() < 4; ++options.seed) {
    transport.log.clear();
    server = FakeOpenHumans{};
    const auto result = upload(Bytes{200'000});
    const auto cuts = result.cuts.size();
    ASSERT_EQ(result.retries, std::min<std::size_t>(cuts, 4)) << options.seed;
    if (cuts == 0 || cuts > 4) {
      transport.log.clear();
      continue;
    }
    EXPECT_EQ(result.state, UploadState::uploaded);
    EXPECT_EQ(server.begun.size(), 1U);
    EXPECT_EQ(result.new_uploads, cuts);
    EXPECT_EQ(result.resumes, 0U);
    std::uint64_t in_vain = 0;
    for (const auto& cut : result.cuts) in_vain += cut.at.value;
    EXPECT_EQ(result.sent, Bytes{200'000 + in_vain});
    EXPECT_EQ(result.acknowledged, Bytes{200'000});
    EXPECT_EQ(server.objects["1"], expected_bytes(Bytes{200'000}));
  }
}

TEST_F(OpenHumansUploadTest, AProcessThatEndedHasStoredNothingAndHasAllItsRetries) {
  options.retry_delays = {milliseconds{0}};
  on("PUT", {broken(), process_ended(), broken()});
  on(complete, {process_ended()});
  const auto result = upload(Bytes{10});
  EXPECT_EQ(result.state, UploadState::uploaded);
  EXPECT_THAT(transport.log,
              ElementsAre(direct, put_1, put_1, direct, put_2, put_2, complete, direct,
                          "PUT http://127.0.0.1:1/bucket/3?Signature=s3", complete));
  EXPECT_EQ(result.acknowledged, Bytes{10});
  EXPECT_EQ(result.rolled_back, Bytes{0}) << "the server has taken nothing back";
}

TEST_F(OpenHumansUploadTest, AUrlThatIsRefusedIsReplaced) {
  const auto expired = storage_says("AccessDenied", "Request has expired");
  on("PUT", {broken(), answer(403, {}, expired)});
  const auto result = upload(Bytes{10});
  EXPECT_EQ(result.state, UploadState::uploaded);
  EXPECT_THAT(transport.log, ElementsAre(direct, put_1, put_1, direct, put_2, complete));
  EXPECT_EQ(result.new_uploads, 2U);
  EXPECT_EQ(result.retries, 2U);
  EXPECT_THAT(result.url, testing::EndsWith("#2"));
}

TEST_F(OpenHumansUploadTest, GivesUpAfterTheLastDelayWithTheStoragesWords) {
  const auto refused = storage_says("SignatureDoesNotMatch", "The request signature differs.",
                                    "<SignatureProvided>very-secret</SignatureProvided>");
  on("PUT", std::vector<std::optional<LoadOutcome>>(5, answer(403, {}, refused)));
  const auto result = upload(Bytes{10});
  EXPECT_EQ(result.state, UploadState::failed);
  EXPECT_EQ(result.cause->what, "PUT: 403");
  EXPECT_EQ(result.cause->detail, "SignatureDoesNotMatch: The request signature differs.");
  EXPECT_THAT(transport.delays, ElementsAre(milliseconds{0}, milliseconds{1000}, milliseconds{3000},
                                            milliseconds{5000}));
}

TEST_F(OpenHumansUploadTest, TheStoragesTimeoutIsNoRefusal) {
  const auto timeout = storage_says("RequestTimeout", "Idle connection");
  on("PUT", {answer(400, {}, timeout), answer(503)});
  EXPECT_EQ(upload(Bytes{10}).state, UploadState::uploaded);
  EXPECT_EQ(server.begun.size(), 1U);
  on("PUT", {answer(400)});
  EXPECT_EQ(upload(Bytes{10}).state, UploadState::failed);
}

TEST_F(OpenHumansUploadTest, WhatIsThereIsOnlyCompletedAgain) {
  on(complete, {broken(), answer(500)});
  const auto result = upload(Bytes{10});
  EXPECT_EQ(result.state, UploadState::uploaded);
  EXPECT_THAT(transport.log, ElementsAre(direct, put_1, complete, complete, complete));
  EXPECT_EQ(result.new_uploads, 0U);
  EXPECT_EQ(result.sent, Bytes{10});
}

TEST_F(OpenHumansUploadTest, WhatTheServerDoesNotFindIsLost) {
  on("PUT", {answer(200)});  // and stores nothing
  const auto result = upload(Bytes{10});
  EXPECT_EQ(result.state, UploadState::lost);
  EXPECT_EQ(result.cause->what, "complete: 400");
  EXPECT_THAT(result.cause->detail, HasSubstr("file not present"));
  EXPECT_EQ(result.rolled_back, Bytes{10});
  EXPECT_EQ(result.acknowledged, Bytes{0});
}

TEST_F(OpenHumansUploadTest, AnotherSizeIsALoss) {
  on(complete, {answer(200, {}, R"({"status":"ok","size":9})")});
  const auto result = upload(Bytes{10});
  EXPECT_EQ(result.state, UploadState::lost);
  EXPECT_EQ(result.cause->detail, "9 bytes are there instead of 10");
}

TEST_F(OpenHumansUploadTest, StatusesAreExactAsTheProjectsClientHasThem) {
  for (const auto& [what, outcome] : std::vector<std::pair<std::string, LoadOutcome>>{
           {direct, answer(200, {}, R"({"id":1,"url":"http://127.0.0.1:1/bucket/1"})")},
           {direct, answer(201, {}, R"({"id":1})")},
           {direct, answer(201, {}, "<html>")},
           {"PUT", answer(204)},
           {complete, answer(201, {}, R"({"status":"ok","size":10})")},
           {complete, answer(200, {}, R"({"status":"no","size":10})")}}) {
    on(direct, {});
    on("PUT", {});
    on(complete, {});
    on(what, {outcome});
    const auto result = upload(Bytes{10});
    EXPECT_EQ(result.state, UploadState::failed) << what;
    EXPECT_EQ(result.retries, 0U) << what;
  }
}

TEST_F(OpenHumansUploadTest, AStorageElsewhereIsNotFollowedUnlessItIsTrusted) {
  server.storage = "http://192.0.2.1/bucket/";
  auto result = upload(Bytes{10});
  EXPECT_EQ(result.state, UploadState::failed);
  EXPECT_EQ(result.cause->what, "direct: the url leads to another host or port");
  EXPECT_THAT(result.cause->detail, HasSubstr("--trust-origin http://192.0.2.1"));
  EXPECT_THAT(result.cause->detail, testing::Not(HasSubstr("Signature")));
  options.trusted.add("http://192.0.2.1");
  result = upload(Bytes{10});
  EXPECT_EQ(result.state, UploadState::uploaded);
}

TEST_F(OpenHumansUploadTest, AUrlInARefusalIsNotShown) {
  on(direct, {answer(403, {}, R"({"id":1,"url":"http://127.0.0.1:1/b?Signature=secret"})")});
  EXPECT_EQ(upload(Bytes{10}).cause->detail, "");
}

TEST_F(OpenHumansUploadTest, MembersGetFilesInTurn) {
  own.members = {"11111111", "22222222"};
  upload(Bytes{10});  // the fourth upload of a run
  EXPECT_EQ(http::find(server.begun.at(0), "project_member_id"), "22222222");
}

class SimpleUploadTest : public OpenHumansUploadTest {
 protected:
  SimpleUploadTest() { own.call = OpenHumansOptions::Call::simple; }

  /// The file in a form, whose fields it checks.
  static std::string file_in(const std::string& body, const std::string& content_type) {
    http::FormShape shape;
    shape.file = "data_file";
    shape.file_has_name = true;
    http::FormReader reader(http::boundary_of(content_type).value(), shape);
    std::string file;
    std::string_view slice = body;
    auto event = http::FormReader::Event::bytes;
    while (event != http::FormReader::Event::more) {
      event = reader.next(slice);
      EXPECT_NE(event, http::FormReader::Event::failed);
      if (event == http::FormReader::Event::bytes) file += reader.bytes();
    }
    EXPECT_EQ(http::find(reader.fields(), "project_member_id"), "12345678");
    EXPECT_TRUE(http::find(reader.fields(), "metadata"));
    EXPECT_EQ(reader.head().filename, "dex-loadgen-r1-00000003.bin");
    return file;
  }
};

TEST_F(SimpleUploadTest, PostsAForm) {
  const auto result = upload(Bytes{10'000});
  EXPECT_EQ(result.state, UploadState::uploaded);
  EXPECT_THAT(transport.log, ElementsAre("POST " + api + "files/upload/"));
  const LoadRequest& request = transport.requests.at(0);
  EXPECT_EQ(request.headers.find("Authorization"), "Bearer the-token");
  EXPECT_EQ(request.source_size, Bytes{server.forms.at(0).size()});
  EXPECT_EQ(file_in(server.forms.at(0), std::string(*request.headers.find("Content-Type"))),
            expected_bytes(Bytes{10'000}));
  EXPECT_EQ(result.sent, Bytes{10'000}) << "the form around the file is no file";
  EXPECT_EQ(result.acknowledged, Bytes{10'000});
  EXPECT_FALSE(result.created) << "nothing is created before the file is there";
  EXPECT_EQ(result.url, api + "exchange-member/?project_member_id=12345678#1");
}

TEST_F(SimpleUploadTest, IsCutInItsFileAndBeginsAgain) {
  network.cut_probability = 0.6;
  options.seed = 2;
  while (!CutPlan(network, options.seed, 3, Bytes{50'000}).next()) ++options.seed;
  const auto result = upload(Bytes{50'000});
  ASSERT_GT(result.cuts.size(), 0U);
  const LoadRequest& first = transport.requests.at(0);
  EXPECT_GT(first.before_file, Bytes{0});
  std::uint64_t in_vain = 0;
  for (const auto& cut : result.cuts) in_vain += cut.at.value;
  const bool good = result.state == UploadState::uploaded;
  EXPECT_EQ(result.sent, Bytes{in_vain + (good ? 50'000 : 0)});
  EXPECT_EQ(result.new_uploads + 1, result.requests);
}

TEST_F(SimpleUploadTest, TriesAgainOrFailsByTheStatus) {
  on("POST", {broken(), answer(503, {{"Retry-After", "7"}}), answer(429)});
  EXPECT_EQ(upload(Bytes{10}).state, UploadState::uploaded);
  EXPECT_THAT(transport.delays,
              ElementsAre(milliseconds{0}, milliseconds{7000}, milliseconds{1000}));
  on("POST", {answer(400, {}, R"({"project_member_id":"project_member_id is invalid"})")});
  const auto result = upload(Bytes{10});
  EXPECT_EQ(result.state, UploadState::failed);
  EXPECT_EQ(result.cause->what, "POST: 400");
}

TEST(OpenHumansClientTest, AnyUrlOfTheServerWillDo) {
  const std::string project = "http://h:1/_lane/blue/api/direct-sharing/project";
  for (const char* given : {"http://h:1/_lane/blue", "http://h:1/_lane/blue/",
                            "http://h:1/_lane/blue/api/direct-sharing/project",
                            "http://h:1/_lane/blue/api/direct-sharing/project/files/upload/?a=b"}) {
    UploadOptions options;
    options.create_url = given;
    EXPECT_EQ(OpenHumansClient(options, {}).options().create_url, project) << given;
  }
}

TEST(OpenHumansClientTest, SaysWhatIsMissing) {
  const auto made = [](UploadOptions options, const settings::OwnSettings& own) {
    const auto client = openhumans_system().make(std::move(options), own);
    return client ? std::string("made") : client.error().line();
  };
  EXPECT_EQ(made({}, {{"member", {"1"}}}), "made");
  EXPECT_THAT(made({}, {}), HasSubstr("--member"));
  UploadOptions chunks;
  chunks.chunk = Bytes{10};
  EXPECT_THAT(made(chunks, {{"member", {"1"}}}), HasSubstr("--chunk"));
}

TEST(OpenHumansClientTest, ListsFilesPageByPage) {
  UploadOptions options;
  options.create_url = "http://h:1";
  const OpenHumansClient client(options, {{}, {"1"}});
  ASSERT_EQ(client.listings().size(), 1U);
  openhumans::MemberFiles page;
  page.project_member_id = "1";
  page.next = client.listings()[0].url + "&offset=1";
  page.data.push_back({7, "a", "", {}, "http://h:1/b/a?Signature=x", "{}", "", ""});
  const auto listing = client.read_listing(openhumans::to_json(page));
  ASSERT_TRUE(listing);
  EXPECT_THAT(listing->places,
              ElementsAre(std::pair(client.upload_url("1", 7), "http://h:1/b/a?Signature=x")));
  EXPECT_EQ(listing->next->url, *page.next);
  page.next = "http://elsewhere:1/";
  EXPECT_FALSE(client.read_listing(openhumans::to_json(page)));
  EXPECT_FALSE(client.read_listing("<html>"));
}

TEST(OpenHumansClientTest, LooksByCompletingAgain) {
  UploadOptions options;
  options.create_url = "http://h:1";
  const OpenHumansClient client(options, {{}, {"a b"}});
  const auto request = client.look(client.upload_url("a b", 7));
  EXPECT_EQ(request.url, client.url_of("files/upload/complete"));
  EXPECT_EQ(request.body, "project_member_id=a+b&file_id=7");
  EXPECT_EQ(client.told_size({200, {}, R"({"status":"ok","size":12})"}), "12");
  EXPECT_EQ(client.told_size({200, {}, ""}), std::nullopt);
}

}  // namespace
}  // namespace loadgen
