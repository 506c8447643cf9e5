// Bodies on their way, and what every answer has (area objects-transfer).
#include <fmt/format.h>

#include "objects/vocabulary.hpp"
#include "protocol/base64.hpp"
#include "protocol/digest.hpp"

namespace conformance::suites {
namespace {

constexpr std::uint64_t largest = 5ULL << 30U;

std::string md5_of(std::string_view bytes) {
  Digest digest{DigestAlgorithm::md5};
  digest.update(bytes);
  return digest.finish();
}

Outcome chunked_put_is_501(Context& c) {
  only_in_http1(c, "chunked transfer coding (RFC 9113 section 8.1)");
  const auto place = obj::place(c);
  obj::store(c, place, "bytes");
  Request request;
  request.method = "PUT";
  request.url = place.put;
  request.body = "others";
  request.chunked = true;
  return obj::expect_refusal(obj::send(c, std::move(request)), 501, "NotImplemented");
}

Outcome put_without_length_is_411(Context& c) {
  const auto place = obj::place(c);
  obj::store(c, place, "bytes");
  auto connection = raw_to(c, place.put);
  const auto head = bare_head(c, "PUT", place.put, {});
  const auto response = answer(talk(c, connection, "PUT without a length", head));
  return obj::expect_refusal(response, 411, "MissingContentLength");
}

Outcome broken_put_stores_nothing(Context& c) {
  const auto place = obj::place(c);
  obj::store(c, place, "bytes");
  auto connection = raw_to(c, place.put);
  const auto head = bare_head(c, "PUT", place.put, {{"Content-Length", "100"}});
  static_cast<void>(connection.send(head + letters(50), answer_timeout));
  c.record_raw("half of a body", head, {});
  break_off(connection);
  Findings findings{"half of a body stores nothing: the object is as it was"};
  obj::expect_bytes(c, findings, place.get, "bytes");
  obj::store(c, place, "others");
  findings.note("the next PUT is taken");
  return findings.outcome();
}

Outcome wrong_content_md5_is_400(Context& c) {
  static_cast<void>(obj::access_key(c));
  Findings findings{
      "Content-MD5 of the body: 200; of another: 400 BadDigest; none: 400 InvalidDigest"};
  const auto try_md5 = [&](const std::string& md5) {
    const auto key = obj::new_key(c);
    static_cast<void>(obj::place_of(c, key));
    const Fields fields{{"Content-MD5", md5}};
    return obj::put(c, obj::presigned(c, key, {.fields = fields}), "bytes", fields);
  };
  const auto right = try_md5(base64::encode(md5_of("bytes")));
  findings.check(right.status == 200, "right: " + obj::told(right));
  const auto wrong = try_md5(base64::encode(md5_of("others")));
  findings.check(obj::refuses(wrong, 400, "BadDigest"), "of another: " + obj::told(wrong));
  const auto none = try_md5("bm9uZQ==");
  findings.check(obj::refuses(none, 400, "InvalidDigest"), "none: " + obj::told(none));
  return findings.outcome();
}

/// A PUT with Expect: 100-continue, whose body is never sent.
RawConnection::Read ask(Context& c, RawConnection& connection, const std::string& url,
                        std::uint64_t length) {
  const auto head = bare_head(
      c, "PUT", url, {{"Content-Length", std::to_string(length)}, {"Expect", "100-continue"}});
  static_cast<void>(connection.send(head, answer_timeout));
  auto read = await_continue(connection, answer_timeout);
  c.record_raw("PUT that asks first", head, read);
  return read;
}

Outcome length_over_5_gib_is_400(Context& c) {
  const auto place = obj::place(c);
  auto connection = raw_to(c, place.put);
  const auto read = ask(c, connection, place.put, largest + 1);
  const std::string rule = "400 EntityTooLarge, before the body is sent";
  if (!read.response) {
    return broken(rule, read.interims.empty() ? "no answer (" + to_string(read.seen) + ")"
                                              : std::string{"the body is asked for"});
  }
  return obj::refuses(*read.response, 400, "EntityTooLarge")
             ? holds(obj::told(*read.response))
             : broken(rule, obj::told(*read.response));
}

Outcome expect_is_answered_at_once(Context& c) {
  const auto place = obj::place(c);
  auto connection = raw_to(c, place.put);
  const auto head =
      bare_head(c, "PUT", place.put, {{"Content-Length", "5"}, {"Expect", "100-continue"}});
  static_cast<void>(connection.send(head, answer_timeout));
  const auto read = await_continue(connection, Milliseconds{1'000});
  c.record_raw("PUT that waits for 100 Continue", head, read);
  if (read.response) return holds(obj::told(*read.response));
  if (read.interims.empty()) return broken("100, or a final status, within a second", "neither");
  static_cast<void>(connection.send("bytes", answer_timeout));
  const auto stored = answer(connection.read_response(answer_timeout));
  Findings findings{"100 at once, and then 200"};
  findings.check(read.interims.front().status == 100, std::to_string(read.interims.front().status));
  findings.check(stored.status == 200, obj::told(stored));
  return findings.outcome();
}

Outcome stopped_body_is_400(Context& c) {
  const auto place = obj::place(c);
  auto connection = raw_to(c, place.put);
  const auto head = bare_head(c, "PUT", place.put, {{"Content-Length", "100"}});
  static_cast<void>(connection.send(head + letters(50), answer_timeout));
  const auto read = connection.read_response(c.patience());
  c.record_raw("a body that stops", head, read);
  if (!read.response && read.seen == RawConnection::Seen::timeout) {
    return not_offered("the server waits longer than this run (--patience)");
  }
  if (!read.response) return broken("400 RequestTimeout", to_string(read.seen));
  return obj::expect_refusal(*read.response, 400, "RequestTimeout");
}

/// A refusal that any store gives: what is asked for is not there, or was not signed.
Response refused(Context& c) {
  if (obj::target(c).key) {
    auto response = obj::fetch(c, obj::presigned(c, obj::new_key(c), {.method = "GET"}));
    if (response.status < 400) stop_blocked("no such object: 404", obj::told(response));
    return response;
  }
  auto url = obj::place(c).put;
  url[url.find('?') - 1] = '~';
  auto response = obj::put(c, url, "others");
  if (response.status < 400) stop_blocked("another path: 403", obj::told(response));
  return response;
}

Outcome errors_are_xml_with_code(Context& c) {
  const auto response = refused(c);
  Findings findings{"an error is application/xml with Code, Message and RequestId"};
  const auto type = value_of(response, "Content-Type");
  const bool xml = type.starts_with("application/xml");
  findings.check(xml, xml ? "application/xml" : tell(response, "Content-Type"));
  const auto body = s3::parse_error_body(response.body);
  findings.check(body.has_value(), body ? "Code" : "no Code");
  if (!body) return findings.outcome();
  findings.check(!body->message.empty(), body->message.empty() ? "no Message" : "Message");
  const bool known = body->detail("RequestId").has_value();
  findings.check(known, known ? "RequestId" : "no RequestId");
  return findings.outcome();
}

Outcome request_ids_on_every_answer(Context& c) {
  Findings findings{"x-amz-request-id and x-amz-id-2, in an error also as RequestId and HostId"};
  const auto place = obj::place(c);
  const auto stored = obj::put(c, place.put, "bytes");
  const auto error = refused(c);
  for (const char* name : {"x-amz-request-id", "x-amz-id-2"}) {
    for (const auto* response : {&stored, &error}) {
      const bool there = response->headers.has(name);
      findings.check(there, fmt::format("{} {}{}", code(*response), there ? "" : "no ", name));
    }
  }
  const auto same = obj::detail(error, "RequestId") == value_of(error, "x-amz-request-id") &&
                    obj::detail(error, "HostId") == value_of(error, "x-amz-id-2");
  findings.check(same, same ? "the same in the error" : "others in the error");
  return findings.outcome();
}

Outcome etag_is_the_md5(Context& c) {
  const auto right = "\"" + to_hex(md5_of("bytes")) + "\"";
  Findings findings{"the MD5 of the bytes, in quotes"};
  const auto judge = [&](std::string_view label, const Response& response) {
    const bool same = value_of(response, "ETag") == right;
    findings.check(same, fmt::format("{}: {}", label, same ? "the MD5" : "not the MD5"));
  };
  judge("PUT", obj::put(c, obj::place(c).put, "bytes"));
  if (!obj::target(c).key) return findings.outcome();
  const auto posted = obj::post(c, obj::signed_form(c, obj::draft(c)), "bytes");
  if (obj::is_stored(posted)) judge("POST", posted);
  return findings.outcome();
}

Outcome missing_bucket_is_404(Context& c) {
  static_cast<void>(obj::access_key(c));
  if (!obj::target(c).host_bucket.empty()) {
    return not_offered("another bucket has another host (--bucket-in host)");
  }
  const auto& url = obj::target(c).url;
  const auto other = url.substr(0, url.rfind('/')) + "/dex-conformance-no-bucket/file.txt";
  const auto response = obj::put(c, obj::target(c).presigned("PUT", other), "bytes");
  return response.status == 404 ? holds(obj::told(response))
                                : broken("404 NoSuchBucket, or another 404", obj::told(response));
}

Outcome early_put_refusal_is_readable(Context& c) {
  const auto place = obj::place(c);
  obj::store(c, place, "bytes");
  auto url = place.put;
  url[url.find('?') - 1] = '~';
  const auto body = letters(4U << 20U);
  auto connection = raw_to(c, url);
  const auto head = bare_head(c, "PUT", url, {{"Content-Length", std::to_string(body.size())}});
  const auto read = talk(c, connection, "a wrong signature before 4 MiB", head, body);
  if (!read.response) return broken("the refusal can be read", to_string(read.seen));
  if (!is_4xx(*read.response)) {
    stop_blocked("a wrong signature is refused: 4xx", obj::told(*read.response));
  }
  return holds(obj::told(*read.response));
}

}  // namespace

std::vector<Check> objects_transfer() {
  return {
      {"OBJ-BODY-001", chunked_put_is_501},
      {"OBJ-BODY-002", put_without_length_is_411},
      {"OBJ-BODY-003", broken_put_stores_nothing},
      {"OBJ-BODY-004", wrong_content_md5_is_400},
      {"OBJ-BODY-005", length_over_5_gib_is_400},
      {"OBJ-BODY-006", expect_is_answered_at_once},
      {"OBJ-BODY-007", stopped_body_is_400},
      {"OBJ-BODY-008", errors_are_xml_with_code},
      {"OBJ-BODY-009", request_ids_on_every_answer},
      {"OBJ-BODY-010", etag_is_the_md5},
      {"OBJ-BODY-011", missing_bucket_is_404},
      {"OBJ-BODY-012", early_put_refusal_is_readable},
  };
}

}  // namespace conformance::suites
