// Problems that users of object stores, Open Humans and One Codex reported, as their clients see
// them: with the misbehaviour of fixtures/misbehaviours that makes them (docs/guides/reports.md),
// and without it. Each report has a lane of its own in one server.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "control_client.hpp"
#include "programs.hpp"
#include "protocol/base64.hpp"
#include "protocol/http/form.hpp"
#include "protocol/http/multipart.hpp"
#include "protocol/onecodex/answers.hpp"
#include "protocol/s3/documents.hpp"
#include "protocol/s3/policy.hpp"
#include "protocol/s3/post.hpp"
#include "protocol/s3/signature.hpp"
#include "transport/raw_connection.hpp"

namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using programs::Answer;
using programs::ControlClient;
using programs::Mock;
using transport::RawConnection;

const s3::Credentials owner{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};
constexpr Milliseconds patience = 20s;
/// Long enough for an answer that comes at once, and short enough to wait for one that does not.
constexpr Milliseconds a_moment = 1s;
const std::string api_key = "demodemodemodemodemodemodemodemo";
constexpr std::size_t mebibyte = 1U << 20U;

http::TimePoint now() {
  return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
}

/// The outcome as text: "403 AccessDenied: Request has expired", "200", "no answer".
std::string tell(const Answer& answer) {
  if (answer.status == 0) return "no answer";
  const auto error = s3::parse_error_body(answer.body);
  return error ? fmt::format("{} {}: {}", answer.status, error->code, error->message)
               : std::to_string(answer.status);
}

std::string tell(const RawConnection::Read& read) {
  using Seen = RawConnection::Seen;
  if (read.response) return tell(Answer{read.response->status, {}, read.response->body, {}});
  return read.seen == Seen::timeout ? "no answer" : "cut off";
}

/// A lane with one misbehaviour; without a name, the main lane.
class Lane {
 public:
  Lane(const Mock& mock, ControlClient& client, const std::string& kind, const std::string& name)
      : url_(mock.url()), client_(client) {
    if (name.empty()) return;
    mount_ = "/_lane/" + name;
    const auto opened = client_.put("/_mock/lanes/" + name, json{{kind, {name}}}.dump());
    EXPECT_EQ(opened.status, 201) << opened.body;
  }

  Answer send(const std::string& method, const std::string& target, http::Fields headers = {},
              std::optional<std::string> body = std::nullopt) {
    return client_.send(method, target, std::move(headers), std::move(body));
  }
  /// Sends on a connection of its own.
  Answer send_alone(const std::string& method, const std::string& target, std::string body) {
    return ControlClient(url_).send(method, target, {}, std::move(body));
  }
  [[nodiscard]] std::string path(const std::string& rest) const { return mount_ + rest; }

  // ---- the object store

  [[nodiscard]] std::string signed_url(std::string_view method, const std::string& key,
                                       std::chrono::seconds left = 1h,
                                       const http::Fields& headers = {}) const {
    const auto target = path("/examplebucket/" + key);
    return s3::presign_v2({method, target, headers}, owner, now() + left);
  }
  Answer put(const std::string& key, const std::string& bytes = "bytes") {
    return send("PUT", signed_url("PUT", key), {}, bytes);
  }
  Answer get(const std::string& key) { return send("GET", signed_url("GET", key)); }
  /// A request that is signed in its Authorization field.
  Answer signed_call(const std::string& method, const std::string& target,
                     const std::string& body = {}) {
    const http::Fields host{{"Host", url_.substr(std::string_view{"http://"}.size())}};
    return send(method, target, s3::authorize_v2({method, target, host}, owner, now()), body);
  }

