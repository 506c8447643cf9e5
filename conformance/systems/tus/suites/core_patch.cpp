// PATCH and its answers (protocol.md, Requests/PATCH).
#include "tus/suites/core_patch.hpp"

#include <algorithm>

#include "tus/vocabulary.hpp"

namespace conformance::suites {
namespace {

Outcome patch_stores_bytes_at_offset(Context& c) {
  const auto length = within_limit(c, 64U << 10U);
  const auto bytes = c.random_bytes(length);
  const auto upload = create(c, {.length = Bytes{length}});
  std::uniform_int_distribution<std::size_t> size(1, std::max<std::size_t>(1, length / 4));
  std::size_t offset = 0;
  while (offset < length) {
    const auto chunk = bytes.substr(offset, size(c.random()));
    const auto patched = patch(c, upload, Bytes{offset}, chunk);
    const auto told = number_in(patched, hdr::upload_offset);
    if (!is_2xx(patched) || !told || told->value <= offset || told->value > offset + chunk.size()) {
      return broken("PATCH takes the bytes at Upload-Offset", describe(patched));
    }
    offset = told->value;
  }
  const auto equal = stored_equals(c, upload, bytes);
  if (!equal)
    return not_offered("the target gives no way to read stored bytes; offsets were right");
  return *equal ? holds("the stored bytes are those that were sent")
                : broken("PATCH stores the body at Upload-Offset", "the stored bytes are others");
}

Outcome patch_succeeds_with_204(Context& c) {
  const auto patched = patch(c, create(c), Bytes{0}, letters(4));
  return expect(patched.status == 204, "a PATCH that succeeds is answered 204", patched);
}

Outcome patch_tells_new_offset(Context& c) {
  Findings findings{"the 204 carries Upload-Offset: the offset before plus the bytes taken"};
  const auto upload = create(c);
  std::uint64_t offset = 0;
  for (const std::size_t bytes : {4U, 6U}) {
    const auto patched = patch(c, upload, Bytes{offset}, letters(bytes));
    const auto told = number_in(patched, hdr::upload_offset);
    const auto stored = offset_of(c, upload).value;
    // Taking only a part of a body is legal, when the answer says so.
    findings.check(told && told->value == stored && stored > offset && stored <= offset + bytes,
                   std::to_string(bytes) + " bytes at " + std::to_string(offset) + ": " +
                       describe(patched) + "; HEAD tells " + std::to_string(stored));
    if (!told || stored <= offset) break;
    offset = stored;
  }
  return findings.outcome();
}

Outcome patch_204_has_no_body(Context& c) {
  auto connection = c.raw();
  const auto upload = create(c);
  auto fields = patch_fields("0");
  fields.add("Content-Length", "4");
  const auto read = talk(c, connection, "PATCH", raw_head(c, "PATCH", upload, fields), letters(4));
  const auto patched = answer(read);
  if (patched.status != 204)
    stop_blocked("a PATCH that succeeds is answered 204", describe(patched));
  Findings findings{
      "a 204 has no body, no Content-Length and no Transfer-Encoding (RFC 9110 15.3.5)"};
  findings.check(
      !patched.headers.has("Content-Length") && !patched.headers.has("Transfer-Encoding"),
      tell(patched, "Content-Length") + ", " + tell(patched, "Transfer-Encoding"));
  bool clean = !read.body_after_head;
  // A body that comes late would stand where the next response should begin.
  if (clean && !patched.headers.has_token("Connection", "close")) {
    const auto next = talk(c, connection, "HEAD on the same connection",
                           raw_head(c, "HEAD", upload), {}, /*head_request=*/true);
    clean = next.seen != RawConnection::Seen::malformed;
  }
  findings.check(clean, clean ? "no bytes after the 204" : "bytes after the 204");
  return findings.outcome();
}

/// Otherwise correct PATCHes with a Content-Type that is wrong, or without one.
Findings with_wrong_types(Context& c, std::string rule, bool judge_status) {
  Findings findings{std::move(rule)};
  for (const std::string type : {"text/plain", ""}) {
    const auto upload = create(c);
    const auto patched = patch_with(c, upload, {{"Content-Type", type}}, letters(4));
    const auto label = type.empty() ? "no Content-Type: " : type + ": ";
    if (judge_status) {
      findings.check(patched.status == 415, label + describe(patched));
    } else {
      const auto after = state_of(c, upload);
      findings.check(after.offset == Bytes{0},
                     label + code(patched) + ", then " + to_string(after));
    }
  }
  return findings;
}

Outcome other_content_type_is_415(Context& c) {
  return with_wrong_types(c, "a Content-Type other than application/offset+octet-stream gives 415",
                          true)
      .outcome();
}

Outcome other_content_type_stores_nothing(Context& c) {
  return with_wrong_types(c, "bytes under another Content-Type are not stored", false).outcome();
}

Outcome media_type_case_and_parameters(Context& c) {
  Findings findings{""};
  for (const std::string type :
       {"Application/Offset+Octet-Stream", "application/offset+octet-stream; charset=utf-8"}) {
    findings.note(type + " -> " +
                  code(patch_with(c, create(c), {{"Content-Type", type}}, letters(4))));
  }
  return findings.report();
}

Outcome patch_below_the_offset_is_409(Context& c) {
  const auto upload = create(c);
  taken(patch(c, upload, Bytes{0}, letters(4)), "the first 4 bytes");
  const auto patched = patch(c, upload, Bytes{0}, letters(4));
  return expect(patched.status == 409, "Upload-Offset 0 at offset 4 gives 409", patched);
}

Outcome patch_above_the_offset_is_409(Context& c) {
  const auto patched = patch(c, create(c), Bytes{5}, letters(4));
  return expect(patched.status == 409, "Upload-Offset 5 at offset 0 gives 409", patched);
}

Outcome patch_409_changes_nothing(Context& c) {
  const std::string bytes = "abcdefghij";
  const auto upload = create(c);
  taken(patch(c, upload, Bytes{0}, bytes.substr(0, 4)), "the first 4 bytes");
  const auto before = state_of(c, upload);
  Findings findings{"a PATCH at another offset leaves the upload as it was"};
  for (const std::uint64_t offset : {0U, 2U, 7U}) {
    const auto patched = patch(c, upload, Bytes{offset}, "XYZ");
    const auto after = state_of(c, upload);
    findings.check(after == before, "at " + std::to_string(offset) + ": " + code(patched) +
                                        ", then " + to_string(after));
    if (after != before) return findings.outcome();
  }
  taken(patch(c, upload, before.offset, from_offset(bytes, before.offset)), "the rest");
  if (const auto equal = stored_equals(c, upload, bytes)) {
    findings.check(*equal, *equal ? "the stored bytes are untouched" : "the stored bytes changed");
  }
  return findings.outcome();
}

Outcome patch_409_may_tell_offset(Context& c) {
  const auto patched = patch(c, create(c), Bytes{5}, letters(4));
  return observed(code(patched) + " with " + tell(patched, hdr::upload_offset));
}

Outcome patch_on_unknown_upload_is_404(Context& c) {
  const auto patched = patch(c, unknown_upload(c), Bytes{0}, letters(4));
  return expect(patched.status == 404, "PATCH of an unknown upload gives 404", patched);
}

Outcome which_of_several_faults_wins(Context& c) {
  const auto patched =
      patch_with(c, unknown_upload(c), {{"Content-Type", "text/plain"}}, letters(4));
  return observed("unknown upload and wrong Content-Type -> " + code(patched));
}

Outcome small_patches_in_succession(Context& c) {
  constexpr std::uint64_t length = 20;
  Findings findings{"many small PATCHes in a row are accepted"};
  const auto upload = create(c, {.length = Bytes{length}});
  for (std::uint64_t offset = 0; offset < length; ++offset) {
    const auto patched = patch(c, upload, Bytes{offset}, letters(1));
    if (patched.status != 204 || number_in(patched, hdr::upload_offset) != Bytes{offset + 1}) {
      return findings.check(false, "byte " + std::to_string(offset), patched).outcome();
    }
  }
  return findings.note("20 PATCHes of one byte").outcome();
}

Outcome empty_patch_moves_nothing(Context& c) {
  Findings findings{"an empty PATCH at the right offset succeeds (204) and moves nothing"};
  const auto upload = create(c);
  for (const std::uint64_t offset : {0U, 4U}) {
    const auto patched = patch(c, upload, Bytes{offset}, "");
    const auto after = offset_of(c, upload);
    findings.check(patched.status == 204 && number_in(patched, hdr::upload_offset) == Bytes{offset},
                   "at " + std::to_string(offset), patched);
    if (after != Bytes{offset}) {
      findings.must(false, "a PATCH without bytes does not move the offset",
                    "at " + std::to_string(offset) + ": " + code(patched) + ", then HEAD tells " +
                        std::to_string(after.value));
    }
    if (offset != 0) continue;
    // When the empty PATCH failed, that is the verdict, and not what a later PATCH does.
    const auto filled = patch(c, upload, Bytes{0}, letters(4));
    if (!is_2xx(filled) && findings.outcome().kind != Outcome::Kind::holds) break;
    taken(filled, "4 bytes");
  }
  return findings.outcome();
}

/// Neither the answer nor HEAD may tell an offset beyond `length`.
Outcome never_beyond(Context& c, const std::string& upload, Bytes length, const Exchange& patched) {
  const auto after = state_of(c, upload);
  const auto told =
      patched.response ? number_in(*patched.response, hdr::upload_offset) : std::optional<Bytes>{};
  Findings findings{"a body that would pass Upload-Length never makes the offset larger than it"};
  findings.check(
      after.offset <= length && told.value_or(Bytes{0}) <= length && after.length == length,
      (patched.response ? describe(*patched.response) : code(patched)) + ", then " +
          to_string(after));
  return findings.outcome();
}

Outcome body_past_length_is_not_kept(Context& c) {
  const auto upload = create(c);
  patch(c, upload, Bytes{0}, letters(4));
  return never_beyond(c, upload, Bytes{10},
                      attempt(c, "PATCH", upload, patch_fields("4"), letters(20)));
}

Outcome chunked_past_length_is_not_kept(Context& c) {
  const auto upload = create(c);
  patch(c, upload, Bytes{0}, letters(7));
  return never_beyond(c, upload, Bytes{10}, patch_chunked(c, upload, Bytes{7}, letters(20)));
}

Outcome patch_on_finished_upload_is_refused(Context& c) {
  const auto upload = create_complete(c, letters(10));
  const auto before = state_of(c, upload);
  const auto patched = patch(c, upload, Bytes{10}, letters(5));
  const auto after = state_of(c, upload);
  Findings findings{"bytes for a finished upload are refused (4xx), not dropped in silence"};
  findings.check(is_4xx(patched), describe(patched));
  findings.must(after == before, "a finished upload does not grow", "HEAD: " + to_string(after));
  return findings.outcome();
}

Outcome empty_patch_on_finished_upload(Context& c) {
  const auto patched = patch(c, create_complete(c, letters(10)), Bytes{10}, "");
  return observed("an empty PATCH at the end of a finished upload -> " + code(patched));
}

Outcome chunked_patch_is_204(Context& c) {
  const auto upload = create(c);
  const auto patched = patch_chunked(c, upload, Bytes{0}, letters(3));
  // Blocked and not broken, as the network may have lost the answer.
  if (!patched.response) stop_blocked("a chunked PATCH is answered", code(patched));
  const auto after = state_of(c, upload);
  Findings findings{"a PATCH without Content-Length (chunked) is accepted"};
  findings.check(patched.response->status == 204 && after.offset == Bytes{3},
                 describe(*patched.response) + ", then " + to_string(after));
  return findings.outcome();
}

Outcome repeated_patch_appends_once(Context& c) {
  const auto upload = create(c);
  taken(patch(c, upload, Bytes{0}, letters(4)), "the first 4 bytes");
  const auto before = state_of(c, upload);
  const auto again = patch(c, upload, Bytes{0}, letters(4));
  const auto after = state_of(c, upload);
  Findings findings{"the same PATCH again gives 409 and does not append twice"};
  findings.check(again.status == 409 && after == before,
                 describe(again) + ", then " + to_string(after));
  return findings.outcome();
}

Outcome offset_wrong_by_one_is_409(Context& c) {
  Findings findings{"an offset that is wrong by a little, of any PATCH, gives 409"};
  const auto bytes = c.random_bytes(10);
  const auto half = create(c);
  taken(patch(c, half, Bytes{0}, bytes.substr(0, 4)), "the first 4 bytes");
  const auto look = [&](const std::string& label, const Response& patched,
                        const std::string& upload, std::uint64_t offset) {
    const auto after = state_of(c, upload);
    findings.check(patched.status == 409 && after.offset == Bytes{offset},
                   label + ": " + describe(patched) + ", then " + to_string(after));
  };
  for (const std::uint64_t offset : {3U, 5U}) {
    const auto at = " at " + std::to_string(offset) + " in place of 4";
    look("a byte" + at, patch(c, half, Bytes{offset}, "x"), half, 4);
    look("nothing" + at, patch(c, half, Bytes{offset}, ""), half, 4);
    const auto chunked = patch_chunked(c, half, Bytes{offset}, "x");
    if (chunked.response) look("a chunked byte" + at, *chunked.response, half, 4);
  }
  if (findings.outcome().kind != Outcome::Kind::holds) return findings.outcome();
  taken(patch(c, half, Bytes{4}, bytes.substr(4)), "the rest");
  if (const auto damage = damage_of(c, half, bytes)) {
    findings.check(damage->empty(), "the stored bytes: " + *damage);
  }
  return findings.outcome();
}

}  // namespace

std::vector<Check> core_patch() {
  std::vector<Check> checks = {
      {"TUS-CORE-PATCH-001", patch_stores_bytes_at_offset, ext::creation},
      {"TUS-CORE-PATCH-002", patch_succeeds_with_204, ext::creation},
      {"TUS-CORE-PATCH-003", patch_tells_new_offset, ext::creation},
      {"TUS-CORE-PATCH-004", patch_204_has_no_body, ext::creation},
      {"TUS-CORE-PATCH-005", other_content_type_is_415, ext::creation},
      {"TUS-CORE-PATCH-006", other_content_type_stores_nothing, ext::creation},
      {"TUS-CORE-PATCH-007", media_type_case_and_parameters, ext::creation},
      {"TUS-CORE-PATCH-008", patch_below_the_offset_is_409, ext::creation},
      {"TUS-CORE-PATCH-009", patch_above_the_offset_is_409, ext::creation},
      {"TUS-CORE-PATCH-010", patch_409_changes_nothing, ext::creation},
      {"TUS-CORE-PATCH-011", patch_409_may_tell_offset, ext::creation},
      {"TUS-CORE-PATCH-012", patch_on_unknown_upload_is_404, ext::creation},
      {"TUS-CORE-PATCH-013", which_of_several_faults_wins, ext::creation},
      {"TUS-CORE-PATCH-014", small_patches_in_succession, ext::creation},
      {"TUS-CORE-PATCH-015", empty_patch_moves_nothing, ext::creation},
      {"TUS-CORE-PATCH-016", body_past_length_is_not_kept, ext::creation},
      {"TUS-CORE-PATCH-017", chunked_past_length_is_not_kept, ext::creation},
      {"TUS-CORE-PATCH-018", patch_on_finished_upload_is_refused, ext::creation},
      {"TUS-CORE-PATCH-019", empty_patch_on_finished_upload, ext::creation},
      {"TUS-CORE-PATCH-020", chunked_patch_is_204, ext::creation},
      {"TUS-CORE-PATCH-026", repeated_patch_appends_once, ext::creation},
      {"TUS-CORE-PATCH-032", offset_wrong_by_one_is_409, ext::creation},
  };
  const auto more = core_patch_connection();
  checks.insert(checks.end(), more.begin(), more.end());
  return checks;
}

}  // namespace conformance::suites
