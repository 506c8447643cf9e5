// Creating an upload (protocol.md, Creation).
#include <algorithm>
#include <cctype>

#include "tus/suites/exercise.hpp"
#include "tus/vocabulary.hpp"

namespace conformance::suites {
namespace {

/// "http://host:port" of an absolute URL, lower case and without a default port; empty for a
/// relative one.
std::string origin_of(const std::string& url) {
  const auto scheme = url.find("://");
  if (scheme == std::string::npos) return {};
  auto origin = url.substr(0, url.find_first_of("/?#", scheme + 3));
  std::transform(origin.begin(), origin.end(), origin.begin(),
                 [](unsigned char ch) { return static_cast<char>(std::tolower(ch)); });
  for (const std::string_view plain : {"http:80", "https:443"}) {
    const auto colon = plain.find(':');
    const bool same_scheme = origin.compare(0, scheme, plain.substr(0, colon)) == 0;
    const auto port = plain.substr(colon);
    if (same_scheme && origin.size() > port.size() &&
        origin.compare(origin.size() - port.size(), port.size(), port) == 0) {
      origin.resize(origin.size() - port.size());
    }
  }
  return origin;
}

Outcome creation_works_if_listed(Context& c) { return announced_as(c, ext::creation); }

Outcome uploads_can_be_created(Context& c) {
  if (tus_target(c).takes_given()) return not_offered(c.target().why_not_offered(ext::creation));
  return tus_target(c).discovery.offers(ext::creation)
             ? holds("creation is among Tus-Extension")
             : broken("a server implements creation: core alone cannot make uploads",
                      "creation is not among Tus-Extension");
}

Outcome creation_is_201(Context& c) {
  const auto created = post(c, {});
  return expect(created.status == 201, "a successful creation is 201", created);
}

Outcome creation_has_a_location(Context& c) {
  const auto created = post(c, {});
  const auto upload = location_of(c, created);
  if (!upload) return broken("201 has Location with the upload's URL", describe(created));
  const auto head = head_of(c, *upload);
  Findings findings{"Location is the URL of the upload"};
  findings.check(is_2xx(head), "HEAD of Location", head);
  return findings.outcome();
}

Outcome location_absolute_or_relative(Context& c) {
  const auto created = post(c, {});
  const auto head = head_of(c, url_of(c, created));
  return observed(std::string{"Location is "} +
                  (origin_of(value_of(created, "Location")).empty() ? "relative" : "absolute") +
                  ", HEAD of it " + code(head));
}

Outcome new_upload_is_at_zero(Context& c) {
  const auto head = head_of(c, create(c));
  return expect(head.headers.find(hdr::upload_offset) == "0", "a new upload starts at offset 0",
                head);
}

Outcome post_without_length_is_refused(Context& c) {
  const auto created = post_with(c, {});
  return expect(is_4xx(created) && !created.headers.has("Location"),
                "a POST with neither Upload-Length nor Upload-Defer-Length is refused (4xx)",
                created);
}

Outcome post_with_both_lengths_is_refused(Context& c) {
  const auto created = post_with(c, {{"Upload-Length", "5"}, {"Upload-Defer-Length", "1"}});
  const bool offered = tus_target(c).discovery.offers(ext::creation_defer_length);
  if (created.status == 201 && !offered) {
    c.created(url_of(c, created));
    return not_offered("without creation-defer-length its header is one that nobody has to know");
  }
  // A server that knows the header without supporting the extension may answer 501.
  const bool refused = is_4xx(created) || (created.status == 501 && !offered);
  return expect(refused && !created.headers.has("Location"),
                "a POST with both Upload-Length and Upload-Defer-Length is refused (4xx)", created);
}

Outcome upload_of_length_zero(Context& c) {
  return observed("POST with Upload-Length: 0 -> " + code(post(c, {.length = Bytes{0}})));
}

Outcome empty_upload_is_complete_at_once(Context& c) {
  const auto created = post(c, {.length = Bytes{0}});
  if (created.status != 201) {
    return not_offered("the server creates no empty uploads: " + code(created));
  }
  const auto upload = url_of(c, created);
  const auto state = state_of(c, upload);
  Findings findings{"an empty upload is complete at once: offset 0 of 0, without a PATCH"};
  findings.check(state == UploadState{Bytes{0}, Bytes{0}, false}, "HEAD: " + to_string(state));
  if (const auto equal = stored_equals(c, upload, "")) {
    findings.check(*equal, *equal ? "an empty file is there" : "no empty file is there");
  }
  return findings.outcome();
}

Outcome empty_upload_takes_no_bytes(Context& c) {
  const auto created = post(c, {.length = Bytes{0}});
  if (created.status != 201) {
    return not_offered("the server creates no empty uploads: " + code(created));
  }
  const auto upload = url_of(c, created);
  const auto patched = patch(c, upload, Bytes{0}, letters(3));
  const auto after = state_of(c, upload);
  Findings findings{"bytes for an empty upload are refused (4xx)"};
  findings.check(is_4xx(patched), describe(patched));
  findings.must(after == UploadState{Bytes{0}, Bytes{0}, false}, "an empty upload stays empty",
                "HEAD: " + to_string(after));
  return findings.outcome();
}

Outcome length_over_maximum_is_413(Context& c) {
  const auto limit = tus_target(c).discovery.max_size;
  if (!limit) return not_offered("no Tus-Max-Size");
  const auto created = post(c, {.length = *limit + Bytes{1}});
  return expect(created.status == 413 && !created.headers.has("Location"),
                "a length over Tus-Max-Size gives 413", created);
}

Outcome length_at_maximum_is_201(Context& c) {
  const auto limit = tus_target(c).discovery.max_size;
  if (!limit) return not_offered("no Tus-Max-Size");
  const auto created = post(c, {.length = *limit});
  return expect(created.status == 201, "a length of exactly Tus-Max-Size is accepted", created);
}

Outcome each_post_makes_an_upload(Context& c) {
  const auto first = create(c);
  const auto second = create(c);
  Findings findings{"each POST makes an upload of its own"};
  findings.check(first != second, first == second ? "one Location twice" : "two Locations");
  patch(c, first, Bytes{0}, letters(4));
  const auto other = state_of(c, second);
  findings.check(other.offset == Bytes{0},
                 "after a PATCH of the first, the second: " + to_string(other));
  return findings.outcome();
}

Outcome refused_creation_leaves_nothing(Context& c) {
  Findings findings{"a refused creation has no Location"};
  int refusals = 0;
  const auto look = [&](const char* label, const Response& response) {
    if (is_2xx(response)) return;
    ++refusals;
    findings.check(!response.headers.has("Location"),
                   std::string{label} + ": " + code(response) + ", " + tell(response, "Location"));
  };
  look("no length", post_with(c, {}));
  look("a length that is no number", post_with(c, {{"Upload-Length", "abc"}}));
  look("a negative length", post_with(c, {{"Upload-Length", "-1"}}));
  look("both lengths", post_with(c, {{"Upload-Length", "5"}, {"Upload-Defer-Length", "1"}}));
  look("version 2.0.0", post_with(c, {{"Upload-Length", "5"}, {"Tus-Resumable", "2.0.0"}}));
  if (const auto limit = tus_target(c).discovery.max_size) {
    look("over Tus-Max-Size", post(c, {.length = *limit + Bytes{1}}));
  }
  if (refusals == 0) stop_blocked("one of six faulty creations is refused", "none is");
  return findings.outcome();
}

Outcome default_content_type_does_no_harm(Context& c) {
  Findings findings{"a default Content-Type on a POST without a body does no harm"};
  for (const char* type : {"application/json", "application/x-www-form-urlencoded"}) {
    const auto created = post_with(c, {{"Upload-Length", "10"}, {"Content-Type", type}});
    findings.check(created.status == 201, type, created);
  }
  return findings.outcome();
}

Outcome post_on_an_upload_url(Context& c) {
  const auto upload = create(c);
  const auto response = send_tus(c, "POST", upload, {{"Upload-Length", "10"}});
  if (const auto other = location_of(c, response); is_2xx(response) && other) c.created(*other);
  return observed("POST to an upload -> " + code(response));
}

Outcome creation_url_with_and_without_slash(Context& c) {
  auto bare = c.target().url;
  while (!bare.empty() && bare.back() == '/') bare.pop_back();
  const auto post_to = [&c](const std::string& url) {
    Fields fields{{"Upload-Length", "10"}};
    if (const auto manifest = metadata_header(c); !manifest.empty()) {
      fields.add(std::string{hdr::upload_metadata}, manifest);
    }
    const auto response = send_tus(c, "POST", url, fields);
    if (const auto upload = location_of(c, response); is_2xx(response) && upload)
      c.created(*upload);
    return code(response);
  };
  const auto without = post_to(bare);
  return observed("POST without a slash at the end -> " + without + ", with one -> " +
                  post_to(bare + "/"));
}

/// A creation by hand. `fields` replace those of the same name; an empty value leaves one out.
Response raw_post(Context& c, const char* what, const Fields& fields, const char* version) {
  auto all = raw_fields(c, {{"Upload-Length", "10"}, {"Content-Length", "0"}});
  if (const auto manifest = metadata_header(c); !manifest.empty()) {
    all.add(std::string{hdr::upload_metadata}, manifest);
  }
  for (const auto& field : fields) {
    all.set(field.name, field.value);
    if (field.value.empty()) all.remove(field.name);
  }
  return answer(talk(c, what, head_by_hand(c, "POST", c.target().url, all, version)));
}

/// Remembers the upload for the cleanup. Location may name another host, so only its path is taken,
/// at the origin of the target.
void remember(Context& c, const Response& created) {
  const auto location = value_of(created, "Location");
  const auto scheme = location.find("://");
  const auto path = location.find('/', scheme == std::string::npos ? 0 : scheme + 3);
  if (is_2xx(created) && path != std::string::npos) {
    c.created(c.target().origin + location.substr(path));
  }
}

/// "relative", "https://api.example", or what stands in place of it.
std::string origin_told(const Response& created) {
  const auto location = value_of(created, "Location");
  if (location.empty()) return "no Location";
  const auto origin = origin_of(location);
  return origin.empty() ? "relative" : origin;
}

Outcome location_keeps_the_clients_origin(Context& c) {
  const auto own = origin_of(c.target().origin);
  Findings findings{"Location keeps the scheme and the host that the client used"};
  const auto plain = post(c, {});
  const auto told = origin_told(plain);
  const bool elsewhere = told != own && told != "relative" && told != "no Location";
  if (elsewhere && !c.entrusts(told)) {
    // Clients would send their credentials there, and from https to http for everyone to read.
    findings.must(false, "Location keeps the origin that the client used", "plain: " + told);
  } else {
    findings.check(told == own || told == "relative", "plain: " + told);
  }

  // A server may know its own name or check Host; it may not make up another.
  const auto other =
      raw_post(c, "POST for another host", {{"Host", "other.example:99"}}, "HTTP/1.1");
  remember(c, other);
  const auto scheme = own.substr(0, own.find("://"));
  const auto other_told = origin_told(other);
  findings.check(
      !is_2xx(other) || other_told == told || other_told == scheme + "://other.example:99",
      "Host: other.example:99 -> " + code(other) + ", " + other_told);

  // Whether these fields are trusted is a matter of deployment: reported, not judged.
  const auto forwarded =
      raw_post(c, "POST with X-Forwarded-*",
               {{"X-Forwarded-Host", "front.example"}, {"X-Forwarded-Proto", "https"}}, "HTTP/1.1");
  remember(c, forwarded);
  findings.note("X-Forwarded-Host: front.example, -Proto: https -> " + origin_told(forwarded));
  return findings.outcome();
}

Outcome creation_by_http_1_0(Context& c) {
  const auto created = raw_post(c, "POST in HTTP/1.0 without Host", {{"Host", ""}}, "HTTP/1.0");
  remember(c, created);
  const auto told = origin_told(created);
  const auto seen = code(created) + ", Location " + told;
  const auto own = origin_of(c.target().origin);
  // Legal: no upload, a relative URL, the address the client used, or the server's own name.
  const bool usable = created.status == 201 &&
                      (told == "relative" || told == own || told == origin_told(post(c, {})));
  return usable || is_4xx(created)
             ? holds(seen)
             : broken("HTTP/1.0 without Host gives a usable Location, or 400", seen);
}

Outcome creation_without_any_metadata(Context& c) {
  const auto plain = send_tus(c, "POST", c.target().url, {{"Upload-Length", "10"}});
  if (const auto upload = location_of(c, plain); is_2xx(plain) && upload) c.created(*upload);
  Findings findings{""};
  findings.must(is_2xx(plain) || !plain.headers.has("Location"),
                "a refused creation has no Location",
                "a creation without metadata -> " + code(plain));
  return findings.report();
}

}  // namespace

std::vector<Check> creation() {
  return {
      {"TUS-CREATE-001", creation_works_if_listed},
      {"TUS-CREATE-021", uploads_can_be_created},
      {"TUS-CREATE-002", creation_is_201, ext::creation},
      {"TUS-CREATE-003", creation_has_a_location, ext::creation},
      {"TUS-CREATE-004", location_absolute_or_relative, ext::creation},
      {"TUS-CREATE-005", new_upload_is_at_zero, ext::creation},
      {"TUS-CREATE-006", post_without_length_is_refused, ext::creation},
      {"TUS-CREATE-007", post_with_both_lengths_is_refused, ext::creation},
      {"TUS-CREATE-008", upload_of_length_zero, ext::creation},
      {"TUS-CREATE-009", empty_upload_is_complete_at_once, ext::creation},
      {"TUS-CREATE-010", empty_upload_takes_no_bytes, ext::creation},
      {"TUS-CREATE-011", length_over_maximum_is_413, ext::creation},
      {"TUS-CREATE-012", length_at_maximum_is_201, ext::creation},
      {"TUS-CREATE-013", each_post_makes_an_upload, ext::creation},
      {"TUS-CREATE-014", refused_creation_leaves_nothing, ext::creation},
      {"TUS-CREATE-015", default_content_type_does_no_harm, ext::creation},
      {"TUS-CREATE-016", post_on_an_upload_url, ext::creation},
      {"TUS-CREATE-017", creation_url_with_and_without_slash, ext::creation},
      {"TUS-CREATE-018", location_keeps_the_clients_origin, ext::creation},
      {"TUS-CREATE-019", creation_by_http_1_0, ext::creation},
      {"TUS-CREATE-020", creation_without_any_metadata, ext::creation},
  };
}

}  // namespace conformance::suites
