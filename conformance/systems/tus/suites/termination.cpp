// DELETE (protocol.md, Termination).
#include "tus/suites/exercise.hpp"
#include "tus/vocabulary.hpp"

namespace conformance::suites {
namespace {

/// An upload that was deleted; blocked when that failed.
std::string create_deleted(Context& c) {
  const auto upload = create(c);
  const auto removed = remove(c, upload);
  if (!is_2xx(removed)) stop_blocked("DELETE of an upload succeeds", describe(removed));
  return upload;
}

Outcome term_001(Context& c) { return announced_as(c, ext::termination); }

Outcome term_002(Context& c) {
  const auto removed = remove(c, create(c));
  return expect(removed.status == 204, "DELETE of an unfinished upload gives 204", removed);
}

Outcome term_003(Context& c) {
  const auto removed = remove(c, create_complete(c, letters(10)));
  return expect(removed.status == 204, "DELETE of a finished upload gives 204", removed);
}

Outcome term_004(Context& c) {
  const auto head = head_of(c, create_deleted(c));
  return expect(is_gone(head) && !head.headers.has(hdr::upload_offset),
                "HEAD after DELETE: 404 or 410, without Upload-Offset", head);
}

Outcome term_005(Context& c) {
  const auto patched = patch(c, create_deleted(c), Bytes{0}, letters(4));
  return expect(is_gone(patched), "PATCH after DELETE: 404 or 410", patched);
}

Outcome term_006(Context& c) {
  const auto removed = remove(c, create_deleted(c));
  return expect(is_gone(removed), "a second DELETE: 404 or 410", removed);
}

Outcome term_007(Context& c) {
  if (!tus_target(c).downloads) return not_offered("GET of an upload is not offered");
  const auto upload = create_complete(c, letters(10));
  const auto removed = remove(c, upload);
  if (!is_2xx(removed)) stop_blocked("DELETE of an upload succeeds", describe(removed));
  const auto got = c.get(upload);
  return expect(is_gone(got), "GET after DELETE: 404 or 410, the bytes are freed", got);
}

Outcome term_008(Context& c) {
  const auto removed = remove(c, unknown_upload(c));
  return expect(is_gone(removed), "DELETE of an unknown upload gives 404", removed);
}

Outcome term_009(Context& c) {
  if (tus_target(c).discovery.offers(ext::termination)) {
    return not_offered("termination is offered; this row judges its absence");
  }
  const auto upload = create(c);
  const auto removed = remove(c, upload);
  const auto head = head_of(c, upload);
  Findings findings{"without the extension DELETE is refused (405 or 501), the upload stays"};
  findings.check(status_in(removed, {405, 501}) && is_2xx(head),
                 describe(removed) + ", then HEAD " + code(head));
  return findings.outcome();
}

Outcome term_010(Context& c) {
  const auto upload = create(c);
  std::string seen;
  bool deleted = false;
  bool locked = false;
  {
    auto slow = half_sent_patch(c, upload, Bytes{0}, 10, letters(4));
    // Servers that wait for a lock give up after 20 s or so.
    const auto removed = attempt(c, "DELETE", upload, {}, std::nullopt, Milliseconds{25'000});
    seen = "DELETE during a PATCH -> " + code(removed);
    deleted = removed.response && is_2xx(*removed.response);
    locked = removed.response && status_in(*removed.response, {409, 423});
    static_cast<void>(slow.send(letters(6), answer_timeout));
    const auto old = slow.read_response(Milliseconds{1'000});
    c.record_raw("the PATCH after the DELETE", "", old);
  }
  const std::string rule =
      "DELETE during a PATCH ends the upload for good, or is refused as locked";
  if (!deleted && !locked) return broken(rule, seen);
  if (locked) return holds(seen);
  const auto head = head_of(c, upload);
  return is_gone(head) ? holds(seen + ", then HEAD " + code(head))
                       : broken(rule, seen + ", then HEAD " + code(head));
}

Outcome term_011(Context& c) {
  const auto removed = send_tus(c, "DELETE", create(c), {}, letters(2));
  return observed("DELETE with a body -> " + code(removed));
}

}  // namespace

std::vector<Check> termination() {
  return {
      {"TUS-TERM-001", term_001},
      {"TUS-TERM-002", term_002, ext::termination},
      {"TUS-TERM-003", term_003, ext::termination},
      {"TUS-TERM-004", term_004, ext::termination},
      {"TUS-TERM-005", term_005, ext::termination},
      {"TUS-TERM-006", term_006, ext::termination},
      {"TUS-TERM-007", term_007, ext::termination},
      {"TUS-TERM-008", term_008, ext::termination},
      {"TUS-TERM-009", term_009, ext::creation},
      {"TUS-TERM-010", term_010, ext::termination},
      {"TUS-TERM-011", term_011, ext::termination},
  };
}

}  // namespace conformance::suites
