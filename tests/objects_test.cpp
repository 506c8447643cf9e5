// The object store of the real server, as clients see it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "programs.hpp"
#include "protocol/digest.hpp"
#include "protocol/http/multipart.hpp"
#include "protocol/s3/documents.hpp"
#include "protocol/s3/policy.hpp"
#include "protocol/s3/post.hpp"
#include "protocol/s3/signature.hpp"
#include "transport/client.hpp"
#include "transport/raw_connection.hpp"

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using nlohmann::json;
using programs::Mock;
using transport::Client;
using transport::RawConnection;
using transport::Response;

const s3::Credentials owner{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};
constexpr Milliseconds patience = 20s;

http::TimePoint now() {
  return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
}

std::string payload(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint64_t state = 1;
  for (auto& byte : bytes) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    byte = static_cast<char>(state >> 56U);
  }
  return bytes;
}

std::string md5_of(std::string_view bytes) {
  Digest digest(DigestAlgorithm::md5);
  digest.update(bytes);
  return to_hex(digest.finish());
}

/// Waits for the condition; false when it does not become true in time.
bool becomes(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

std::string presigned(std::string_view method, const std::string& path) {
  return s3::presign_v2({method, path, {}}, owner, now() + 1h);
}

class ObjectsServer : public testing::Test {
 protected:
  void start(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"--profile", "objects", "--store", store().string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    mock.emplace(arguments);
  }
  [[nodiscard]] fs::path store() const { return folder.path() / "store"; }

  Response send(const std::string& method, const std::string& target, http::Fields headers = {},
                std::optional<std::string> body = std::nullopt) {
    transport::Request request;
    request.method = method;
    request.url = mock->url() + target;
    request.headers = std::move(headers);
    request.body = std::move(body);
    request.body_limit = Bytes{64U << 20U};
    auto exchange = client.send(request);
    if (exchange.response) return *std::move(exchange.response);
    ADD_FAILURE() << method << " " << target << ": "
                  << (exchange.failure ? exchange.failure->message : "no response");
    return {};
  }
  Response put(const std::string& path, const std::string& bytes) {
    return send("PUT", presigned("PUT", path), {}, bytes);
  }
  Response get(const std::string& path) { return send("GET", presigned("GET", path)); }
  json look(const std::string& path) {
    return json::parse(send("GET", "/_mock/" + path).body, nullptr, false);
  }
  /// Begins a PUT of `length` bytes and sends `part` of them.
  RawConnection begin_put(const std::string& path, std::size_t length, std::string_view part,
                          bool expect = false) {
    auto connection = RawConnection::open(mock->url(), {}, patience).value();
    send_head(connection, path, length, expect);
    EXPECT_TRUE(connection.send(std::string(part), patience));
    return connection;
  }
  void send_head(RawConnection& connection, const std::string& path, std::size_t length,
                 bool expect) {
    http::Fields fields{{"Host", mock->url().substr(7)},
                        {"Content-Length", std::to_string(length)}};
    if (expect) fields.add("Expect", "100-continue");
    EXPECT_TRUE(
        connection.send(transport::request_head("PUT", presigned("PUT", path), fields), patience));
  }
  /// How many bytes are stored of transfers that are not acknowledged yet.
  std::uint64_t unfinished() {
    std::uint64_t bytes = 0;
    const auto all = look("uploads");
    for (const auto& upload : all.at("uploads"))
      if (upload.at("complete") == false) bytes += upload.at("offset").get<std::uint64_t>();
    return bytes;
  }

  testkit::TempFolder folder;
  std::optional<Mock> mock;
  Client client{{}};
};

TEST_F(ObjectsServer, KeepsWhatIsPut) {
  start();
  const auto bytes = payload(3'000'000);
  const auto stored = put("/examplebucket/a/b%20c.bin", bytes);
  ASSERT_EQ(stored.status, 200) << stored.body;
  EXPECT_EQ(stored.body, "");
  EXPECT_EQ(stored.headers.find("ETag"), '"' + md5_of(bytes) + '"');
  EXPECT_EQ(get("/examplebucket/a/b%20c.bin").body, bytes);
  const auto head =
      send("HEAD", presigned("HEAD", "/examplebucket/a/b%20c.bin"), {{"X-Other", "kept"}});
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.find("Content-Length"), "3000000");
  EXPECT_EQ(send("DELETE", presigned("DELETE", "/examplebucket/a/b%20c.bin")).status, 204);
  const auto gone = get("/examplebucket/a/b%20c.bin");
  EXPECT_EQ(gone.status, 404);
  EXPECT_EQ(s3::parse_error_body(gone.body)->code, "NoSuchKey");
  // There is nothing outside of the buckets.
  EXPECT_EQ(send("PUT", "/otherbucket/x", {}, "x").status, 404);
  EXPECT_EQ(send("POST", "/files", {}, "").status, 404);
}

