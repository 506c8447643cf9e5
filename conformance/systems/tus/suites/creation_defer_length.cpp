// Uploads whose length is told later (protocol.md, Creation, Upload-Defer-Length).
#include "tus/suites/exercise.hpp"
#include "tus/suites/habits.hpp"
#include "tus/vocabulary.hpp"

namespace conformance::suites {
namespace {

std::string create_deferred(Context& c) {
  return create(c, {.length = std::nullopt, .defer_length = true});
}

/// A PATCH that also declares the length.
Response declare(Context& c, const std::string& upload, std::uint64_t offset,
                 const std::string& length, std::string body) {
  return patch_with(c, upload,
                    {{std::string{hdr::upload_offset}, std::to_string(offset)},
                     {std::string{hdr::upload_length}, length}},
                    std::move(body));
}

Outcome deferred_length_works_if_listed(Context& c) {
  return announced_as(c, ext::creation_defer_length);
}

Outcome deferred_creation_is_201(Context& c) {
  const auto created = post(c, {.length = std::nullopt, .defer_length = true});
  return expect(created.status == 201 && location_of(c, created),
                "Upload-Defer-Length: 1 without Upload-Length creates an upload", created);
}

Outcome other_defer_value_is_400(Context& c) {
  Findings findings{"a value of Upload-Defer-Length other than 1 gives 400"};
  for (const char* value : {"0", "2", "true"}) {
    const auto created = post_with(c, {{"Upload-Defer-Length", value}});
    findings.check(created.status == 400, value, created);
  }
  return findings.outcome();
}

Outcome head_says_deferred_while_unknown(Context& c) {
  Findings findings{"HEAD shows Upload-Defer-Length: 1 as long as the length is unknown"};
  const auto upload = create_deferred(c);
  const auto look = [&](const char* when) {
    const auto head = head_of(c, upload);
    findings.check(head.headers.find(hdr::upload_defer_length) == "1",
                   std::string{when} + ": " + tell(head, hdr::upload_defer_length));
  };
  look("new");
  patch(c, upload, Bytes{0}, letters(4));
  look("after a PATCH");
  return findings.outcome();
}

Outcome head_not_deferred_once_known(Context& c) {
  Findings findings{"Upload-Defer-Length is absent when the length is known"};
  const auto look = [&](const char* what, const std::string& upload) {
    const auto head = head_of(c, upload);
    findings.check(!head.headers.has(hdr::upload_defer_length),
                   std::string{what} + ": " + tell(head, hdr::upload_defer_length));
  };
  look("an upload of known length", create(c));
  if (tus_target(c).discovery.offers(ext::creation_defer_length)) {
    const auto upload = create_deferred(c);
    taken(declare(c, upload, 0, "11", letters(4)), "4 bytes with the length");
    look("after the length was declared", upload);
  }
  return findings.outcome();
}

Outcome head_has_no_length_while_deferred(Context& c) {
  const auto head = head_of(c, create_deferred(c));
  return expect(!head.headers.has(hdr::upload_length),
                "HEAD has no Upload-Length while the length is unknown", head);
}

Outcome patch_without_length_while_deferred(Context& c) {
  const auto patched = patch(c, create_deferred(c), Bytes{0}, letters(4));
  return expect(patched.status == 204, "a PATCH without Upload-Length is accepted while deferred",
                patched);
}

Outcome patch_declares_the_length(Context& c) {
  const auto upload = create_deferred(c);
  const auto patched = declare(c, upload, 0, "11", letters(4));
  const auto after = state_of(c, upload);
  Findings findings{"Upload-Length in a PATCH sets the length"};
  findings.check(patched.status == 204 && after.length == Bytes{11},
                 describe(patched) + ", then " + to_string(after));
  return findings.outcome();
}

Outcome declared_length_never_changes(Context& c) {
  const auto upload = create_deferred(c);
  declare(c, upload, 0, "11", letters(4));
  const auto before = state_of(c, upload);
  if (before.length != Bytes{11}) stop_blocked("a PATCH sets the length to 11", to_string(before));
  Findings findings{"once set, the length never changes"};
  for (const char* length : {"12", "10"}) {
    const auto patched = declare(c, upload, before.offset.value, length, "");
    const auto after = state_of(c, upload);
    findings.check(after.length == before.length, "Upload-Length: " + std::string{length} + " -> " +
                                                      code(patched) + ", then " + to_string(after));
  }
  return findings.outcome();
}

Outcome same_length_declared_again(Context& c) {
  const auto upload = create_deferred(c);
  declare(c, upload, 0, "11", letters(4));
  const auto before = state_of(c, upload);
  const auto again = declare(c, upload, before.offset.value, "11", letters(1));
  const auto after = state_of(c, upload);
  Findings findings{""};
  findings.must(after.length == before.length, "once set, the length never changes",
                "the same Upload-Length again -> " + code(again));
  return findings.report();
}

Outcome length_below_offset_is_refused(Context& c) {
  const auto upload = create_deferred(c);
  patch(c, upload, Bytes{0}, letters(4));
  const auto declared = declare(c, upload, 4, "3", "");
  const auto after = state_of(c, upload);
  Findings findings{"a declared length below the offset is refused (4xx); it stays unknown"};
  findings.check(is_4xx(declared) && !after.length && after.deferred,
                 describe(declared) + ", then " + to_string(after));
  return findings.outcome();
}

Outcome declared_length_over_maximum_is_413(Context& c) {
  const auto limit = tus_target(c).discovery.max_size;
  if (!limit) return not_offered("no Tus-Max-Size");
  const auto upload = create_deferred(c);
  const auto declared = declare(c, upload, 0, std::to_string(limit->value + 1), letters(4));
  const auto after = state_of(c, upload);
  const auto seen = describe(declared) + ", then " + to_string(after);
  Findings findings{"a declared length over Tus-Max-Size gives 413, as at creation"};
  findings.check(declared.status == 413, seen);
  findings.must(is_4xx(declared) && !after.length,
                "a declared length over Tus-Max-Size is refused and not set", seen);
  return findings.outcome();
}

Outcome invalid_declared_length_is_refused(Context& c) {
  Findings findings{"an invalid declared length is refused (4xx) and sets nothing"};
  for (const char* length : {"abc", "-1"}) {
    const auto upload = create_deferred(c);
    const auto declared = declare(c, upload, 0, length, letters(4));
    const auto after = state_of(c, upload);
    findings.check(is_4xx(declared) && after == UploadState{Bytes{0}, std::nullopt, true},
                   std::string{length} + ": " + describe(declared) + ", then " + to_string(after));
  }
  return findings.outcome();
}

Outcome length_of_known_upload_is_refused(Context& c) {
  const auto upload = create(c);
  const auto declared = declare(c, upload, 0, "12", letters(4));
  const auto after = state_of(c, upload);
  Findings findings{"Upload-Length in a PATCH of an upload of known length is refused (4xx)"};
  findings.check(is_4xx(declared), describe(declared));
  findings.must(after.length == Bytes{10}, "a known length never changes",
                "HEAD: " + to_string(after));
  return findings.outcome();
}

Outcome empty_patch_declares_the_end(Context& c) {
  const auto upload = create_deferred(c);
  const std::string bytes = "abcd";
  taken(patch(c, upload, Bytes{0}, bytes), "4 bytes while the length is deferred");
  const auto declared = declare(c, upload, 4, "4", "");
  const auto after = state_of(c, upload);
  Findings findings{"declaring the length at its offset with an empty PATCH finishes the upload"};
  findings.check(declared.status == 204 && after == UploadState{Bytes{4}, Bytes{4}, false},
                 describe(declared) + ", then " + to_string(after));
  if (const auto equal = stored_equals(c, upload, bytes)) {
    findings.check(*equal, *equal ? "the stored bytes are right" : "the stored bytes differ");
  }
  return findings.outcome();
}

Outcome failed_patch_and_declared_length(Context& c) {
  const auto upload = create_deferred(c);
  const auto declared = declare(c, upload, 0, "3", letters(5));
  const auto after = state_of(c, upload);
  Findings findings{""};
  findings.must(!after.length || after.offset <= *after.length,
                "the offset never passes the length",
                "declaring 3 with 5 bytes -> " + code(declared) + ", then " + to_string(after));
  return findings.report();
}

Outcome deferred_upload_stays_under_maximum(Context& c) {
  const auto limit = tus_target(c).discovery.max_size;
  if (!limit) return not_offered("no Tus-Max-Size");
  if (*limit > reachable_limit) {
    return not_offered("Tus-Max-Size is too large to reach here: " + ::to_string(*limit));
  }
  Findings findings{"a deferred upload never grows past Tus-Max-Size"};
  for (const bool chunked : {false, true}) {
    const auto upload = create_deferred(c);
    const Bytes first{limit->value - limit->value / 10};
    patch(c, upload, Bytes{0}, letters(first.value));
    const auto offset = offset_of(c, upload);
    const auto more = letters(2 * (limit->value / 10) + 10);
    const auto patched =
        chunked ? patch_chunked(c, upload, offset, more)
                : attempt(c, "PATCH", upload, patch_fields(std::to_string(offset.value)), more);
    const auto after = state_of(c, upload);
    findings.check(after.offset <= *limit,
                   std::string{chunked ? "chunked" : "with Content-Length"} + ": " + code(patched) +
                       ", then " + to_string(after));
  }
  return findings.outcome();
}

Outcome defer_without_extension_is_refused(Context& c) {
  if (tus_target(c).discovery.offers(ext::creation_defer_length)) {
    return not_offered("creation-defer-length is offered; this row judges its absence");
  }
  const auto created = post_with(c, {{"Upload-Defer-Length", "1"}});
  return expect(is_4xx(created) || created.status == 501,
                "without the extension a deferred length is refused (4xx or 501)", created);
}

Outcome wrong_offset_declares_no_length(Context& c) {
  const auto upload = create_deferred(c);
  const auto declared = declare(c, upload, 5, "11", letters(4));
  const auto after = state_of(c, upload);
  Findings findings{"a PATCH at a wrong offset does not set the length"};
  findings.check(after == UploadState{Bytes{0}, std::nullopt, true},
                 code(declared) + ", then " + to_string(after));
  return findings.outcome();
}

Outcome empty_length_field_counts_as_absent(Context& c) {
  return observed(creation_with_empty(c, hdr::upload_length).seen + "; " +
                  creation_with_empty(c, hdr::upload_defer_length).seen);
}

Outcome draft_end_signal_sets_length(Context& c) {
  std::string seen;
  for (const auto& signal :
       {end_of_version_3, end_of_version_4, end_of_version_5, end_of_version_6}) {
    seen += (seen.empty() ? "" : "; ") + ended_by_draft(c, signal, "world").seen;
  }
  return observed(seen);
}

Outcome no_byte_beyond_declared_length(Context& c) {
  Findings findings{"no byte goes beyond a length that was declared late"};
  for (const bool chunked : {false, true}) {
    const auto upload = create(c, {.length = std::nullopt, .defer_length = true});
    taken(patch(c, upload, Bytes{0}, letters(4)), "4 bytes while the length is deferred");
    taken(patch(c, upload, Bytes{4}, letters(2), {{std::string{hdr::upload_length}, "10"}}),
          "2 bytes that declare the length, 10");
    const auto seen = chunked ? patch_chunked(c, upload, Bytes{6}, letters(20))
                              : attempt(c, "PATCH", upload, patch_fields("6"), letters(20));
    const auto told =
        seen.response ? number_in(*seen.response, hdr::upload_offset) : std::optional<Bytes>{};
    const auto after = state_of(c, upload);
    findings.check(after.offset <= Bytes{10} && after.length == Bytes{10} &&
                       told.value_or(Bytes{0}) <= Bytes{10},
                   std::string{chunked ? "chunked: " : "20 bytes at 6 of 10: "} + code(seen) +
                       ", then " + to_string(after));
  }
  return findings.outcome();
}

}  // namespace

std::vector<Check> creation_defer_length() {
  constexpr auto defer = ext::creation_defer_length;
  return {
      {"TUS-DEFER-001", deferred_length_works_if_listed},
      {"TUS-DEFER-002", deferred_creation_is_201, defer},
      {"TUS-DEFER-003", other_defer_value_is_400, defer},
      {"TUS-DEFER-004", head_says_deferred_while_unknown, defer},
      {"TUS-DEFER-005", head_not_deferred_once_known, ext::creation},
      {"TUS-DEFER-006", head_has_no_length_while_deferred, defer},
      {"TUS-DEFER-007", patch_without_length_while_deferred, defer},
      {"TUS-DEFER-008", patch_declares_the_length, defer},
      {"TUS-DEFER-009", declared_length_never_changes, defer},
      {"TUS-DEFER-010", same_length_declared_again, defer},
      {"TUS-DEFER-011", length_below_offset_is_refused, defer},
      {"TUS-DEFER-012", declared_length_over_maximum_is_413, defer},
      {"TUS-DEFER-013", invalid_declared_length_is_refused, defer},
      {"TUS-DEFER-014", length_of_known_upload_is_refused, ext::creation},
      {"TUS-DEFER-015", empty_patch_declares_the_end, defer},
      {"TUS-DEFER-016", failed_patch_and_declared_length, defer},
      {"TUS-DEFER-017", deferred_upload_stays_under_maximum, defer},
      {"TUS-DEFER-018", defer_without_extension_is_refused, ext::creation},
      {"TUS-DEFER-019", wrong_offset_declares_no_length, defer},
      {"TUS-DEFER-020", empty_length_field_counts_as_absent, defer},
      {"TUS-DEFER-021", draft_end_signal_sets_length, defer},
      {"TUS-DEFER-022", no_byte_beyond_declared_length, defer},
  };
}

}  // namespace conformance::suites
