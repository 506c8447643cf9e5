// The situations that were reported for clients and for object storage.
#include <fmt/format.h>

#include <chrono>
#include <stdexcept>
#include <utility>

#include "cookbook.hpp"
#include "protocol/base64.hpp"
#include "protocol/http/form.hpp"
#include "protocol/http/multipart.hpp"
#include "protocol/onecodex/answers.hpp"
#include "protocol/s3/documents.hpp"
#include "protocol/s3/policy.hpp"
#include "protocol/s3/post.hpp"
#include "protocol/s3/signature.hpp"

namespace cookbook {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using transport::Exchange;

constexpr std::size_t kibibyte = 1U << 10U;
constexpr std::size_t mebibyte = 1U << 20U;

// ---- tus

/// Sends ten bytes in chunks of five, and asks for the offset after each failure.
std::string send_in_chunks(Lane& lane) { return TusUpload(lane, 10).create().send(5).seen(); }
std::string send_at_once(Lane& lane) { return TusUpload(lane, 10).create().send(10).seen(); }

std::string send_and_ask(Lane& lane) {
  return TusUpload(lane, 10).create().patch(10).head().seen();
}
std::string send_half_and_ask(Lane& lane) {
  return TusUpload(lane, 10).create().patch(5).head().seen();
}

/// As a library does that adds a query to the URL so that no cache answers.
std::string ask_with_query(Lane& lane) {
  TusUpload upload(lane, 10);
  upload.create().patch(5).head("?_=1470920397045");
  return upload.head().seen();
}

/// Sends the second chunk without asking what became of the first.
std::string send_blindly(Lane& lane) {
  return TusUpload(lane, 10).create().patch(5).patch(5).send(5).seen();
}

std::string break_off_and_go_on(Lane& lane) {
  TusUpload upload(lane, 10);
  auto fields = upload.create().patch_fields();
  fields.add("Content-Length", "10");
  lane.begin("PATCH", upload.path(), fields, upload.next(5)).reset();
  const auto seen =
      lane.tell("journal/verify",
                {{"match", {{"aborted", true}}}, {"count", {{"exactly", 1}}}, {"within", "20s"}});
  if (!seen.value("ok", false)) throw std::runtime_error("nobody saw the abort: " + seen.dump());
  upload.head().patch(5);
  lane.tell("clock", {{"advance", "4m"}});
  return upload.send(5).seen();
}

/// Sends a chunk of size `first`; if that is refused, chunks of size `then`.
std::string send_otherwise(Lane& lane, std::size_t length, std::size_t first, std::size_t then) {
  TusUpload upload(lane, length);
  upload.create().patch(first);
  return (upload.offset() == 0 ? upload.send(then) : upload).seen();
}

std::string create_2_gib(Lane& lane) {
  return TusUpload(lane, 5).create({{"Upload-Length", "2147483648"}}).patch(5).seen();
}

std::string create_with_empty_value(Lane& lane) {
  return TusUpload(lane, 5)
      .create({{"Upload-Metadata", "filename YQ==,event_code"}})
      .create({{"Upload-Metadata", "filename YQ==,event_code MQ=="}})
      .seen();
}

std::string create_only(Lane& lane) { return TusUpload(lane, 5).create().seen(); }

std::string create_twice(Lane& lane) { return TusUpload(lane, 5).create().create().seen(); }

std::string create_a_part(Lane& lane) {
  return TusUpload(lane, 5).create({{"Upload-Concat", "partial"}}).create().seen();
}

std::string send_chunked(Lane& lane) {
  TusUpload upload(lane, 10);
  return upload.create().patch_chunked(10).send(10).seen();
}

std::string create_and_follow(Lane& lane) {
  TusUpload upload(lane, 5);
  const auto to = field(upload.create().last(), "Location");
  return upload.note("to " + to.substr(0, to.find(':'))).seen();
}

const http::Fields override_patch{{"X-HTTP-Method-Override", "PATCH"}};

std::string send_as_post(Lane& lane) {
  return TusUpload(lane, 5).create().patch(5, override_patch).seen();
}
std::string send_as_patch_or_post(Lane& lane) {
  TusUpload upload(lane, 5);
  upload.create().patch(5);
  return (upload.offset() == 5 ? upload : upload.patch(5, override_patch)).seen();
}

std::string create_and_look_where(Lane& lane) {
  TusUpload upload(lane, 5);
  upload.create();
  return upload.note(upload.url().empty() ? "nowhere to send" : "somewhere to send").seen();
}

// ---- credentials

http::Fields log_in(Lane& lane) {
  const auto answer =
      lane.send("POST", "/oauth", {{"Content-Type", "application/x-www-form-urlencoded"}},
                "username=demo&password=demo");
  if (told(answer) != "200") throw std::runtime_error("no token: " + told(answer));
  const auto token = json::parse(answer.response->body).at("access_token").get<std::string>();
  return {{"Authorization", "Bearer " + token}};
}

std::string ask_with_token(Lane& lane) {
  TusUpload upload(lane, 10);
  upload.with(log_in(lane)).create().patch(5).head();
  return upload.with(log_in(lane)).head().seen();
}

std::string send_with_tokens(Lane& lane) {
  TusUpload upload(lane, 10);
  upload.with(log_in(lane)).create().send(5, 0);
  return upload.with(log_in(lane)).send(5).seen();
}

std::string ask_why(Lane& lane) {
  TusUpload upload(lane, 5);
  const auto& response = upload.create().last().response;
  const auto body = json::parse(response ? response->body : "", nullptr, false);
  return upload.note(body.is_object() ? body.value("message", "no message") : "no message").seen();
}

// ---- pages

const http::Fields from_page{{"Origin", "https://page.example"}};

std::string read_offset(Lane& lane) {
  TusUpload upload(lane, 10);
  upload.with(from_page).create().patch(5).head();
  const bool readable = page_may_read(upload.last(), "Upload-Offset");
  return upload.note(readable ? "readable" : "unreadable").seen();
}

std::string read_status(Lane& lane) {
  TusUpload upload(lane, 10);
  upload.with(from_page).create().patch(5);
  return upload.note(page_may_read(upload.last()) ? "readable" : "unreadable").seen();
}

std::string preflight(Lane& lane) {
  const auto answer =
      lane.send("OPTIONS", "/examplebucket/a",
                {{"Origin", "https://page.example"}, {"Access-Control-Request-Method", "PUT"}});
  return "preflight " + told(answer);
}

// ---- object storage

/// An object store, as the owner of its bucket sees it.
class Store {
 public:
  explicit Store(Lane& lane) : lane_(lane) {}

