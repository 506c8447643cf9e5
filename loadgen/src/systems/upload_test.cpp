#include "upload/upload.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "link/partner_line.hpp"
#include "protocol/tus/metadata.hpp"
#include "stats/stats.hpp"
#include "systems/dex/client.hpp"
#include "systems/dex/delivery.hpp"
#include "systems/tus/client.hpp"
#include "systems/tus/fake_tus.hpp"
#include "testkit/temp_folder.hpp"

namespace loadgen {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::ElementsAreArray;

const std::string files = "http://127.0.0.1:1/files";

class UploadTest : public testing::Test {
 protected:
  UploadTest() {
    options.create_url = files;
    options.run_id = "r1";
    options.metadata = {{"data_stream_id", "dextesting"}};
    network.name = "perfect";
  }

  UploadResult upload(Bytes size) {
    const PartnerLine partner(transport, network, options.seed, 3);
    const UploadLine line(partner, network, options.seed, 3, size);
    Authorizer authorizer(transport, credentials);
    int uploaded = 0;
    int ended = 0;
    const auto client = make_client();
    const auto upload = client->upload({line.top(), authorizer, *client}, 3, size, transport.now(),
                                       {[&] { ++uploaded; }, [&] { ++ended; }, {}});
    upload->start();
    transport.run();
    EXPECT_EQ(uploaded, 1);
    EXPECT_EQ(ended, 1);
    UploadResult result = upload->result();
    result.cuts = line.cuts();
    return result;
  }
  [[nodiscard]] virtual std::unique_ptr<Client> make_client() const {
    return std::make_unique<TusClient>(options);
  }
  std::string expected_bytes(Bytes size) const {
    std::string bytes(size.value, '\0');
    const Payload payload(options.payload, options.seed, 3, size);
    for (std::size_t at = 0; at < bytes.size();) {
      at += payload.read(Bytes{at}, std::as_writable_bytes(std::span(bytes)).subspan(at));
    }
    return bytes;
  }
  /// Answers the n-th request (from 0) of `method` with `outcome`.
  void on(const std::string& method, std::vector<std::optional<LoadOutcome>> outcomes) {
    auto& list = scripted_[method];
    list = std::move(outcomes);
    server.interfere = [this](const LoadRequest& request) -> std::optional<LoadOutcome> {
      auto& left = scripted_[request.method];
      if (left.empty()) return std::nullopt;
      auto first = std::move(left.front());
      left.erase(left.begin());
      return first;
    };
  }

  FakeTus server;
  FakeTransport transport{[this](const LoadRequest& r) { return server(r); }};
  UploadOptions options;
  Network network;
  Credentials credentials;