TEST_F(ObjectsServer, TakesForms) {
  start();
  const auto bytes = payload(5'000'000) + "\r\n";
  const s3::Policy policy{
      now() + 1h,
      {s3::equals("bucket", "examplebucket"), s3::starts_with("key", "user_1/"),
       s3::equals("success_action_status", "201"), s3::size_between(1, 10'000'000)}};
  for (auto fields : {s3::sign_post_v2(policy, owner), s3::sign_post_v4(policy, owner, now())}) {
    fields.insert(fields.begin(), {"key", "user_1/${filename}"});
    fields.emplace_back("success_action_status", "201");
    const auto form = http::write_form(fields, {"file", "reads.fq", "text/plain"}, "0123456789");
    const auto reply = send("POST", "/examplebucket", {{"Content-Type", form.content_type}},
                            form.head + bytes + form.tail);
    ASSERT_EQ(reply.status, 201) << reply.body;
    const auto object = s3::parse_post_response(reply.body);
    ASSERT_TRUE(object);
    EXPECT_EQ(object->key, "user_1/reads.fq");
    EXPECT_EQ(object->etag, '"' + md5_of(bytes) + '"');
    EXPECT_EQ(get("/examplebucket/user_1/reads.fq").body, bytes);
  }
}

TEST_F(ObjectsServer, AnswersAnExpectationAtOnce) {
  start();
  auto asking = begin_put("/examplebucket/k", 5, "", true);
  // The body has not been sent, so the only answer can be 100 Continue.
  const auto early = asking.read_response(1s);
  ASSERT_EQ(early.interims.size(), 1U) << early.raw;
  EXPECT_EQ(early.interims[0].status, 100);
  ASSERT_TRUE(asking.send("hello", patience));
  const auto done = asking.read_response(patience);
  ASSERT_TRUE(done.response) << done.raw;
  EXPECT_EQ(done.response->status, 200);

  auto refused = RawConnection::open(mock->url(), {}, patience).value();
  ASSERT_TRUE(refused.send(
      transport::request_head(
          "PUT", "/examplebucket/k",
          {{"Host", mock->url().substr(7)}, {"Content-Length", "5"}, {"Expect", "100-continue"}}),
      patience));
  const auto refusal = refused.read_response(patience);
  ASSERT_TRUE(refusal.response) << refusal.raw;
  EXPECT_EQ(refusal.response->status, 403);
  EXPECT_TRUE(refusal.interims.empty());
  EXPECT_EQ(refusal.response->headers.find("Connection"), "close");

  // Also for an empty body: AWS CLI 1.46 hangs on its next request if it gets no 100.
  auto empty = begin_put("/examplebucket/k", 0, "", true);
  for (int i = 0; i < 2; ++i) {
    const auto stored = empty.read_response(patience);
    ASSERT_TRUE(stored.response) << stored.raw;
    EXPECT_EQ(stored.response->status, 200);
    EXPECT_EQ(stored.interims.size(), 1U) << stored.raw;
    if (i == 0) send_head(empty, "/examplebucket/k", 0, true);
  }
}