  [[nodiscard]] std::string url(std::string_view method, const std::string& key = "a",
                                const http::Fields& headers = {}) const {
    return s3::presign_v2({method, lane_.path("/examplebucket/" + key), headers}, owner,
                          now() + 1h);
  }
  /// PUT by a signed URL.
  Exchange put(const std::string& bytes = "bytes", const http::Fields& headers = {}) {
    return lane_.send("PUT", origin() + url("PUT", "a", headers), headers, bytes);
  }
  /// As the AWS SDKs do: the body in chunks of Content-Encoding aws-chunked, and a checksum after
  /// the last one.
  Exchange put_with_trailer(const std::string& bytes, const std::string& checksum) {
    const auto target = lane_.path("/examplebucket/a");
    http::Fields fields{{"Host", lane_.authority()},
                        {"Content-Encoding", "aws-chunked"},
                        {"x-amz-decoded-content-length", std::to_string(bytes.size())},
                        {"x-amz-trailer", "x-amz-checksum-crc32"}};
    const auto proof = s3::authorize_v4({"PUT", target, fields}, owner, now(),
                                        "STREAMING-UNSIGNED-PAYLOAD-TRAILER");
    for (const auto& [name, value] : proof) fields.add(name, value);
    fields.remove("Host");
    return lane_.send("PUT", origin() + target, fields,
                      fmt::format("{:x}\r\n{}\r\n0\r\nx-amz-checksum-crc32:{}\r\n\r\n",
                                  bytes.size(), bytes, checksum));
  }
  std::string get() { return "GET " + told(lane_.send("GET", origin() + url("GET"))); }
  /// POST of a form as a page sends it, with a policy.
  Exchange post(Milliseconds timeout) {
    http::Form fields{{"key", "a"}};
    const auto sign = s3::sign_post_v2(
        s3::Policy{now() + 1h, {s3::equals("bucket", "examplebucket"), s3::starts_with("key", "")}},
        owner);
    fields.insert(fields.end(), sign.begin(), sign.end());
    const auto form = http::write_form(fields, {"file", "a", "text/plain"}, "0123456789");
    return lane_.send("POST", "/examplebucket", {{"Content-Type", form.content_type}},
                      form.head + "bytes" + form.tail, timeout);
  }

