// Upload-Expires (protocol.md, Expiration). Rows that have to wait for the date are judged where it
// is near enough for --case-timeout.
#include <chrono>

#include "protocol/http/date.hpp"
#include "tus/vocabulary.hpp"

namespace conformance::suites {
namespace {

using http::TimePoint;
using std::chrono::seconds;

/// Dates have no fractions of a second, so a date may be a second off either way.
constexpr seconds slack{2};
/// What a check needs besides waiting.
constexpr seconds reserve{5};

std::optional<TimePoint> date_in(const Response& response, std::string_view name) {
  const auto value = response.headers.find(name);
  if (!value) return std::nullopt;
  return http::parse_imf_fixdate(*value);
}

/// By the server's clock (Date) where it tells it, so that a difference of clocks does no harm.
TimePoint now_of(const Response& response) {
  return date_in(response, "Date").value_or(std::chrono::system_clock::now());
}

Response post_one(Context& c) {
  auto created = post(c, {});
  static_cast<void>(url_of(c, created));
  return created;
}

/// Ends a check that needs the date of a PATCH. When a creation tells no date either, nothing seems
/// to expire, and the server may list the extension all the same.
[[noreturn]] void stop_undated(Context& c, const Response& patched) {
  if (!patched.headers.has(hdr::upload_expires) && !post_one(c).headers.has(hdr::upload_expires)) {
    throw Stop{not_offered("no answer tells when an upload expires (TUS-EXP-002)")};
  }
  stop_blocked("a PATCH response tells Upload-Expires", describe(patched));
}

/// A new upload of 10 bytes, some or all of them sent, and when it is going to expire.
struct Dated {
  std::string upload;
  Response last;  ///< the response that told it
  TimePoint expires;
  [[nodiscard]] Milliseconds left() const {
    // Two dates of a server may lie further apart than a count of nanoseconds can hold.
    return std::chrono::floor<std::chrono::seconds>(expires) -
           std::chrono::floor<std::chrono::seconds>(now_of(last));
  }
};

Dated dated(Context& c, std::size_t bytes = 4) {
  const auto upload = create(c);
  auto patched = patch(c, upload, Bytes{0}, letters(bytes));
  taken(patched, "the first bytes of an upload");
  // A finished upload tells no date: take the one of another, unfinished upload.
  if (bytes == 10) {
    auto sibling = dated(c);
    return {upload, std::move(sibling.last), sibling.expires};
  }
  const auto expires = date_in(patched, hdr::upload_expires);
  if (!expires) stop_undated(c, patched);
  return {upload, std::move(patched), *expires};
}

void pause(Context& c, Milliseconds time) {
  c.eventually(time, [] { return false; });
}

/// Waits until the date has passed, or ends the check as skipped when that is too far away.
void outlive(Context& c, const Dated& upload) {
  const auto wait = upload.left() + Milliseconds{slack};
  if (wait + Milliseconds{reserve} > c.time_left()) {
    throw Stop{not_offered("uploads expire in " + std::to_string(upload.left().count() / 1000) +
                           " s, which is more than --case-timeout allows to wait for")};
  }
  pause(c, wait);
}

Outcome removed_uploads_mean_expiration_listed(Context& c) {
  const auto created = post_one(c);
  const auto upload = url_of(c, created);
  const auto patched = patch(c, upload, Bytes{0}, letters(4));
  const bool told =
      created.headers.has(hdr::upload_expires) || patched.headers.has(hdr::upload_expires);
  const bool listed = tus_target(c).discovery.offers(ext::expiration);
  const auto seen = std::string{listed ? "" : "not "} + "listed in Tus-Extension; " +
                    tell(patched, hdr::upload_expires) + " on a PATCH";
  if (listed) return holds(seen);
  return told ? broken("a server whose uploads expire lists expiration", seen)
              : not_offered("expiration is not offered, and no response tells Upload-Expires");
}

Outcome patch_tells_upload_expires(Context& c) {
  bool dated = false;
  Findings findings{"every PATCH response of an upload that is going to expire has Upload-Expires"};
  const auto look = [&](const char* label, const Creation& creation) {
    const auto upload = create(c, creation);
    for (const std::uint64_t at : {0U, 2U}) {
      const auto patched = patch(c, upload, Bytes{at}, letters(2));
      taken(patched, "some bytes of an upload");
      dated = dated || patched.headers.has(hdr::upload_expires);
      findings.check(patched.headers.has(hdr::upload_expires),
                     std::string{label} + ", PATCH at " + std::to_string(at) + ": " +
                         (patched.headers.has(hdr::upload_expires) ? "with" : "without"));
    }
  };
  look("a length of 10", {});
  if (tus_target(c).discovery.offers(ext::creation_defer_length)) {
    look("a deferred length", {.length = std::nullopt, .defer_length = true});
  }
  // "If the upload is going to expire": where no date is told anywhere, no upload may be.
  if (!dated && !post_one(c).headers.has(hdr::upload_expires)) {
    return observed("expiration is listed, and no answer tells when an upload expires");
  }
  return findings.outcome();
}

Outcome post_tells_upload_expires(Context& c) {
  const auto created = post_one(c);
  const auto head = head_of(c, url_of(c, created));
  if (created.headers.has(hdr::upload_expires)) return holds(tell(created, hdr::upload_expires));
  if (head.headers.has(hdr::upload_expires)) {
    return broken(
        "the creation tells Upload-Expires when it is known",
        "the 201 is without, a HEAD right after it has " + tell(head, hdr::upload_expires));
  }
  return observed("no date is told before the first PATCH");
}

Outcome upload_expires_is_http_date(Context& c) {
  Findings findings{"Upload-Expires is an HTTP-date: IMF-fixdate, in GMT"};
  const auto look = [&](const char* label, const Response& response) {
    const auto value = response.headers.find(hdr::upload_expires);
    if (!value) return;
    findings.check(http::parse_imf_fixdate(*value).has_value(),
                   std::string{label} + ": " + std::string{*value});
  };
  const auto created = post_one(c);
  const auto patched = patch(c, url_of(c, created), Bytes{0}, letters(4));
  if (!patched.headers.has(hdr::upload_expires)) stop_undated(c, patched);
  look("POST", created);
  look("PATCH", patched);
  return findings.outcome();
}

Outcome expired_upload_is_404_or_410(Context& c) {
  const auto upload = dated(c);
  outlive(c, upload);
  Findings findings{"an upload whose time has passed is gone: HEAD and PATCH give 404 or 410"};
  const auto head = head_of(c, upload.upload);
  findings.check(is_gone(head), "HEAD", head);
  const auto patched = patch(c, upload.upload, Bytes{4}, letters(6));
  return findings.check(is_gone(patched), "PATCH", patched).outcome();
}

Outcome remembered_expired_upload_is_410(Context& c) {
  const auto upload = dated(c);
  outlive(c, upload);
  const auto head = head_of(c, upload.upload);
  const auto patched = patch(c, upload.upload, Bytes{4}, letters(6));
  const auto seen = "HEAD " + code(head) + ", PATCH " + code(patched);
  const bool remembers = head.status == 410 || patched.status == 410;
  if (head.status == 410 && patched.status == 410) return holds(seen);
  if (is_gone(head) && is_gone(patched) && !remembers) {
    return observed(seen + ": expired uploads are not remembered");
  }
  return broken("a server that remembers an expired upload says 410", seen);
}

Outcome finished_upload_does_not_expire(Context& c) {
  const auto upload = dated(c, 10);
  outlive(c, upload);
  const auto head = head_of(c, upload.upload);
  return expect(is_2xx(head) && number_in(head, hdr::upload_offset) == Bytes{10},
                "a finished upload is there after an unfinished one would have expired", head);
}

Outcome resumable_until_upload_expires(Context& c) {
  const auto upload = dated(c);
  Findings findings{"the date lies ahead, and the upload can be resumed until then"};
  findings.check(upload.left() > Milliseconds{0},
                 tell(upload.last, hdr::upload_expires) + " at " + tell(upload.last, "Date"));
  const auto wait = upload.left() - Milliseconds{1'000};
  if (wait + Milliseconds{reserve} <= c.time_left() && wait > Milliseconds{0}) {
    pause(c, wait);
  } else if (wait > Milliseconds{0}) {
    findings.note("too far ahead to try its last second");
  }
  const auto patched = patch(c, upload.upload, Bytes{4}, letters(4));
  return findings.check(patched.status == 204, "a PATCH before it", patched).outcome();
}

Outcome upload_expires_fixed_or_sliding(Context& c) {
  const auto first = dated(c);
  pause(c, Milliseconds{1'100});
  const auto patched = patch(c, first.upload, Bytes{4}, letters(4));
  const auto second = date_in(patched, hdr::upload_expires);
  if (!second) stop_blocked("a second PATCH tells Upload-Expires", describe(patched));
  return observed(*second == first.expires  ? "the date is fixed"
                  : *second > first.expires ? "the date moves ahead with each PATCH"
                                            : "the date comes nearer");
}

Outcome upload_expires_at_the_end(Context& c) {
  const auto upload = create(c);
  const auto told = [](const Response& response) {
    return std::string{response.headers.has(hdr::upload_expires) ? "with" : "without"};
  };
  const auto unfinished = head_of(c, upload);
  const auto last = patch(c, upload, Bytes{0}, letters(10));
  taken(last, "the bytes of an upload");
  return observed("HEAD of an unfinished upload comes " + told(unfinished) +
                  " Upload-Expires, the last PATCH " + told(last) + ", HEAD after it " +
                  told(head_of(c, upload)));
}

Outcome upload_expires_is_exposed(Context& c) {
  constexpr std::string_view expose = "Access-Control-Expose-Headers";
  const auto created =
      post_with(c, {{"Origin", "https://partner.example"}, {"Upload-Length", "10"}});
  static_cast<void>(url_of(c, created));
  if (!created.headers.has("Access-Control-Allow-Origin")) {
    return not_offered("no CORS: a page's POST gets no Access-Control-Allow-Origin");
  }
  const bool any = created.headers.has_token(expose, "*") &&
                   created.headers.find("Access-Control-Allow-Credentials") != "true";
  const bool listed = any || created.headers.has_token(expose, hdr::upload_expires);
  return listed
             ? holds("Upload-Expires is listed")
             : broken("Access-Control-Expose-Headers lists Upload-Expires", tell(created, expose));
}

}  // namespace

std::vector<Check> expiration() {
  constexpr auto expires = ext::expiration;
  return {
      {"TUS-EXP-001", removed_uploads_mean_expiration_listed, ext::creation},
      {"TUS-EXP-002", patch_tells_upload_expires, expires},
      {"TUS-EXP-003", post_tells_upload_expires, expires},
      {"TUS-EXP-004", upload_expires_is_http_date, expires},
      {"TUS-EXP-005", expired_upload_is_404_or_410, expires},
      {"TUS-EXP-006", remembered_expired_upload_is_410, expires},
      {"TUS-EXP-007", finished_upload_does_not_expire, expires},
      {"TUS-EXP-008", resumable_until_upload_expires, expires},
      {"TUS-EXP-009", upload_expires_fixed_or_sliding, expires},
      {"TUS-EXP-010", upload_expires_at_the_end, expires},
      {"TUS-EXP-011", upload_expires_is_exposed, expires},
  };
}

}  // namespace conformance::suites