TEST_F(ObjectsServer, LeavesNothingOfATransferThatIsCutOff) {
  start();
  const auto bytes = payload(400'000);
  ASSERT_EQ(put("/examplebucket/k", "former").status, 200);
  auto cut = begin_put("/examplebucket/k", 1'000'000, bytes);
  ASSERT_TRUE(becomes([&] { return unfinished() == bytes.size(); }));
  cut.reset();
  ASSERT_TRUE(becomes([&] { return look("uploads").at("uploads").size() == 1; }));
  EXPECT_EQ(get("/examplebucket/k").body, "former");
  ASSERT_EQ(put("/examplebucket/k", "next").status, 200);
  EXPECT_EQ(get("/examplebucket/k").body, "next");
}

TEST_F(ObjectsServer, LeavesNothingOfATransferThatAKillCutsOff) {
  start();
  const auto bytes = payload(400'000);
  ASSERT_EQ(put("/examplebucket/k", "former").status, 200);
  const auto over = begin_put("/examplebucket/k", 1'000'000, bytes);
  const auto fresh = begin_put("/examplebucket/new", 1'000'000, bytes);
  ASSERT_TRUE(becomes([&] { return unfinished() == 2 * bytes.size(); }));
  mock->process().kill();
  start();
  EXPECT_EQ(get("/examplebucket/k").body, "former");
  EXPECT_EQ(get("/examplebucket/new").status, 404);
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(store()))
    if (entry.is_regular_file()) files.push_back(entry.path().filename().string());
  EXPECT_EQ(files.size(), 2U) << testing::PrintToString(files);
}

TEST_F(ObjectsServer, KeepsALaneApart) {
  start();
  const auto opened = send("PUT", "/_mock/lanes/blue", {{"Content-Type", "application/json"}},
                           R"({"profile": "objects"})");
  ASSERT_EQ(opened.status, 201) << opened.body;
  const auto put_blue = send("PUT", presigned("PUT", "/_lane/blue/examplebucket/k"), {}, "blue");
  EXPECT_EQ(put_blue.status, 200) << put_blue.body;
  EXPECT_EQ(get("/examplebucket/k").status, 404);
  EXPECT_EQ(get("/_lane/blue/examplebucket/k").body, "blue");
}

/// A client that knows only an address and an access key gets to the lane of that key.
TEST_F(ObjectsServer, AnAccessKeyNamesALane) {
  start();
  const s3::Credentials red{"REDKEY", "secret of red"};
  const s3::Credentials blue{"BLUEKEY", "secret of blue"};
  const auto open = [&](const std::string& lane, const s3::Credentials& key) {
    const json config{{"object_keys", {key.access_key + "=" + key.secret}}};
    return send("PUT", "/_mock/lanes/" + lane, {{"Content-Type", "application/json"}},
                config.dump());
  };
  const std::string path = "/examplebucket/k";
  // As boto3 signs with signature_version "s3", by default, and in URLs.
  enum class Way { header_v2, header_v4, query_v2, query_v4 };
  const auto by = [&](const s3::Credentials& key, Way way, const std::string& method,
                      std::optional<std::string> body = std::nullopt) {
    http::Fields fields{{"Host", mock->url().substr(7)}};
    const s3::Request request{method, path, fields};
    if (way == Way::query_v2)
      return send(method, s3::presign_v2(request, key, now() + 1h), {}, body);
    if (way == Way::query_v4)
      return send(method, s3::presign_v4(request, key, now(), 1h), {}, body);
    const auto more = way == Way::header_v2
                          ? s3::authorize_v2(request, key, now())
                          : s3::authorize_v4(request, key, now(), "UNSIGNED-PAYLOAD");
    return send(method, path, more, body);
  };
  ASSERT_EQ(open("red", red).status, 201);
  ASSERT_EQ(open("blue", blue).status, 201);
  EXPECT_EQ(by(red, Way::header_v2, "PUT", "red").status, 200);
  EXPECT_EQ(by(blue, Way::header_v4, "PUT", "blue").status, 200);
  EXPECT_EQ(get(path).status, 404) << "the main lane has none of it";
  for (const Way way : {Way::header_v2, Way::header_v4, Way::query_v2, Way::query_v4}) {
    EXPECT_EQ(by(red, way, "GET").body, "red");
    EXPECT_EQ(by(blue, way, "GET").body, "blue");
    const auto unknown = by({"OTHERKEY", "x"}, way, "GET");
    EXPECT_EQ(unknown.status, 403);
    EXPECT_EQ(s3::parse_error_body(unknown.body)->code, "InvalidAccessKeyId");
    // An access key says to which lane a request belongs; the secret has to match all the same.
    const auto forged = by({red.access_key, blue.secret}, way, "GET");
    EXPECT_EQ(s3::parse_error_body(forged.body)->code, "SignatureDoesNotMatch");
  }
  EXPECT_EQ(put("/_lane/red/examplebucket/k", "x").status, 403) << "that of the profile";

  const auto taken = open("green", red);
  EXPECT_EQ(taken.status, 400);
  EXPECT_THAT(taken.body, testing::HasSubstr("REDKEY"));
  EXPECT_EQ(open("green", owner).status, 400) << "the main lane's";
  for (const std::string place : {"/_mock/lanes", "/_lane/red/_mock/journal", "/_mock/journal"}) {
    EXPECT_THAT(send("GET", place).body, testing::Not(testing::HasSubstr("secret of")));
  }
  EXPECT_EQ(look("lanes/red").at("config").at("object_keys"), json::array({"REDKEY=[redacted]"}));

  mock->process().kill();
  start();
  EXPECT_EQ(by(red, Way::header_v2, "GET").body, "red");
  EXPECT_EQ(send("DELETE", "/_mock/lanes/red").status, 204);
  EXPECT_EQ(by(red, Way::header_v2, "GET").status, 403);
  EXPECT_EQ(open("green", red).status, 201);
}

TEST_F(ObjectsServer, DoesWhatRulesSay) {
  start();
  const auto rule = [](std::size_t nth, const json& then) {
    return json{{"name", "fault-" + std::to_string(nth)},
                {"when", {{"method", "PUT"}, {"route", "object"}, {"nth", nth}}},
                {"then", then}};
  };
  const json rules[] = {
      rule(2, {{"reply", {{"early", true}, {"status", 503}}}}),
      rule(3, {{"commit", {{"bytes", 3}, {"fail", {{"append", "no_space"}}}}}}),
      rule(4, {{"commit", {{"corrupt", 1}}}}),
  };
  for (const auto& one : rules) {
    const auto added =
        send("POST", "/_mock/rules", {{"Content-Type", "application/json"}}, one.dump());
    ASSERT_EQ(added.status, 201) << added.body;
  }
  EXPECT_EQ(put("/examplebucket/k", "first").status, 200);
  EXPECT_EQ(put("/examplebucket/k", "early").status, 503);
  EXPECT_EQ(get("/examplebucket/k").body, "first");
  const auto full = put("/examplebucket/k", "too long");
  EXPECT_EQ(full.status, 503);
  EXPECT_EQ(s3::parse_error_body(full.body)->code, "SlowDown");
  EXPECT_EQ(get("/examplebucket/k").body, "first");
  // The reply tells nothing of the damage.
  const auto spoiled = put("/examplebucket/k", "spoiled");
  EXPECT_EQ(spoiled.status, 200);
  EXPECT_EQ(spoiled.headers.find("ETag"), '"' + md5_of("spoiled") + '"');
  EXPECT_EQ(get("/examplebucket/k").body, "sqoiled");
  EXPECT_EQ(look("uploads").at("uploads").size(), 1U);
}

/// Rules see the bucket, key and type before anything is stored; of a form only the bucket.
TEST_F(ObjectsServer, RulesKnowWhatIsAskedFor) {
  start();
  const auto rule = [&](const std::string& name, const json& upload) {
    const json body{{"name", name},
                    {"when", {{"method", {"PUT", "POST"}}, {"upload", upload}}},
                    {"then", {{"reply", {{"early", true}, {"status", 503}, {"body", name}}}}}};
    const auto added =
        send("POST", "/_mock/rules", {{"Content-Type", "application/json"}}, body.dump());
    ASSERT_EQ(added.status, 201) << added.body;
  };
  const auto with = [](const char* attribute, const json& value) {
    return json{{"attributes", {{attribute, value}}}};
  };
  rule("public", with("bucket", "publicbucket"));
  rule("key", with("key", json{{"regex", "^b/.*\\.fq$"}}));
  rule("type", with("content_type", "text/csv"));
  rule("complete", json{{"completing", true}, {"attributes", {{"key", "whole"}}}});
  EXPECT_EQ(put("/examplebucket/a", "x").status, 200);
  EXPECT_EQ(put("/examplebucket/b/1%2E.fq", "x").body, "key");
  EXPECT_EQ(put("/examplebucket/whole", "x").body, "complete");
  EXPECT_EQ(send("PUT", "/publicbucket/k", {}, "x").body, "public");
  EXPECT_EQ(send("POST", "/publicbucket", {}, "x").body, "public");
  const auto typed = s3::presign_v2({"PUT", "/examplebucket/c", {{"Content-Type", "text/csv"}}},
                                    owner, now() + 1h);
  EXPECT_EQ(send("PUT", typed, {{"Content-Type", "text/csv"}}, "x").body, "type");
  EXPECT_EQ(get("/examplebucket/a").body, "x");
}

TEST_F(ObjectsServer, TheJournalHasTheDigestOfAnObject) {
  start();
  const auto bytes = payload(300'000);
  ASSERT_EQ(put("/examplebucket/a", bytes).status, 200);
  const s3::Policy policy{now() + 1h,
                          {s3::equals("bucket", "examplebucket"), s3::starts_with("key", "")}};
  auto fields = s3::sign_post_v2(policy, owner);
  fields.insert(fields.begin(), {"key", "b"});
  const auto form = http::write_form(fields, {"file", "f", "text/plain"}, "0123456789");
  ASSERT_EQ(send("POST", "/examplebucket", {{"Content-Type", form.content_type}},
                 form.head + bytes + form.tail)
                .status,
            204);
  const auto count = [&](const char* method, std::string_view content) {
    Digest digest(DigestAlgorithm::sha256);
    digest.update(content);
    const json question{
        {"match", {{"method", method}, {"body", {{"sha256", to_hex(digest.finish())}}}}}};
    return json::parse(send("POST", "/_mock/journal/verify", {{"Content-Type", "application/json"}},
                            question.dump())
                           .body);
  };
  EXPECT_EQ(count("PUT", bytes).at("count"), 1);
  EXPECT_EQ(count("POST", bytes).at("count"), 1) << "the file of the form, not the form";
  const auto other = count("PUT", "other");
  EXPECT_EQ(other.at("count"), 0);
  EXPECT_TRUE(other.at("near_miss").at("conditions").at(1).at("got").is_string()) << other;
  EXPECT_FALSE(other.contains("why"));
  ASSERT_EQ(put("/examplebucket/a", "another object").status, 200);
  EXPECT_EQ(count("PUT", bytes).at("count"), 0) << "it is in its place";
}

TEST_F(ObjectsServer, NeedNotComputeADigest) {
  start({"--etag", "opaque"});
  const auto bytes = payload(1000);
  const auto stored = put("/examplebucket/k", bytes);
  EXPECT_EQ(stored.status, 200);
  EXPECT_NE(stored.headers.find("ETag"), '"' + md5_of(bytes) + '"');
  EXPECT_EQ(get("/examplebucket/k").body, bytes);
}

}  // namespace