  // Multipart uploads.
  void begin() {
    const auto begun = signed_call("POST", "?uploads");
    id_ = s3::parse_initiate_multipart_upload_result(begun.response ? begun.response->body : "")
              .value()
              .upload_id;
  }
  Exchange part(int number, const std::string& bytes, const http::Fields& headers = {}) {
    auto answer =
        signed_call("PUT", fmt::format("?partNumber={}&uploadId={}", number, id_), bytes, headers);
    etag_ = field(answer, "ETag");
    return answer;
  }
  /// Completes the upload with the one part that was sent.
  Exchange complete() {
    return signed_call("POST", "?uploadId=" + id_,
                       "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>" + etag_ +
                           "</ETag></Part></CompleteMultipartUpload>");
  }

  /// A PUT of five bytes on `connection`, as a client does that keeps its connections.
  std::string put_on(transport::RawConnection& connection) {
    const auto head = transport::request_head(
        "PUT", url("PUT"), {{"Host", lane_.authority()}, {"Content-Length", "5"}});
    if (!connection.send(head + "bytes", patience)) return "not sent";
    return told(connection.read_response(patience));
  }

 private:
  static inline const s3::Credentials owner{"AKIAIOSFODNN7EXAMPLE",
                                            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};
  static http::TimePoint now() {
    return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
  }
  [[nodiscard]] std::string origin() const { return "http://" + lane_.authority(); }
  Exchange signed_call(const std::string& method, const std::string& query,
                       const std::string& body = {}, const http::Fields& headers = {}) {
    const auto target = lane_.path("/examplebucket/a" + query);
    auto fields = s3::authorize_v2({method, target, {{"Host", lane_.authority()}}}, owner, now());
    for (const auto& [name, value] : headers) fields.add(name, value);
    return lane_.send(method, origin() + target, fields, body);
  }

