// Upload-Checksum on a chunk (protocol.md, Checksum).
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "protocol/tus/checksum.hpp"
#include "tus/suites/checksum_words.hpp"
#include "tus/suites/exercise.hpp"

namespace conformance::suites {
namespace {

Fields with_sum(std::string checksum) {
  return {{std::string{hdr::upload_checksum}, std::move(checksum)}};
}

/// A PATCH at offset 0.
Response patch_sum(Context& c, const std::string& upload, std::string checksum, std::string body) {
  return patch_with(c, upload, with_sum(std::move(checksum)), std::move(body));
}

/// The members of Tus-Checksum-Algorithm as they stand, empty ones included.
std::vector<std::string> listed_algorithms(const std::string& list) {
  std::vector<std::string> all;
  for (std::size_t from = 0;;) {
    const auto comma = list.find(',', from);
    all.emplace_back(http::trim_ows(std::string_view{list}.substr(from, comma - from)));
    if (comma == std::string::npos) return all;
    from = comma + 1;
  }
}

bool is_algorithm(const std::string& name) {
  return http::is_token(name) &&
         std::none_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

Outcome checksum_is_verified_if_listed(Context& c) { return announced_as(c, ext::checksum); }

Outcome options_lists_checksum_algorithms(Context& c) {
  const auto options = ask_options(c);
  return expect(!value_of(options, hdr::tus_checksum_algorithm).empty(),
                "OPTIONS has Tus-Checksum-Algorithm", options);
}

Outcome algorithm_list_is_well_formed(Context& c) {
  const auto list = ask_options(c).headers.joined(hdr::tus_checksum_algorithm);
  if (!list) stop_blocked("OPTIONS has Tus-Checksum-Algorithm", "none");
  const auto names = listed_algorithms(*list);
  Findings findings{"Tus-Checksum-Algorithm is a comma list of names without upper-case letters"};
  return findings
      .check(std::all_of(names.begin(), names.end(), is_algorithm),
             "Tus-Checksum-Algorithm: " + *list)
      .outcome();
}

Outcome sha1_is_among_the_algorithms(Context& c) {
  const auto list = ask_options(c).headers.joined(hdr::tus_checksum_algorithm);
  if (!list) stop_blocked("OPTIONS has Tus-Checksum-Algorithm", "none");
  const auto names = listed_algorithms(*list);
  Findings findings{"sha1 is among the algorithms"};
  return findings
      .check(std::find(names.begin(), names.end(), "sha1") != names.end(),
             "Tus-Checksum-Algorithm: " + *list)
      .outcome();
}

Outcome right_checksum_gives_204(Context& c) {
  const auto upload = create(c);
  const auto patched = patch_sum(c, upload, checksum_of(usable_algorithm(c), "hello"), "hello");
  Findings findings{"a chunk with its checksum is taken (204), and the offset moves"};
  findings.check(patched.status == 204, "a right checksum", patched);
  const auto state = state_of(c, upload);
  return findings.check(state.offset == Bytes{5}, "HEAD: " + to_string(state)).outcome();
}

Outcome wrong_checksum_is_460(Context& c) {
  const auto patched = patch_sum(c, create(c), checksum_of(usable_algorithm(c), "hallo"), "hello");
  if (patched.status == tus::status_checksum_mismatch) return holds(describe(patched));
  if (is_4xx(patched)) return observed("a wrong checksum gives " + code(patched) + ", not 460");
  return broken("a chunk with a wrong checksum is not acknowledged (460)", describe(patched));
}

Outcome mismatch_leaves_the_offset(Context& c) {
  const auto upload = create(c);
  const auto name = usable_algorithm(c);
  taken(patch(c, upload, Bytes{0}, "abc"), "the first 3 bytes");
  const auto chunk = [&](std::string_view of) {
    return patch(c, upload, Bytes{3}, "defg", with_sum(checksum_of(name, of)));
  };
  const auto wrong = chunk("other");
  const auto after = state_of(c, upload);
  Findings findings{"a chunk whose checksum is wrong is discarded, and can be sent again"};
  findings.check(after.offset == Bytes{3},
                 "a wrong checksum at offset 3 " + code(wrong) + ", then " + to_string(after));
  if (after.offset == Bytes{3}) findings.check(chunk("defg").status == 204, "the right one after");
  const auto equal = stored_equals(c, upload, "abcdefg");
  if (equal)
    findings.check(*equal, *equal ? "the right bytes are stored" : "other bytes are stored");
  return findings.outcome();
}

Outcome status_for_an_unknown_algorithm(Context& c) {
  return observed("an algorithm that nobody knows -> " +
                  code(patch_sum(c, create(c), "foo Zm9v", "hello")));
}

Outcome unknown_algorithm_stores_nothing(Context& c) {
  const auto upload = create(c);
  const auto patched = patch_sum(c, upload, "foo Zm9v", "hello");
  const auto state = state_of(c, upload);
  Findings findings{"nothing is stored of a chunk whose checksum cannot be verified"};
  return findings
      .check(state.offset == Bytes{0},
             "an algorithm that nobody knows " + code(patched) + ", then " + to_string(state))
      .outcome();
}

Outcome malformed_checksum_is_refused(Context& c) {
  const auto upload = create(c);
  Findings findings{"a malformed Upload-Checksum is refused (400), and nothing is stored"};
  const auto name = usable_algorithm(c);
  for (const std::string& bad : {name, name + " ???"}) {
    const auto patched = patch_sum(c, upload, bad, "hello");
    const auto state = state_of(c, upload);
    findings.check(
        status_in(patched, {400, tus::status_checksum_mismatch}) && state.offset == Bytes{0},
        "'" + bad + "' " + code(patched) + ", then " + to_string(state));
    if (state.offset != Bytes{0}) break;
  }
  return findings.outcome();
}

Outcome checksum_is_of_one_patch(Context& c) {
  const auto upload = create(c);
  const auto name = usable_algorithm(c);
  Findings findings{"each checksum is of one PATCH's body, not of the file"};
  const auto first = patch(c, upload, Bytes{0}, "hello", with_sum(checksum_of(name, "hello")));
  findings.check(first.status == 204, "the first 5 bytes", first);
  const auto second = patch(c, upload, Bytes{5}, "world", with_sum(checksum_of(name, "world")));
  return findings.check(second.status == 204, "the last 5 bytes", second).outcome();
}

Outcome cut_off_patch_with_checksum(Context& c) {
  const auto upload = create(c);
  const auto name = usable_algorithm(c);
  auto fields = patch_fields("0");
  fields.add(std::string{hdr::upload_checksum}, checksum_of(name, letters(10)));
  fields.add("Content-Length", "10");
  {
    auto connection = c.raw();
    const auto head = raw_head(c, "PATCH", upload, fields);
    static_cast<void>(connection.send(head, answer_timeout));
    static_cast<void>(connection.send(letters(4), answer_timeout));
    connection.shutdown_send();
    static_cast<void>(connection.wait_for_close(Milliseconds{1'000}));
    c.record_raw("a PATCH with a checksum that is cut off after 4 of 10 bytes", head, {});
  }
  std::optional<Bytes> offset;
  if (!c.eventually(c.patience(), [&] { return (offset = try_offset(c, upload)).has_value(); })) {
    stop_blocked("HEAD works soon after a broken PATCH", "no offset");
  }
  Findings findings{""};
  findings.note("4 of 10 bytes arrived with a checksum for 10: " +
                std::string{*offset == Bytes{0} ? "dropped" : "kept"} + ", offset " +
                std::to_string(offset->value));
  const auto rest = letters(10 - std::min<std::uint64_t>(offset->value, 10));
  const auto patched = patch(c, upload, *offset, rest, with_sum(checksum_of(name, rest)));
  findings.must(is_2xx(patched), "later chunks are verified by themselves",
                "the rest with its own checksum -> " + code(patched));
  return findings.report();
}

Outcome every_listed_algorithm_works(Context& c) {
  Findings findings{"every algorithm that is listed works"};
  for (const auto& name : tus_target(c).discovery.checksum_algorithms) {
    if (!tus::digest_algorithm(name)) {
      findings.note(name + ": not tried, we do not compute it");
      continue;
    }
    const auto right = patch_sum(c, create(c), checksum_of(name, "hello"), "hello");
    const auto wrong = patch_sum(c, create(c), checksum_of(name, "hello"), "hallo");
    const auto seen = name + ": right " + code(right) + ", wrong " + code(wrong);
    if (is_2xx(right) && is_4xx(wrong)) {
      findings.note(seen);
    } else {
      // Tus-Checksum-Algorithm lists what the server supports.
      findings.must(false, "an algorithm that is listed is supported", seen);
    }
  }
  return findings.outcome();
}

Outcome wrong_checksum_of_a_creation(Context& c) {
  if (!tus_target(c).discovery.offers(ext::creation_with_upload)) {
    return not_offered("creation-with-upload is not offered");
  }
  const auto created =
      post(c, {.body = "hello", .headers = with_sum(checksum_of(usable_algorithm(c), "hallo"))});
  auto seen = "a creation whose bytes have another checksum -> " + code(created);
  if (const auto upload = location_of(c, created); created.status == 201 && upload) {
    seen += ", " + to_string(state_of(c, *upload));
  }
  return observed(seen);
}

Outcome checksum_without_the_extension(Context& c) {
  if (tus_target(c).discovery.offers(ext::checksum)) {
    return not_offered("checksum is offered; this row judges its absence");
  }
  return observed("a wrong checksum, without the extension -> " +
                  code(patch_sum(c, create(c), checksum_of("sha1", "hallo"), "hello")));
}

Outcome checksum_of_no_bytes_is_taken(Context& c) {
  const auto patched = patch_sum(c, create(c), checksum_of(usable_algorithm(c), ""), "");
  return expect(patched.status == 204, "an empty PATCH may have a checksum too (204)", patched);
}

Outcome digest_of_wrong_length_is_460(Context& c) {
  const auto upload = create(c);
  const auto name = usable_algorithm(c);
  Findings findings{"a digest that is too short or too long for its algorithm is a mismatch (460)"};
  for (const std::string_view digest :
       {"Zm9v", "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4"}) {
    const auto bad = fmt::format("{} {}", name, digest);
    const auto patched = patch_sum(c, upload, bad, "hello");
    findings.check(status_in(patched, {tus::status_checksum_mismatch}), "'" + bad + "'", patched);
  }
  return findings.outcome();
}

Outcome one_wrong_byte_anywhere_is_noticed(Context& c) {
  const auto name = usable_algorithm(c);
  const auto bytes = c.random_bytes(within_limit(c, 70'001));
  const auto sum = checksum_of(name, bytes);
  const auto upload = create(c, {.length = Bytes{bytes.size()}});
  Findings findings{"a chunk is verified whole: one byte that differs anywhere is noticed (460)"};
  for (const auto& [label, at] : {std::pair{"the first byte", std::size_t{0}},
                                  {"a byte in the middle", bytes.size() / 2},
                                  {"the last byte", bytes.size() - 1}}) {
    auto damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    const auto patched = patch_sum(c, upload, sum, damaged);
    const auto state = state_of(c, upload);
    const auto seen = std::string{label} + " differs: " + code(patched) + ", then ";
    findings.check(is_4xx(patched) && state.offset == Bytes{0}, seen + to_string(state));
    if (state.offset != Bytes{0}) return findings.outcome();
  }
  const auto right = patch_sum(c, upload, sum, bytes);
  findings.check(is_2xx(right), "none differs", right);
  if (!is_2xx(right)) return findings.outcome();
  if (const auto damage = damage_of(c, upload, bytes)) {
    findings.check(damage->empty(), "the stored bytes: " + *damage);
  }
  return findings.outcome();
}

Outcome chunked_body_is_verified_too(Context& c) {
  const auto upload = create(c);
  const auto sum = checksum_of(usable_algorithm(c), "hello");
  Findings findings{"a checksum in the header is looked at when the body comes in chunks, too"};
  const auto look = [&](const std::string& body) {
    return patch_chunked(c, upload, Bytes{0}, body, with_sum(sum));
  };
  const auto wrong = look("hallo");
  if (wrong.response && wrong.response->status == 411) {
    return not_offered("a body in chunks is refused: " + code(wrong));
  }
  const auto state = state_of(c, upload);
  findings.check(wrong.response && is_4xx(*wrong.response) && state.offset == Bytes{0},
                 "a wrong checksum: " + code(wrong) + ", then " + to_string(state));
  if (state.offset != Bytes{0}) return findings.outcome();
  const auto right = look("hello");
  findings.check(right.response && is_2xx(*right.response), "a right one: " + code(right));
  return findings.outcome();
}

}  // namespace

std::vector<Check> checksum() {
  constexpr auto sum = ext::checksum;
  return {
      {"TUS-CSUM-001", checksum_is_verified_if_listed, ext::creation},
      {"TUS-CSUM-002", options_lists_checksum_algorithms, sum},
      {"TUS-CSUM-003", algorithm_list_is_well_formed, sum},
      {"TUS-CSUM-004", sha1_is_among_the_algorithms, sum},
      {"TUS-CSUM-005", right_checksum_gives_204, sum},
      {"TUS-CSUM-006", wrong_checksum_is_460, sum},
      {"TUS-CSUM-007", mismatch_leaves_the_offset, sum},
      {"TUS-CSUM-008", status_for_an_unknown_algorithm, sum},
      {"TUS-CSUM-009", unknown_algorithm_stores_nothing, sum},
      {"TUS-CSUM-010", malformed_checksum_is_refused, sum},
      {"TUS-CSUM-011", checksum_is_of_one_patch, sum},
      {"TUS-CSUM-012", cut_off_patch_with_checksum, sum},
      {"TUS-CSUM-013", every_listed_algorithm_works, sum},
      {"TUS-CSUM-014", wrong_checksum_of_a_creation, sum},
      {"TUS-CSUM-015", checksum_without_the_extension, ext::creation},
      {"TUS-CSUM-016", checksum_of_no_bytes_is_taken, sum},
      {"TUS-CSUM-017", digest_of_wrong_length_is_460, sum},
      {"TUS-CSUM-018", one_wrong_byte_anywhere_is_noticed, sum},
      {"TUS-CSUM-019", chunked_body_is_verified_too, sum},
  };
}

}  // namespace conformance::suites
