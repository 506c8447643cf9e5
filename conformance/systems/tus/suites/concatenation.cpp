// Joining partial uploads (protocol.md, Concatenation).
#include <algorithm>

#include "tus/suites/exercise.hpp"
#include "tus/suites/whole_uploads.hpp"
#include "tus/vocabulary.hpp"

namespace conformance::suites {
namespace {

std::string create_partial(Context& c, std::uint64_t length) {
  return create(c, {.length = Bytes{length}, .concat = "partial"});
}

/// A finished partial upload.
std::string part(Context& c, const std::string& bytes) {
  return create_complete(c, bytes, {.concat = "partial"});
}

Response post_final(Context& c, const std::vector<std::string>& parts,
                    const tus::Metadata& metadata = {}) {
  std::string value = "final;";
  for (const auto& url : parts) value += (value.back() == ';' ? "" : " ") + url;
  return post(c, {.length = std::nullopt, .metadata = metadata, .concat = value});
}

std::string create_final(Context& c, const std::vector<std::string>& parts,
                         const tus::Metadata& metadata = {}) {
  return url_of(c, post_final(c, parts, metadata));
}

tus::Metadata one_pair(std::string_view key, std::string value) {
  tus::Metadata metadata;
  metadata.set(key, std::move(value));
  return metadata;
}

/// For notes: "201, Upload-Length: 6".
std::string with_length(Context& c, const Response& created) {
  const auto upload = location_of(c, created);
  if (created.status != 201 || !upload) return code(created);
  return code(created) + ", " + tell(head_of(c, *upload), hdr::upload_length);
}

Outcome concatenation_works_if_listed(Context& c) { return announced_as(c, ext::concatenation); }

Outcome partial_creation_is_201(Context& c) {
  const auto created = post(c, {.concat = "partial"});
  return expect(created.status == 201, "POST with Upload-Concat: partial creates an upload",
                created);
}

Outcome head_of_part_says_partial(Context& c) {
  const auto head = head_of(c, create_partial(c, 10));
  return head.headers.find(hdr::upload_concat) == "partial"
             ? holds(tell(head, hdr::upload_concat))
             : broken("HEAD of a partial upload has Upload-Concat: partial",
                      tell(head, hdr::upload_concat));
}

Outcome head_of_part_has_offset(Context& c) {
  const auto upload = create_partial(c, 10);
  Findings findings{"HEAD of a partial upload has Upload-Offset"};
  const auto look = [&](const char* offset) {
    const auto head = head_of(c, upload);
    findings.check(head.headers.find(hdr::upload_offset) == offset, tell(head, hdr::upload_offset));
  };
  look("0");
  taken(patch(c, upload, Bytes{0}, letters(4)), "the first 4 bytes");
  look("4");
  return findings.outcome();
}

Outcome final_needs_no_upload_length(Context& c) {
  const auto created = post_final(c, {part(c, "abc"), part(c, "defg")});
  return expect(created.status == 201 && location_of(c, created),
                "a final upload is created without Upload-Length", created);
}

Outcome final_length_is_the_sum(Context& c) {
  const auto state = state_of(c, create_final(c, {part(c, "abc"), part(c, "defg")}));
  return state.length == Bytes{7}
             ? holds(to_string(state))
             : broken("the length of a final upload is the sum of its parts, 7", to_string(state));
}

Outcome parts_joined_in_listed_order(Context& c) {
  const auto first = part(c, "abc");
  const auto second = part(c, "defg");
  const auto upload = create_final(c, {second, first});
  const auto equal = stored_equals(c, upload, "defgabc");
  if (!equal) return not_offered("the target gives no way to read stored bytes");
  return *equal
             ? holds("the bytes of the second part, then of the first")
             : broken("parts are joined in the order of the list", "other bytes, or another order");
}

Outcome head_of_final_repeats_upload_concat(Context& c) {
  Findings findings{"HEAD of a final upload has Upload-Concat as it was received"};
  const auto look = [&](const char* label, const std::string& a, const std::string& b) {
    const auto head = head_of(c, create_final(c, {a, b}));
    const bool same = head.headers.find(hdr::upload_concat) == "final;" + a + " " + b;
    findings.check(same,
                   std::string{label} + ": " +
                       (same ? "the same" : "not the same, " + tell(head, hdr::upload_concat)));
  };
  // New parts for each: a server may take them away once they are joined.
  look("absolute URLs", part(c, "abc"), part(c, "defg"));
  look("relative URLs", Context::target_of(part(c, "abc")), Context::target_of(part(c, "defg")));
  return findings.outcome();
}

Outcome final_offset_equals_its_length(Context& c) {
  const auto head = head_of(c, create_final(c, {part(c, "abc"), part(c, "defg")}));
  const auto offset = number_in(head, hdr::upload_offset);
  Findings findings{"HEAD of a final upload has Upload-Offset and Upload-Length, both equal"};
  findings.check(offset && offset == number_in(head, hdr::upload_length),
                 tell(head, hdr::upload_offset) + ", " + tell(head, hdr::upload_length));
  return findings.outcome();
}

Outcome patch_on_final_is_403(Context& c) {
  const auto upload = create_final(c, {part(c, "abc"), part(c, "defg")});
  Findings findings{"PATCH of a final upload gives 403"};
  for (const std::uint64_t offset : {0U, 7U}) {
    for (const std::size_t bytes : {0U, 2U}) {
      const auto patched = patch(c, upload, Bytes{offset}, letters(bytes));
      findings.check(patched.status == 403, std::to_string(bytes) + " bytes at " +
                                                std::to_string(offset) + ": " + describe(patched));
    }
  }
  return findings.outcome();
}

Outcome patch_on_final_changes_nothing(Context& c) {
  const auto first = part(c, "abc");
  const auto second = part(c, "defg");
  const auto upload = create_final(c, {first, second});
  const std::vector<std::pair<std::string, std::string>> all{
      {upload, "abcdefg"}, {first, "abc"}, {second, "defg"}};
  std::vector<std::optional<Bytes>> before;
  before.reserve(all.size());
  for (const auto& [url, bytes] : all) before.push_back(try_offset(c, url));
  const auto patched = patch(c, upload, Bytes{7}, letters(2));
  patch(c, upload, Bytes{0}, letters(2));
  Findings findings{"a PATCH of a final upload changes neither it nor its parts"};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto after = try_offset(c, all[i].first);
    // Only a download shows the bytes of a part: parts are never delivered.
    const bool shown = after && (i == 0 || tus_target(c).downloads);
    const bool same = after == before[i] &&
                      (!shown || stored_equals(c, all[i].first, all[i].second).value_or(true));
    findings.check(same, std::string{i == 0 ? "the final" : "a part"} + " is " +
                             (same ? "unchanged" : "changed") + " after " + code(patched));
  }
  return findings.outcome();
}

Outcome part_metadata_stays_with_part(Context& c) {
  const auto metadata = one_pair("partonly", "value");
  const auto first = create_complete(c, "abc", {.metadata = metadata, .concat = "partial"});
  const auto head = head_of(c, create_final(c, {first, part(c, "defg")}));
  const bool moved = lists_key(head, "partonly");
  return moved ? broken("metadata of the parts does not move to the final upload",
                        "HEAD of the final upload lists partonly")
               : holds("HEAD of the final upload does not list the part's key");
}

Outcome final_has_its_own_metadata(Context& c) {
  const auto upload =
      create_final(c, {part(c, "abc"), part(c, "defg")}, one_pair("finalonly", "value"));
  const auto head = head_of(c, upload);
  return lists_key(head, "finalonly")
             ? holds("HEAD lists the key that the final upload was created with")
             : broken("the final upload has the metadata of its own creation",
                      tell(head, hdr::upload_metadata));
}

Outcome one_part_listed_twice(Context& c) {
  const auto only = part(c, "abc");
  return observed("one part twice -> " + with_length(c, post_final(c, {only, only})));
}

Outcome part_serves_several_finals(Context& c) {
  const auto first = part(c, "abc");
  const auto second = part(c, "defg");
  const auto one = post_final(c, {first, second});
  const auto other = post_final(c, {second, first});
  return observed("one final -> " + code(one) + ", another of the same parts -> " + code(other));
}

Outcome absolute_and_relative_part_urls(Context& c) {
  Findings findings{"part URLs may be absolute and relative"};
  const auto look = [&](const char* label, const std::string& a, const std::string& b) {
    const auto created = post_final(c, {a, b});
    findings.check(created.status == 201, std::string{label} + ": " + code(created));
  };
  // New parts for each: a server may take them away once they are joined.
  look("absolute", part(c, "abc"), part(c, "defg"));
  look("relative", Context::target_of(part(c, "abc")), Context::target_of(part(c, "defg")));
  look("one of each", part(c, "abc"), Context::target_of(part(c, "defg")));
  return findings.outcome();
}

Outcome unfinished_part_is_refused(Context& c) {
  if (tus_target(c).discovery.offers(ext::concatenation_unfinished)) {
    return not_offered("concatenation-unfinished is offered; this row judges its absence");
  }
  const auto unfinished = create_partial(c, 10);
  patch(c, unfinished, Bytes{0}, letters(4));
  const auto created = post_final(c, {part(c, "abc"), unfinished});
  return expect(is_4xx(created),
                "without concatenation-unfinished a part that is not finished is refused (4xx)",
                created);
}

Outcome unknown_part_is_refused(Context& c) {
  const auto created = post_final(c, {part(c, "abc"), unknown_upload(c)});
  return expect(is_4xx(created), "a part that does not exist is refused (4xx)", created);
}

Outcome upload_length_of_final_never_counts(Context& c) {
  const auto first = part(c, "abc");
  const auto second = part(c, "defg");
  const auto created = post(c, {.length = Bytes{999}, .concat = "final;" + first + " " + second});
  Findings findings{""};
  const auto seen =
      "Upload-Length: 999 for a final upload of 7 bytes -> " + with_length(c, created);
  const auto upload = location_of(c, created);
  findings.must(created.status != 201 || !upload || state_of(c, *upload).length == Bytes{7},
                "the length of a final upload is the sum of its parts", seen);
  return findings.report();
}

Outcome bad_upload_concat_is_400(Context& c) {
  Findings findings{"an Upload-Concat that is neither partial nor final;URL... is refused (400)"};
  for (const std::string value : {"final", "final;", "bogus", "Partial"}) {
    const auto created = post_with(
        c, {{std::string{hdr::upload_concat}, value}, {std::string{hdr::upload_length}, "10"}});
    findings.check(is_4xx(created), value, created);
  }
  return findings.outcome();
}

Outcome whole_upload_is_no_part(Context& c) {
  Findings findings{"only partial uploads are accepted as parts"};
  const auto good = part(c, "abc");
  const auto normal = post_final(c, {good, create_complete(c, "defg")});
  findings.check(is_4xx(normal), "a normal upload as a part", normal);
  const auto final_part = post_final(c, {good, create_final(c, {good, part(c, "defg")})});
  findings.check(is_4xx(final_part), "a final upload as a part", final_part);
  return findings.outcome();
}

Outcome part_of_foreign_host_is_refused(Context& c) {
  const auto own = part(c, "abc");
  const auto foreign = "http://evil.example" + Context::target_of(part(c, "defg"));
  const auto created = post_final(c, {own, foreign});
  return expect(is_4xx(created), "a part URL of another host is refused (4xx)", created);
}

Outcome parts_after_the_final(Context& c) {
  const auto first = part(c, "abc");
  create_final(c, {first, part(c, "defg")});
  return observed("HEAD of a part after it was joined -> " + code(head_of(c, first)));
}

Outcome sum_over_maximum_is_413(Context& c) {
  const auto limit = tus_target(c).discovery.max_size;
  if (!limit) return not_offered("no Tus-Max-Size");
  if (*limit > reachable_limit) {
    return not_offered("Tus-Max-Size is too large to reach here: " + ::to_string(*limit));
  }
  const auto size = limit->value / 2 + 1;
  const auto created = post_final(c, {part(c, letters(size)), part(c, letters(size))});
  return expect(is_4xx(created), "the size limit holds for the sum of the parts (413)", created);
}

Outcome empty_part_can_be_joined(Context& c) {
  const auto empty = create_partial(c, 0);
  const auto created = post_final(c, {empty});
  Findings findings{"a part of length 0 is fine"};
  findings.check(created.status == 201, "an empty part alone: " + code(created));
  if (const auto upload = location_of(c, created); created.status == 201 && upload) {
    const auto state = state_of(c, *upload);
    findings.check(state.length == Bytes{0}, "HEAD: " + to_string(state));
  }
  return findings.outcome();
}

Outcome concat_without_extension_is_refused(Context& c) {
  if (tus_target(c).discovery.offers(ext::concatenation)) {
    return not_offered("concatenation is offered; this row judges its absence");
  }
  const auto created = post(c, {.concat = "partial"});
  return expect(is_4xx(created) || created.status == 501,
                "without the extension Upload-Concat is refused (4xx or 501)", created);
}

Outcome parts_are_not_processed_alone(Context& c) {
  if (!tus_target(c).shows_processing()) {
    return not_offered("what a server does with finished uploads is not visible through tus");
  }
  const auto upload = part(c, "abc");
  std::string seen = "no delivery of the partial upload";
  const bool processed = c.eventually(
      c.patience(), [&] { return tus_target(c).processing_of(c, upload).attempts > 0; });
  return processed ? broken("partial uploads are not processed before they are joined",
                            "the partial upload was delivered as a file of its own")
                   : holds(seen);
}

Outcome new_final_tells_its_length(Context& c) {
  const auto head = head_of(c, create_final(c, {part(c, "abc"), part(c, "defg")}));
  return expect(head.headers.find(hdr::upload_length) == "7",
                "HEAD of a final upload over finished parts has Upload-Length at once", head);
}

Outcome upload_concat_on_the_201(Context& c) {
  const auto partial = post(c, {.concat = "partial"});
  const auto joined = post_final(c, {part(c, "abc")});
  const auto told = [](const Response& created) {
    return std::string{created.headers.has(hdr::upload_concat) ? "with" : "without"} +
           " Upload-Concat";
  };
  return observed("the 201 of a partial upload comes " + told(partial) + ", that of a final " +
                  told(joined));
}

Outcome final_creation_with_a_body(Context& c) {
  const auto created =
      post(c, {.length = std::nullopt, .concat = "final;" + part(c, "abc"), .body = letters(2)});
  return observed("a body with the creation of a final upload -> " + with_length(c, created));
}

Outcome many_parts_joined_in_order(Context& c) {
  needs_lasting_uploads(c);
  constexpr std::size_t most = 33;
  constexpr std::size_t least = 11;
  // Random bytes of different lengths, so that a part that is lost or moved shows.
  std::vector<std::pair<std::string, std::string>> parts;
  while (parts.size() < most && (parts.size() < least || time_for_more(c))) {
    const auto bytes = c.random_bytes(5 + parts.size() % 3);
    const auto url = part(c, bytes);
    parts.emplace_back(url, bytes);
  }
  std::shuffle(parts.begin(), parts.end(), c.random());
  std::vector<std::string> urls;
  std::string joined;
  for (const auto& [url, bytes] : parts) {
    urls.push_back(url);
    joined += bytes;
  }
  Kept kept{c, "many parts, however their order of creation was, are joined in the listed order"};
  const auto label = std::to_string(parts.size()) + " parts";
  const auto created = post_final(c, urls);
  const auto upload = location_of(c, created);
  // A list this long may exceed a limit for header fields.
  if (status_in(created, {413, 414, 431})) return not_offered(label + ": " + code(created));
  if (created.status != 201 || !upload) {
    return kept.check(false, label + ": " + describe(created)).outcome();
  }
  return kept.look(label, *upload, joined).outcome();
}

Outcome final_outlives_its_parts(Context& c) {
  if (!tus_target(c).discovery.offers(ext::termination)) {
    return not_offered("termination is not offered");
  }
  const auto first = part(c, "abc");
  const auto second = part(c, "defg");
  const auto upload = create_final(c, {first, second});
  Kept kept{c, "a final upload keeps its bytes when a part of it is deleted"};
  kept.look("before", upload, "abcdefg");
  for (const auto& url : {first, second}) {
    const auto deleted = attempt(c, "DELETE", url);
    kept.look("DELETE of a part: " + code(deleted), upload, "abcdefg");
  }
  return kept.outcome();
}

}  // namespace

