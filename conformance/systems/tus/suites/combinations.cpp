// Extensions that a client may use together.
#include <fmt/format.h>

#include "tus/suites/checksum_words.hpp"
#include "tus/suites/whole_uploads.hpp"
#include "tus/vocabulary.hpp"

namespace conformance::suites {
namespace {

/// Ends the check as skipped unless the target offers `extension` as well.
void also_needs(const Context& c, std::string_view extension) {
  if (!tus_target(c).discovery.offers(extension)) {
    throw Stop{not_offered(std::string{extension} + " is not offered")};
  }
}

Fields with_sum(std::string checksum) {
  return {{std::string{hdr::upload_checksum}, std::move(checksum)}};
}

Response post_final(Context& c, const std::vector<std::string>& parts,
                    const tus::Metadata& metadata = {}) {
  return post(c, {.length = std::nullopt,
                  .metadata = metadata,
                  .concat = fmt::format("final;{}", fmt::join(parts, " "))});
}

/// Sends what is left of `bytes` and compares them.
Kept& finish(Context& c, Kept& kept, const std::string& label, const std::string& upload,
             const std::string& bytes) {
  const auto why = append(c, upload, static_cast<std::size_t>(offset_of(c, upload).value), bytes,
                          {bytes.size()});
  if (why) return kept.check(false, label + ", then " + *why);
  return kept.look(label, upload, bytes);
}

/// The upload of a creation with a body, if the answer is right: 201, and the same offset as HEAD
/// tells.
std::optional<std::string> created_upload(Context& c, Kept& kept, const std::string& label,
                                          const Response& created, std::size_t most) {
  auto upload = location_of(c, created);
  const auto told = number_in(created, hdr::upload_offset);
  if (created.status != 201 || !upload || !told || told->value > most) {
    kept.check(false, label + ": " + describe(created));
    return std::nullopt;
  }
  const auto offset = offset_of(c, *upload);
  kept.must(offset == *told, fmt::format("{}: {} with the 201, HEAD tells {}", label,
                                         tell(created, hdr::upload_offset), offset.value));
  return upload;
}

Outcome post_and_patch_with_checksum(Context& c) {
  also_needs(c, ext::checksum);
  const auto name = usable_algorithm(c);
  const auto bytes = c.random_bytes(2000);
  const auto half = bytes.substr(0, 1000);
  Kept kept{c, "a creation with bytes takes their checksum"};
  const auto right = post(
      c,
      {.length = Bytes{bytes.size()}, .body = half, .headers = with_sum(checksum_of(name, half))});
  const auto upload = created_upload(c, kept, "a right checksum", right, half.size());
  if (!upload || kept.broken()) return kept.outcome();
  const auto offset = offset_of(c, *upload);
  const auto wrong =
      patch(c, *upload, offset, from_offset(bytes, offset), with_sum(checksum_of(name, "other")));
  kept.check(is_4xx(wrong) && offset_of(c, *upload) == offset,
             "a wrong checksum in the PATCH after it: " + describe(wrong));
  if (kept.broken()) return kept.outcome();
  return finish(c, kept, "created with a checksum", *upload, bytes).outcome();
}

Outcome deferred_creation_with_bytes_grows(Context& c) {
  also_needs(c, ext::creation_defer_length);
  const auto bytes = c.random_bytes(1500);
  Kept kept{c, "a creation of deferred length takes bytes, and its length later"};
  const std::string label = "600 bytes with a creation of deferred length";
  const auto created =
      post(c, {.length = std::nullopt, .defer_length = true, .body = bytes.substr(0, 600)});
  const auto upload = created_upload(c, kept, label, created, 600);
  if (!upload || kept.broken()) return kept.outcome();
  const auto state = state_of(c, *upload);
  kept.check(state.deferred && !state.length, label + ", then " + to_string(state));
  const auto declared = patch(c, *upload, state.offset, "",
                              {{std::string{hdr::upload_length}, std::to_string(bytes.size())}});
  kept.check(is_2xx(declared), label + ", then its length: " + describe(declared));
  if (kept.broken()) return kept.outcome();
  return finish(c, kept, label, *upload, bytes).outcome();
}

Outcome parts_created_with_their_bytes(Context& c) {
  also_needs(c, ext::concatenation);
  Kept kept{c, "parts may be created with their bytes"};
  const auto first = c.random_bytes(700);
  const auto second = c.random_bytes(301);
  std::vector<std::string> parts;
  for (const auto& bytes : {first, second}) {
    const auto created =
        post(c, {.length = Bytes{bytes.size()}, .concat = "partial", .body = bytes});
    const auto upload = created_upload(c, kept, "a part with its bytes", created, bytes.size());
    if (!upload || kept.broken()) return kept.outcome();
    const auto concat = value_of(head_of(c, *upload), hdr::upload_concat);
    kept.check(concat == "partial", "a part with its bytes: Upload-Concat: " + concat);
    if (const auto why = append(c, *upload, offset_of(c, *upload).value, bytes, {bytes.size()})) {
      return kept.check(false, "the rest of a part: " + *why).outcome();
    }
    parts.push_back(*upload);
  }
  const auto final_upload = url_of(c, post_final(c, parts));
  return kept.look("the final upload", final_upload, first + second).outcome();
}

Outcome deferred_upload_chunks_are_verified(Context& c) {
  also_needs(c, ext::creation_defer_length);
  const auto name = usable_algorithm(c);
  const auto bytes = c.random_bytes(900);
  const auto first = bytes.substr(0, 400);
  const auto rest = bytes.substr(400);
  const auto upload = create(c, {.length = std::nullopt, .defer_length = true});
  Kept kept{c, "chunks of an upload of deferred length are verified like others"};
  const auto look = [&](const char* label, const Response& patched, bool fits,
                        std::uint64_t offset) {
    const auto state = state_of(c, upload);
    kept.check((fits ? is_2xx(patched) : is_4xx(patched)) && state.offset == Bytes{offset},
               fmt::format("{}: {}, then {}", label, describe(patched), to_string(state)));
  };
  look("a wrong checksum", patch(c, upload, Bytes{0}, first, with_sum(checksum_of(name, "other"))),
       false, 0);
  if (kept.broken()) return kept.outcome();
  look("a right one", patch(c, upload, Bytes{0}, first, with_sum(checksum_of(name, first))), true,
       400);
  auto last = with_sum(checksum_of(name, rest));
  last.add(std::string{hdr::upload_length}, std::to_string(bytes.size()));
  look("a right one with the length", patch(c, upload, Bytes{400}, rest, last), true, 900);
  if (kept.broken()) return kept.outcome();
  return kept.look("the upload", upload, bytes).outcome();
}

Outcome part_chunks_are_verified(Context& c) {
  also_needs(c, ext::checksum);
  const auto name = usable_algorithm(c);
  const auto bytes = c.random_bytes(500);
  Kept kept{c, "chunks of a part are verified like others"};
  const auto part = create(c, {.length = Bytes{bytes.size()}, .concat = "partial"});
  const auto wrong = patch(c, part, Bytes{0}, bytes, with_sum(checksum_of(name, "other")));
  kept.check(is_4xx(wrong) && offset_of(c, part) == Bytes{0},
             "a wrong checksum: " + describe(wrong));
  if (kept.broken()) return kept.outcome();
  const auto right = patch(c, part, Bytes{0}, bytes, with_sum(checksum_of(name, bytes)));
  kept.check(is_2xx(right), "a right one: " + describe(right));
  if (kept.broken()) return kept.outcome();
  return kept.look("the final upload", url_of(c, post_final(c, {part})), bytes).outcome();
}

Outcome part_of_deferred_length_is_joined(Context& c) {
  also_needs(c, ext::creation_defer_length);
  const auto bytes = c.random_bytes(500);
  Kept kept{c, "a part may be of deferred length until it is finished"};
  const auto created = post(c, {.length = std::nullopt, .defer_length = true, .concat = "partial"});
  const auto part = location_of(c, created);
  if (created.status != 201 || !part) {
    return kept.check(false, "its creation: " + describe(created)).outcome();
  }
  const auto head = head_of(c, *part);
  if (head.headers.find(hdr::upload_concat) != "partial") {
    kept.must(false, "HEAD of it: " + tell(head, hdr::upload_concat));
  }
  taken(patch(c, *part, Bytes{0}, bytes.substr(0, 200)), "bytes while the length is deferred");
  const auto last = patch(c, *part, Bytes{200}, bytes.substr(200),
                          {{std::string{hdr::upload_length}, std::to_string(bytes.size())}});
  kept.check(is_2xx(last), "the last chunk, with the length: " + describe(last));
  if (kept.broken()) return kept.outcome();
  return kept.look("the final upload", url_of(c, post_final(c, {*part})), bytes).outcome();
}

Outcome final_and_part_keep_own_metadata(Context& c) {
  tus::Metadata of_part;
  of_part.set("name", "part");
  tus::Metadata of_final;
  of_final.set("name", "final, whole");
  const auto bytes = c.random_bytes(300);
  const auto part = create_complete(c, bytes, {.metadata = of_part, .concat = "partial"});
  const auto upload = url_of(c, post_final(c, {part}, of_final));
  Kept kept{c, "a final upload has its own metadata, and its part keeps its own"};
  for (const auto& [label, url, value] :
       {std::tuple{"the final", upload, "final, whole"}, {"the part", part, "part"}}) {
    const auto head = head_of(c, url);
    if (is_gone(head) && url == part) continue;  // a server may remove parts that are joined
    const auto told =
        tus::parse_metadata(value_of(head, hdr::upload_metadata), tus::MetadataStrictness::lenient);
    const auto name = told ? told->find("name") : std::nullopt;
    kept.check(name == value, fmt::format("{}: {}", label, tell(head, hdr::upload_metadata)));
  }
  return kept.look("the final", upload, bytes).outcome();
}

Outcome every_kind_of_creation_tells_expiry(Context& c) {
  Findings findings{"what will expire says so, however it was created"};
  const auto plain = post(c, {});
  const auto upload = url_of(c, plain);
  const auto patched = patch(c, upload, Bytes{0}, letters(4));
  const bool at_creation = plain.headers.has(hdr::upload_expires);
  if (!patched.headers.has(hdr::upload_expires)) {
    return not_offered("no upload is told to expire");
  }
  const auto& discovery = tus_target(c).discovery;
  const auto look = [&](const char* label, const Creation& creation) {
    const auto created = post(c, creation);
    if (created.status != 201) return;  // another row judges that
    findings.check(!at_creation || created.headers.has(hdr::upload_expires),
                   std::string{label} + ": a 201 without Upload-Expires");
    const auto url = url_of(c, created);
    const auto next = patch(c, url, offset_of(c, url), letters(2));
    findings.check(next.headers.has(hdr::upload_expires),
                   std::string{label} + ": a PATCH without Upload-Expires", next);
  };
  if (discovery.offers(ext::creation_with_upload)) look("with bytes", {.body = letters(4)});
  if (discovery.offers(ext::creation_defer_length)) {
    look("of deferred length", {.length = std::nullopt, .defer_length = true});
  }
  if (discovery.offers(ext::concatenation)) look("a part", {.concat = "partial"});
  return findings.outcome();
}

Outcome every_kind_of_upload_is_deletable(Context& c) {
  Findings findings{"an upload can be deleted whatever it was created with (204, then gone)"};
  const auto& discovery = tus_target(c).discovery;
  const auto look = [&](const char* label, const std::string& upload) {
    const auto deleted = remove(c, upload);
    findings.check(deleted.status == 204, label, deleted);
    if (deleted.status != 204) return;
    const auto head = head_of(c, upload);
    findings.check(is_gone(head), std::string{label} + ", then HEAD", head);
  };
  look("an upload of length 0", create(c, {.length = Bytes{0}}));
  if (discovery.offers(ext::creation_with_upload)) {
    look("created with bytes", url_of(c, post(c, {.body = letters(4)})));
  }
  if (discovery.offers(ext::creation_defer_length)) {
    look("of deferred length", create(c, {.length = std::nullopt, .defer_length = true}));
  }
  if (discovery.offers(ext::concatenation)) {
    look("a part", create(c, {.concat = "partial"}));
    const auto part = create_complete(c, "abc", {.concat = "partial"});
    look("a final upload", url_of(c, post_final(c, {part})));
  }
  return findings.outcome();
}

}  // namespace

std::vector<Check> combinations() {
  return {
      {"TUS-COMB-001", post_and_patch_with_checksum, ext::creation_with_upload},
      {"TUS-COMB-002", deferred_creation_with_bytes_grows, ext::creation_with_upload},
      {"TUS-COMB-003", parts_created_with_their_bytes, ext::creation_with_upload},
      {"TUS-COMB-004", deferred_upload_chunks_are_verified, ext::checksum},
      {"TUS-COMB-005", part_chunks_are_verified, ext::concatenation},
      {"TUS-COMB-006", part_of_deferred_length_is_joined, ext::concatenation},
      {"TUS-COMB-007", final_and_part_keep_own_metadata, ext::concatenation},
      {"TUS-COMB-008", every_kind_of_creation_tells_expiry, ext::expiration},
      {"TUS-COMB-009", every_kind_of_upload_is_deletable, ext::termination},
  };
}

}  // namespace conformance::suites