  Lane& lane_;
  std::string id_, etag_;
};

/// The SDK's checksum of "bytes", base64.
constexpr const char* crc32_of_bytes = "sZlDzg==";

/// The outcome and the store's error code: "503 SlowDown".
std::string told_by_store(const Exchange& exchange) {
  const auto error = s3::parse_error_body(exchange.response ? exchange.response->body : "");
  return told(exchange) + (error ? " " + error->code : "");
}

std::string put_and_get(Lane& lane) {
  Store store(lane);
  const auto put = told_by_store(store.put());
  return "PUT " + put + ", " + store.get();
}

std::string put_with_checksum(Lane& lane) {
  Store store(lane);
  const auto put = told_by_store(store.put("bytes", {{"x-amz-checksum-crc32", crc32_of_bytes}}));
  return "PUT " + put + ", " + store.get();
}

std::string put_with_trailer(Lane& lane) {
  Store store(lane);
  const auto put = told_by_store(store.put_with_trailer("bytes", crc32_of_bytes));
  return "PUT " + put + ", " + store.get();
}

std::string put_for_etag(Lane& lane) {
  Store store(lane);
  const auto put = store.put();
  const bool has = !field(put, "ETag").empty();
  return "PUT " + told(put) + (has ? " with ETag, " : " without ETag, ") + store.get();
}

std::string put_a_part_from_a_page(Lane& lane) {
  Store store(lane);
  store.begin();
  const auto part = store.part(1, "bytes", from_page);
  return "part " + told(part) + (page_may_read(part, "ETag") ? ", readable" : ", unreadable");
}

/// Completes an upload and looks for the object; unless it got a plain 200, it completes and looks
/// again.
std::string complete(Lane& lane) {
  Store store(lane);
  store.begin();
  store.part(1, "bytes");
  const auto first = told_by_store(store.complete());
  auto seen = "complete " + first + ", " + store.get();
  if (first == "200") return seen;
  seen += ", again " + told_by_store(store.complete());
  return seen + ", " + store.get();
}

std::string put_small_part(Lane& lane) {
  Store store(lane);
  store.begin();
  return "part " + told_by_store(store.part(1, "bytes")) + ", PUT " + told(store.put());
}

std::string put_fast(Lane& lane) {
  lane.tell("clock", {{"freeze", true}});
  Store store(lane);
  std::string seen;
  for (int i = 0; i < 4; ++i) seen += told_by_store(store.put()) + ", ";
  lane.tell("clock", {{"advance", "1s"}});
  return seen + "later " + told_by_store(store.put());
}

std::string put_and_follow(Lane& lane) {
  Store store(lane);
  const auto put = store.put();
  const auto to = field(put, "Location");
  const bool elsewhere = !to.empty() && to.find("//" + lane.authority()) == std::string::npos;
  return "PUT " + told(put) + (elsewhere ? " to another host, " : ", ") + store.get();
}

std::string put_parts(Lane& lane) {
  Store store(lane);
  store.begin();
  const std::string bytes(100 * kibibyte, 'x');
  const auto first = told(store.part(1, bytes));
  const auto second = told(store.part(1, bytes));
  const auto completed = told(store.complete());
  return fmt::format("part {}, again {}, complete {}, {}", first, second, completed, store.get());
}

std::string put_a_head(Lane& lane) {
  Store store(lane);
  auto connection = lane.begin("PUT", store.url("PUT"), {{"Content-Length", "5"}}, "");
  const auto seen = told(connection.read_response(a_moment));
  return "PUT " + seen + ", " + store.get();
}

std::string put_twice_on_one_connection(Lane& lane) {
  Store store(lane);
  auto connection = lane.open();
  const auto first = store.put_on(connection);
  const auto second = store.put_on(connection);
  auto other = lane.open();
  return first + ", " + second + ", on a new connection " + store.put_on(other);
}

std::string post_and_give_up(Lane& lane) {
  Store store(lane);
  const auto post = told(store.post(lane.gives_up_after()));
  return "POST " + post + ", " + store.get();
}

// ---- Open Humans

/// A direct upload, begun and completed.
class OpenHumans {
 public:
  explicit OpenHumans(Lane& lane) : lane_(lane) {
    const auto begun = post("files/upload/direct/",
                            {{"metadata", R"({"tags":[],"description":""})"}, {"filename", "a"}});
    about_ = json::parse(begun.response ? begun.response->body : "", nullptr, false);
  }
  std::string put() {
    return "PUT " + told(lane_.send("PUT", about_.at("url").get<std::string>(), {}, "bytes"));
  }
  std::string complete() {
    return "complete " +
           told(post("files/upload/complete/", {{"file_id", about_.at("id").dump()}}));
  }
  std::string list() {
    const auto list =
        lane_.send("GET", call("exchange-member/") + "&project_member_id=12345678").response;
    return fmt::format("{} listed", json::parse(list->body).at("data").size());
  }

 private:
  static std::string call(const std::string& name) {
    return "/api/direct-sharing/project/" + name + "?access_token=example_token";
  }
  Exchange post(const std::string& name, http::Form form) {
    form.emplace_back("project_member_id", "12345678");
    return lane_.send("POST", call(name), {{"Content-Type", "application/x-www-form-urlencoded"}},
                      http::format_form(form));
  }

  Lane& lane_;
  json about_;
};

std::string upload_and_complete(Lane& lane) {
  OpenHumans file(lane);
  const auto put = file.put();
  return put + ", " + file.complete();
}
std::string complete_without_bytes(Lane& lane) {
  OpenHumans file(lane);
  const auto completed = file.complete();
  return completed + ", " + file.list();
}

// ---- One Codex

/// A sample, begun, sent and confirmed.
class OneCodex {
 public:
  explicit OneCodex(Lane& lane) : lane_(lane) {
    const auto begun = post("init_upload", R"({"filename": "a.fa", "size": 9})");
    sample_ = onecodex::parse_initiated(begun.response ? begun.response->body : "",
                                        onecodex::Kind::sample)
                  .value();
  }
  std::string send(Milliseconds timeout = patience) {
    const auto form =
        http::write_form(sample_.file.fields, {"file", "a.fa", "text/plain"}, "0123456789");
    return "sent " +
           told(lane_.send("POST", sample_.file.url, {{"Content-Type", form.content_type}},
                           form.head + ">a\nACGT\n\n" + form.tail, timeout));
  }
  Exchange confirm() { return post("confirm_upload", R"({"sample_id": ")" + sample_.id + "\"}"); }

