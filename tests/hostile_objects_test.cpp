// Requests that no honest client sends to an object store, to Open Humans and to One Codex:
// signatures, policies, forms and lists of parts. Each is answered as documented or as recorded;
// other objects and files are untouched, and nothing is made outside of the store. One server has
// all three systems.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "hostile.hpp"
#include "programs.hpp"
#include "protocol/base64.hpp"
#include "protocol/s3/documents.hpp"
#include "protocol/s3/signature.hpp"
#include "transport/exchange.hpp"

namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using hostile::After;
using hostile::Row;
using transport::Response;

const s3::Credentials owner{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};
const std::string innocent = "innocent!";
const std::string object = "/examplebucket/innocent";
const std::string api = "/api/direct-sharing/project/";
const std::string with_token = "?access_token=example_token";
const std::string multipart_type = "Content-Type: multipart/form-data; boundary=B\r\n";

http::TimePoint now() { return std::chrono::system_clock::now(); }

std::string request(const std::string& line, const std::string& fields = {},
                    const std::optional<std::string>& body = std::nullopt) {
  const auto length = body ? fmt::format("Content-Length: {}\r\n", body->size()) : "";
  return line + " HTTP/1.1\r\nHost: h\r\n" + fields + length + "\r\n" + body.value_or("");
}

std::string presigned(std::string_view method, const std::string& target,
                      const s3::Credentials& by = owner) {
  return s3::presign_v2({method, target, {}}, by, now() + 1h);
}
std::string presigned_v4(std::string_view method, const std::string& target) {
  const http::Fields fields{{"Host", "h"}};
  return s3::presign_v4({method, target, fields}, owner, now(), 1h);
}
std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return at == std::string::npos ? text : text.replace(at, what.size(), by);
}

// ---- forms, byte for byte

std::string part(const std::string& head, const std::string& body) {
  return "--B\r\nContent-Disposition: form-data; " + head + "\r\n\r\n" + body + "\r\n";
}
std::string field(const std::string& name, const std::string& value) {
  return part("name=\"" + name + "\"", value);
}
std::string file(const std::string& bytes, const std::string& name = "f.txt",
                 const std::string& of = "file") {
  return part("name=\"" + of + "\"; filename=\"" + name + "\"", bytes);
}
const std::string end_of_form = "--B--\r\n";

std::string signed_by(const std::string& policy, std::string_view secret = owner.secret) {
  return field("AWSAccessKeyId", owner.access_key) + field("policy", policy) +
         field("signature", s3::sign_v2(policy, secret));
}
/// A policy for keys that begin with "u/", with `more` conditions; `behind` follows its JSON.
std::string policy(const std::string& more = {}, const std::string& behind = {}) {
  return base64::encode(
      R"({"expiration": "2099-01-01T00:00:00Z", "conditions": [{"bucket": "examplebucket"}, )"
      R"(["starts-with", "$key", "u/"])" +
      more + "]}" + behind);
}
const std::string key_field = field("key", "u/${filename}");
std::string post(const std::string& body, const std::string& type = multipart_type,
                 const std::string& bucket = "/examplebucket") {
  return request("POST " + bucket, type, body);
}
std::string post_with(const std::string& text, const std::string& more = {}) {
  return post(key_field + more + signed_by(text) + file("hello") + end_of_form);
}

std::string call(const std::string& which, const std::string& type, const std::string& body) {
  return request("POST " + api + which + with_token, type, body);
}
std::string upload(const std::string& body) { return call("files/upload/", multipart_type, body); }

const std::string member = field("project_member_id", "12345678");
const std::string metadata = field("metadata", R"({"tags": [], "description": ""})");
const std::string json_type = "Content-Type: application/json\r\n";
const std::string form_type = "Content-Type: application/x-www-form-urlencoded\r\n";

class HostileObjects : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    surroundings_ = new hostile::Surroundings;
    mock_ = new programs::Mock(
        hostile::impatient({"--profile", "objects,openhumans,onecodex"}, surroundings_->store()));
    EXPECT_EQ(exchange(request("PUT " + presigned("PUT", object), {}, innocent)).status, 200);
    const auto kept =
        exchange(upload(member + metadata + file(innocent, "i.txt", "data_file") + end_of_form));
    EXPECT_EQ(kept.status, 201) << kept.body;
  }
  static void TearDownTestSuite() {
    delete mock_;
    delete surroundings_;
  }

  static Response exchange(const std::string& bytes) {
    auto connection = hostile::connect(mock_->url());
    EXPECT_TRUE(connection.send(bytes, hostile::patience));
    return connection.read_response(hostile::patience).response.value_or(Response{});
  }
  static std::string list() {
    return exchange(request("GET " + api + "exchange-member/" + with_token +
                            "&project_member_id=12345678"))
        .body;
  }

  static void play(const std::vector<Row>& rows) {
    for (const auto& row : rows) {
      SCOPED_TRACE(row.name);
      hostile::play(mock_->url(), row, request("OPTIONS " + api + "members/" + with_token),
                    innocent);
      if (HasFatalFailure()) return;
      EXPECT_EQ(exchange(request("GET " + presigned("GET", object))).body, innocent);
    }
    EXPECT_NE(list().find("\"basename\":\"i.txt\""), std::string::npos);
    surroundings_->are_untouched();
    // Within the store, too, no file has a name that a client chose.
    for (const auto& entry : std::filesystem::directory_iterator(surroundings_->store())) {
      const auto name = entry.path().stem().string();
      EXPECT_TRUE(
          name == "auth" ||
          (name.size() == 32 && name.find_first_not_of("0123456789abcdef") == std::string::npos))
          << name;
    }
  }

  static std::string begin_multipart(const std::string& path) {
    const auto begun = exchange(request("POST " + presigned("POST", path + "?uploads"), {}, ""));
    const auto result = s3::parse_initiate_multipart_upload_result(begun.body);
    EXPECT_TRUE(result) << begun.body;
    return result ? result->upload_id : "";
  }

  static hostile::Surroundings* surroundings_;
  static programs::Mock* mock_;
};
hostile::Surroundings* HostileObjects::surroundings_ = nullptr;
programs::Mock* HostileObjects::mock_ = nullptr;