  using Conditions = std::vector<s3::Condition>;
  static Conditions usual() {
    return {s3::equals("bucket", "examplebucket"), s3::starts_with("key", "")};
  }
  /// Sends a form with the fields `more` between its policy and its file.
  Answer post(const http::Form& more = {}, const std::string& bytes = "bytes",
              Conditions conditions = usual(), std::chrono::seconds left = 1h) {
    return send_form(signed_form(std::move(conditions), left, more), bytes);
  }
  static http::Form signed_form(Conditions conditions, std::chrono::seconds left = 1h,
                                const http::Form& more = {}) {
    auto form = s3::sign_post_v2(s3::Policy{now() + left, std::move(conditions)}, owner);
    form.insert(form.begin(), {"key", "a/b"});
    form.insert(form.end(), more.begin(), more.end());
    return form;
  }
  Answer send_form(const http::Form& fields, const std::string& bytes) {
    const auto form = http::write_form(fields, {"file", "f", "text/plain"}, "0123456789");
    return send("POST", path("/examplebucket"), {{"Content-Type", form.content_type}},
                form.head + bytes + form.tail);
  }

  /// Begins a PUT with these header fields and first bytes of the body.
  RawConnection begin_put(const std::string& key, http::Fields headers, std::string_view bytes) {
    return begin("PUT", signed_url("PUT", key), std::move(headers), bytes);
  }
  RawConnection begin(std::string_view method, const std::string& target, http::Fields headers,
                      std::string_view bytes) {
    auto connection = RawConnection::open(url_, {}, patience).value();
    headers.add("Host", url_.substr(std::string_view{"http://"}.size()));
    const auto head = transport::request_head(method, target, headers);
    EXPECT_TRUE(connection.send(head + std::string(bytes), patience));
    return connection;
  }

  // ---- Open Humans

  [[nodiscard]] std::string call(const std::string& name) const {
    return path("/api/direct-sharing/project/" + name + "?access_token=example_token");
  }
  static http::Form about(const std::string& metadata = R"({"tags":[],"description":""})") {
    return {{"project_member_id", "12345678"}, {"metadata", metadata}};
  }
  Answer post_form(const std::string& name, const http::Form& form) {
    return send("POST", call(name), {{"Content-Type", "application/x-www-form-urlencoded"}},
                http::format_form(form));
  }
  Answer upload(const std::string& bytes) {
    const auto form = http::write_form(about(), {"data_file", "a.txt", "text/plain"}, "0123456789");
    return send("POST", call("files/upload/"), {{"Content-Type", form.content_type}},
                form.head + bytes + form.tail);
  }
  Answer direct(const std::string& metadata = R"({"tags":[],"description":""})") {
    auto form = about(metadata);
    form.emplace_back("filename", "a.txt");
    return post_form("files/upload/direct/", form);
  }
  Answer complete(std::uint64_t id) {
    return post_form("files/upload/complete/",
                     {{"project_member_id", "12345678"}, {"file_id", std::to_string(id)}});
  }
  /// Downloads the first file that is listed.
  Answer download() {
    const auto listed = listing();
    return listed.empty() ? Answer{}
                          : send("GET", listed.at(0).at("download_url").get<std::string>());
  }
  // ---- One Codex

  Answer post_json(const std::string& call, const std::string& body) {
    const auto basic = "Basic " + base64::encode(api_key + ":");
    return send("POST", path("/api/v1/" + call),
                {{"Authorization", basic}, {"Content-Type", "application/json"}}, body);
  }
  /// The id is "" when the server refuses.
  onecodex::Initiated begin_sample(const std::string& size) {
    const auto begun =
        post_json("samples/init_upload", R"({"filename": "a.fa", "size": )" + size + "}");
    return onecodex::parse_initiated(begun.body, onecodex::Kind::sample)
        .value_or(onecodex::Initiated{});
  }
  Answer send_to(const onecodex::UploadForm& to, const std::string& bytes) {
    const auto form = http::write_form(to.fields, {"file", "a.fa", "text/plain"}, "0123456789");
    return send("POST", to.url, {{"Content-Type", form.content_type}},
                form.head + bytes + form.tail);
  }
  Answer end_sample(const std::string& call, const std::string& id) {
    return post_json("samples/" + call, R"({"sample_id": ")" + id + "\"}");
  }

  json listing() {
    const auto answer = send("GET", call("exchange-member/") + "&project_member_id=12345678");
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.json.at("data");
  }

 private:
  std::string url_;
  ControlClient& client_;
  std::string mount_;
};

