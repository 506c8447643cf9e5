// HEAD (protocol.md, Requests/HEAD).
#include <algorithm>

#include "tus/vocabulary.hpp"

namespace conformance::suites {
namespace {

Outcome head_has_offset_at_zero(Context& c) {
  const auto head = head_of(c, create(c));
  return expect(head.headers.find(hdr::upload_offset) == "0",
                "HEAD of a new upload has Upload-Offset: 0", head);
}

Outcome head_has_offset_when_complete(Context& c) {
  const auto head = head_of(c, create_complete(c, letters(10)));
  return expect(head.headers.find(hdr::upload_offset) == "10",
                "HEAD of a complete upload has Upload-Offset, equal to its length", head);
}

Outcome head_has_known_length(Context& c) {
  Findings findings{"HEAD has Upload-Length, as created, whenever the length is known"};
  const auto upload = create(c);
  const auto look = [&](const char* when) {
    const auto head = head_of(c, upload);
    findings.check(head.headers.find(hdr::upload_length) == "10",
                   std::string{when} + ": " + tell(head, hdr::upload_length));
  };
  look("new");
  patch(c, upload, Bytes{0}, letters(4));
  look("partial");
  patch(c, upload, Bytes{4}, letters(6));
  look("complete");
  return findings.outcome();
}

Outcome head_of_unknown_upload_is_refused(Context& c) {
  const auto head = head_of(c, unknown_upload(c));
  return expect(status_in(head, {404, 410, 403}), "HEAD of an unknown upload: 404, 410 or 403",
                head);
}

Outcome head_not_found_has_no_offset(Context& c) {
  const auto head = head_of(c, unknown_upload(c));
  return expect(!head.headers.has(hdr::upload_offset),
                "the response for an unknown upload has no Upload-Offset", head);
}

Outcome head_succeeds_with_200_or_204(Context& c) {
  const auto head = head_of(c, create(c));
  return expect(status_in(head, {200, 204}), "a successful HEAD is 200 or 204", head);
}

Outcome head_says_no_store(Context& c) {
  Findings findings{"HEAD responses carry Cache-Control: no-store"};
  const auto upload = create(c);
  const auto look = [&](const char* when) {
    const auto head = head_of(c, upload);
    findings.check(head.headers.has_token("Cache-Control", "no-store"),
                   std::string{when} + ": " + tell(head, "Cache-Control"));
  };
  look("new");
  patch(c, upload, Bytes{0}, letters(4));
  look("partial");
  patch(c, upload, Bytes{4}, letters(6));
  look("complete");
  return findings.outcome();
}

Outcome no_store_on_failed_head(Context& c) {
  const auto head = head_of(c, unknown_upload(c));
  return observed("HEAD of an unknown upload: " + code(head) + " with " +
                  tell(head, "Cache-Control"));
}

Outcome head_response_has_no_body(Context& c) {
  Findings findings{"responses to HEAD, errors included, have no body (RFC 9110 section 9.3.2)"};
  const auto look = [&](const std::string& label, const std::string& url) {
    auto connection = c.raw();
    const auto request = raw_head(c, "HEAD", url);
    const auto first = talk(c, connection, "HEAD, " + label, request, {}, true);
    auto seen = label + ": " + describe(answer(first));
    bool clean = !first.body_after_head;
    // A body that comes late would stand where the next response should begin.
    if (clean && !first.response->headers.has_token("Connection", "close")) {
      const auto second = talk(c, connection, "HEAD again, " + label, request, {}, true);
      clean = second.seen != RawConnection::Seen::malformed && !second.body_after_head;
    }
    findings.check(clean, clean ? seen : seen + ", followed by body bytes");
  };
  look("a new upload", create(c));
  look("a complete upload", create_complete(c, letters(10)));
  look("an unknown upload", unknown_upload(c));
  return findings.outcome();
}

Outcome content_length_on_head(Context& c) {
  const auto read =
      talk(c, "HEAD of a new upload", raw_head(c, "HEAD", create(c)), {}, /*head_request=*/true);
  return observed("HEAD of a new upload of 10 bytes: " + tell(answer(read), "Content-Length"));
}

Outcome head_tells_last_acknowledged_offset(Context& c) {
  Findings findings{"HEAD reports exactly the offset of the last acknowledged PATCH"};
  constexpr std::size_t length = 4096;
  const auto upload = create(c, {.length = Bytes{length}});
  std::uniform_int_distribution<std::size_t> size(1, 1024);
  std::size_t offset = 0;
  while (offset < length) {
    const auto bytes = std::min(size(c.random()), length - offset);
    const auto patched = patch(c, upload, Bytes{offset}, letters(bytes));
    const auto acknowledged = number_in(patched, hdr::upload_offset);
    if (patched.status != 204 || !acknowledged || acknowledged->value <= offset) {
      stop_blocked("PATCH is acknowledged with 204 and a larger Upload-Offset", describe(patched));
    }
    offset = acknowledged->value;
    const auto told = offset_of(c, upload).value;
    findings.check(told == offset, "acknowledged " + std::to_string(offset) + ", HEAD told " +
                                       std::to_string(told));
    if (told != offset) break;
  }
  return findings.outcome();
}

Outcome head_changes_nothing(Context& c) {
  tus::Metadata metadata;
  metadata.set("first", "one");
  metadata.set("second", "two");
  const auto upload = create(c, {.metadata = metadata});
  patch(c, upload, Bytes{0}, letters(4));
  const auto before = head_of(c, upload);
  const auto after = head_of(c, upload);
  const auto same = [&](std::string_view name) {
    return before.headers.joined(name) == after.headers.joined(name);
  };
  auto pairs_before = pairs_of(before);
  auto pairs_after = pairs_of(after);
  std::sort(pairs_before.begin(), pairs_before.end());
  std::sort(pairs_after.begin(), pairs_after.end());
  Findings findings{"HEAD changes nothing: a second one tells the same"};
  findings.check(before.status == after.status && same(hdr::upload_offset) &&
                     same(hdr::upload_length) && pairs_before == pairs_after,
                 "first " + describe(before) + ", then " + describe(after));
  return findings.outcome();
}

Outcome head_with_slash_or_query(Context& c) {
  const auto upload = create(c);
  return observed("HEAD {upload}/ -> " + code(head_of(c, upload + "/")) +
                  "; HEAD {upload}?x=1 -> " + code(head_of(c, upload + "?x=1")));
}

Outcome head_of_creation_url_is_refused(Context& c) {
  const auto head = head_of(c, c.target().url);
  return observed("HEAD of the creation URL: " + code(head) + " with " +
                  tell(head, hdr::upload_offset));
}

Outcome head_of_sub_path_is_404(Context& c) {
  const auto head = head_of(c, create(c) + "/more");
  return expect(status_in(head, {404, 410, 403}),
                "a path below an upload is not found (404), never an error of the server", head);
}

}  // namespace

std::vector<Check> core_head() {
  return {
      {"TUS-CORE-HEAD-001", head_has_offset_at_zero, ext::creation},
      {"TUS-CORE-HEAD-002", head_has_offset_when_complete, ext::creation},
      {"TUS-CORE-HEAD-003", head_has_known_length, ext::creation},
      {"TUS-CORE-HEAD-004", head_of_unknown_upload_is_refused, ext::creation},
      {"TUS-CORE-HEAD-005", head_not_found_has_no_offset, ext::creation},
      {"TUS-CORE-HEAD-006", head_succeeds_with_200_or_204, ext::creation},
      {"TUS-CORE-HEAD-007", head_says_no_store, ext::creation},
      {"TUS-CORE-HEAD-008", no_store_on_failed_head, ext::creation},
      {"TUS-CORE-HEAD-009", head_response_has_no_body, ext::creation},
      {"TUS-CORE-HEAD-010", content_length_on_head, ext::creation},
      {"TUS-CORE-HEAD-011", head_tells_last_acknowledged_offset, ext::creation},
      {"TUS-CORE-HEAD-012", head_changes_nothing, ext::creation},
      {"TUS-CORE-HEAD-013", head_with_slash_or_query, ext::creation},
      {"TUS-CORE-HEAD-014", head_of_creation_url_is_refused},
      {"TUS-CORE-HEAD-015", head_of_sub_path_is_404, ext::creation},
  };
}

}  // namespace conformance::suites