 private:
  Exchange post(const std::string& call, const std::string& body) {
    const std::string basic = "Basic " + base64::encode("demodemodemodemodemodemodemodemo:");
    return lane_.send("POST", "/api/v1/samples/" + call,
                      {{"Authorization", basic}, {"Content-Type", "application/json"}}, body);
  }

  Lane& lane_;
  onecodex::Initiated sample_;
};

std::string give_up_and_confirm(Lane& lane) {
  OneCodex sample(lane);
  const auto sent = sample.send(lane.gives_up_after());
  return sent + ", confirm " + told(sample.confirm());
}
std::string confirm_until_it_is_taken(Lane& lane) {
  OneCodex sample(lane);
  auto seen = sample.send();
  for (std::string told_last; told_last != "200";) {
    told_last = told(sample.confirm());
    seen += ", confirm " + told_last;
  }
  return seen;
}
std::string confirm_and_read(Lane& lane) {
  OneCodex sample(lane);
  sample.send();
  const auto answer = sample.confirm();
  const auto body = json::parse(answer.response ? answer.response->body : "", nullptr, false);
  return "confirm " + told(answer) + " " +
         (body.is_object() ? body.value("message", "without a word") : "without a word");
}

// ---- timing

std::string send_into_nothing(Lane& lane) {
  TusUpload upload(lane, 10);
  upload.create().waiting(lane.gives_up_after()).patch(10);
  return upload.waiting(patience).send(10).seen();
}

std::string call_nobody(Lane& lane) {
  TusUpload upload(lane, 10);
  upload.create().patch(5).waiting(lane.gives_up_after()).head();
  lane.forget_rules();
  return upload.waiting(patience).head().seen();
}

/// Stops in the middle of a body, and sends the rest when no answer has come meanwhile.
std::string send_slowly(Lane& lane) {
  TusUpload upload(lane, 10);
  auto fields = upload.create().patch_fields();
  fields.add("Content-Length", "10");
  auto connection = lane.begin("PATCH", upload.path(), fields, upload.next(10).substr(0, 4));
  auto read = connection.read_response(lane.with_rule() ? patience : a_moment);
  if (!read.response && connection.send(upload.next(10).substr(4), patience))
    read = connection.read_response(patience);
  return upload.note("PATCH " + told(read)).head().seen();
}

std::string send_fast(Lane& lane) {
  lane.tell("clock", {{"freeze", true}});
  TusUpload upload(lane, 12);
  upload.create().patch(4).patch(4).patch(4);
  const auto wait = field(upload.last(), "Retry-After");
  if (!wait.empty()) {
    upload.note("waits " + wait);
    lane.tell("clock", {{"advance", wait + "s"}});
  }
  return upload.send(4).seen();
}

}  // namespace