struct Report {
  const char* seen;
  const char* kind;  ///< "faults", "defects"
  const char* name;  ///< "": the store does that without a misbehaviour
  std::function<std::string(Lane&)> see;
  std::string expected;
  std::string without;  ///< what the main lane shows
};

void check(const Mock& mock, const std::vector<Report>& reports) {
  ControlClient client(mock.url());
  for (const auto& report : reports) {
    SCOPED_TRACE(fmt::format("{} {}", report.seen, report.name));
    Lane usual(mock, client, "", "");
    EXPECT_EQ(report.see(usual), report.without);
    if (*report.name == '\0') continue;
    Lane lane(mock, client, report.kind, report.name);
    EXPECT_EQ(report.see(lane), report.expected);
  }
}

// ---- what clients do

std::string post_once(Lane& lane) { return tell(lane.post()); }

std::string put_twice(Lane& lane) {
  const auto first = tell(lane.put("twice"));
  return first + ", " + tell(lane.put("twice"));
}
std::string post_twice(Lane& lane) {
  const auto first = tell(lane.post());
  return first + ", " + tell(lane.post());
}

std::string put_and_get(Lane& lane) {
  const auto stored = tell(lane.put("fresh"));
  return stored + ", GET " + tell(lane.get("fresh"));
}

/// Gives up on the answer soon, then waits until the object is there.
std::string give_up_and_look(Lane& lane) {
  auto connection = lane.begin_put("slow", {{"Content-Length", "5"}}, "bytes");
  const auto seen = tell(connection.read_response(a_moment));
  const auto end = std::chrono::steady_clock::now() + patience;
  auto found = lane.get("slow");
  while (found.status != 200 && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(5ms);
    found = lane.get("slow");
  }
  return seen + ", GET " + tell(found) + " " + found.body;
}

std::string give_up(Lane& lane) {
  auto connection = lane.begin_put("unread", {{"Content-Length", "5"}}, "bytes");
  const auto seen = tell(connection.read_response(a_moment));
  return seen + ", GET " + std::to_string(lane.get("unread").status);
}