std::vector<Check> concatenation() {
  constexpr auto concat = ext::concatenation;
  return {
      {"TUS-CONCAT-001", concatenation_works_if_listed},
      {"TUS-CONCAT-002", partial_creation_is_201, concat},
      {"TUS-CONCAT-003", head_of_part_says_partial, concat},
      {"TUS-CONCAT-004", head_of_part_has_offset, concat},
      {"TUS-CONCAT-005", final_needs_no_upload_length, concat},
      {"TUS-CONCAT-006", final_length_is_the_sum, concat},
      {"TUS-CONCAT-007", parts_joined_in_listed_order, concat},
      {"TUS-CONCAT-008", head_of_final_repeats_upload_concat, concat},
      {"TUS-CONCAT-009", final_offset_equals_its_length, concat},
      {"TUS-CONCAT-010", patch_on_final_is_403, concat},
      {"TUS-CONCAT-011", patch_on_final_changes_nothing, concat},
      {"TUS-CONCAT-012", part_metadata_stays_with_part, concat},
      {"TUS-CONCAT-013", final_has_its_own_metadata, concat},
      {"TUS-CONCAT-014", one_part_listed_twice, concat},
      {"TUS-CONCAT-015", part_serves_several_finals, concat},
      {"TUS-CONCAT-016", absolute_and_relative_part_urls, concat},
      {"TUS-CONCAT-017", unfinished_part_is_refused, concat},
      {"TUS-CONCAT-018", unknown_part_is_refused, concat},
      {"TUS-CONCAT-019", upload_length_of_final_never_counts, concat},
      {"TUS-CONCAT-020", bad_upload_concat_is_400, concat},
      {"TUS-CONCAT-021", whole_upload_is_no_part, concat},
      {"TUS-CONCAT-022", part_of_foreign_host_is_refused, concat},
      {"TUS-CONCAT-023", parts_after_the_final, concat},
      {"TUS-CONCAT-024", sum_over_maximum_is_413, concat},
      {"TUS-CONCAT-025", empty_part_can_be_joined, concat},
      {"TUS-CONCAT-026", concat_without_extension_is_refused, ext::creation},
      {"TUS-CONCAT-027", parts_are_not_processed_alone, concat},
      {"TUS-CONCAT-028", new_final_tells_its_length, concat},
      {"TUS-CONCAT-029", upload_concat_on_the_201, concat},
      {"TUS-CONCAT-030", final_creation_with_a_body, concat},
      {"TUS-CONCAT-031", many_parts_joined_in_order, concat},
      {"TUS-CONCAT-032", final_outlives_its_parts, concat},
  };
}

}  // namespace conformance::suites
