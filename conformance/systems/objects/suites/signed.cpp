// Requests with a signature in Authorization, and multipart uploads (area objects-signed).
#include <fmt/format.h>

#include "objects/vocabulary.hpp"

namespace conformance::suites {
namespace {

std::string get_url(Context& c, const std::string& key) {
  static_cast<void>(obj::access_key(c));
  c.created(obj::target(c).object_url(key));
  return obj::presigned(c, key, {.method = "GET"});
}

Outcome put_by(Context& c, Version version) {
  obj::need(c, version);
  const auto key = obj::new_key(c);
  const auto get = get_url(c, key);
  const auto bytes = c.random_bytes(1'000);
  const auto response = obj::send(c, obj::authorized(c, version, key, bytes));
  Findings findings{"PUT: 200 and an ETag, and GET gives the bytes"};
  findings.check(response.status == 200, obj::told(response));
  findings.check(response.headers.has("ETag"), response.headers.has("ETag") ? "ETag" : "no ETag");
  obj::expect_bytes(c, findings, get, bytes);
  return findings.outcome();
}

Outcome version_4_authorization_is_taken(Context& c) { return put_by(c, Version::v4); }
Outcome version_2_authorization_is_taken(Context& c) { return put_by(c, Version::v2); }

Outcome another_payload_is_400(Context& c) {
  obj::need(c, Version::v4);
  const auto key = obj::new_key(c);
  const auto get = get_url(c, key);
  auto request = obj::authorized(c, Version::v4, key, letters(100));
  request.body = letters(100, 'b');
  const auto response = obj::send(c, std::move(request));
  Findings findings{"400 XAmzContentSHA256Mismatch, and nothing is stored"};
  findings.check(obj::refuses(response, 400, "XAmzContentSHA256Mismatch"), obj::told(response));
  const auto object = obj::fetch(c, get);
  findings.check(object.status == 404, "GET: " + obj::told(object));
  return findings.outcome();
}

Outcome unsigned_payload_is_taken(Context& c) {
  obj::need(c, Version::v4);
  const auto key = obj::new_key(c);
  const auto get = get_url(c, key);
  const auto response =
      obj::send(c, obj::authorized(c, Version::v4, key, "bytes",
                                   {.payload = std::string{s3::unsigned_payload}}));
  Findings findings{"UNSIGNED-PAYLOAD: 200, and GET gives the bytes"};
  findings.check(response.status == 200, obj::told(response));
  obj::expect_bytes(c, findings, get, "bytes");
  return findings.outcome();
}

Outcome skewed_clock_is_403(Context& c) {
  Findings findings{"signed half an hour ago: 403 RequestTimeTooSkewed"};
  static_cast<void>(obj::access_key(c));
  for (const auto version : obj::versions(c)) {
    const auto key = obj::new_key(c);
    static_cast<void>(get_url(c, key));
    const auto response = obj::send(
        c,
        obj::authorized(c, version, key, "bytes", {.at = obj::now() - std::chrono::minutes{30}}));
    findings.check(obj::refuses(response, 403, "RequestTimeTooSkewed"),
                   fmt::format("{}: {}", obj::name_of(version), obj::told(response)));
  }
  return findings.outcome();
}

Outcome signature_of_another_object_is_403(Context& c) {
  Findings findings{"another signature: 403 SignatureDoesNotMatch"};
  static_cast<void>(obj::access_key(c));
  for (const auto version : obj::versions(c)) {
    const auto key = obj::new_key(c);
    static_cast<void>(get_url(c, key));
    auto request = obj::authorized(c, version, key, "bytes");
    // Signed for another object.
    request.url.back() = request.url.back() == 'x' ? 'y' : 'x';
    const auto response = obj::send(c, std::move(request));
    findings.check(obj::refuses(response, 403, "SignatureDoesNotMatch"),
                   fmt::format("{}: {}", obj::name_of(version), obj::told(response)));
  }
  return findings.outcome();
}

Outcome no_signature_is_403(Context& c) {
  static_cast<void>(obj::access_key(c));
  const auto url = obj::target(c).object_url(obj::new_key(c));
  c.created(url);
  Findings findings{"without a signature: 403 AccessDenied"};
  for (const auto& [label, response] :
       {std::pair{"PUT", obj::put(c, url, "bytes")}, {"GET", obj::fetch(c, url)}}) {
    findings.check(obj::refuses(response, 403, "AccessDenied"),
                   fmt::format("{}: {}", label, obj::told(response)));
  }
  return findings.outcome();
}

Outcome delete_may_be_repeated(Context& c) {
  const auto key = obj::new_key(c);
  const auto place = obj::place_of(c, key);
  obj::store(c, place, "bytes");
  Findings findings{"DELETE: 204, then GET: 404, and a second DELETE: 204"};
  const auto url = obj::presigned(c, key, {.method = "DELETE"});
  const auto remove = [&](std::string_view label) {
    Request request;
    request.method = "DELETE";
    request.url = url;
    const auto response = obj::send(c, std::move(request));
    findings.check(response.status == 204, fmt::format("{}: {}", label, obj::told(response)));
  };
  remove("DELETE");
  const auto object = obj::fetch(c, place.get);
  findings.check(object.status == 404, "GET: " + obj::told(object));
  remove("again");
  return findings.outcome();
}

// ---- multipart uploads --------------------------------------------------------------------------

constexpr std::size_t smallest_part = 5U << 20U;

/// A multipart upload that was begun; it is aborted at the end of the run, if not before.
struct Multipart {
  std::string key;
  std::string id;
};

Multipart begin(Context& c) {
  const auto version = obj::target(c).version;
  const auto key = obj::new_key(c);
  static_cast<void>(get_url(c, key));
  const auto response =
      obj::send(c, obj::authorized(c, version, key, "", {.method = "POST", .query = "uploads"}));
  const auto begun = s3::parse_initiate_multipart_upload_result(response.body);
  if (response.status != 200 || !begun) {
    stop_blocked("POST ?uploads gives an UploadId", obj::told(response));
  }
  c.created(obj::target(c).object_url(key) + "?uploadId=" + http::percent_encode(begun->upload_id));
  return {key, begun->upload_id};
}

Response put_part(Context& c, const Multipart& upload, unsigned number, const std::string& bytes) {
  const auto query =
      fmt::format("partNumber={}&uploadId={}", number, http::percent_encode(upload.id));
  return obj::send(c,
                   obj::authorized(c, obj::target(c).version, upload.key, bytes, {.query = query}));
}

/// A part that is taken, as the completion names it.
s3::CompletedPart part(Context& c, const Multipart& upload, unsigned number,
                       const std::string& bytes) {
  const auto response = put_part(c, upload, number, bytes);
  auto etag = value_of(response, "ETag");
  if (response.status != 200 || etag.empty()) {
    stop_blocked("a part is taken: 200 and an ETag", obj::told(response));
  }
  std::erase(etag, '"');
  return {number, etag};
}

Response complete(Context& c, const Multipart& upload, const std::vector<s3::CompletedPart>& parts,
                  const Fields& more = {}) {
  auto request =
      obj::authorized(c, obj::target(c).version, upload.key, s3::complete_multipart_upload(parts),
                      {.method = "POST", .query = "uploadId=" + http::percent_encode(upload.id)});
  for (const auto& [name, value] : more) request.headers.add(name, value);
  return obj::send(c, std::move(request));
}

Outcome parts_join_by_their_numbers(Context& c) {
  const auto upload = begin(c);
  const auto first = c.random_bytes(smallest_part);
  const auto second = c.random_bytes(1'000);
  // In the wrong order on purpose.
  const auto two = part(c, upload, 2, second);
  const auto one = part(c, upload, 1, first);
  const auto response = complete(c, upload, {one, two});
  Findings findings{"completed: 200, and GET gives the bytes in the order of the parts"};
  findings.check(response.status == 200, obj::told(response));
  obj::expect_bytes(c, findings, get_url(c, upload.key), first + second);
  return findings.outcome();
}

Outcome multipart_etag_counts_parts(Context& c) {
  const auto upload = begin(c);
  const auto response = complete(c, upload, {part(c, upload, 1, "bytes")});
  const auto object = s3::parse_complete_multipart_upload_result(response.body);
  if (!object) stop_blocked("the completion tells an ETag", obj::told(response));
  const bool right = object->etag.ends_with("-1\"") || object->etag.ends_with("-1");
  return right ? holds("it ends in -1") : broken("an ETag that ends in -1", "another");
}

Outcome part_sent_again_replaces_itself(Context& c) {
  const auto upload = begin(c);
  static_cast<void>(part(c, upload, 1, "first"));
  const auto again = part(c, upload, 1, "second");
  const auto response = complete(c, upload, {again});
  Findings findings{"of a part that was sent twice the second counts"};
  findings.check(response.status == 200, obj::told(response));
  obj::expect_bytes(c, findings, get_url(c, upload.key), "second");
  return findings.outcome();
}

Outcome invalid_part_is_400(Context& c) {
  const auto upload = begin(c);
  auto right = part(c, upload, 1, "bytes");
  auto other = right;
  other.etag = "00000000000000000000000000000000";
  Findings findings{"400 InvalidPart"};
  for (const auto& [label, named] :
       {std::pair{"another ETag", other}, {"no such part", s3::CompletedPart{2, right.etag}}}) {
    const auto response = complete(c, upload, {named});
    findings.check(obj::refuses(response, 400, "InvalidPart"),
                   fmt::format("{}: {}", label, obj::told(response)));
  }
  return findings.outcome();
}

Outcome wrong_part_order_is_400(Context& c) {
  const auto upload = begin(c);
  // Both parts are long enough to stand anywhere: only their order is wrong.
  const auto bytes = letters(smallest_part);
  const auto one = part(c, upload, 1, bytes);
  const auto two = part(c, upload, 2, bytes);
  return obj::expect_refusal(complete(c, upload, {two, one}), 400, "InvalidPartOrder");
}

Outcome small_part_before_last_is_400(Context& c) {
  const auto upload = begin(c);
  const auto one = part(c, upload, 1, "one");
  const auto two = part(c, upload, 2, "two");
  return obj::expect_refusal(complete(c, upload, {one, two}), 400, "EntityTooSmall");
}

Outcome aborted_multipart_upload_is_gone(Context& c) {
  const auto upload = begin(c);
  static_cast<void>(part(c, upload, 1, "bytes"));
  Request request =
      obj::authorized(c, obj::target(c).version, upload.key, "",
                      {.method = "DELETE", .query = "uploadId=" + http::percent_encode(upload.id)});
  const auto aborted = obj::send(c, std::move(request));
  Findings findings{"DELETE: 204, and a part after it: 404 NoSuchUpload"};
  findings.check(aborted.status == 204, "DELETE: " + obj::told(aborted));
  const auto late = put_part(c, upload, 2, "bytes");
  findings.check(obj::refuses(late, 404, "NoSuchUpload"), "a part: " + obj::told(late));
  return findings.outcome();
}

Outcome no_object_before_complete(Context& c) {
  const auto upload = begin(c);
  static_cast<void>(part(c, upload, 1, "bytes"));
  const auto object = obj::fetch(c, get_url(c, upload.key));
  return object.status == 404 ? holds("GET: 404") : broken("GET: 404", obj::told(object));
}

// ---- conditional PUT ----------------------------------------------------------------------------

const Fields if_none{{"If-None-Match", "*"}};

/// With version 4 of the signature, as Amazon S3 takes conditions only with that.
Response put_if(Context& c, const std::string& key, const std::string& bytes,
                const Fields& condition) {
  auto request = obj::authorized(c, Version::v4, key, bytes);
  for (const auto& [name, value] : condition) request.headers.add(name, value);
  return obj::send(c, std::move(request));
}

Outcome if_none_match_overwrites_nothing(Context& c) {
  obj::need(c, Version::v4);
  const auto key = obj::new_key(c);
  const auto get = get_url(c, key);
  Findings findings{"If-None-Match: *: 200 where there is none, then 412, and the first stays"};
  const auto first = put_if(c, key, "first", if_none);
  findings.check(first.status == 200, "first: " + obj::told(first));
  const auto second = put_if(c, key, "second", if_none);
  findings.check(obj::refuses(second, 412, "PreconditionFailed"), "second: " + obj::told(second));
  obj::expect_bytes(c, findings, get, "first");
  return findings.outcome();
}

Outcome if_match_wants_that_etag(Context& c) {
  obj::need(c, Version::v4);
  const auto key = obj::new_key(c);
  const auto get = get_url(c, key);
  const auto stored = put_if(c, key, "first", {});
  const auto etag = value_of(stored, "ETag");
  if (stored.status != 200 || etag.empty()) {
    stop_blocked("an object is stored: 200 and an ETag", obj::told(stored));
  }
  Findings findings{"If-Match: 412 with another ETag, 200 with that of the object"};
  const auto other =
      put_if(c, key, "other", {{"If-Match", "\"00000000000000000000000000000000\""}});
  findings.check(obj::refuses(other, 412, "PreconditionFailed"), "another: " + obj::told(other));
  obj::expect_bytes(c, findings, get, "first");
  const auto right = put_if(c, key, "second", {{"If-Match", etag}});
  findings.check(right.status == 200, "its own: " + obj::told(right));
  obj::expect_bytes(c, findings, get, "second");
  return findings.outcome();
}

Outcome multipart_if_none_match_is_412(Context& c) {
  obj::need(c, Version::v4);
  const auto upload = begin(c);
  const auto one = part(c, upload, 1, "parts");
  const auto put = put_if(c, upload.key, "first", {});
  if (put.status != 200) stop_blocked("an object is stored", obj::told(put));
  Findings findings{"completed with If-None-Match: * over an object: 412, and that stays"};
  const auto response = complete(c, upload, {one}, if_none);
  findings.check(obj::refuses(response, 412, "PreconditionFailed"), obj::told(response));
  obj::expect_bytes(c, findings, get_url(c, upload.key), "first");
  return findings.outcome();
}

}  // namespace

std::vector<Check> objects_signed() {
  return {
      {"OBJ-SIG-001", version_4_authorization_is_taken},
      {"OBJ-SIG-002", version_2_authorization_is_taken},
      {"OBJ-SIG-003", another_payload_is_400},
      {"OBJ-SIG-004", unsigned_payload_is_taken},
      {"OBJ-SIG-005", skewed_clock_is_403},
      {"OBJ-SIG-006", signature_of_another_object_is_403},
      {"OBJ-SIG-007", no_signature_is_403},
      {"OBJ-SIG-008", delete_may_be_repeated},
      {"OBJ-SIG-009", parts_join_by_their_numbers},
      {"OBJ-SIG-010", multipart_etag_counts_parts},
      {"OBJ-SIG-011", part_sent_again_replaces_itself},
      {"OBJ-SIG-012", invalid_part_is_400},
      {"OBJ-SIG-013", wrong_part_order_is_400},
      {"OBJ-SIG-014", small_part_before_last_is_400},
      {"OBJ-SIG-015", aborted_multipart_upload_is_gone},
      {"OBJ-SIG-016", no_object_before_complete},
      {"OBJ-SIG-017", if_none_match_overwrites_nothing},
      {"OBJ-SIG-018", if_match_wants_that_etag},
      {"OBJ-SIG-019", multipart_if_none_match_is_412},
  };
}

}  // namespace conformance::suites
