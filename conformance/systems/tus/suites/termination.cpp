// DELETE (protocol.md, Termination).
#include "tus/suites/exercise.hpp"
#include "tus/vocabulary.hpp"

namespace conformance::suites {
namespace {

/// An upload that was deleted; blocked when that failed.
std::string create_deleted(Context& c) {
  auto upload = create(c);
  const auto removed = remove(c, upload);
  if (!is_2xx(removed)) stop_blocked("DELETE of an upload succeeds", describe(removed));
  return upload;
}

Outcome termination_works_if_listed(Context& c) { return announced_as(c, ext::termination); }

Outcome delete_unfinished_is_204(Context& c) {
  const auto removed = remove(c, create(c));
  return expect(removed.status == 204, "DELETE of an unfinished upload gives 204", removed);
}

Outcome delete_finished_is_204(Context& c) {
  const auto removed = remove(c, create_complete(c, letters(10)));
  return expect(removed.status == 204, "DELETE of a finished upload gives 204", removed);
}

Outcome head_after_delete_is_gone(Context& c) {
  const auto head = head_of(c, create_deleted(c));
  return expect(is_gone(head) && !head.headers.has(hdr::upload_offset),
                "HEAD after DELETE: 404 or 410, without Upload-Offset", head);
}

Outcome patch_after_delete_is_gone(Context& c) {
  const auto patched = patch(c, create_deleted(c), Bytes{0}, letters(4));
  return expect(is_gone(patched), "PATCH after DELETE: 404 or 410", patched);
}

Outcome second_delete_is_gone(Context& c) {
  const auto removed = remove(c, create_deleted(c));
  return expect(is_gone(removed), "a second DELETE: 404 or 410", removed);
}

Outcome get_after_delete_is_gone(Context& c) {
  if (!tus_target(c).downloads) return not_offered("GET of an upload is not offered");
  const auto upload = create_complete(c, letters(10));
  const auto removed = remove(c, upload);
  if (!is_2xx(removed)) stop_blocked("DELETE of an upload succeeds", describe(removed));
  const auto got = c.get(upload);
  return expect(is_gone(got), "GET after DELETE: 404 or 410, the bytes are freed", got);
}

Outcome delete_of_unknown_upload_is_404(Context& c) {
  const auto removed = remove(c, unknown_upload(c));
  return expect(is_gone(removed), "DELETE of an unknown upload gives 404", removed);
}

Outcome delete_without_extension_is_refused(Context& c) {
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

Outcome delete_during_patch_is_final(Context& c) {
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

Outcome delete_with_a_body(Context& c) {
  const auto removed = send_tus(c, "DELETE", create(c), {}, letters(2));
  return observed("DELETE with a body -> " + code(removed));
}

}  // namespace

std::vector<Check> termination() {
  return {
      {"TUS-TERM-001", termination_works_if_listed},
      {"TUS-TERM-002", delete_unfinished_is_204, ext::termination},
      {"TUS-TERM-003", delete_finished_is_204, ext::termination},
      {"TUS-TERM-004", head_after_delete_is_gone, ext::termination},
      {"TUS-TERM-005", patch_after_delete_is_gone, ext::termination},
      {"TUS-TERM-006", second_delete_is_gone, ext::termination},
      {"TUS-TERM-007", get_after_delete_is_gone, ext::termination},
      {"TUS-TERM-008", delete_of_unknown_upload_is_404, ext::termination},
      {"TUS-TERM-009", delete_without_extension_is_refused, ext::creation},
      {"TUS-TERM-010", delete_during_patch_is_final, ext::termination},
      {"TUS-TERM-011", delete_with_a_body, ext::termination},
  };
}

}  // namespace conformance::suites