 private:
  std::map<std::string, std::vector<std::optional<LoadOutcome>>> scripted_;
};

TEST_F(UploadTest, CreatesAndSendsEverything) {
  const auto result = upload(Bytes{10'000});
  EXPECT_EQ(result.state, UploadState::uploaded);
  EXPECT_THAT(transport.log, ElementsAre("POST " + files, "PATCH " + files + "/1"));
  EXPECT_EQ(server.uploads["1"].bytes, expected_bytes(Bytes{10'000}));
  EXPECT_EQ(result.acknowledged, Bytes{10'000});
  EXPECT_EQ(result.sent, Bytes{10'000});
  const auto metadata =
      tus::parse_metadata(server.uploads["1"].metadata, tus::MetadataStrictness::strict);
  ASSERT_TRUE(metadata);
  EXPECT_EQ(metadata->find("data_stream_id"), "dextesting");
  EXPECT_EQ(metadata->find("received_filename"), "dex-loadgen-r1-00000003.bin");
  EXPECT_EQ(metadata->find("dex_loadgen_run"), "r1");
}

TEST_F(UploadTest, BeginsOnAConnectionOfItsOwnUnlessTheyAreKept) {
  for (const auto connections : {Connections::own, Connections::kept}) {
    transport.requests.clear();
    options.connections = connections;
    upload(Bytes{10});
    ASSERT_EQ(transport.requests.size(), 2U);
    EXPECT_EQ(transport.requests[0].fresh_connection, connections == Connections::own);
    EXPECT_FALSE(transport.requests[1].fresh_connection);
  }
}

TEST_F(UploadTest, SendsChunks) {
  options.chunk = Bytes{4000};
  const auto result = upload(Bytes{10'000});
  EXPECT_EQ(result.state, UploadState::uploaded);
  EXPECT_EQ(transport.log.size(), 4U);
  EXPECT_EQ(server.uploads["1"].bytes, expected_bytes(Bytes{10'000}));
}

TEST_F(UploadTest, AnEmptyFileNeedsNoPatch) {
  EXPECT_EQ(upload(Bytes{0}).state, UploadState::uploaded);
  EXPECT_THAT(transport.log, ElementsAre("POST " + files));
}

TEST_F(UploadTest, ResumesWhereHeadSays) {
  network.cut_probability = 0.9;
  server.eaten = 700;
  const auto result = upload(Bytes{200'000});
  EXPECT_EQ(result.state, UploadState::uploaded);
  EXPECT_GT(result.cuts.size(), 0U);
  EXPECT_EQ(result.resumes, result.cuts.size());
  EXPECT_EQ(result.resume_times.size(), result.cuts.size());
  Stats stats;
  stats.add(result);
  EXPECT_GT(server.ate, 0U);
  EXPECT_EQ(stats.waste(), Bytes{server.ate});
  EXPECT_EQ(server.uploads["1"].bytes, expected_bytes(Bytes{200'000}));
}

TEST_F(UploadTest, MeetsExactlyThePlannedCutsWhateverTheServerKept) {
  network.cut_probability = 0.8;
  std::vector<PlannedCut> first;
  for (const std::uint64_t eaten : {0ULL, 500ULL, 100'000ULL}) {
    server = FakeTus{};
    server.eaten = eaten;
    options.chunk = eaten == 500 ? Bytes{30'000} : Bytes{};
    const auto result = upload(Bytes{300'000});
    ASSERT_EQ(result.state, UploadState::uploaded) << eaten;
    if (first.empty()) first = result.cuts;
    EXPECT_THAT(result.cuts, ElementsAreArray(first)) << eaten;
  }
  EXPECT_GT(first.size(), 0U);
}

TEST_F(UploadTest, HasADigestOfWhatItSentWhateverCameBetween) {
  network.cut_probability = 0.8;
  const Bytes size{300'000};
  for (const auto algorithm : {DigestAlgorithm::xxh128, DigestAlgorithm::sha256}) {
    const auto whole = Payload(options.payload, options.seed, 3, size).digest(algorithm);
    options.digest = algorithm;
    for (const std::uint64_t chunk : {0U, 1000U, 30'000U, 299'999U}) {
      for (const std::uint64_t eaten : {0U, 500U, 100'000U}) {
        server = FakeTus{};
        server.eaten = eaten;
        options.chunk = Bytes{chunk};
        const auto result = upload(size);
        ASSERT_EQ(result.state, UploadState::uploaded);
        EXPECT_GT(result.cuts.size(), 0U);
        EXPECT_EQ(result.digest, whole) << chunk << " " << eaten;
      }
    }
  }
}

TEST_F(UploadTest, NeverSendsBytesOfTwoVersionsOfAFile) {
  const testkit::TempFolder folder;
  const auto file = folder.write("Jane Doe", std::string(3000, 'a'));
  options.payload = *own_content(file);
  options.chunk = Bytes{1000};
  ASSERT_EQ(upload(Bytes{3000}).state, UploadState::uploaded);
  EXPECT_EQ(server.uploads.rbegin()->second.bytes, std::string(3000, 'a'));
  server.interfere = [&](const LoadRequest& r) -> std::optional<LoadOutcome> {
    if (FakeTus::field(r, "Upload-Offset") == "1000") folder.write("Jane Doe", "b");
    return std::nullopt;
  };
  const auto result = upload(Bytes{3000});
  EXPECT_EQ(result.state, UploadState::failed);
  EXPECT_EQ(result.cause, (Cause{"a file of --file changed while the run went on", ""}));
  EXPECT_EQ(server.uploads.rbegin()->second.bytes, std::string(1000, 'a'));
  EXPECT_EQ(result.retries, 0U) << "there is nothing that could help";
}

TEST_F(UploadTest, HasADigestAlsoWhereItBeganAgain) {
  options.digest = DigestAlgorithm::xxh128;
  options.chunk = Bytes{15'000};
  const Bytes size{40'000};
  on("PATCH", {std::nullopt, std::nullopt, broken()});
  on("HEAD", {answer(404)});
  const auto result = upload(size);
  EXPECT_EQ(result.new_uploads, 1U);
  EXPECT_EQ(result.digest,
            Payload(options.payload, options.seed, 3, size).digest(DigestAlgorithm::xxh128));
}

TEST_F(UploadTest, HasNoDigestOfWhatItDidNotSend) {
  options.digest = DigestAlgorithm::xxh128;
  options.chunk = Bytes{15'000};
  EXPECT_EQ(upload(Bytes{10'000}).digest, "") << "so small a file is made again";
  on("PATCH", {answer(204, {{"Upload-Offset", "15000"}})});
  server.interfere = [this, inner = server.interfere](const LoadRequest& r) {
    auto outcome = inner(r);
    if (outcome) server.uploads.rbegin()->second.bytes.resize(15'000);
    return outcome;
  };
  const auto result = upload(Bytes{40'000});
  EXPECT_EQ(result.state, UploadState::uploaded);
  EXPECT_EQ(result.digest, "");
  options.digest.reset();
  EXPECT_EQ(upload(Bytes{40'000}).digest, "");
}

TEST_F(UploadTest, OfALostAnswerNothingIsSentAgain) {
  network.cut_probability = 0.9;
  network.lost_answer_share = 1;
  const auto result = upload(Bytes{200'000});
  EXPECT_EQ(result.state, UploadState::uploaded);
  EXPECT_EQ(result.cuts.size(), 1U);
  EXPECT_THAT(transport.log,
              ElementsAre("POST " + files, "PATCH " + files + "/1", "HEAD " + files + "/1"));
  EXPECT_EQ(server.uploads["1"].bytes, expected_bytes(Bytes{200'000}));
}

TEST_F(UploadTest, AnUploadWhoseCreationWasNotHeardOfIsCreatedOnceMore) {
  network.question_cut_probability = 0.9;
  network.lost_answer_share = 1;
  for (options.seed = 1;; ++options.seed) {
    // Some of the creations are lost, but not so many that the client gives up.
    ASSERT_LT(options.seed, 1000U);
    server = FakeTus{};
    transport.log.clear();
    const auto result = upload(Bytes{100});
    if (result.state != UploadState::uploaded || server.uploads.size() < 2) continue;
    EXPECT_EQ(result.cuts.size(), server.uploads.size() - 1);
    EXPECT_EQ(server.uploads.at(std::to_string(server.uploads.size())).bytes,
              expected_bytes(Bytes{100}));
    break;
  }
}

TEST_F(UploadTest, AProcessThatBeginsAnewKnowsItsUrlAndHasAllItsRetries) {
  network.cut_probability = 0.95;
  network.restart_share = 1;
  network.restart_time = milliseconds{60'000};
  server.eaten = 1U << 20U;  // no progress: the delays would be used up
  options.retry_delays = {milliseconds{0}};
  std::size_t most = 0;
  for (options.seed = 1; options.seed < 40; ++options.seed) {
    server = FakeTus{};
    server.eaten = 1U << 20U;
    const auto result = upload(Bytes{200'000});
    EXPECT_EQ(result.state, UploadState::uploaded);
    EXPECT_EQ(server.uploads.size(), 1U);
    EXPECT_EQ(server.uploads["1"].bytes, expected_bytes(Bytes{200'000}));
    most = std::max(most, result.cuts.size());
  }
  EXPECT_GE(most, 3U);
}

TEST_F(UploadTest, EveryWayToLoseAConnectionRepeats) {
  network = *load_network("airplane");
  network.portal.reset();
  network.outages.reset();
  network.cut_probability = 0.5;
  network.zombie_share = 0.3;
  network.question_cut_probability = 0.2;
  std::size_t cuts = 0;
  for (options.seed = 1; options.seed < 30; ++options.seed) {
    std::vector<PlannedCut> first;
    for (const std::uint64_t eaten : {0ULL, 20'000ULL}) {
      server = FakeTus{};
      server.eaten = eaten;
      transport.round_trip = milliseconds{eaten == 0 ? 1 : 300};
      const auto result = upload(Bytes{300'000});
      if (result.state != UploadState::uploaded) continue;
      if (eaten == 0) first = result.cuts;
      EXPECT_THAT(result.cuts, ElementsAreArray(first)) << options.seed;
      cuts += result.cuts.size();
    }
  }
  EXPECT_GT(cuts, 30U);
}

TEST_F(UploadTest, GivesUpAfterTheLastDelay) {
  on("PATCH", std::vector<std::optional<LoadOutcome>>(5, answer(500, {}, "disk on fire")));
  const auto result = upload(Bytes{10});
  EXPECT_EQ(result.state, UploadState::failed);
  EXPECT_EQ(result.cause->what, "PATCH: 500");
  EXPECT_EQ(result.cause->detail, "disk on fire");
  EXPECT_EQ(result.retries, 4U);
  EXPECT_THAT(transport.delays, ElementsAre(milliseconds{0}, milliseconds{1000}, milliseconds{3000},
                                            milliseconds{5000}));
}

TEST_F(UploadTest, ProgressStartsTheDelaysAnew) {
  options.chunk = Bytes{4};
  on("PATCH", {broken(), broken(), std::nullopt, broken(), broken()});
  const auto result = upload(Bytes{10});
  EXPECT_EQ(result.state, UploadState::uploaded);
  EXPECT_THAT(transport.delays, ElementsAre(milliseconds{0}, milliseconds{1000}, milliseconds{0},
                                            milliseconds{1000}));
}

TEST_F(UploadTest, SurvivesAServerThatIsAwayForThreeSeconds) {
  const auto back = transport.now() + milliseconds{3000};
  server.interfere = [&](const LoadRequest&) -> std::optional<LoadOutcome> {
    if (transport.now() < back) return broken(Failure::Kind::connect);
    return std::nullopt;
  };
  EXPECT_EQ(upload(Bytes{10}).state, UploadState::uploaded);
}

struct StatusCase {
  int status;
  bool tried_again;
};
class PatchStatus : public UploadTest, public testing::WithParamInterface<StatusCase> {};
TEST_P(PatchStatus, IsTriedAgainOrFinal) {
  on("PATCH", {answer(GetParam().status)});
  const auto result = upload(Bytes{10});
  EXPECT_EQ(result.state, GetParam().tried_again ? UploadState::uploaded : UploadState::failed);
  if (GetParam().tried_again) {
    EXPECT_EQ(transport.log[2], "HEAD " + files + "/1");
  }
}
INSTANTIATE_TEST_SUITE_P(All, PatchStatus,
                         testing::Values(StatusCase{400, false}, StatusCase{401, false},
                                         StatusCase{403, false}, StatusCase{404, false},
                                         StatusCase{409, true}, StatusCase{410, false},
                                         StatusCase{412, false}, StatusCase{413, false},
                                         StatusCase{423, true}, StatusCase{429, true},
                                         StatusCase{460, false}, StatusCase{500, true},
                                         StatusCase{503, true}),
                         [](const auto& c) { return std::to_string(c.param.status); });

class HeadStatus : public UploadTest, public testing::WithParamInterface<StatusCase> {};
TEST_P(HeadStatus, IsTriedAgainOrMakesANewUpload) {
  on("PATCH", {broken()});
  on("HEAD", {answer(GetParam().status)});
  const auto result = upload(Bytes{10});
  EXPECT_EQ(result.state, UploadState::uploaded);
  EXPECT_EQ(result.new_uploads, GetParam().tried_again ? 0U : 1U);
  EXPECT_EQ(server.uploads.size(), GetParam().tried_again ? 1U : 2U);
}
INSTANTIATE_TEST_SUITE_P(All, HeadStatus,
                         testing::Values(StatusCase{403, false}, StatusCase{404, false},
                                         StatusCase{410, false}, StatusCase{423, true},
                                         StatusCase{429, true}, StatusCase{500, true}),
                         [](const auto& c) { return std::to_string(c.param.status); });

TEST_F(UploadTest, WaitsAsLongAsRetryAfterSays) {
  on("PATCH", {answer(429, {{"Retry-After", "7"}}), answer(503, {{"Retry-After", "2"}})});
  EXPECT_EQ(upload(Bytes{10}).state, UploadState::uploaded);
  EXPECT_THAT(transport.delays, ElementsAre(milliseconds{7000}, milliseconds{2000}));
}

TEST_F(UploadTest, AServerThatNeverLetsItInIsLeftInTheEnd) {
  server.interfere = [](const LoadRequest&) { return answer(429); };
  EXPECT_EQ(upload(Bytes{10}).state, UploadState::failed);
}

TEST_F(UploadTest, AServerThatForgetsEveryUploadIsLeftInTheEnd) {
  // It lets each of them advance, so that the retry delays start anew every time.
  options.chunk = Bytes{4};
  server.interfere = [](const LoadRequest& r) -> std::optional<LoadOutcome> {
    if (r.method == "PATCH" && r.headers.find("Upload-Offset") != "0") return broken();
    if (r.method == "HEAD") return answer(404);
    return std::nullopt;
  };
  const auto result = upload(Bytes{10});
  EXPECT_EQ(result.state, UploadState::failed);
  EXPECT_EQ(result.cause->what, "HEAD: 404");
  EXPECT_EQ(result.new_uploads, 10U);
  EXPECT_EQ(result.rolled_back, Bytes{40});
}

TEST_F(UploadTest, ARollBackIsCounted) {
  options.chunk = Bytes{6};
  on("PATCH", {std::nullopt, broken()});
  on("HEAD", {answer(200, {{"Upload-Offset", "2"}})});
  server.interfere = [this, inner = server.interfere](const LoadRequest& r) {
    auto outcome = inner(r);
    if (r.method == "HEAD") server.uploads["1"].bytes.resize(2);
    return outcome;
  };
  const auto result = upload(Bytes{10});
  EXPECT_EQ(result.state, UploadState::uploaded);
  EXPECT_EQ(result.rolled_back, Bytes{4});
  EXPECT_EQ(server.uploads["1"].bytes, expected_bytes(Bytes{10}));
}

TEST_F(UploadTest, AnAcknowledgementThatWasLostIsFoundByHead) {
  server.interfere = [this](const LoadRequest& r) -> std::optional<LoadOutcome> {
    if (r.method != "PATCH") return std::nullopt;
    server.serve(r);
    return broken();
  };
  const auto result = upload(Bytes{10});
  EXPECT_EQ(result.state, UploadState::uploaded);
  EXPECT_EQ(result.resumes, 0U);
}

TEST_F(UploadTest, WhatIsAcknowledgedWithoutHavingBeenSentIsCounted) {
  options.chunk = Bytes{4};
  on("PATCH", {answer(204, {{"Upload-Offset", "10"}})});
  auto result = upload(Bytes{10});
  EXPECT_EQ(result.state, UploadState::uploaded);
  EXPECT_EQ(result.never_sent, Bytes{10}) << "the answer came before any byte was taken";
  on("PATCH", {broken()});
  on("HEAD", {answer(200, {{"Upload-Offset", "7"}}), std::nullopt});
  result = upload(Bytes{10});
  EXPECT_EQ(result.never_sent, Bytes{7});
  EXPECT_EQ(upload(Bytes{10}).never_sent, Bytes{0});
}

// Bytes that a server had invented, of an upload that was gone or taken back, used to be subtracted
// from what arrived.
TEST_F(UploadTest, WhatWasInventedOnceIsNoWasteLater) {
  for (const int head : {404, 200}) {
    options.chunk = Bytes{4};
    on("PATCH", {answer(204, {{"Upload-Offset", "6"}}), broken()});
    on("HEAD", {answer(head, {{"Upload-Offset", "3"}})});
    server.interfere = [this, inner = server.interfere](const LoadRequest& r) {
      if (r.method == "HEAD") server.uploads.rbegin()->second.bytes = "123";
      return inner(r);
    };
    const auto result = upload(Bytes{10});
    EXPECT_EQ(result.state, UploadState::uploaded) << head;
    EXPECT_EQ(result.never_sent, Bytes{6}) << head;
    EXPECT_EQ(result.sent, Bytes{head == 404 ? 10U : 7U});
    Stats stats;
    stats.add(result);
    EXPECT_EQ(stats.waste(), Bytes{0}) << head;
  }
}

class CreationStatus : public UploadTest, public testing::WithParamInterface<int> {};
TEST_P(CreationStatus, OfTheKindOfSuccessMakesAnUpload) {
  server.interfere = [](const LoadRequest& r) -> std::optional<LoadOutcome> {
    if (r.method != "POST") return std::nullopt;
    return answer(GetParam(), {{"Location", "/files/1"}});
  };
  server.uploads["1"].length = 10;
  EXPECT_EQ(upload(Bytes{10}).state, UploadState::uploaded);
}
INSTANTIATE_TEST_SUITE_P(All, CreationStatus, testing::Values(200, 201, 202, 204));

TEST_F(UploadTest, AnOffsetThatDoesNotMoveIsNoProgress) {
  for (const char* offset : {"0", "11", "x", "-1"}) {
    transport.log.clear();
    on("PATCH",
       std::vector<std::optional<LoadOutcome>>(5, answer(204, {{"Upload-Offset", offset}})));
    const auto result = upload(Bytes{10});
    EXPECT_EQ(result.state, UploadState::failed) << offset;
    EXPECT_EQ(result.cause->what, "PATCH: no progress in Upload-Offset");
  }
}

TEST_F(UploadTest, ALocationElsewhereIsNotFollowed) {
  on("POST", {answer(201, {{"Location", "http://192.0.2.1/files/1"}}), answer(201)});
  EXPECT_EQ(upload(Bytes{10}).cause->what, "POST: Location leads to another host or port");
  EXPECT_EQ(upload(Bytes{10}).cause->what, "POST: 201 without Location");
}

TEST_F(UploadTest, ATrustedOriginIsFollowedAndNoOther) {
  options.trusted.add("http://192.0.2.1/anything");
  for (const char* stranger : {"https://192.0.2.1/files/1", "http://192.0.2.1:81/files/1",
                               "https://127.0.0.1:1/files/1"}) {
    on("POST", {answer(201, {{"Location", stranger}})});
    const auto result = upload(Bytes{10});
    EXPECT_EQ(result.state, UploadState::failed) << stranger;
    EXPECT_THAT(result.cause->detail, testing::HasSubstr("--trust-origin http")) << stranger;
  }
  on("POST", {answer(201, {{"Location", "http://192.0.2.1:80/files/1"}})});
  EXPECT_NE(upload(Bytes{0}).state, UploadState::failed);
}

TEST_F(UploadTest, LogsInAndLogsInAgainAfter401) {
  credentials = {"", "http://127.0.0.1:1/oauth", "demo", "secret"};
  int grants = 0;
  server.interfere = [&](const LoadRequest& r) -> std::optional<LoadOutcome> {
    if (r.url == credentials.oauth_url) {
      EXPECT_THAT(r.body, testing::HasSubstr("username=demo"));
      ++grants;
      return answer(200, {},
                    R"({"access_token":"t)" + std::to_string(grants) +
                        R"(","token_type":"Bearer","expires_in":3600})");
    }
    const auto token = r.headers.find("Authorization");
    if (r.method == "PATCH" && token != "Bearer t2") return answer(401);
    EXPECT_TRUE(token);
    return std::nullopt;
  };
  EXPECT_EQ(upload(Bytes{10}).state, UploadState::uploaded);
  EXPECT_EQ(grants, 2);
}

TEST_F(UploadTest, RefreshesATokenBeforeItExpires) {
  credentials = {"", "http://127.0.0.1:1/oauth", "demo", "secret"};
  options.chunk = Bytes{1};
  transport.round_trip = milliseconds{4000};
  int refreshed = 0;
  server.interfere = [&](const LoadRequest& r) -> std::optional<LoadOutcome> {
    if (r.url.find("/oauth") == std::string::npos) return std::nullopt;
    if (r.url.ends_with("/refresh")) {
      ++refreshed;
      EXPECT_THAT(r.body, testing::HasSubstr("refresh_token=again"));
    }
    return answer(200, {},
                  R"({"access_token":"t","token_type":"Bearer","expires_in":10,)"
                  R"("refresh_token":"again"})");
  };
  EXPECT_EQ(upload(Bytes{6}).state, UploadState::uploaded);
  EXPECT_GE(refreshed, 2);
}

TEST_F(UploadTest, RefusedCredentialsAreNotTriedAgain) {
  credentials = {"", "http://127.0.0.1:1/oauth", "demo", "wrong"};
  server.interfere = [&](const LoadRequest&) {
    return answer(400, {}, R"({"error":"invalid_grant","error_description":"no"})");
  };
  const auto result = upload(Bytes{10});
  EXPECT_EQ(result.state, UploadState::failed);
  EXPECT_THAT(result.cause->detail, testing::HasSubstr("invalid_grant"));
  EXPECT_EQ(transport.log.size(), 1U);
}

class DexUploadTest : public UploadTest {
 protected:
  [[nodiscard]] std::unique_ptr<Client> make_client() const override {
    return std::make_unique<DexClient>(options, deliveries);
  }
  static LoadOutcome info(const std::string& status, const std::string& deliveries) {
    return answer(
        200, {},
        R"({"manifest":{},"file_info":{"size_bytes":10,"updated_at":"2024-01-01T00:00:00Z"},)"
        R"("upload_status":{"status":")" +
            status + R"(","chunk_received_at":"2024-01-01T00:00:00Z"},"deliveries":)" + deliveries +
            "}");
  }
  static std::string delivery(const std::string& status, const std::string& name) {
    return R"({"status":")" + status + R"(","name":")" + name +
           R"(","location":"x","delivered_at":"2024-01-01T00:00:00Z","issues":null})";
  }

  DeliveryOptions deliveries;
};

TEST_F(DexUploadTest, FollowsInfoToEveryDelivery) {
  on("GET", {answer(404), info("In Progress", "null"), info("Complete", "null"),
             info("Complete", "[" + delivery("FAILURE", "edav") + "]"),
             info("Complete",
                  "[" + delivery("FAILURE", "edav") + "," + delivery("SUCCESS", "edav") + "]")});
  const auto result = upload(Bytes{10});
  EXPECT_EQ(result.state, UploadState::uploaded);
  EXPECT_TRUE(result.delivered);
  EXPECT_GT(*result.delivered, *result.uploaded);
  EXPECT_EQ(transport.log.back(), "GET http://127.0.0.1:1/info/1");
}

TEST_F(DexUploadTest, WaitsForTheTargetsItWasToldOf) {
  deliveries.targets = {"edav", "routing"};
  on("GET", {info("Complete", "[" + delivery("SUCCESS", "edav") + "]"),
             info("Complete",
                  "[" + delivery("SUCCESS", "edav") + "," + delivery("SUCCESS", "routing") + "]")});
  EXPECT_EQ(upload(Bytes{10}).state, UploadState::uploaded);
}

TEST_F(DexUploadTest, AsksAgainForADeliveryThatTheServerHasGivenUp) {
  deliveries.targets = {"edav", "routing"};
  deliveries.redeliver = 2;
  const std::string failed = delivery("FAILURE", "edav");
  const std::string good = delivery("SUCCESS", "routing");
  std::vector<std::string> routed;
  std::string more;
  server.interfere = [&](const LoadRequest& r) -> std::optional<LoadOutcome> {
    if (r.method == "GET") {
      // The server itself tries twice.
      const std::string own = transport.delays.size() > 2 ? "," + failed : "";
      return info("Complete", "[" + good + "," + failed + own + more + "]");
    }
    if (r.url.find("/route/") == std::string::npos) return std::nullopt;
    routed.push_back(r.method + " " + r.url + " " + r.body);
    more += "," + (routed.size() == 1 ? failed : delivery("SUCCESS", "edav"));
    return answer(200, {}, "1");
  };
  const auto result = upload(Bytes{10});
  EXPECT_EQ(result.state, UploadState::uploaded);
  EXPECT_EQ(result.redeliveries, 2U);
  EXPECT_THAT(routed, testing::Each("POST http://127.0.0.1:1/route/1 {\"target\":\"edav\"}"));
  EXPECT_GE(*result.delivered - *result.uploaded, milliseconds{2000}) << "it waits for the server";
}

TEST_F(DexUploadTest, AsksNoOftenerThanItWasToldTo) {
  for (const unsigned times : {0U, 3U}) {
    for (const int status : {200, 400}) {
      deliveries.redeliver = times;
      std::string attempts = delivery("FAILURE", "edav");
      unsigned asked = 0;
      server.interfere = [&](const LoadRequest& r) -> std::optional<LoadOutcome> {
        if (r.method == "GET") return info("Complete", "[" + attempts + "]");
        if (r.url.find("/route/") == std::string::npos) return std::nullopt;
        ++asked;
        attempts += "," + delivery("FAILURE", "edav");
        return answer(status);
      };
      const auto result = upload(Bytes{10});
      EXPECT_EQ(result.state, UploadState::lost);
      EXPECT_EQ(result.cause->what, "/info: delivery FAILURE");
      EXPECT_EQ(asked, times);
    }
  }
}

// A delivery that was asked for may come beside those that the server makes by itself.
TEST_F(DexUploadTest, WhatWasAskedForIsNoSecondDelivery) {
  const auto twice = dex::parse_info(
      info("Complete", "[" + delivery("SUCCESS", "edav") + "," + delivery("SUCCESS", "edav") + "]")
          .response->body);
  ASSERT_TRUE(twice) << twice.error().line();
  EXPECT_TRUE(told_otherwise_of(*twice, {}, 0));
  EXPECT_FALSE(told_otherwise_of(*twice, {}, 1));
}

TEST_F(DexUploadTest, CompleteIsEnoughWhereNothingIsDelivered) {
  deliveries.targets = {"none"};
  on("GET", {info("In Progress", "null"), info("Complete", "null")});
  EXPECT_EQ(upload(Bytes{10}).state, UploadState::uploaded);
  EXPECT_EQ(transport.log.size(), 4U);
}

TEST_F(DexUploadTest, WhatIsNotDeliveredInTimeIsLostOnlyWhereThatWasSeen) {
  struct Case {
    LoadOutcome answer;
    const char* cause;
    UploadState state = UploadState::lost;
  };
  for (const auto& [reply, cause, state] :
       {Case{info("In Progress", "null"), "/info: not Complete"},
        Case{info("Complete", "null"), "/info: not delivered"},
        Case{info("Complete", "[" + delivery("FAILURE", "edav") + "]"), "/info: delivery FAILURE"},
        Case{answer(404), "/info: 404", UploadState::unverified},
        Case{answer(410), "/info: 410", UploadState::unverified},
        Case{answer(200, {}, "{}"), "/info: not an info document", UploadState::unverified},
        Case{answer(401), "/info: 401", UploadState::unverified},
        Case{answer(503), "/info: 503", UploadState::unverified},
        Case{broken(Failure::Kind::connect), "/info: cannot connect", UploadState::unverified},
        Case{broken(Failure::Kind::own), "/info: limit of this machine",
             UploadState::unverified}}) {
    server.interfere = [&, r = reply](const LoadRequest& request) -> std::optional<LoadOutcome> {
      if (request.method == "GET") return r;
      return std::nullopt;
    };
    const auto result = upload(Bytes{10});
    EXPECT_EQ(result.state, state) << cause;
    EXPECT_EQ(result.cause->what, cause);
  }
}

TEST_F(UploadTest, ARoundTripIsAddedBeforeEachRequest) {
  network.round_trip = milliseconds{300};
  const auto begin = transport.now();
  const auto result = upload(Bytes{10});
  EXPECT_EQ(*result.uploaded - begin, milliseconds{602});
}

// A server that takes back what it acknowledged, again and again, kept a client for ever.
TEST_F(UploadTest, AServerThatTakesBackCannotKeepAClientForEver) {
  options.chunk = Bytes{10};
  std::uint64_t heads = 0;
  std::uint64_t patches = 0;
  server.interfere = [&](const LoadRequest& request) -> std::optional<LoadOutcome> {
    if (request.method == "POST") return std::nullopt;
    // Forward to 20, to be refused there, and back to 0.
    if (request.method == "HEAD") {
      if (++heads > 1000) return answer(410);
      return answer(200, {{"Upload-Offset", "0"}, {"Upload-Length", "100"}});
    }
    if (++patches % 3 == 0) return answer(500);
    return answer(204, {{"Upload-Offset", std::to_string(patches % 3 * 10)}});
  };
  EXPECT_EQ(upload(Bytes{100}).state, UploadState::failed);
  EXPECT_LT(heads, 20U);
}

TEST_F(UploadTest, AServerThatAlwaysSaysLaterCannotEither) {
  std::uint64_t patches = 0;
  server.interfere = [&](const LoadRequest& request) -> std::optional<LoadOutcome> {
    if (request.method != "PATCH") return std::nullopt;
    return answer(++patches > 1000 ? 400 : 429);
  };
  EXPECT_EQ(upload(Bytes{100}).state, UploadState::failed);
  EXPECT_LT(patches, 50U);
}

TEST_F(UploadTest, AnInterruptionCountsWhatIsUnderWay) {
  Authorizer authorizer(transport, credentials);
  const TusClient client(options);
  const auto one =
      client.upload({transport, authorizer, client}, 3, Bytes{100}, transport.now(), {});
  server.interfere = [&](const LoadRequest& request) -> std::optional<LoadOutcome> {
    if (request.method != "PATCH") return std::nullopt;
    std::array<std::byte, 40> buffer{};
    request.source(Bytes{0}, buffer);
    const UploadResult now = one->interrupted();
    EXPECT_EQ(now.sent, Bytes{40});
    EXPECT_EQ(now.state, UploadState::interrupted);
    return answer(400);
  };
  one->start();
  transport.run();
  EXPECT_EQ(one->result().sent, Bytes{0}) << "the transport tells what was sent";
}

}  // namespace
}  // namespace loadgen