std::vector<Situation> of_clients() {
  const std::string whole = "POST 201, PATCH 204 at 10";
  const std::string halves = "POST 201, PATCH 204 at 5, PATCH 204 at 10";
  const std::string half = "POST 201, PATCH 204 at 5, ";
  return {
      // Answers that are lost
      {"A 500 at the last byte, and the file is there", send_and_ask,
       "POST 201, PATCH 500, HEAD 200 at 10", whole + ", HEAD 200 at 10"},
      {"A full progress bar, and nothing is stored", send_at_once,
       "POST 201, PATCH 500, HEAD 200 at 0, PATCH 204 at 10", whole},
      {"PATCH fails, and so does the HEAD behind it", send_in_chunks,
       half + "PATCH 500, HEAD 502, HEAD 200 at 5, PATCH 204 at 10", halves},
      {"The same failure for ever, with a good HEAD between", send_at_once,
       "POST 201, PATCH 502, HEAD 200 at 0, PATCH 502, HEAD 200 at 0, PATCH 502", whole},
      {"A gateway fails once in a long upload", send_in_chunks,
       half + "PATCH 502, HEAD 200 at 5, PATCH 204 at 10", halves},
      {"The last answer is lost, and nothing is left to send", send_in_chunks,
       half + "PATCH reset, HEAD 200 at 10", halves},
      // Offsets
      {"The answer to PATCH tells another offset", send_half_and_ask,
       "POST 201, PATCH 204 at 6, HEAD 200 at 5", half + "HEAD 200 at 5"},
      {"A chunk that had arrived is sent again", send_blindly,
       "POST 201, PATCH reset, PATCH 409, HEAD 200 at 5, PATCH 204 at 10", halves},
      {"A chunk is cut in the middle", send_at_once,
       "POST 201, PATCH reset, HEAD 200 at 4, PATCH 204 at 10", whole},
      {"The storage behind the server times out", send_at_once,
       "POST 201, PATCH 500, HEAD 200 at 4, PATCH 204 at 10", whole},
      {"The upload of a remembered URL is gone", send_half_and_ask, half + "HEAD 404",
       half + "HEAD 200 at 5"},
      {"A query makes the URL another one", ask_with_query, half + "HEAD 404, HEAD 200 at 5",
       half + "HEAD 200 at 5, HEAD 200 at 5"},
      {"The lock of a request that is over", break_off_and_go_on,
       "POST 201, HEAD 200 at 5, PATCH 423, HEAD 200 at 5, PATCH 204 at 10",
       "POST 201, HEAD 200 at 5, PATCH 204 at 10"},
      // Lengths and limits
      {"Chunks above a limit are refused",
       [](Lane& lane) { return send_otherwise(lane, 2 * mebibyte, 2 * mebibyte, mebibyte); },
       "POST 201, PATCH 413, HEAD 200 at 0, PATCH 204 at 1048576, PATCH 204 at 2097152",
       "POST 201, PATCH 204 at 2097152"},
      {"Every chunk but the last has to be a multiple of 256 KiB",
       [](Lane& lane) { return send_otherwise(lane, 300'001, 300'000, 256 * kibibyte); },
       "POST 201, PATCH 400, HEAD 200 at 0, PATCH 204 at 262144, PATCH 204 at 300001",
       "POST 201, PATCH 204 at 300000"},
      {"Chunks below a limit are refused",
       [](Lane& lane) { return send_otherwise(lane, 6 * mebibyte, 64 * kibibyte, 5 * mebibyte); },
       "POST 201, PATCH 400, HEAD 200 at 0, PATCH 204 at 5242880, PATCH 204 at 6291456",
       "POST 201, PATCH 204 at 65536"},
      {"Files of 2 GiB and more fail", create_2_gib, "POST 201, PATCH 500",
       "POST 201, PATCH 204 at 5"},
      {"Metadata with an empty value is refused", create_with_empty_value, "POST 400, POST 201",
       "POST 201, POST 201"},
      {"A refused creation is sent again", create_twice, "POST 400, POST 400",
       "POST 201, POST 201"},
      {"Parallel uploads are not implemented", create_a_part, "POST 501, POST 201",
       "POST 201, POST 201"},
      // Proxies and gateways
      {"Chunked bodies are refused", send_chunked,
       "POST 201, PATCH 411, HEAD 200 at 0, PATCH 204 at 10", whole},
      {"The creation is redirected", create_and_follow, "POST 301, to https", "POST 201, to http"},
      {"The method override is refused", send_as_post, "POST 201, PATCH 400",
       "POST 201, PATCH 204 at 5"},
      {"PATCH is not allowed", send_as_patch_or_post, "POST 201, PATCH 405, PATCH 204 at 5",
       "POST 201, PATCH 204 at 5"},
      {"The creation is 200, without a Location", create_and_look_where,
       "POST 200, nowhere to send", "POST 201, somewhere to send"},
      {"A connection is reset by a proxy, once", send_at_once,
       "POST 201, PATCH reset, HEAD 200 at 0, PATCH 204 at 10", whole},
      // Credentials
      {"HEAD is answered 401", ask_with_token, half + "HEAD 401, HEAD 200 at 5",
       half + "HEAD 200 at 5, HEAD 200 at 5"},
      {"Short-lived tokens: 403 in the middle", send_with_tokens,
       half + "PATCH 403, HEAD 200 at 5, PATCH 204 at 10", halves},
      {"The reason of a refusal is in its body", ask_why, "POST 403, Invalid Compact JWS",
       "POST 201, no message"},
      // TLS
      {"The intermediate certificate is not sent", create_only, "POST tls", "POST 201"},
      {"The certificate is self-signed", create_only, "POST tls", "POST 201"},
      // Pages of a browser
      {"The offset is sent, and the page cannot read it", read_offset,
       half + "HEAD 200 at 5, unreadable", half + "HEAD 200 at 5, readable"},
      {"A 401 that looks like a network error", read_status, "POST 201, PATCH 401, unreadable",
       half + "readable"},
      {"The preflight is redirected", preflight, "preflight 307", "preflight 200"},
      {"The ETag of a part cannot be read", put_a_part_from_a_page, "part 200, unreadable",
       "part 200, readable"},
      // Object storage
      {"Stored, without an ETag", put_for_etag, "PUT 200 without ETag, GET 200",
       "PUT 200 with ETag, GET 200"},
      {"200, and an error in its body", complete,
       "complete 200 InternalError, GET 404, again 200, GET 200", "complete 200, GET 200"},
      {"Small parts are refused at once", put_small_part, "part 400 EntityTooSmall, PUT 200",
       "part 200, PUT 200"},
      {"Completed, and the answer is lost", complete,
       "complete reset, GET 200, again 404 NoSuchUpload, GET 200", "complete 200, GET 200"},
      {"Completed, and a gateway says 504", complete,
       "complete 504, GET 200, again 404 NoSuchUpload, GET 200", "complete 200, GET 200"},
      {"503 Slow Down", put_fast, "200, 200, 200, 503 SlowDown, later 200",
       "200, 200, 200, 200, later 200"},
      {"Checksums that the storage does not know", put_with_checksum,
       "PUT 501 NotImplemented, GET 404", "PUT 200, GET 200"},
      {"A checksum behind the body is refused", put_with_trailer, "PUT 400 BadRequest, GET 404",
       "PUT 200, GET 200"},
      {"A redirect that is taken for a success", put_and_get, "PUT 301 PermanentRedirect, GET 404",
       "PUT 200, GET 200"},
      {"A signed URL is redirected", put_and_follow, "PUT 307 to another host, GET 404",
       "PUT 200, GET 200"},
      {"A part is reset in the middle", put_parts, "part reset, again 200, complete 200, GET 200",
       "part 200, again 200, complete 200, GET 200"},
      {"The answer comes before the body is read", put_a_head, "PUT 200, GET 404",
       "PUT timeout, GET 404"},
      {"A kept connection is dead", put_twice_on_one_connection,
       "200, closed, on a new connection 200", "200, 200, on a new connection 200"},
      // Open Humans and One Codex
      {"The PUT fails, and the upload is completed", upload_and_complete, "PUT 503, complete 400",
       "PUT 200, complete 200"},
      {"Completing does not look for the bytes", complete_without_bytes, "complete 200, 0 listed",
       "complete 400, 0 listed"},
      {"Silence behind the last byte of a sample", give_up_and_confirm, "sent timeout, confirm 200",
       "sent 201, confirm 200"},
      {"The confirmation fails twice", confirm_until_it_is_taken,
       "sent 201, confirm 502, confirm 502, confirm 200", "sent 201, confirm 200"},
      {"The confirmation fails without a word", confirm_and_read, "confirm 500 without a word",
       "confirm 200 Upload confirmed"},
      // Timing
      {"A connection that carries nothing any more", send_into_nothing,
       "POST 201, PATCH timeout, HEAD 200 at 4, PATCH 204 at 10", whole},
      {"Nobody answers who connects", call_nobody,
       "POST 201, PATCH reset, HEAD timeout, HEAD 200 at 5", half + "HEAD 200 at 5, HEAD 200 at 5"},
      {"The body lasts too long: 408", send_slowly, "POST 201, PATCH 408, HEAD 200 at 4",
       "POST 201, PATCH 204, HEAD 200 at 10"},
      {"Thirty seconds without progress", post_and_give_up, "POST timeout, GET 200",
       "POST 204, GET 200"},
      {"Too many requests", send_fast,
       "POST 201, PATCH 204 at 4, PATCH 204 at 8, PATCH 429, waits 10, HEAD 200 at 8, "
       "PATCH 204 at 12",
       "POST 201, PATCH 204 at 4, PATCH 204 at 8, PATCH 204 at 12"},
  };
}

}  // namespace cookbook