TEST_F(HostileObjects, KeysAreNoPaths) {
  std::vector<Row> rows;
  for (const std::string key : {"..",
                                "../secret",
                                "../../secret",
                                "%2e%2e%2f%2e%2e%2fsecret",
                                "..%5c..%5csecret",
                                "%c0%ae%c0%ae%c0%afsecret",
                                "/secret",
                                "%2fsecret",
                                ".",
                                "a//b",
                                "%00",
                                "a%00.info",
                                "%0d%0aX:%20y",
                                "%ff%fe",
                                "auth",
                                "con",
                                "innocent/",
                                "innocent%00",
                                "a%25",
                                "~",
                                "*"}) {
    for (const std::string method : {"PUT", "GET", "HEAD", "DELETE"}) {
      const auto body = method == "PUT" ? std::optional("x"s) : std::nullopt;
      rows.push_back({method + " " + key,
                      request(method + " " + presigned(method, "/examplebucket/" + key), {}, body),
                      {method == "DELETE" ? 204 : 200},
                      After::open});
    }
  }
  for (const auto& [key, reply] : {std::pair{std::string(1'024, 'a'), 200},
                                   {std::string(1'025, 'a'), 400},
                                   {std::string(4'000, 'a'), 400},
                                   {"%"s, 400},
                                   {"%zz"s, 400},
                                   {"a%2"s, 400}}) {
    rows.push_back({key.substr(0, 10),
                    request("PUT " + presigned("PUT", "/examplebucket/" + key), {}, "x"),
                    {reply},
                    After::open});
  }
  // Paths that lie in no bucket.
  for (const std::string path : {"/../secret", "/examplebucket%2f..%2fsecret", "/EXAMPLEBUCKET/x",
                                 "/examplebucket2/x", "/./examplebucket/x", "//examplebucket/x"}) {
    rows.push_back({path, request("PUT " + presigned("PUT", path), {}, "x"), {404}, After::open});
  }
  play(rows);
}

TEST_F(HostileObjects, Signatures) {
  const auto put = presigned("PUT", object);
  const auto v4 = presigned_v4("PUT", object);
  const auto sent = [](const std::string& target, const std::string& fields = {},
                       const std::string& method = "PUT") {
    return request(method + " " + target, fields, "spoiled");
  };
  const auto denied = [](std::string name, std::string bytes) {
    return Row{std::move(name), std::move(bytes), {403}, After::open};
  };
  const auto invalid = [](std::string name, std::string bytes) {
    return Row{std::move(name), std::move(bytes), {400}, After::open};
  };
  std::vector<Row> rows{
      denied("none", sent(object)),
      denied("for another method", sent(presigned("GET", object))),
      denied("to delete", sent(put, {}, "DELETE")),
      denied("for another key", sent(replaced(put, "innocent", "other"))),
      denied("for another bucket", sent(replaced(put, "examplebucket", "publicbucket"))),
      denied("for another lane", sent("/_lane/blue" + put)),
      denied("by an empty secret", sent(presigned("PUT", object, {owner.access_key, ""}))),
      denied("by an unknown key", sent(presigned("PUT", object, {"AKIA", owner.secret}))),
      denied("by an empty key", sent(presigned("PUT", object, {"", owner.secret}))),
      denied("empty", sent(object + "?Signature=&Expires=9999999999&AWSAccessKeyId=A")),
      denied("of two, the first", sent(replaced(put, "?", "?Signature=x&"))),
      denied("a later end", sent(replaced(put, "Expires=", "Expires=9"))),
      denied("of two ends, the first", sent(replaced(put, "?", "?Expires=9999999999&"))),
      denied("an end that is none", sent(object + "?Signature=x&Expires=never&AWSAccessKeyId=A")),
      denied("a type that was not signed", sent(put, "Content-Type: text/html\r\n")),
      denied("metadata that was not signed", sent(put, "x-amz-meta-a: b\r\n")),
      denied("a digest that was not signed", sent(put, "Content-MD5: x\r\n")),
      denied("a part that was not signed", sent(put + "&uploadId=x&partNumber=1")),
      denied("an upload that was not signed",
             sent(presigned("POST", object) + "&uploads", {}, "POST")),
      denied("the same, escaped", sent(presigned("POST", object) + "&%75ploads", {}, "POST")),
      denied("4, for another method", sent(presigned_v4("GET", object))),
      denied("4, for another key", sent(replaced(v4, "innocent", "other"))),
      denied("4, for another host", replaced(sent(v4), "Host: h", "Host: other")),
      denied("4, a field that was not signed", sent(v4, "x-amz-meta-a: b\r\n")),
      denied("4, a parameter that was not signed", sent(v4 + "&x=y")),
      denied("4, of two, the first", sent(replaced(v4, "?", "?X-Amz-Signature=x&"))),
      invalid("4, no algorithm", sent(replaced(v4, "AWS4-HMAC-SHA256", "none"))),
      invalid("4, an unknown algorithm", sent(replaced(v4, "AWS4-HMAC-SHA256", "AWS4-HMAC-MD5"))),
      invalid("4, for a month", sent(replaced(v4, "X-Amz-Expires=", "X-Amz-Expires=2592"))),
      invalid("4, a time before the first",
              sent(replaced(v4, "X-Amz-Expires=", "X-Amz-Expires=-"))),
      invalid("4, without end",
              sent(replaced(v4, "X-Amz-Expires=", "X-Amz-Expires=" + std::string(5'000, '9')))),
      invalid("two", sent(put, "Authorization: AWS A:b\r\n")),
      invalid("two in two fields",
              sent(object, "Authorization: AWS A:b\r\nAuthorization: AWS C:d\r\n")),
      invalid("two versions", sent(put + v4.substr(v4.find('?')).replace(0, 1, "&"))),
      invalid("Bearer", sent(object, "Authorization: Bearer x\r\n")),
      invalid("Basic", sent("/publicbucket/x", "Authorization: Basic eDp5\r\n")),
      invalid("an odd escape", sent(object + "?x=%zz")),
      denied("a query of 3,000 names", sent(object + "?" +
                                            [] {
                                              std::string all;
                                              for (int i = 0; i < 3'000; ++i) all += "a&";
                                              return all;
                                            }())),
  };
  for (const std::string value :
       {"AWS", "AWS ", "AWS :", "AWS A", "AWS :b", "AWS A:", "AWS A:b c", "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256 Credential=", "AWS5 x", ""}) {
    rows.push_back(invalid("'" + value + "'", sent(object, "Authorization: " + value + "\r\n")));
  }
  const std::string v4_header =
      "Authorization: AWS4-HMAC-SHA256 Credential={}, SignedHeaders={}, Signature={}\r\n";
  for (const auto& [credential, fields, signature] :
       {std::tuple{std::string(20'000, '/'), "host"s, "x"s},
        {"A/20269999/r/s3/aws4_request"s, "host"s, "x"s},
        {"A/20260101/r/sqs/aws4_request"s, "host"s, "x"s},
        {"A/20260101/r/s3/aws5_request"s, "host"s, "x"s},
        {"/////"s, "host"s, "x"s}}) {
    rows.push_back(
        invalid(credential.substr(0, 30),
                sent(object, fmt::format(fmt::runtime(v4_header), credential, fields, signature) +
                                 "x-amz-date: 20260101T000000Z\r\nx-amz-content-sha256: x\r\n")));
  }
  play(rows);
}

TEST_F(HostileObjects, Lengths) {
  const auto put = "PUT " + presigned("PUT", "/examplebucket/length");
  const auto form = key_field + signed_by(policy());
  play({
      {"none", request(put), {411}, After::open},
      {"chunked",
       request(put, "Transfer-Encoding: chunked\r\n") + "1\r\nx\r\n0\r\n\r\n",
       {501},
       After::open},
      {"more than 5 GiB", request(put, "Content-Length: 5368709121\r\n"), {400}},
      {"more than a number", request(put, "Content-Length: 99999999999999999999\r\n"), {400, 413}},
      {"that stalls", request(put, "Content-Length: 9\r\n") + "slow", {400}},
      {"a form that stalls",
       request("POST /examplebucket", multipart_type + "Content-Length: 100000\r\n") + form +
           file("x"),
       {400}},
      {"a form without an end", post(form + file("x")), {400}, After::open},
      {"a form that ends in its first line", post("--B"), {400}, After::open},
      {"a form without a length",
       request("POST /examplebucket", multipart_type),
       {411},
       After::open},
      {"another digest",
       request("PUT " + s3::presign_v2({"PUT", "/examplebucket/md5",
                                        http::Fields{{"Content-MD5", "XUFAKrxLKna5cZ2REBfFkg=="}}},
                                       owner, now() + 1h),
               "Content-MD5: XUFAKrxLKna5cZ2REBfFkg==\r\n", "other"),
       {400},
       After::open},
  });
  EXPECT_EQ(exchange(request("GET " + presigned("GET", "/examplebucket/length"))).status, 404);
  EXPECT_EQ(exchange(request("GET " + presigned("GET", "/examplebucket/md5"))).status, 404);
}

TEST_F(HostileObjects, ChunkedBodies) {
  const auto chunked = [](std::string name, const std::string& body, int reply = 400,
                          const std::string& more = "x-amz-decoded-content-length: 5\r\n") {
    return Row{std::move(name),
               request("PUT /publicbucket/chunked",
                       "x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\n" + more, body),
               {reply},
               After::open};
  };
  const std::string hello = "5\r\nhello\r\n";
  play({
      chunked("good", hello + "0\r\n\r\n", 200),
      chunked("a request behind its end",
              hello + "0\r\n\r\nDELETE /publicbucket/chunked HTTP/1.1\r\nHost: h\r\n\r\n", 200),
      chunked("nothing", ""),
      chunked("no chunks", std::string(100'000, 'x')),
      chunked("a size of 100,000 digits", std::string(100'000, '0')),
      chunked("a negative size", "-5\r\nhello\r\n0\r\n\r\n"),
      chunked("more than a number", "10000000000000005\r\nhello\r\n0\r\n\r\n"),
      chunked("the largest number", "ffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
      chunked("two sizes in one sum", "5\r\nhello\r\n7ffffffffffffffe\r\nx\r\n0\r\n\r\n"),
      chunked("more than was promised", "6\r\nhello!\r\n0\r\n\r\n"),
      chunked("less than was promised", "4\r\nhell\r\n0\r\n\r\n"),
      chunked("a trailer that nobody announced", hello + "0\r\nx: y\r\n\r\n"),
      chunked("a trailer without an end", hello + "0\r\nx: " + std::string(100'000, 'y')),
      chunked(
          "10,000 trailers", hello + "0\r\n" +
                                 [] {
                                   std::string all;
                                   for (int i = 0; i < 10'000; ++i)
                                     all += fmt::format("x{}: y\r\n", i);
                                   return all;
                                 }() +
                                 "\r\n"),
      chunked("no promise", hello + "0\r\n\r\n", 411, ""),
      chunked("a promise that is none", hello + "0\r\n\r\n", 411,
              "x-amz-decoded-content-length: 5 \t5\r\n"),
      chunked("more than is promised in a number", hello + "0\r\n\r\n", 411,
              "x-amz-decoded-content-length: 99999999999999999999\r\n"),
      chunked("a promise above 5 GiB", hello + "0\r\n\r\n", 400,
              "x-amz-decoded-content-length: 5368709121\r\n"),
  });
}

TEST_F(HostileObjects, Listings) {
  const auto asked = [](const std::string& query, int reply) {
    const auto target = presigned("GET", "/publicbucket?" + query);
    return Row{query.substr(0, 40), request("GET " + target), {reply}, After::open};
  };
  const auto removal = [](std::string name, const std::string& body, int reply) {
    const auto target = presigned("POST", "/publicbucket?delete");
    return Row{std::move(name), request("POST " + target, {}, body), {reply}, After::open};
  };
  std::string many = "<Delete>";
  for (int i = 0; i < 1'001; ++i) many += "<Object><Key>../secret</Key></Object>";
  play({
      asked("list-type=2&prefix=" + std::string(4'000, 'a'), 200),
      asked("list-type=2&prefix=%00%ff../&delimiter=%00&encoding-type=url", 200),
      asked("list-type=2&start-after=" + std::string(4'000, 'z'), 200),
      asked("list-type=2&continuation-token=" + std::string(4'000, 'A'), 200),
      asked("list-type=2&continuation-token=Li4vLi4vc2VjcmV0", 200),
      asked("list-type=2&continuation-token=%00", 400),
      asked("max-keys=99999999999999999999", 400),
      asked("max-keys=-1", 400),
      asked("max-keys=", 400),
      asked("encoding-type=../secret", 400),
      asked("uploads&prefix=%ff", 200),
      asked("policy", 501),
      removal("of what is no path", "<Delete><Object><Key>../secret</Key></Object></Delete>", 200),
      removal("1,001 keys", many + "</Delete>", 400),
      removal("no list", std::string(100'000, '<'), 400),
      removal("a DTD", "<!DOCTYPE d [<!ENTITY a \"b\">]><Delete/>", 400),
      removal("nothing", "", 400),
  });
}

/// Bodies in chunks of the AWS SDKs (AWS, "Signature calculations for the Authorization header").
TEST_F(HostileObjects, ChunksOfSdks) {
  const auto put = [](const std::string& body, const std::string& length = "4") {
    return request("PUT /publicbucket/chunks",
                   "x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\n"
                   "x-amz-decoded-content-length: " +
                       length + "\r\n",
                   body);
  };
  const std::string good = "4\r\nevil\r\n0\r\n\r\n";
  const http::Fields host{{"Host", "h"}};
  std::string proof;
  for (const auto& [name, value] : s3::authorize_v4({"PUT", "/publicbucket/chunks", host}, owner,
                                                    now(), "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")) {
    proof += name + ": " + value + "\r\n";
  }
  std::vector<Row> rows{
      {"right", put(good), {200}, After::open},
      {"a signature that is none",
       request("PUT /publicbucket/chunks", proof + "x-amz-decoded-content-length: 4\r\n",
               "4;chunk-signature=" + std::string(64, '0') + "\r\nevil\r\n0\r\n\r\n"),
       {403},
       After::open},
  };
  for (const std::string length : {"", "-1", "+4", "0x4", "4,4", "99999999999999999999"}) {
    rows.push_back({"of " + length + " bytes", put(good, length), {411}, After::open});
  }
  for (const std::string length : {"0", "3", "5", "5368709121"}) {
    rows.push_back({"of " + length + " bytes", put(good, length), {400}, After::open});
  }
  for (const std::string body :
       {"", "-1\r\n", "+4\r\nevil\r\n0\r\n\r\n", "0x4\r\nevil\r\n0\r\n\r\n", "g\r\n", "\r\n",
        "10000000000000000\r\n", "ffffffffffffffff\r\n", "4\nevil\n0\n\n", "4\r\nevilx0\r\n\r\n",
        "4\r\nevil", "4\r\nevil\r\n", "4;x=y\r\nevil\r\n0\r\n\r\n",
        "4\r\nevil\r\n0\r\nX y\r\n\r\n"}) {
    rows.push_back({body, put(body), {400}, After::open});
  }
  rows.push_back({"a long line", put(std::string(100'000, '0')), {400}, After::open});
  rows.push_back({"a long trailer",
                  put("4\r\nevil\r\n0\r\n" +
                      [] {
                        std::string all;
                        for (int i = 0; i < 5'000; ++i) all += fmt::format("x-{}: y\r\n", i);
                        return all;
                      }()),
                  {400},
                  After::open});
  play(rows);
}

TEST_F(HostileObjects, Policies) {
  const auto deep = [](std::size_t levels) {
    return std::string(levels, '[') + std::string(levels, ']');
  };
  const auto row = [](std::string name, std::string bytes, int reply) {
    return Row{std::move(name), std::move(bytes), {reply}, After::open};
  };
  const auto text = policy();
  const auto form = [&](const std::string& fields) {
    return post(fields + file("hello") + end_of_form);
  };
  play({
      row("right", post_with(text), 204),
      row("of another bucket",
          post(key_field + signed_by(text) + file("x") + end_of_form, multipart_type,
               "/publicbucket"),
          403),
      row("another key", form(field("key", "v/x") + signed_by(text)), 403),
      row("a key that begins elsewhere", form(field("key", "${filename}") + signed_by(text)), 403),
      row("a field that it does not name", post_with(text, field("acl", "private")), 403),
      row("a type that it does not name", post_with(text, field("Content-Type", "a/b")), 403),
      row("a key twice", post_with(text, field("KEY", "v/x")), 400),
      row("a policy twice", post_with(text, field("policy", text)), 400),
      row("no signature", form(key_field + field("AWSAccessKeyId", "A") + field("policy", text)),
          400),
      row("an empty signature",
          form(key_field + field("AWSAccessKeyId", "A") + field("policy", text) +
               field("signature", "")),
          400),
      row("anonymous", form(key_field), 403),
      row("nobody's key", form(key_field + replaced(signed_by(text), owner.access_key, "AKIA")),
          403),
      row("by an empty secret", form(key_field + signed_by(text, "")), 403),
      row("of another policy",
          form(key_field + replaced(signed_by(text), text.substr(0, 40),
                                    policy(", {\"x\": \"y\"}").substr(0, 39) + "0")),
          403),
      row("a URL's text", form(key_field + signed_by("PUT\n\n\n1\n/examplebucket/u/f.txt")), 400),
      row("no Base64", post_with("{}"), 400),
      row("Base64 and more", post_with(text + "\r\n"), 400),
      row("nothing", post_with(base64::encode("")), 400),
      row("no JSON", post_with(base64::encode("{")), 400),
      row("JSON and more", post_with(policy({}, "{}")), 400),
      row("JSON, a NUL and more", post_with(policy({}, "\0{}"s)), 400),
      row("not UTF-8", post_with(policy(", {\"\xFF\": \"\"}")), 400),
      row("deep", post_with(base64::encode(deep(7'000))), 400),
      row("deep in a condition", post_with(policy(", [\"eq\", \"$key\", " + deep(5'000) + "]")),
          400),
      row("conditions twice", post_with(policy("], \"conditions\": [")), 400),
      row("an empty condition", post_with(policy(", {}")), 400),
      row("two in one", post_with(policy(R"(, {"a": "b", "c": "d"})")), 400),
      row("no condition", post_with(policy(", null")), 400),
      row("an unknown condition", post_with(policy(R"(, ["regex", "$key", ".*"])")), 400),
      row("a wildcard", post_with(policy(R"(, {"key": "*"})")), 403),
      row("without a $", post_with(policy(R"(, ["eq", "key", "u/f.txt"])")), 403),
      row("of a list", post_with(policy(R"(, ["eq", "$key", ["u/f.txt"]])")), 403),
      row("too long", post_with(policy(R"(, ["content-length-range", 0, 4])")), 400),
      row("too short", post_with(policy(R"(, ["content-length-range", 6, 9])")), 400),
      row("negative", post_with(policy(R"(, ["content-length-range", -9, -1])")), 400),
      row("beyond numbers",
          post_with(policy(R"(, ["content-length-range", 0, 99999999999999999999])")), 403),
      row("beyond doubles", post_with(policy(R"(, ["content-length-range", 0, 1e999])")), 400),
      row("two ranges",
          post_with(policy(R"(, ["content-length-range", 0, 9], ["content-length-range", 0, 1])")),
          400),
      row("a field that ends a line",
          post_with(policy(R"(, ["starts-with", "$x-amz-meta-a", ""])"),
                    field("x-amz-meta-a", "b\r\nInjected: yes")),
          400),
      row("a name that is none",
          post_with(policy(R"(, ["starts-with", "$x-amz-meta-a b", ""])"),
                    field("x-amz-meta-a b", "c")),
          400),
      row("a page that ends a line",
          post_with(policy(R"(, ["starts-with", "$redirect", ""])"),
                    field("redirect", "http://h/\r\nInjected: yes")),
          204),
      row("a script for a page",
          post_with(policy(R"(, ["starts-with", "$redirect", ""])"),
                    field("redirect", "javascript:alert(1)")),
          204),
  });
}

TEST_F(HostileObjects, Forms) {
  const auto row = [](std::string name, std::string bytes, int reply) {
    return Row{std::move(name), std::move(bytes), {reply}, After::open};
  };
  const auto good = key_field + signed_by(policy());
  const auto named = [&](const std::string& name) {
    return post(good + file("x", name) + end_of_form);
  };
  const auto typed = [&](const std::string& type) {
    return post(good + file("x") + end_of_form,
                type.empty() ? "" : "Content-Type: " + type + "\r\n");
  };
  std::string many;
  for (int i = 0; i < 1'001; ++i) many += field(fmt::format("{}", i), "");
  play({
      row("no file", post(good + end_of_form), 400),
      row("a file of another name", post(good + file("x", "f", "data") + end_of_form), 400),
      row("two files", post(good + file("x") + file("y") + end_of_form), 400),
      row("a hundred files",
          post(good +
               [] {
                 std::string all;
                 for (int i = 0; i < 100; ++i) all += file("x");
                 return all;
               }() +
               end_of_form),
          400),
      row("the file first", post(file("x") + good + end_of_form), 400),
      row("nothing", post(""), 400),
      row("only an end", post(end_of_form), 400),
      row("no form", post(std::string(100'000, 'x')), 400),
      row("a preamble of 20,481 bytes",
          post(std::string(20'481, 'x') + "\r\n" + good + file("x") + end_of_form), 400),
      row("20,481 bytes before the file",
          post(field("x-ignore-a", std::string(20'481, 'x')) + good + file("x") + end_of_form),
          400),
      row("1,001 fields", post(many + good + file("x") + end_of_form), 400),
      row("a head of 100 kB", post("--B\r\nX: " + std::string(100'000, 'y')), 400),
      row("a head of 10,000 fields",
          post("--B\r\n" +
               [] {
                 std::string all;
                 for (int i = 0; i < 10'000; ++i) all += "X: y\r\n";
                 return all;
               }()),
          400),
      row("a head that is none", post("--B\r\nX y\r\n\r\n\r\n" + end_of_form), 400),
      row("a form in a form",
          post(good + file(file("evil", "../../secret") + "--C--") + end_of_form), 204),
      row("a file of files",
          post(
              good +
              part(
                  "name=\"file\"\r\nContent-Type: multipart/mixed; boundary=C",
                  "--C\r\nContent-Disposition: file; filename=\"../../secret\"\r\n\r\nx\r\n--C--") +
              end_of_form),
          204),
      row("another's boundary",
          post(replaced(good, "--B\r\n", "--C\r\n") + file("x") + end_of_form), 400),
      row("no type", typed(""), 412),
      row("another type", typed("text/plain"), 412),
      row("another multipart", typed("multipart/mixed; boundary=B"), 412),
      row("no boundary", typed("multipart/form-data"), 400),
      row("an empty boundary", typed("multipart/form-data; boundary="), 400),
      row("a boundary of 71 letters",
          typed("multipart/form-data; boundary=" + std::string(71, 'B')), 400),
      row("half a quoted boundary", typed("multipart/form-data; boundary=\"B"), 400),
      row("a name that climbs", named("../../secret"), 204),
      row("a name that climbs elsewhere", named("..\\\\..\\\\secret"), 204),
      row("dots", named(".."), 204),
      row("a NUL", named("a\0b"s), 204),
      row("the end of a line", named("a\r\nX: y"), 400),
      row("a name of 4,000 letters", named(std::string(4'000, 'a')), 400),
      row("a name of names", named("${filename}"), 204),
      row("a name that grows",
          post(field(
                   "key", "u/" +
                              [] {
                                std::string all;
                                for (int i = 0; i < 1'000; ++i) all += "${filename}";
                                return all;
                              }()) +
               signed_by(policy()) + file("x", std::string(4'000, 'a')) + end_of_form),
          400),
  });
}

TEST_F(HostileObjects, MultipartUploads) {
  const std::string path = "/examplebucket/parts";
  const auto id = begin_multipart(path);
  const auto at = [&](std::string_view method, const std::string& query,
                      const std::string& on = "/examplebucket/parts") {
    return std::string(method) + " " + presigned(method, on + "?" + query);
  };
  const auto part_of = [&](const std::string& number, const std::string& upload,
                           const std::string& on = "/examplebucket/parts") {
    return request(at("PUT", "partNumber=" + number + "&uploadId=" + upload, on), {}, "x");
  };
  const auto stored = exchange(part_of("1", id));
  ASSERT_EQ(stored.status, 200) << stored.body;
  const auto listed = [](const std::string& number, const std::string& etag) {
    return "<Part><PartNumber>" + number + "</PartNumber><ETag>" + etag + "</ETag></Part>";
  };
  const auto complete = [&](const std::string& text) {
    return request(at("POST", "uploadId=" + id), {}, text);
  };
  const auto list = [&](const std::string& parts) {
    return complete("<CompleteMultipartUpload>" + parts + "</CompleteMultipartUpload>");
  };
  std::vector<Row> rows;
  for (const std::string number :
       {"0", "10001", "-1", "%2B1", "1.5", "0x1", "99999999999999999999", ""})
    rows.push_back({"part " + number, part_of(number, id), {400}, After::open});
  for (const std::string upload :
       {"", "x", "..", "../../secret", "00000000000000000000000000000000"})
    rows.push_back({"upload " + upload, part_of("1", upload), {404}, After::open});
  const auto good = listed("1", std::string(stored.headers.find("ETag").value_or("")));
  std::string attributes;
  for (int i = 0; i < 400'000; ++i) attributes += " a=''";
  std::string levels;
  for (int i = 0; i < 200'000; ++i) levels += "<a>";
  std::string parts;
  for (int i = 1; i <= 10'001; ++i) parts += listed(std::to_string(i), "x");
  const auto bad = [&](std::string name, std::string bytes) {
    rows.push_back({std::move(name), std::move(bytes), {400}, After::open});
  };
  bad("no list", complete(""));
  bad("no XML", complete("x"));
  bad("no parts", list(""));
  bad("another document", complete("<a/>"));
  bad("a list and more",
      complete("<CompleteMultipartUpload>" + good + "</CompleteMultipartUpload>x"));
  bad("a DTD", complete("<!DOCTYPE a [<!ENTITY b \"c\">]><CompleteMultipartUpload/>"));
  bad("a file of the server",
      complete("<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><CompleteMultipartUpload>" +
               listed("1", "&b;") + "</CompleteMultipartUpload>"));
  bad("deep", complete(levels));
  bad("two megabytes of attributes", complete("<CompleteMultipartUpload" + attributes + "/>"));
  bad("a NUL", list("\0"s));
  bad("more than 4 MiB", complete(std::string((4U << 20U) + 1, ' ')));
  bad("10,001 parts", list(parts));
  bad("a part that is not there", list(good + listed("2", "x")));
  bad("another ETag", list(listed("1", "x")));
  bad("a part twice", list(good + good));
  bad("a negative part", list(listed("-1", "x")));
  bad("a part beyond numbers", list(listed("99999999999999999999", "x")));
  rows.push_back({"of another key", part_of("1", id, "/examplebucket/other"), {404}, After::open});
  rows.push_back(
      {"of another bucket", part_of("1", id, "/publicbucket/parts"), {404}, After::open});
  rows.push_back({"an end of another key",
                  request(at("DELETE", "uploadId=" + id, "/examplebucket/other")),
                  {404},
                  After::open});
  rows.push_back(
      {"a method that is none", request(at("PATCH", "uploadId=" + id)), {405}, After::open});
  rows.push_back({"the end", request(at("DELETE", "uploadId=" + id)), {204}, After::open});
  rows.push_back({"behind the end", part_of("1", id), {404}, After::open});
  rows.push_back({"a list behind the end", list(good), {404}, After::open});
  // Each is answered within the patience of a client. The server has one thread, so a request that
  // takes long would hold up everyone.
  play(rows);
}

// ---- Open Humans

TEST_F(HostileObjects, FilesOfMembers) {
  const auto row = [](std::string name, std::string bytes, int reply, After after = After::open) {
    return Row{std::move(name), std::move(bytes), {reply}, after};
  };
  const auto about = member + metadata;
  const auto data = file("x", "f.txt", "data_file");
  const auto named = [&](const std::string& name) {
    return upload(about + file("x", name, "data_file") + end_of_form);
  };
  const auto direct = [&](const std::string& name) {
    return call("files/upload/direct/", multipart_type,
                about + field("filename", name) + end_of_form);
  };
  const auto told = [&](const std::string& text) {
    return upload(member + field("metadata", text) + data + end_of_form);
  };
  const auto completed = [&](const std::string& id) {
    return call("files/upload/complete/", multipart_type,
                member + field("file_id", id) + end_of_form);
  };
  std::string many;
  for (int i = 0; i < 1'001; ++i) many += field("x", "");
  std::string ands;
  for (int i = 0; i < 1'000'000; ++i) ands += "x&";
  std::string keys = "{\"x\": 0";
  for (int i = 0; i < 20'000; ++i) keys += fmt::format(", \"{}\": 0", i);
  std::vector<Row> rows{
      row("a name that climbs", named("../../secret"), 201),
      row("a name that climbs elsewhere", named("..\\\\..\\\\secret"), 201),
      row("dots", named(".."), 400),
      row("a folder", named("a/"), 400),
      row("a NUL in a name", named("a\0b"s), 201),
      row("the end of a line in a name", named("a\r\nX: y"), 400),
      row("a name of 4,000 letters", named(std::string(4'000, 'a')), 400),
      row("a name that is no text", named("\xff\xfe"), 201),
      row("a key that climbs", direct("../../secret"), 201),
      row("a key with a NUL", direct("a\0b"s), 400),
      row("a key of 4,000 letters", direct(std::string(4'000, 'a')), 400),
      row("a key of blanks", direct("  "), 400),
      row("no file", upload(about + end_of_form), 400),
      row("an empty file", upload(about + file("", "f", "data_file") + end_of_form), 400),
      row("two files", upload(about + data + data + end_of_form), 400),
      row("no end", upload(about + data), 400),
      row("nothing", upload(""), 400),
      row("no form", upload(std::string(100'000, 'x')), 400),
      row("a form in a form",
          upload(about + file(field("metadata", "evil") + "--C--", "f", "data_file") + end_of_form),
          201),
      row("1,001 fields", upload(many + about + data + end_of_form), 400),
      row("3 MB of fields",
          upload(field("x", std::string(3'000'000, 'x')) + about + data + end_of_form), 400),
      row("a head of 100 kB", upload("--B\r\nX: " + std::string(100'000, 'y')), 400),
      row("a form that stalls",
          request("POST " + api + "files/upload/" + with_token,
                  multipart_type + "Content-Length: 100000\r\n") +
              about + data,
          408, After::closed),
      row("no boundary", call("files/upload/", "Content-Type: multipart/form-data\r\n", "x"), 400),
      row("another type", call("files/upload/", "Content-Type: text/plain\r\n", "x"), 415),
      row("a type that is none", call("files/upload/", "Content-Type: \"\\\xff\r\n", "x"), 415),
      row("no metadata", upload(member + data + end_of_form), 400),
      row("metadata that is no JSON", told("{"), 400),
      row("deep metadata", told(std::string(100'000, '[')), 400),
      row("metadata and more", told(R"({"tags": [], "description": ""}{})"), 400),
      row("metadata, a NUL and more", told("{\"tags\": [], \"description\": \"\"}\0{}"s), 400),
      row("half a character", told(R"({"tags": [], "description": "\ud800"})"), 400),
      row("a number beyond doubles", told(R"({"tags": [], "description": "", "x": 1e999})"), 400),
      row("a date of 100 kB",
          told("{\"tags\": [], \"description\": \"\", \"creation_date\": \"" +
               std::string(100'000, '9') + "\"}"),
          400),
      row("a date beyond numbers",
          told(R"({"tags": [], "description": "", "creation_date": 99999999999999999999})"), 400),
      row("datatypes that are none",
          upload(about + field("datatypes", std::string(50'000, '[')) + data + end_of_form), 400),
      row("a foreign member",
          upload(field("project_member_id", "../12345678") + metadata + data + end_of_form), 400),
      row("an id of a hundred digits", completed(std::string(100, '9')), 400),
      row("a negative id", completed("-9223372036854775808"), 400),
      row("an id that is none", completed("1\0"s), 400),
      row("JSON that is none", call("files/delete/", json_type, "{"), 400),
      row("JSON and more", call("files/delete/", json_type, "{}{}"), 400),
      row("JSON, a NUL and more", call("files/delete/", json_type, "{}\0{}"s), 400),
      row("deep JSON", call("files/delete/", json_type, std::string(2'000'000, '[')), 400),
      row("a list", call("files/delete/", json_type, "[]"), 400),
      row("20,000 keys", call("files/delete/", json_type, keys + "}"), 400),
      row("a key twice",
          call("files/delete/", json_type,
               R"({"project_member_id": "12345678", "all_files": true, "all_files": false})"),
          400),
      row("the document's True",
          call("files/delete/", json_type,
               R"({"project_member_id": "12345678", "all_files": True})"),
          400),
      row("a million fields", call("files/delete/", form_type, ands), 400),
      row("an odd escape", call("files/delete/", form_type, "a=%zz"), 400),
      row("a selector twice",
          call("files/delete/", form_type,
               "project_member_id=12345678&all_files=true&all_files=false"),
          400),
      row("a path that climbs",
          request("POST " + api + "files/../files/delete/" + with_token, "", ""), 404),
      row("a path that hides its dots",
          request("GET " + api + "%2e%2e/project/members/" + with_token), 404),
  };
  const auto members = [&](const std::string& query, const std::string& fields = {}) {
    return request("GET " + api + "members/" + query, fields);
  };
  for (const std::string query :
       {"", "?access_token", "?access_token=", "?access_token=x", "?access_token=example_toke",
        "?access_token=x&access_token=example_token", "?access_token=example_token%00",
        "?ACCESS_TOKEN=example_token", "?access_token=%ff", "?access_token=member_token"}) {
    rows.push_back(row("token " + query, members(query), 401));
  }
  for (const std::string value : {"Bearer", "Bearer ", "Bearer a b", "Bearer example_token, x",
                                  "Basic example_token", "example_token"}) {
    rows.push_back(row(value, members("", "Authorization: " + value + "\r\n"), 401));
  }
  rows.push_back(row("two tokens",
                     members("",
                             "Authorization: Bearer example_token\r\n"
                             "Authorization: Bearer example_token\r\n"),
                     401));
  for (const std::string page : {"limit=-1", "limit=0", "limit=99999999999999999999",
                                 "offset=18446744073709551615", "limit=x", "offset=%0d%0a"}) {
    rows.push_back(row(page, members(with_token + "&" + page), 200));
  }
  play(rows);
}

// ---- One Codex

TEST_F(HostileObjects, SamplesAndDocuments) {
  const std::string key =
      "Authorization: Basic " + base64::encode("demodemodemodemodemodemodemodemo:") + "\r\n";
  const auto row = [](std::string name, std::string bytes, int reply, After after = After::open) {
    return Row{std::move(name), std::move(bytes), {reply}, after};
  };
  const auto post = [&](const std::string& path, const std::string& body) {
    return request("POST /api/v1/" + path, key + json_type, body);
  };
  const auto init = [&](const std::string& members) {
    return post("samples/init_upload", "{" + members + "}");
  };
  const auto named = [&](const std::string& name) {
    return init(R"("size": 1, "filename": ")" + name + "\"");
  };
  const std::string good = R"("size": 1, "filename": "a.fa")";
  const auto many = [&](const std::string& before, const std::string& format,
                        const std::string& behind) {
    std::string all = good + ", " + before;
    for (int i = 0; i < 20'000; ++i) {
      all += (i == 0 ? "" : ", ") + replaced(format, "N", std::to_string(i));
    }
    return init(all + behind);
  };
  std::string dots;
  while (dots.size() < 4'000) dots += "a.";
  const auto callback = [&](const std::string& path) {
    return post("upload_callback", R"({"s3_path": ")" + path + "\"}");
  };
  play({
      row("4,001 letters that almost match", named(dots + "!"), 400),
      row("a name that climbs", named("../../secret.fa"), 400),
      row("a NUL in a name", named("a\\u0000.fa"), 400),
      row("half a character", named("\\ud800.fa"), 400),
      row("a name that is no text", named("\xff.fa"), 400),
      row("a document that climbs",
          post("documents/init_upload", R"({"size": 1, "filename": "../../secret"})"), 200),
      row("a size beyond numbers", init(R"("size": 99999999999999999999, "filename": "a.fa")"),
          400),
      row("a size beyond doubles", init(R"("size": 1e999, "filename": "a.fa")"), 400),
      row("a member twice", init(good + ", " + good), 400),
      row("deep", post("samples/init_upload", std::string(100'000, '[')), 400),
      row("deep metadata", init(good + R"(, "metadata": )" + std::string(100'000, '{')), 400),
      row("no JSON", post("samples/init_upload", std::string(100'000, 'x')), 400),
      row("20,000 members", many("", R"("N": 0)", ""), 400),
      row("20,000 members of custom", many(R"("metadata": {"custom": {)", R"("N": 0)", "}}"), 200),
      row("20,000 tags", many(R"("tags": [)", R"({"name": "N"})", "]"), 200),
      row("a sample with them", request("GET /api/v1/samples?expand=all&per_page=1", key), 200),
      row("a page beyond numbers",
          request("GET /api/v1/samples?page=99999999999999999999&per_page=1000", key), 400),
      row("more than 1 MiB", post("samples/init_upload", std::string((1U << 20U) + 1, ' ')), 413),
      row("a body that stalls",
          request("POST /api/v1/samples/init_upload", key + json_type + "Content-Length: 100\r\n") +
              "{",
          408, After::closed),
      row("an id that climbs", request("GET /api/v1/samples/%2e%2e%2f%2e%2e%2fsecret", key), 404),
      row("an id with a NUL", request("GET /api/v1/samples/%00", key), 404),
      row("an id that is no text", request("GET /api/v1/samples/%ff", key), 404),
      row("a file elsewhere", callback("s3://onecodex-uploads/../../secret"), 404),
      row("another's bucket", callback("s3://examplebucket/innocent"), 404),
      row("no path", callback("file:///etc/passwd"), 400),
      row("two keys", request("GET /api/v1/samples", key + key), 401),
      row("a key that is no Base64",
          request("GET /api/v1/samples", "Authorization: Basic \xff\r\n"), 401),
  });
}

}  // namespace
