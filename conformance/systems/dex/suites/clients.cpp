// What CDC's own clients rely on (area dex-clients): the load tool, the web page, the Java and
// Kotlin clients.
#include "dex/vocabulary.hpp"
#include "tus/suites/habits.hpp"

namespace conformance::suites {
namespace {

void demand(Findings& findings, const Habit& habit) {
  findings.check(habit.understood, habit.seen);
}

/// OPTIONS of the creation URL from a page of another origin, with the fields `asked`.
Response options_of_a_page(Context& c, Fields asked = {}) {
  Request request;
  request.method = "OPTIONS";
  request.url = c.target().url;
  request.headers = std::move(asked);
  request.headers.add("Origin", "https://partner.example");
  return send_anonymously(c, std::move(request));
}

Outcome empty_creation_field_is_absent(Context& c) {
  Findings findings{"an empty field of a creation counts as absent"};
  demand(findings, creation_with_empty(c, hdr::upload_length));
  demand(findings, creation_with_empty(c, hdr::upload_defer_length));
  return findings.outcome();
}

Outcome empty_patch_length_is_absent(Context& c) {
  Findings findings{"an empty Upload-Length of a PATCH counts as absent"};
  demand(findings, patch_with_empty_length(c));
  return findings.outcome();
}

Outcome draft_end_signal_ends_deferred_file(Context& c) {
  Findings findings{
      "the draft's end signal on a PATCH of deferred length says where the file ends"};
  for (const auto& signal : {end_of_version_3, end_of_version_4, end_of_version_5})
    demand(findings, ended_by_draft(c, signal, "world"));
  return findings.outcome();
}

Outcome empty_patch_carries_end_signal(Context& c) {
  Findings findings{"a PATCH of no bytes with the draft's end signal finishes the upload"};
  demand(findings, ended_by_draft(c, end_of_version_5, ""));
  return findings.outcome();
}

Outcome end_signal_completes_and_delivers(Context& c) {
  needs_delivery_targets(c);
  std::string upload;
  const auto ended = ended_by_draft(c, end_of_version_5, "world", &upload);
  if (!ended.understood) stop_blocked("the draft's end signal finishes the upload", ended.seen);
  const auto info = await_info(c, upload, delivery_deadline,
                               [](const SeenInfo& seen) { return !entries_of(seen).empty(); });
  Findings findings{"what the draft's end signal finished is Complete, and delivered"};
  findings.check(info.status() == "Complete", info.summary());
  findings.check(!entries_of(info).empty(), entries_of(info).empty() ? "no delivery" : "delivered");
  return findings.outcome();
}

Outcome preflight_allows_draft_fields(Context& c) {
  const auto response =
      options_of_a_page(c, {{"Access-Control-Request-Method", "PATCH"},
                            {"Access-Control-Request-Headers",
                             "upload-complete,upload-draft-interop-version,upload-incomplete"}});
  Findings findings{"a preflight allows the fields of the draft's end signal"};
  for (const auto* name :
       {"Upload-Draft-Interop-Version", "Upload-Complete", "Upload-Incomplete"}) {
    const bool listed = response.headers.has_token("Access-Control-Allow-Headers", name);
    findings.check(listed, std::string{name} + (listed ? "" : " is not allowed"));
  }
  return findings.outcome();
}

Outcome options_with_origin_is_preflight(Context& c) {
  const auto response = options_of_a_page(c);
  Findings findings{"OPTIONS with an Origin is answered as a preflight, whatever it asks"};
  for (const auto* name : {"Access-Control-Allow-Methods", "Access-Control-Allow-Headers"}) {
    const bool there = response.headers.has(name);
    findings.check(there, there ? std::string{name} : "no " + std::string{name});
  }
  return findings.outcome();
}

Outcome chunks_count_beside_length_zero(Context& c) {
  Findings findings{"chunks count where a PATCH carries Content-Length: 0 as well"};
  demand(findings, chunked_beside_length(c));
  return findings.outcome();
}

Outcome refused_last_patch_finishes_nothing(Context& c) {
  const auto upload = create(c);
  const auto patched = patch_chunked(c, upload, Bytes{0}, letters(15));
  if (patched.response && is_2xx(*patched.response))
    stop_blocked("a chunked PATCH beyond the upload's end is refused", code(patched));
  const auto state = state_of(c, upload);
  Findings findings{"an upload whose last PATCH was refused is not finished by it"};
  const bool finished = state.length && state.offset == *state.length;
  findings.check(!finished, code(patched) + ", then " + to_string(state));
  return findings.outcome();
}

}  // namespace

std::vector<Check> dex_clients() {
  constexpr auto defer = ext::creation_defer_length;
  return {
      {"DEX-CLI-001", empty_creation_field_is_absent, defer},
      {"DEX-CLI-002", empty_patch_length_is_absent, ext::creation},
      {"DEX-CLI-003", draft_end_signal_ends_deferred_file, defer},
      {"DEX-CLI-004", empty_patch_carries_end_signal, defer},
      {"DEX-CLI-005", end_signal_completes_and_delivers, defer},
      {"DEX-CLI-006", preflight_allows_draft_fields},
      {"DEX-CLI-007", options_with_origin_is_preflight},
      {"DEX-CLI-008", chunks_count_beside_length_zero, ext::creation},
      {"DEX-CLI-009", refused_last_patch_finishes_nothing, ext::creation},
  };
}

}  // namespace conformance::suites
