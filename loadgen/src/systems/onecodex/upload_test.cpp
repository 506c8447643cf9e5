#include "systems/onecodex/upload.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "link/cut.hpp"
#include "link/line.hpp"
#include "protocol/s3/signature.hpp"
#include "systems/onecodex/fake_onecodex.hpp"
#include "systems/onecodex/multipart_upload.hpp"

namespace loadgen {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

const std::string api = FakeOneCodex::api;
const std::string init = "POST " + api + "samples/init_upload";
const std::string confirm = "POST " + api + "samples/confirm_upload";
const std::string cancel = "POST " + api + "samples/cancel_upload";
const std::string post = "POST http://127.0.0.1:1/bucket";
const std::string basic = "Basic dGhlLWtleTo=";  // "the-key:"
constexpr std::uint64_t mib = 1U << 20U;

class OneCodexTest : public testing::Test {
 protected:
  OneCodexTest() {
    options.create_url = "http://127.0.0.1:1";
    options.run_id = "r1";
    network.name = "perfect";
  }

  UploadResult upload(Bytes size) {
    const Line line(transport, network);
    CutLink link(line.top(), CutPlan(network, options.seed, 3, size));
    Authorizer authorizer(transport, {"the-key", "", "", ""});
    const OneCodexClient client(options, own);
    int uploaded = 0;
    int ended = 0;
    Bytes acknowledged;
    const auto upload =
        client.upload({link, authorizer, client}, 3, size, transport.now(),
                      {[&] { ++uploaded; }, [&] { ++ended; }, [&](Bytes b) { acknowledged += b; }});
    upload->start();
    transport.run();
    EXPECT_EQ(uploaded, 1);
    EXPECT_EQ(ended, 1);
    EXPECT_GE(acknowledged, upload->result().acknowledged);
    UploadResult result = upload->result();
    result.cuts = link.happened();
    return result;
  }
  /// Bytes of the upload, from `from` on.
  [[nodiscard]] std::string bytes(Bytes size, std::uint64_t from, std::uint64_t length) const {
    std::string bytes(length, '\0');
    const Payload payload(options.payload, options.seed, 3, size);
    for (std::size_t at = 0; at < length;) {
      at += payload.read(Bytes{from + at}, std::as_writable_bytes(std::span(bytes)).subspan(at));
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
  /// Each answer ends an upload, at once.
  void expect_failures(const std::vector<std::pair<std::string, LoadOutcome>>& cases) {
    for (const auto& [what, outcome] : cases) {
      scripted_.clear();
      server = FakeOneCodex{};
      on(what, {outcome});
      const auto result = upload(Bytes{10});
      EXPECT_EQ(result.state, UploadState::failed) << what;
      EXPECT_EQ(result.retries, 0U) << what;
      EXPECT_THAT(result.cause->what + result.cause->detail, testing::Not(HasSubstr("secret")));
    }
  }

  FakeOneCodex server;
  FakeTransport transport{[this](const LoadRequest& r) { return server(r); }};
  UploadOptions options;
  OneCodexOptions own;
  Network network;

 private:
  std::map<std::string, std::vector<std::optional<LoadOutcome>>> scripted_;
};

std::string storage_says(const std::string& code) {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>" + code +
         "</Code><Message>Words.</Message><SignatureProvided>secret</SignatureProvided></Error>";
}

// ---- the form ----------------------------------------------------------------------------------

using FormUploadTest = OneCodexTest;

TEST_F(FormUploadTest, AsksForAFormPostsAndConfirms) {
  const auto result = upload(Bytes{10'000});
  EXPECT_EQ(result.state, UploadState::uploaded);
  EXPECT_THAT(transport.log, ElementsAre(init, post, confirm));
  EXPECT_EQ(server.begun.at(0).filename, "dex-loadgen-r1-00000003.bin");
  EXPECT_EQ(server.begun.at(0).size, 10'000U);
  EXPECT_THAT(server.forms.at(0), ElementsAre(Pair("key", "00000000000000a1/${filename}"),
                                              Pair("signature", "s00000000000000a1")));
  EXPECT_THAT(server.objects, ElementsAre(Pair("00000000000000a1/dex-loadgen-r1-00000003.bin",
                                               bytes(Bytes{10'000}, 0, 10'000))));
  EXPECT_EQ(result.sent, Bytes{10'000}) << "the form around the file is no file";
  EXPECT_EQ(result.acknowledged, Bytes{10'000});
  EXPECT_EQ(result.requests, 3U);
  EXPECT_TRUE(result.created);
  EXPECT_EQ(result.url, api + "samples/00000000000000a1");
}

TEST_F(FormUploadTest, AProcessThatEndedHasStoredNothingAndHasAllItsRetries) {
  options.retry_delays = {milliseconds{0}};
  on(post, {broken(), process_ended(), broken()});
  on(confirm, {process_ended()});
  const auto result = upload(Bytes{10});
  EXPECT_EQ(result.state, UploadState::uploaded);
  EXPECT_THAT(transport.log,
              ElementsAre(init, post, post, init, post, post, confirm, init, post, confirm));
  EXPECT_THAT(server.cancelled, testing::IsEmpty()) << "nobody knows of it any more";
  EXPECT_EQ(result.new_uploads, 4U);
  EXPECT_EQ(result.acknowledged, Bytes{10});
}

TEST_F(FormUploadTest, TheKeyGoesToTheApiOnly) {
  upload(Bytes{10});
  ASSERT_EQ(transport.requests.size(), 3U);
  EXPECT_EQ(transport.requests[0].headers.find("Authorization"), basic);
  EXPECT_FALSE(transport.requests[1].headers.find("Authorization"));
  EXPECT_EQ(transport.requests[2].headers.find("Authorization"), basic);
}

TEST_F(FormUploadTest, APairIsTwoFilesOfOneSample) {
  options.payload = PayloadKind::fastq_gz_pair;
  const auto result = upload(Bytes{20'003});
  EXPECT_EQ(result.state, UploadState::uploaded);
  EXPECT_THAT(transport.log, ElementsAre(init, post, post, confirm));
  EXPECT_EQ(server.begun.at(0).filename, "dex-loadgen-r1-00000003_R1.fastq.gz");
  EXPECT_EQ(server.begun.at(0).paired_end_filename, "dex-loadgen-r1-00000003_R2.fastq.gz");
  EXPECT_EQ(server.begun.at(0).size, 10'000U);
  EXPECT_THAT(server.objects,
              ElementsAre(Pair("00000000000000a1/dex-loadgen-r1-00000003_R1.fastq.gz",
                               bytes(Bytes{20'003}, 0, 10'000)),
                          Pair("00000000000000a1p/dex-loadgen-r1-00000003_R2.fastq.gz",
                               bytes(Bytes{20'003}, 10'000, 10'003))));
  EXPECT_EQ(result.acknowledged, Bytes{20'003});
}

TEST_F(FormUploadTest, WhatIsCutIsSentAgainFromItsFirstByteWithTheSameForm) {
  network.cut_probability = 0.6;
  for (options.seed = 1; server.begun.empty() || transport.log.size() < 4; ++options.seed) {
    transport.log.clear();
    server = FakeOneCodex{};
    const auto result = upload(Bytes{200'000});
    const auto cuts = result.cuts.size();
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
    EXPECT_EQ(server.objects.begin()->second, bytes(Bytes{200'000}, 0, 200'000));
  }
}

TEST_F(FormUploadTest, AFormThatIsRefusedIsReplacedAndItsSampleCancelled) {
  on(post, {broken(), answer(403, {}, storage_says("AccessDenied"))});
  const auto result = upload(Bytes{10});
  EXPECT_EQ(result.state, UploadState::uploaded);
  EXPECT_THAT(transport.log, ElementsAre(init, post, post, cancel, init, post, confirm));
  EXPECT_THAT(server.cancelled, ElementsAre(R"({"sample_id":"00000000000000a1"})"));
  EXPECT_EQ(result.new_uploads, 2U);
  EXPECT_THAT(result.url, testing::EndsWith("/00000000000000a2"));
}

TEST_F(FormUploadTest, GivesUpAfterTheLastDelayWithTheStoragesWords) {
  on(post, std::vector<std::optional<LoadOutcome>>(
               5, answer(403, {}, storage_says("SignatureDoesNotMatch"))));
  const auto result = upload(Bytes{10});
  EXPECT_EQ(result.state, UploadState::failed);
  EXPECT_EQ(result.cause->what, "POST: 403");
  EXPECT_EQ(result.cause->detail, "SignatureDoesNotMatch: Words.");
  EXPECT_THAT(transport.delays, ElementsAre(milliseconds{0}, milliseconds{1000}, milliseconds{3000},
                                            milliseconds{5000}));
}

TEST_F(FormUploadTest, TheStoragesTimeoutIsNoRefusal) {
  on(post, {answer(400, {}, storage_says("RequestTimeout")), answer(503)});
  EXPECT_EQ(upload(Bytes{10}).state, UploadState::uploaded);
  EXPECT_EQ(server.begun.size(), 1U);
}

TEST_F(FormUploadTest, WhatIsThereIsOnlyConfirmedAgain) {
  on(confirm, {broken(), answer(500)});
  const auto result = upload(Bytes{10});
  EXPECT_EQ(result.state, UploadState::uploaded);
  EXPECT_THAT(transport.log, ElementsAre(init, post, confirm, confirm, confirm));
  EXPECT_EQ(result.sent, Bytes{10});
}

TEST_F(FormUploadTest, WhatTheServerDoesNotFindIsLost) {
  on(post, {answer(201)});  // and stores nothing
  const auto result = upload(Bytes{10});
  EXPECT_EQ(result.state, UploadState::lost);
  EXPECT_EQ(result.cause->what, "confirm_upload: 400");
  EXPECT_THAT(result.cause->detail, HasSubstr("The file has not been uploaded"));
  EXPECT_EQ(result.rolled_back, Bytes{10});
  EXPECT_EQ(result.acknowledged, Bytes{0});
}

TEST_F(FormUploadTest, NothingButWhatIsAgreedOnIsASuccess) {
  const std::string form_json =
      R"({"sample_id":"a","upload_url":"http://127.0.0.1:1/b","additional_fields":{"s":"secret"}})";
  expect_failures({
      {init, answer(404, {}, "{}")},
      {init, answer(403, {}, form_json)},
      {init, answer(200, {}, "{}")},
      {init,
       answer(200, {}, R"({"sample_id":"a","upload_url":null,"additional_fields":"secret"})")},
      {post, answer(204)},
      {post, answer(404, {}, storage_says("NoSuchBucket"))},
      {confirm, answer(204)},
      {confirm, answer(200, {}, "{}")},
      {confirm,
       answer(
           200, {},
           R"({"success":false,"message":"no","sample":{"$ref":"/api/v1/samples/00000000000000a1"}})")},
      {confirm,
       answer(200, {}, R"({"success":true,"message":"","sample":{"$ref":"/api/v1/samples/b"}})")},
  });
}

TEST_F(FormUploadTest, AStorageElsewhereIsNotFollowedUnlessItIsTrusted) {
  server.storage = "http://192.0.2.1/bucket";
  auto result = upload(Bytes{10});
  EXPECT_EQ(result.state, UploadState::failed);
  EXPECT_EQ(result.cause->what, "init_upload: the upload_url leads to another host or port");
  EXPECT_THAT(result.cause->detail, HasSubstr("--trust-origin http://192.0.2.1"));
  options.trusted.add("http://192.0.2.1");
  EXPECT_EQ(upload(Bytes{10}).state, UploadState::uploaded);
}

// ---- S3 ----------------------------------------------------------------------------------------

class MultipartUploadTest : public OneCodexTest {
 protected:
  MultipartUploadTest() { own.flow = OneCodexOptions::Flow::multipart; }

  const std::string init = "POST " + api + "samples/init_multipart_upload";
  const std::string object = "http://127.0.0.1:1/bucket/00000000000000a1";
  const std::string put = "PUT " + object;
  const std::string create = "POST " + object + "?uploads";
  const std::string complete = "POST " + object + "?uploadId=upload%2B1";
  const std::string callback = "POST " + api + "upload_callback";
  [[nodiscard]] std::string part(int number) const {
    return put + "?partNumber=" + std::to_string(number) + "&uploadId=upload%2B1";
  }
};

TEST_F(MultipartUploadTest, ASmallFileIsPutAndToldBack) {
  const auto result = upload(Bytes{10'000});
  EXPECT_EQ(result.state, UploadState::uploaded);
  EXPECT_THAT(transport.log, ElementsAre(init, put, callback));
  EXPECT_EQ(server.objects["00000000000000a1"], bytes(Bytes{10'000}, 0, 10'000));
  EXPECT_EQ(server.told_back,
            (onecodex::Callback{"bucket", "00000000000000a1", "dex-loadgen-r1-00000003.bin"}));
  EXPECT_EQ(result.url, api + "samples/00000000000000a1");
  EXPECT_EQ(result.acknowledged, Bytes{10'000});
}

TEST_F(MultipartUploadTest, ALargeOneGoesInPartsAsTodaysClientMakesThem) {
  EXPECT_EQ(upload(Bytes{25 * mib}).state, UploadState::uploaded);
  EXPECT_THAT(transport.log,
              ElementsAre(init, create, part(1), part(2), part(3), complete, callback));
  EXPECT_EQ(transport.requests.at(3).source_size, Bytes{10 * mib});
  EXPECT_EQ(transport.requests.at(4).source_size, Bytes{5 * mib});
  EXPECT_EQ(server.objects["00000000000000a1"], bytes(Bytes{25 * mib}, 0, 25 * mib));
}

TEST_F(MultipartUploadTest, EachRequestToTheStorageIsSignedWithWhatWasHandedOut) {
  upload(Bytes{11 * mib});
  ASSERT_EQ(transport.requests.size(), 6U);
  for (std::size_t i = 0; i < transport.requests.size(); ++i) {
    const auto& request = transport.requests[i];
    if (i == 0 || i == 5) {
      EXPECT_EQ(request.headers.find("Authorization"), basic);
      continue;
    }
    http::Fields fields = request.headers;
    fields.set("Host", "127.0.0.1:1");
    const s3::Request sent{
        request.method,
        std::string_view(request.url).substr(std::string(FakeOneCodex::base).size()), fields};
    const auto signature = s3::find_signature(sent);
    ASSERT_TRUE(signature && *signature) << request.url;
    EXPECT_EQ(s3::access_key_of(**signature), "access");
    EXPECT_TRUE(s3::check(**signature, sent, "secret", std::chrono::system_clock::now()))
        << request.url;
    EXPECT_EQ(request.headers.find("x-amz-server-side-encryption").has_value(), i == 1);
  }
}

TEST_F(MultipartUploadTest, OfWhatIsCutOnlyThePartIsSentAgain) {
  network.cut_probability = 0.6;
  options.chunk = Bytes{5 * mib};
  const Bytes size{23 * mib};
  std::size_t seen = 0;
  for (options.seed = 1; seen < 3; ++options.seed) {
    server = FakeOneCodex{};
    const auto result = upload(size);
    if (result.cuts.empty() || result.state != UploadState::uploaded) continue;
    ++seen;
    std::uint64_t in_vain = 0;
    for (const auto& cut : result.cuts) in_vain += cut.at.value % options.chunk.value;
    EXPECT_EQ(result.sent, Bytes{size.value + in_vain}) << options.seed;
    EXPECT_EQ(result.resumes, result.cuts.size());
    EXPECT_EQ(result.resume_times.size(), result.cuts.size());
    EXPECT_EQ(result.new_uploads, 0U);
    EXPECT_EQ(result.acknowledged, size);
    EXPECT_EQ(server.begun.size(), 1U);
    EXPECT_EQ(server.objects["00000000000000a1"], bytes(size, 0, size.value));
  }
}

TEST_F(MultipartUploadTest, AProcessThatEndedHasStoredNothing) {
  options.chunk = Bytes{40'000};
  on("PUT", {std::nullopt, process_ended()});
  const auto result = upload(Bytes{100'000});
  EXPECT_EQ(result.state, UploadState::uploaded);
  EXPECT_EQ(server.begun.size(), 2U);
  EXPECT_EQ(result.new_uploads, 1U);
  EXPECT_EQ(result.resumes, 0U);
  EXPECT_EQ(result.acknowledged, Bytes{100'000});
  EXPECT_EQ(result.rolled_back, Bytes{0}) << "the server has taken nothing back";
}

TEST_F(MultipartUploadTest, PartsThatAreThereLetAClientWaitAnew) {
  options.chunk = Bytes{5 * mib};
  on(part(1), {broken(), broken(), broken(), broken()});
  on(part(2), {broken(), broken(), broken(), broken()});
  EXPECT_EQ(upload(Bytes{10 * mib}).state, UploadState::uploaded);
  server = FakeOneCodex{};
  on(part(2), {broken(), broken(), broken(), broken(), broken()});
  EXPECT_EQ(upload(Bytes{10 * mib}).cause->what, "PUT ?partNumber: connection reset");
}

TEST_F(MultipartUploadTest, APairIsTwoObjectsAndOneCallback) {
  options.payload = PayloadKind::fastq_pair;
  const Bytes size{2 * mib};
  const auto result = upload(size);
  EXPECT_EQ(result.state, UploadState::uploaded);
  EXPECT_EQ(server.begun.at(0).paired_end_filename, "dex-loadgen-r1-00000003_R2.fastq");
  EXPECT_EQ(server.objects["00000000000000a1"], bytes(size, 0, mib));
  EXPECT_EQ(server.objects["00000000000000a1p"], bytes(size, mib, mib));
  EXPECT_EQ(server.told_back->filename, "dex-loadgen-r1-00000003_R1.fastq");
  EXPECT_EQ(std::count(transport.log.begin(), transport.log.end(), callback), 1);
}

TEST_F(MultipartUploadTest, AnAnswerThatIsLostIsNoLoss) {
  // Each of them is done, and nobody hears of it.
  for (const auto& what : {put, callback}) {
    server = FakeOneCodex{};
    bool lost = false;
    server.interfere = [&](const LoadRequest& request) -> std::optional<LoadOutcome> {
      if (lost || request.method + " " + request.url != what) return std::nullopt;
      lost = true;
      auto outcome = server.serve(request);
      outcome.response.reset();
      outcome.failure = broken().failure;
      return outcome;
    };
    EXPECT_EQ(upload(Bytes{10}).state, UploadState::uploaded) << what;
    EXPECT_TRUE(lost);
  }
}

TEST_F(MultipartUploadTest, AnObjectThatWasCompletedUnheardOfIsToldBack) {
  bool lost = false;
  server.interfere = [&](const LoadRequest& request) -> std::optional<LoadOutcome> {
    if (lost || request.method + " " + request.url != complete) return std::nullopt;
    lost = true;
    server.serve(request);
    return broken();
  };
  EXPECT_EQ(upload(Bytes{11 * mib}).state, UploadState::uploaded);
  EXPECT_THAT(transport.log,
              ElementsAre(init, create, part(1), part(2), complete, complete, callback));
  server = FakeOneCodex{};
  on(complete, {answer(404, {}, storage_says("NoSuchUpload"))});
  EXPECT_EQ(upload(Bytes{11 * mib}).cause->what, "POST ?uploadId: 404") << "nobody completed it";
}

TEST_F(MultipartUploadTest, ACompletionMayFailBehindA200) {
  on(complete, {answer(200, {}, storage_says("InternalError")), answer(503)});
  const auto result = upload(Bytes{11 * mib});
  EXPECT_EQ(result.state, UploadState::uploaded);
  EXPECT_EQ(result.retries, 2U);
  EXPECT_EQ(result.sent, Bytes{11 * mib});
}

TEST_F(MultipartUploadTest, WhatTheServerDoesNotFindIsLost) {
  on(put, {answer(200)});  // and stores nothing
  const auto result = upload(Bytes{10});
  EXPECT_EQ(result.state, UploadState::lost);
  EXPECT_EQ(result.cause->what, "callback: 400");
  EXPECT_EQ(result.rolled_back, Bytes{10});
}

TEST_F(MultipartUploadTest, NothingButWhatIsAgreedOnIsASuccess) {
  const std::string begun =
      R"({"callback_url":"http://192.0.2.1/","s3_bucket":"b","file_id":"f",)"
      R"("upload_aws_access_key_id":"a","upload_aws_secret_access_key":"secret"})";
  expect_failures({
      {init, answer(201, {}, begun)},
      {init, answer(200, {}, begun)},
      {init, answer(200, {}, "{}")},
      {put, answer(204)},
      {put, answer(403, {}, storage_says("AccessDenied"))},
      {callback, answer(201, {}, R"({"sample_id":"a"})")},
      {callback, answer(200, {}, "")},
  });
}

TEST_F(MultipartUploadTest, TheStorageMayBeElsewhere) {
  own.storage_url = "http://192.0.2.1:9/s3";
  server.storage = "http://192.0.2.1:9/s3/bucket";
  EXPECT_EQ(upload(Bytes{10}).state, UploadState::uploaded);
  EXPECT_EQ(transport.log.at(1), "PUT http://192.0.2.1:9/s3/bucket/00000000000000a1");
  EXPECT_THAT(OneCodexClient(options, own).urls(), ElementsAre("http://192.0.2.1:9/s3"));
}

// ---- the client --------------------------------------------------------------------------------

TEST(OneCodexClientTest, AnyUrlOfTheServerWillDo) {
  for (const char* given :
       {"http://h:1/_lane/blue", "http://h:1/_lane/blue/", "http://h:1/_lane/blue/api/v1",
        "http://h:1/_lane/blue/api/v1/samples/init_upload?a=b"}) {
    UploadOptions options;
    options.create_url = given;
    const OneCodexClient client(options, {});
    EXPECT_EQ(client.options().create_url, "http://h:1/_lane/blue/api/v1") << given;
    EXPECT_EQ(client.storage_url(), "http://h:1/_lane/blue");
  }
}

TEST(OneCodexClientTest, SaysWhatDoesNotFit) {
  const auto made = [](const SystemKind& kind, std::uint64_t chunk) {
    UploadOptions options;
    options.chunk = Bytes{chunk};
    const auto client = kind.make(std::move(options), {});
    return client ? std::string("made") : client.error().line();
  };
  EXPECT_EQ(made(onecodex_system(), 0), "made");
  EXPECT_THAT(made(onecodex_system(), 5 * mib), HasSubstr("--chunk"));
  EXPECT_EQ(made(onecodex_multipart_system(), 5 * mib), "made");
  EXPECT_THAT(made(onecodex_multipart_system(), 5 * mib - 1), HasSubstr("5 MiB at least"));
}

TEST(OneCodexClientTest, ReadsWhatTheServerTellsOfASample) {
  UploadOptions options;
  options.create_url = "http://h:1";
  options.payload = PayloadKind::fastq_pair;
  const OneCodexClient client(options, {});
  UploadResult upload;
  upload.name = "reads.fastq";
  upload.size = Bytes{4100};
  EXPECT_EQ(client.shown(upload), Bytes{2050});
  onecodex::Sample sample;
  sample.id = "00000000000000a1";
  sample.visibility = "private";
  sample.filename = "reads_R1.fastq";
  sample.size = 4100;
  transport::LoadResponse answer{200, {}, to_json(sample, false)};
  EXPECT_EQ(client.told_size(answer), "4100");
  EXPECT_EQ(client.told_otherwise(answer, upload), std::nullopt);
  sample.filename = "other.fastq";
  sample.size.reset();
  answer.body = to_json(sample, false);
  EXPECT_EQ(client.told_size(answer), std::nullopt);
  EXPECT_EQ(client.told_otherwise(answer, upload)->detail,
            R"("other.fastq" instead of "reads_R1.fastq")");
  EXPECT_EQ(client.read_whereabouts(to_json(onecodex::Download{"/b/k?Signature=x", 1})),
            "http://h:1/b/k?Signature=x");
  EXPECT_FALSE(client.read_whereabouts("<html>"));
}

}  // namespace
}  // namespace loadgen