std::string put_long_by_one_url(Lane& lane) {
  const auto url = lane.signed_url("PUT", "long");
  std::string seen;
  for (int i = 0; i < 3; ++i) {
    seen +=
        (seen.empty() ? "" : "; ") + tell(lane.send_alone("PUT", url, std::string(200'000, 'x')));
  }
  return seen;
}

std::string put_more_than_s3_takes(Lane& lane) {
  auto connection = lane.begin_put("huge", {{"Content-Length", "5368709121"}}, "");
  return tell(connection.read_response(patience));
}

std::string put_chunked(Lane& lane) {
  auto connection = lane.begin_put("chunked", {{"Transfer-Encoding", "chunked"}}, "0\r\n\r\n");
  return tell(connection.read_response(patience));
}

std::string post_what_just_fits(Lane& lane) {
  auto conditions = Lane::usual();
  conditions.push_back(s3::size_between(1, mebibyte));
  return tell(lane.post({}, std::string(mebibyte, 'x'), conditions));
}

std::string post_what_is_large_enough(Lane& lane) {
  auto conditions = Lane::usual();
  conditions.push_back(s3::size_between(4 * mebibyte, 12 * mebibyte));
  return tell(lane.post({}, std::string(4 * mebibyte + 200, 'x'), conditions));
}

std::string put_too_late(Lane& lane) {
  const auto answer = lane.send("PUT", lane.signed_url("PUT", "late", -1'000s), {}, "bytes");
  const auto error = s3::parse_error_body(answer.body);
  const bool tells = error && error->detail("Expires") && error->detail("ServerTime");
  return tell(answer) + (tells ? ", and when" : "");
}
std::string post_too_late(Lane& lane) {
  return tell(lane.post({}, "bytes", Lane::usual(), -1'000s));
}

std::string post_with_wrong_signature(Lane& lane) {
  auto form = Lane::signed_form(Lane::usual());
  for (auto& [name, value] : form) {
    if (name == "signature") value.insert(0, "A");
  }
  const auto answer = lane.send_form(form, "bytes");
  return fmt::format(
      "{} {}", answer.status,
      answer.body.find("SignatureDoesNotMatch") == std::string::npos ? "" : "no match");
}

std::string post_what_the_policy_lacks(Lane& lane) {
  return tell(lane.post({{"x-amz-meta-mood", "good"}}));
}

std::string post_with_and_without_type(Lane& lane) {
  const auto without = tell(lane.post());
  auto conditions = Lane::usual();
  conditions.push_back(s3::starts_with("Content-Type", "text/"));
  return without + "; " + tell(lane.post({{"Content-Type", "text/plain"}}, "bytes", conditions));
}

std::string abort_and_go_on(Lane& lane) {
  const auto object = lane.path("/examplebucket/parts");
  const auto begun = s3::parse_initiate_multipart_upload_result(
      lane.signed_call("POST", object + "?uploads").body);
  if (!begun) return "not begun";
  const auto query = "uploadId=" + begun->upload_id;
  const auto aborted = tell(lane.signed_call("DELETE", object + "?" + query));
  return aborted + ", " + tell(lane.signed_call("PUT", object + "?partNumber=1&" + query, "bytes"));
}

std::string put_parts(Lane& lane) {
  const auto object = lane.path("/examplebucket/parts");
  const auto begun = s3::parse_initiate_multipart_upload_result(
      lane.signed_call("POST", object + "?uploads").body);
  if (!begun) return "not begun";
  std::string all;
  for (const auto* number : {"1", "2", "2", "3"}) {
    const auto query = fmt::format("?partNumber={}&uploadId={}", number, begun->upload_id);
    all += (all.empty() ? "" : ", ") + tell(lane.signed_call("PUT", object + query, "bytes"));
  }
  return all;
}

std::string send_signed_by_date(Lane& lane) {
  const http::Fields date{{"X-Amz-Date", "20180527T122227Z"}};
  const auto target = lane.path("/examplebucket/dated");
  return tell(
      lane.send("PUT", s3::presign_v2({"PUT", target, date}, owner, now() + 1h), date, "x"));
}

std::string put_with_type(Lane& lane) {
  const auto answer =
      lane.send("PUT", lane.signed_url("PUT", "typed"), {{"Content-Type", "text/plain"}}, "bytes");
  return fmt::format("{} {}", answer.status, s3::parse_error_body(answer.body)->code);
}
std::string put_with_another_type(Lane& lane) {
  const http::Fields type{{"Content-Type", "image/png"}};
  const auto answer = lane.send("PUT", lane.signed_url("PUT", "typed", 1h, type),
                                {{"Content-Type", "image/jpeg"}}, "bytes");
  return fmt::format("{} {}", answer.status, s3::parse_error_body(answer.body)->code);
}

std::string post_key_after_file(Lane& lane) {
  auto form = Lane::signed_form(Lane::usual());
  form.erase(form.begin());
  const auto written = http::write_form(form, {"file", "f", "text/plain"}, "0123456789");
  const auto late = "\r\n--0123456789\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\na/b";
  return tell(lane.send("POST", lane.path("/examplebucket"),
                        {{"Content-Type", written.content_type}},
                        written.head + "bytes" + late + written.tail));
}
std::string post_without_bucket_condition(Lane& lane) {
  return tell(lane.post({}, "bytes", {s3::starts_with("key", "")}));
}
std::string look_at_location(Lane& lane) {
  const auto location = lane.post().header("Location");
  return location.substr(std::min(location.rfind('/'), location.size()));
}
std::string post_from_another_origin(Lane& lane) {
  const auto form =
      http::write_form(Lane::signed_form(Lane::usual()), {"file", "f", "text/plain"}, "0123456789");
  const auto answer =
      lane.send("POST", lane.path("/examplebucket"),
                {{"Content-Type", form.content_type}, {"Origin", "https://a.example"}},
                form.head + "bytes" + form.tail);
  return tell(answer) +
         (answer.headers.has("Access-Control-Allow-Origin") ? ", allowed" : ", not allowed");
}

const std::string expired = "403 AccessDenied: Request has expired";
const std::string no_match = "403 SignatureDoesNotMatch";

std::vector<Report> of_object_stores() {
  const std::string extra = "403 AccessDenied: Invalid according to Policy: Extra input fields: ";
  const std::string internal =
      "500 InternalError: We encountered an internal error. Please try again.";
  const std::string idle =
      "400 RequestTimeout: Your socket connection to the server was not read from or written to "
      "within the timeout period. Idle connections will be closed.";
  const std::string too_old = "403 AccessDenied: Invalid according to Policy: Policy expired.";
  return {
      {"onecodex#126, #196", "faults", "object-silent-after-body", give_up_and_look,
       "no answer, GET 200 bytes", "200, GET 200 bytes"},
      {"onecodex#5", "faults", "object-never-read", give_up, "no answer, GET 404", "200, GET 200"},
      {"onecodex#197", "faults", "object-500-once", put_twice, internal + ", 200", "200, 200"},
      {"linode-cli#313", "faults", "object-part-slow-down", put_parts,
       "200, 503 SlowDown: Please reduce your request rate., 200, 200", "200, 200, 200, 200"},
      {"open-humans-api#93", "faults", "object-lost", put_and_get,
       "200, GET 404 NoSuchKey: The specified key does not exist.", "200, GET 200"},
      {"aws-sdk-ruby#895", "faults", "object-policy-expired", post_twice, "204, " + too_old,
       "204, 204"},
      {"fine-uploader#1387", "faults", "object-clock-skew", send_signed_by_date,
       "403 RequestTimeTooSkewed: The difference between the request time and the current time is "
       "too large.",
       "200"},
      {"texera#3837, uppy#1724", "faults", "object-url-expires-midway", put_long_by_one_url,
       "no answer; " + expired + "; " + expired, "200; 200; 200"},
      {"oam-browser#272", "faults", "object-over-5gib-reset", put_more_than_s3_takes, "cut off",
       "400 EntityTooLarge: Your proposed upload exceeds the maximum allowed size"},
      {"apisauce#245", "faults", "object-size-of-form", post_what_just_fits,
       "400 EntityTooLarge: Your proposed upload exceeds the maximum allowed size", "204"},
      {"s3_uploader_example#3", "faults", "object-request-timeout", put_twice, idle + ", 200",
       "200, 200"},
      {"s3-tests#487", "faults", "object-minimum-of-last-chunk", post_what_is_large_enough,
       "400 EntityTooSmall: Your proposed upload is smaller than the minimum allowed size", "204"},
      {"rustfs#1564", "faults", "object-post-200", post_once, "200", "204"},
      {"versitygw#2116", "faults", "object-expired-untold", put_too_late, expired,
       expired + ", and when"},
      {"noobaa-core#8493", "faults", "object-expiry-ignored", post_too_late, "204", too_old},
      {"floci#3081", "faults", "object-signature-ignored", post_with_wrong_signature, "204 ",
       "403 no match"},
      {"minio#8623", "faults", "object-extra-fields-taken", post_what_the_policy_lacks, "204",
       extra + "x-amz-meta-mood"},
      {"ceph#19784", "faults", "object-type-required", post_with_and_without_type,
       "403 AccessDenied: Invalid according to Policy: Policy Condition failed: [\"starts-with\", "
       "\"$Content-Type\", \"\"]; 204",
       "204; 204"},
      {"onecodex#42", "faults", "object-abort-ignored", abort_and_go_on, "204, 200",
       "204, 404 NoSuchUpload: The specified upload does not exist. The upload ID may be "
       "invalid, or the upload may have been aborted or completed."},
      {"formbricks#7362", "faults", "object-cors-missing", post_from_another_origin,
       "204, not allowed", "204, allowed"},
      // Mistakes of clients, which every store refuses.
      {"aws-sdk-js#557", "", "", put_with_type, "", no_match},
      {"boto3#578", "", "", put_with_another_type, "", no_match},
      {"s3-angular-file-upload#1", "", "", post_key_after_file, "",
       "400 InvalidArgument: Bucket POST must contain a field named 'key'.  If it is specified, "
       "please check the order of the fields."},
      {"s3_direct_upload#54", "", "", post_what_the_policy_lacks, "", extra + "x-amz-meta-mood"},
      {"aws-sdk-php#3292", "", "", post_without_bucket_condition, "", extra + "bucket"},
      {"dandi-cli#1408", "", "", put_chunked, "",
       "501 NotImplemented: A header you provided implies functionality that is not implemented"},
      {"direct-upload-s3-signaturev4#4", "", "", look_at_location, "", "/a%2Fb"},
  };
}

// ---- Open Humans

/// Completes an upload of which nothing was sent.
std::string complete_without_put(Lane& lane) {
  const auto begun = lane.direct();
  return std::to_string(lane.complete(begun.json.at("id")).status);
}

std::string upload_directly(Lane& lane) {
  const auto begun = lane.direct();
  const auto stored = lane.send("PUT", begun.json.at("url").get<std::string>(), {}, "bytes");
  return tell(stored) + ", complete/ " + std::to_string(lane.complete(begun.json.at("id")).status);
}

std::string upload_and_download(Lane& lane) {
  const auto uploaded = lane.upload("bytes");
  const auto listed = lane.listing().size();
  return fmt::format("{}, {} listed, GET {}", uploaded.status, listed > 0 ? "it is" : "nothing is",
                     lane.download().status);
}

std::string delete_what_is_listed(Lane& lane) {
  lane.upload("bytes");
  std::string seen = std::to_string(lane.download().status);
  lane.post_form("files/delete/", {{"project_member_id", "12345678"}, {"all_files", "true"}});
  const auto left = lane.listing();
  return seen + (left.empty() ? ", gone" : ", still listed") + ", GET " +
         std::to_string(lane.download().status);
}

std::string upload_what_is_large(Lane& lane) {
  const auto small = lane.upload(std::string(5 * mebibyte / 2 - 1'000, 'x'));
  const auto large = lane.upload(std::string(5 * mebibyte / 2 + 1'000, 'x'));
  return fmt::format("{}, {}", small.status, large.status);
}

/// Requests on which the deployed server fails with 500, among others that it refuses properly.
std::string send_oddities(Lane& lane) {
  std::string seen;
  const auto with = [](const std::string& member) {
    return R"({"tags":[],"description":"",)" + member + "}";
  };
  const auto add = [&](const Answer& answer) { seen += fmt::format(" {}", answer.status); };
  add(lane.direct(with(R"("start_date":"yesterday")")));
  add(lane.direct(with(R"("start_date":"2018-02-30")")));
  add(lane.direct(with(R"("end_date":null)")));
  add(lane.direct(with(R"("md5":"abc")")));
  add(lane.direct(with(R"("md5":null)")));
  add(lane.direct("no JSON"));
  add(lane.direct("7"));
  auto form = Lane::about();
  form.insert(form.end(), {{"filename", "a"}, {"datatypes", "1"}});
  add(lane.post_form("files/upload/direct/", form));
  add(lane.complete(0));
  add(lane.complete(999'999));
  const http::Fields as_json{{"Content-Type", "application/json"}};
  add(lane.send("POST", lane.call("files/delete/"), as_json, R"({"all_files": True})"));
  add(lane.send("POST", lane.call("files/delete/"), as_json, "[1]"));
  return seen;
}

std::vector<Report> of_open_humans() {
  return {
      {"open-humans#884", "defects", "oh-complete-not-checked", complete_without_put, "200", "400"},
      {"open-humans#885", "faults", "oh-objects-missing", upload_and_download,
       "201, it is listed, GET 404", "201, it is listed, GET 200"},
      {"open-humans-api#93", "faults", "object-lost", upload_directly, "200, complete/ 400",
       "200, complete/ 200"},
      {"open-humans#763", "faults", "oh-listing-stale", delete_what_is_listed,
       "200, still listed, GET 404", "200, gone, GET 0"},
      {"uppy#1130", "faults", "oh-expires-in-ms", upload_directly,
       "403 AccessDenied: Invalid date (should be seconds since epoch), complete/ 400",
       "200, complete/ 200"},
      {"kpi#5920", "faults", "oh-large-upload-500", upload_what_is_large, "201, 500", "201, 201"},
      {"open-humans 6ef9bbc", "faults", "oh-deployed-500", send_oddities,
       " 400 500 500 400 500 400 500 500 400 500 400 500",
       " 400 400 400 400 400 400 400 400 400 400 400 400"},
  };
}

// ---- One Codex

std::string confirm_a_sample(Lane& lane) {
  const auto sample = lane.begin_sample("9");
  const auto stored = lane.send_to(sample.file, ">a\nACGT\n\n");
  const auto confirmed = lane.end_sample("confirm_upload", sample.id);
  return fmt::format("{}, {} {}", stored.status, confirmed.status,
                     confirmed.json.value("message", "without a message"));
}

std::string cancel_what_is_confirmed(Lane& lane) {
  const auto sample = lane.begin_sample("9");
  lane.send_to(sample.file, ">a\nACGT\n\n");
  lane.end_sample("confirm_upload", sample.id);
  const auto cancelled = lane.end_sample("cancel_upload", sample.id);
  return fmt::format("{} {}", cancelled.status, cancelled.json.value("message", ""));
}

/// Begins a sample that is larger than a form may be, and sends it.
std::string send_more_than_a_form_holds(Lane& lane) {
  const auto sample = lane.begin_sample("5368709121");
  auto connection = lane.begin(
      "POST", lane.path("/onecodex-uploads"),
      {{"Content-Type", "multipart/form-data; boundary=b"}, {"Content-Length", "5368709999"}}, "");
  return (sample.id.empty() ? "no form, " : "a form, ") + tell(connection.read_response(patience));
}

std::vector<Report> of_one_codex() {
  return {
      {"onecodex#100", "faults", "oc-confirm-unexplained", confirm_a_sample,
       "201, 500 without a message", "201, 200 Upload confirmed"},
      {"onecodex#298", "", "", cancel_what_is_confirmed, "", "400 Upload already successful"},
      {"onecodex#261", "", "", send_more_than_a_form_holds, "",
       "a form, 400 EntityTooLarge: Your proposed upload exceeds the maximum allowed size"},
  };
}

TEST(Reports, EveryFileIsInATable) {
  std::set<std::string> shown;
  for (const auto& table : {of_object_stores(), of_open_humans(), of_one_codex()}) {
    for (const auto& report : table) shown.insert(report.name);
  }
  const std::filesystem::path faults{std::string(DEX_FIXTURES) + "/misbehaviours/faults"};
  for (const auto& entry : std::filesystem::directory_iterator(faults)) {
    const auto name = entry.path().stem().string();
    if (!name.starts_with("object-") && !name.starts_with("oh-") && !name.starts_with("oc-")) {
      continue;
    }
    EXPECT_TRUE(shown.contains(name)) << name;
  }
}

TEST(Reports, OfObjectStores) {
  const Mock mock({"--profile", "objects", "--store", "memory"});
  check(mock, of_object_stores());
}

TEST(Reports, OfOneCodex) {
  const Mock mock({"--profile", "onecodex", "--store", "memory"});
  check(mock, of_one_codex());
}

TEST(Reports, OfOpenHumans) {
  const Mock mock({"--profile", "openhumans", "--store", "memory"});
  check(mock, of_open_humans());
}

}  // namespace
