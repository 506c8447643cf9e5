// URLs with a signature in their query (area objects-presigned).
#include <fmt/format.h>

#include <algorithm>

#include "objects/vocabulary.hpp"
#include "transport/url.hpp"

namespace conformance::suites {
namespace {

/// Calls `judge` for each version of the signature by which a place can be signed.
template <class Judge>
Outcome by_version(Context& c, std::string rule, const Judge& judge) {
  Findings findings{std::move(rule)};
  for (const auto version : obj::versions(c)) judge(findings, version);
  return findings.outcome();
}

void expect(Findings& findings, std::string_view label, const Response& response, int status,
            std::string_view error = "") {
  const bool right =
      error.empty() ? response.status == status : obj::refuses(response, status, error);
  findings.check(right, fmt::format("{}: {}", label, obj::told(response)));
}

/// The same parameters in the opposite order.
std::string reversed_query(const std::string& url) {
  auto parameters = s3::parse_query(s3::query_of(url)).value_or(s3::Parameters{});
  std::ranges::reverse(parameters);
  http::Form form;
  for (const auto& one : parameters) form.emplace_back(one.name, one.value.value_or(""));
  return url.substr(0, url.find('?')) + '?' + http::format_form(form);
}

Outcome put_by(Context& c, Version version) {
  const auto place = obj::place(c, version);
  const auto response = obj::put(c, place.put, "bytes");
  Findings findings{"PUT: 200, an ETag in quotes and an empty body; so in another order"};
  expect(findings, "PUT", response, 200);
  const auto etag = value_of(response, "ETag");
  const bool quoted = etag.size() > 2 && etag.front() == '"' && etag.back() == '"';
  findings.check(quoted, quoted ? "an ETag in quotes" : "no ETag in quotes");
  findings.check(response.body.empty(), response.body.empty() ? "no body" : "a body");
  expect(findings, "in another order", obj::put(c, reversed_query(place.put), "bytes"), 200);
  return findings.outcome();
}

Outcome version_2_put_url_is_200(Context& c) { return put_by(c, Version::v2); }
Outcome version_4_put_url_is_200(Context& c) { return put_by(c, Version::v4); }

Outcome signed_get_gives_the_bytes(Context& c) {
  const auto place = obj::place(c);
  if (place.get.empty()) return not_offered("needs a pre-signed URL for GET");
  const auto bytes = c.random_bytes(1'000);
  obj::store(c, place, bytes);
  const auto response = obj::fetch(c, place.get);
  Findings findings{"GET: 200, the bytes, Content-Length and ETag"};
  expect(findings, "GET", response, 200);
  const bool same = response.body == bytes;
  findings.check(same, same ? "the same bytes" : "other bytes");
  for (const char* name : {"Content-Length", "ETag"}) {
    findings.check(response.headers.has(name),
                   (response.headers.has(name) ? "" : "no ") + std::string{name});
  }
  return findings.outcome();
}

Outcome url_is_for_one_method(Context& c) {
  const auto place = obj::place(c);
  obj::store(c, place, "bytes");
  Findings findings{"a URL that was signed for another method: 403 SignatureDoesNotMatch"};
  expect(findings, "GET", obj::fetch(c, place.put), 403, "SignatureDoesNotMatch");
  if (!place.get.empty()) {
    expect(findings, "PUT", obj::put(c, place.get, "others"), 403, "SignatureDoesNotMatch");
  }
  return findings.outcome();
}

Outcome unsigned_content_type_by_version(Context& c) {
  return by_version(
      c, "403 SignatureDoesNotMatch by version 2, 200 by version 4",
      [&](Findings& findings, Version version) {
        const auto place = obj::place(c, version);
        const auto response = obj::put(c, place.put, "bytes", {{"Content-Type", "text/plain"}});
        if (version == Version::v2) {
          expect(findings, "version 2", response, 403, "SignatureDoesNotMatch");
        } else {
          expect(findings, "version 4", response, 200);
        }
      });
}

Outcome another_content_type_is_403(Context& c) {
  return by_version(c, "the type that was signed: 200; another: 403 SignatureDoesNotMatch",
                    [&](Findings& findings, Version version) {
                      obj::need(c, version);
                      const auto key = obj::new_key(c);
                      const obj::Wish typed{.fields = {{"Content-Type", "text/plain"}}};
                      const auto url = obj::presigned(c, version, key, typed);
                      const auto place = obj::place_of(c, key);
                      const auto by = obj::name_of(version);
                      expect(findings, fmt::format("{}, the signed one", by),
                             obj::put(c, url, "bytes", typed.fields), 200);
                      expect(findings, fmt::format("{}, another", by),
                             obj::put(c, url, "bytes", {{"Content-Type", "image/png"}}), 403,
                             "SignatureDoesNotMatch");
                    });
}

Outcome unsigned_common_field_is_taken(Context& c) {
  return by_version(
      c, "Content-Encoding, which was not signed: 200", [&](Findings& findings, Version version) {
        expect(findings, obj::name_of(version),
               obj::put(c, obj::place(c, version).put, "bytes", {{"Content-Encoding", "gzip"}}),
               200);
      });
}

Outcome unsigned_amz_field_is_403(Context& c) {
  return by_version(c, "x-amz-meta-dex, which was not signed: 403",
                    [&](Findings& findings, Version version) {
                      const auto place = obj::place(c, version);
                      obj::store(c, place, "bytes");
                      expect(findings, obj::name_of(version),
                             obj::put(c, place.put, "bytes", {{"x-amz-meta-dex", "1"}}), 403);
                    });
}

Outcome missing_url_parameter_is_refused(Context& c) {
  return by_version(
      c, "403 AccessDenied by version 2, 400 AuthorizationQueryParametersError by version 4",
      [&](Findings& findings, Version version) {
        const auto place = obj::place(c, version);
        obj::store(c, place, "bytes");
        if (version == Version::v2) {
          expect(findings, "no Expires",
                 obj::put(c, obj::with_parameter(place.put, "Expires", std::nullopt), "bytes"), 403,
                 "AccessDenied");
        } else {
          expect(
              findings, "no X-Amz-Expires",
              obj::put(c, obj::with_parameter(place.put, "X-Amz-Expires", std::nullopt), "bytes"),
              400, "AuthorizationQueryParametersError");
        }
      });
}

/// PUT to a URL that was good for a minute, two hours ago.
Response put_late(Context& c, Version version) {
  obj::need(c, version);
  const auto key = obj::new_key(c);
  obj::store(c, obj::place_of(c, key), "bytes");
  return obj::put(c,
                  obj::presigned(c, version, key,
                                 {.at = obj::now() - std::chrono::hours{2},
                                  .lifetime = std::chrono::seconds{60}}),
                  "others");
}

Outcome expired_url_is_403(Context& c) {
  return by_version(
      c, "an expired URL: 403 AccessDenied", [&](Findings& findings, Version version) {
        expect(findings, obj::name_of(version), put_late(c, version), 403, "AccessDenied");
      });
}

Outcome expired_url_tells_both_times(Context& c) {
  return by_version(c, "Expires and ServerTime are told", [&](Findings& findings, Version version) {
    const auto response = put_late(c, version);
    if (!is_4xx(response)) {
      stop_blocked("an expired URL is refused: 403", obj::told(response));
    }
    for (const char* name : {"Expires", "ServerTime"}) {
      const bool there = !obj::detail(response, name).empty();
      findings.check(there, there ? name : fmt::format("no {}", name));
    }
  });
}

/// A URL of version 2 whose signed Expires is this text.
std::string expiring(Context& c, const std::string& expires) {
  const auto& key = obj::access_key(c);
  const auto url = obj::target(c).object_url(obj::new_key(c));
  const auto target = Context::target_of(url);
  const Fields none;
  const s3::Request request{"PUT", target, none, obj::target(c).host_bucket};
  const s3::SignatureV2 signature{s3::Place::query, key.access_key, {}, expires};
  return url + '?' +
         http::format_form(
             {{"AWSAccessKeyId", key.access_key},
              {"Signature", s3::sign_v2(s3::string_to_sign(signature, request), key.secret)},
              {"Expires", expires}});
}

Outcome expires_is_in_seconds(Context& c) {
  obj::need(c, Version::v2);
  Findings findings{"403 AccessDenied"};
  expect(findings, "in milliseconds", obj::put(c, expiring(c, "1900000000000"), "bytes"), 403,
         "AccessDenied");
  expect(findings, "a word", obj::put(c, expiring(c, "tomorrow"), "bytes"), 403, "AccessDenied");
  return findings.outcome();
}

Outcome expires_above_a_week_is_400(Context& c) {
  obj::need(c, Version::v4);
  const auto url = obj::presigned(c, Version::v4, obj::new_key(c),
                                  {.lifetime = s3::longest_presigned + std::chrono::seconds{1}});
  return obj::expect_refusal(obj::put(c, url, "bytes"), 400, "AuthorizationQueryParametersError");
}

Outcome url_not_yet_valid_is_403(Context& c) {
  obj::need(c, Version::v4);
  const auto url =
      obj::presigned(c, Version::v4, obj::new_key(c), {.at = obj::now() + std::chrono::hours{2}});
  return obj::expect_refusal(obj::put(c, url, "bytes"), 403, "AccessDenied");
}

Outcome url_of_unknown_key_is_403(Context& c) {
  const auto place = obj::place(c);
  obj::store(c, place, "bytes");
  constexpr const char* nobody = "AKIADEXCONFORMANCE00";
  auto url = obj::with_parameter(place.put, "AWSAccessKeyId", nobody);
  const auto credential = obj::parameter(url, "X-Amz-Credential");
  if (!credential.empty()) {
    url = obj::with_parameter(
        url, "X-Amz-Credential",
        nobody + credential.substr(std::min(credential.find('/'), credential.size())));
  }
  return obj::expect_refusal(obj::put(c, url, "others"), 403, "InvalidAccessKeyId");
}

Outcome changed_url_signature_is_403(Context& c) {
  const auto place = obj::place(c);
  obj::store(c, place, "bytes");
  const bool v2 = obj::version_of(place.put) == Version::v2;
  const std::string name = v2 ? "Signature" : "X-Amz-Signature";
  auto signature = obj::parameter(place.put, name);
  const auto longer = obj::with_parameter(place.put, name, signature + "a");
  std::ranges::reverse(signature);
  Findings findings{"403 SignatureDoesNotMatch, and nothing is stored"};
  for (const auto& [label, url] :
       {std::pair{"another signature", obj::with_parameter(place.put, name, signature)},
        {"a longer one", longer}}) {
    expect(findings, label, obj::put(c, url, "others"), 403, "SignatureDoesNotMatch");
  }
  obj::expect_bytes(c, findings, place.get, "bytes");
  return findings.outcome();
}

Outcome url_is_for_one_object(Context& c) {
  const auto place = obj::place(c);
  obj::store(c, place, "bytes");
  auto url = place.put;
  auto& letter = url[url.find('?') - 1];
  letter = letter == 'x' ? 'y' : 'x';
  return obj::expect_refusal(obj::put(c, url, "others"), 403, "SignatureDoesNotMatch");
}

Outcome path_is_signed_as_sent(Context& c) {
  return by_version(
      c, "a blank, a plus and an umlaut in the key: PUT and GET are taken",
      [&](Findings& findings, Version version) {
        const auto key = obj::new_key(c, "a b+c/\xC3\xA9.txt");
        const auto place = obj::place_of(c, key);
        const auto by = obj::name_of(version);
        expect(findings, by, obj::put(c, obj::presigned(c, version, key), "bytes"), 200);
        obj::expect_bytes(c, findings, obj::presigned(c, version, key, {.method = "GET"}), "bytes");
      });
}

Outcome second_put_replaces_the_first(Context& c) {
  const auto place = obj::place(c);
  if (place.get.empty()) return not_offered("needs a pre-signed URL for GET");
  obj::store(c, place, letters(10));
  obj::store(c, place, letters(7, 'b'));
  Findings findings{"the second PUT replaces the first"};
  obj::expect_bytes(c, findings, place.get, letters(7, 'b'));
  return findings.outcome();
}

Outcome missing_object_is_404(Context& c) {
  static_cast<void>(obj::access_key(c));
  const auto url = obj::presigned(c, obj::new_key(c), {.method = "GET"});
  return obj::expect_refusal(obj::fetch(c, url), 404, "NoSuchKey");
}

}  // namespace

std::vector<Check> objects_presigned() {
  return {
      {"OBJ-URL-001", version_2_put_url_is_200},
      {"OBJ-URL-002", version_4_put_url_is_200},
      {"OBJ-URL-003", signed_get_gives_the_bytes},
      {"OBJ-URL-004", url_is_for_one_method},
      {"OBJ-URL-005", unsigned_content_type_by_version},
      {"OBJ-URL-006", another_content_type_is_403},
      {"OBJ-URL-007", unsigned_common_field_is_taken},
      {"OBJ-URL-008", unsigned_amz_field_is_403},
      {"OBJ-URL-009", missing_url_parameter_is_refused},
      {"OBJ-URL-010", expired_url_is_403},
      {"OBJ-URL-011", expired_url_tells_both_times},
      {"OBJ-URL-012", expires_is_in_seconds},
      {"OBJ-URL-013", expires_above_a_week_is_400},
      {"OBJ-URL-014", url_not_yet_valid_is_403},
      {"OBJ-URL-015", url_of_unknown_key_is_403},
      {"OBJ-URL-016", changed_url_signature_is_403},
      {"OBJ-URL-017", url_is_for_one_object},
      {"OBJ-URL-018", path_is_signed_as_sent},
      {"OBJ-URL-019", second_put_replaces_the_first},
      {"OBJ-URL-020", missing_object_is_404},
  };
}

}  // namespace conformance::suites
