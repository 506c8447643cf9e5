// Sizes at which servers go wrong: odd ones, the edges of buffers, and what looks like framing.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tus/suites/long_lengths.hpp"
#include "tus/suites/whole_uploads.hpp"
#include "tus/vocabulary.hpp"

namespace conformance::suites {
namespace {

constexpr std::size_t mebibyte = 1U << 20U;

/// Whether the server, or a gateway before it, does not take bodies of this size or framing. Here
/// that is no fault: the rules are about bytes that were acknowledged.
bool declined(const std::string& why) {
  constexpr std::array<std::string_view, 3> codes{": 411", ": 413", ": 507"};
  return std::any_of(codes.begin(), codes.end(),
                     [&](auto each) { return why.find(each) != std::string::npos; });
}

/// Sends an upload of `size` random bytes in `pieces` and compares it; false: look no further.
bool upload_of(Context& c, Kept& kept, std::size_t size, const std::vector<std::size_t>& pieces,
               Framing framing = Framing::length) {
  if (within_limit(c, size) < size) return false;
  const auto bytes = c.random_bytes(size);
  const auto upload = create(c, {.length = Bytes{size}});
  const auto why = append(c, upload, 0, bytes, pieces, framing);
  const auto label =
      fmt::format("{} bytes{}", size, framing == Framing::chunked ? ", chunked" : "");
  if (!why) return !kept.look(label, upload, bytes).broken() && time_for_more(c);
  if (declined(*why)) {
    kept.note(label + " not taken, " + *why);
  } else {
    kept.check(false, label + ": " + *why);
  }
  return false;
}

Outcome odd_sizes_in_one_patch(Context& c) {
  Kept kept{c, "an upload of any size, sent in one PATCH, is kept to the byte"};
  for (const std::size_t size :
       {std::size_t{1}, std::size_t{3}, std::size_t{4095}, std::size_t{4096}, std::size_t{4097},
        std::size_t{65535}, std::size_t{65536}, std::size_t{65537}, mebibyte - 1, mebibyte,
        mebibyte + 1}) {
    if (!upload_of(c, kept, size, {size})) break;
  }
  return kept.outcome();
}

Outcome patches_end_at_odd_places(Context& c) {
  Kept kept{c, "an upload that is sent in PATCHes with odd cuts is kept to the byte"};
  upload_of(c, kept, within_limit(c, 200'003), {1, 4095, 1, 65'537, 4097, 3, 65'535, 2});
  return kept.outcome();
}

Outcome chunked_bodies_of_odd_sizes(Context& c) {
  Kept kept{c, "an upload that is sent with chunked transfer is kept to the byte"};
  if (upload_of(c, kept, within_limit(c, 70'001), {1, 4096, 4097, 1, 65'537}, Framing::chunked)) {
    upload_of(c, kept, mebibyte + 1, {mebibyte + 1}, Framing::chunked);
  }
  return kept.outcome();
}

/// Creates an upload of `bytes` with the first `part` of them as its body, and sends the rest.
bool created_with(Context& c, Kept& kept, const std::string& bytes, std::size_t part) {
  const auto label = fmt::format("{} of {} bytes with the creation", part, bytes.size());
  const auto created = post(c, {.length = Bytes{bytes.size()}, .body = bytes.substr(0, part)});
  if (declined(": " + code(created))) {
    kept.note(label + ": " + code(created));
    return false;
  }
  const auto told = number_in(created, hdr::upload_offset);
  const auto upload = location_of(c, created);
  if (created.status != 201 || !upload || !told || told->value > part) {
    kept.check(false, label + ": " + describe(created));
    return false;
  }
  const auto offset = offset_of(c, *upload);
  kept.must(offset == *told, label + ": " + tell(created, hdr::upload_offset) +
                                 " with the 201, HEAD tells " + std::to_string(offset.value));
  if (kept.broken()) return false;
  const auto why = append(c, *upload, offset.value, bytes, {bytes.size()});
  if (why) {
    kept.check(false, label + ", then " + *why);
    return false;
  }
  return !kept.look(label, *upload, bytes).broken() && time_for_more(c);
}

Outcome odd_sizes_in_the_creation(Context& c) {
  Kept kept{c, "bytes that come with the creation, as many as its answer tells, are kept"};
  for (const std::size_t size : {std::size_t{1}, std::size_t{4097}, std::size_t{65'537}}) {
    const auto bytes = c.random_bytes(within_limit(c, size));
    if (!created_with(c, kept, bytes, bytes.size())) return kept.outcome();
  }
  const auto halves = c.random_bytes(within_limit(c, 65'540));
  if (created_with(c, kept, halves, 1) && created_with(c, kept, halves, halves.size() - 3)) {
    const auto large = c.random_bytes(within_limit(c, mebibyte + 1));
    created_with(c, kept, large, large.size());
  }
  return kept.outcome();
}

Outcome many_mebibytes_are_kept(Context& c) {
  constexpr std::size_t least = 5 * mebibyte + 1;
  if (within_limit(c, least) < least) return not_offered("Tus-Max-Size is below 5 MiB");
  Kept kept{c, "uploads of many MiB are kept to the byte"};
  if (upload_of(c, kept, least, {least}) &&
      upload_of(c, kept, 8 * mebibyte + 1, {8 * mebibyte + 1})) {
    upload_of(c, kept, 16 * mebibyte, {5 * mebibyte + 3});
  }
  return kept.outcome();
}

Outcome any_byte_pattern_is_kept(Context& c) {
  using namespace std::string_literals;
  const std::vector<std::pair<std::string, std::string>> contents{
      {"zeros", std::string(5000, '\0')},
      {"bytes FF", std::string(5000, '\xff')},
      {"line ends", "\r\na\nb\rc\n\n\r\n\r\n"},
      {"white space at both ends", " \t\n text \v\f\r\n "},
      {"what looks like chunks", "5\r\nhello\r\n0\r\n\r\n"},
      {"what looks like a request", "DELETE / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"what looks like a form", "--a\r\nContent-Disposition: form-data; name=f\r\n\r\nb\r\n--a--"},
      {"what looks like JSON or a query", "{\"a\": null}\\u0000%00%41+a=b&c=d"},
      {"the first bytes of gzip", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b"s},
      {"a byte order mark and UTF-8", "\xef\xbb\xbf\xc3\xa4\xf0\x9f\x98\x80\xed\xa0\x80"}};
  Kept kept{c, "bytes are kept whatever they look like"};
  for (const auto& [label, bytes] : contents) {
    const auto upload = create(c, {.length = Bytes{bytes.size()}});
    if (const auto why = append(c, upload, 0, bytes, {bytes.size()})) {
      kept.check(false, label + ": " + *why);
    } else {
      kept.look(label, upload, bytes);
    }
    if (kept.broken()) return kept.outcome();
  }
  // Equal chunks at different offsets are not repetitions of the same request.
  const auto thrice = create(c, {.length = Bytes{30}});
  const auto why = append(c, thrice, 0, letters(30), {10});
  if (why) return kept.check(false, "three equal chunks: " + *why).outcome();
  return kept.look("three equal chunks", thrice, letters(30)).outcome();
}

Outcome odd_lengths_told_exactly(Context& c) {
  Findings findings{"a length is told as it was given, or the creation refused"};
  const auto limit = tus_target(c).discovery.max_size;
  std::size_t taken_lengths = 0;
  for (const std::uint64_t length :
       {std::uint64_t{1'000'003}, (std::uint64_t{1} << 31U) - 1, std::uint64_t{1} << 31U,
        (std::uint64_t{1} << 32U) + 1, (std::uint64_t{1} << 53U) - 1}) {
    if ((limit && Bytes{length} > *limit) || Bytes{length} > longest_declared(c)) continue;
    const auto created = post(c, {.length = Bytes{length}});
    if (!is_2xx(created)) {
      findings.note(fmt::format("{}: refused with {}", length, code(created)));
      continue;
    }
    const auto upload = url_of(c, created);
    const auto head = head_of(c, upload);
    ++taken_lengths;
    if (head.headers.find(hdr::upload_length) != std::to_string(length)) {
      findings.check(false,
                     fmt::format("{}: HEAD with {}", length, tell(head, hdr::upload_length)));
    }
    discard(c, upload);
  }
  return findings.note(fmt::format("{} lengths told to the digit", taken_lengths)).outcome();
}

}  // namespace

std::vector<Check> sizes() {
  return {
      {"TUS-SIZE-001", odd_sizes_in_one_patch, ext::creation},
      {"TUS-SIZE-002", patches_end_at_odd_places, ext::creation},
      {"TUS-SIZE-003", chunked_bodies_of_odd_sizes, ext::creation},
      {"TUS-SIZE-004", odd_sizes_in_the_creation, ext::creation_with_upload},
      {"TUS-SIZE-005", many_mebibytes_are_kept, ext::creation},
      {"TUS-SIZE-006", any_byte_pattern_is_kept, ext::creation},
      {"TUS-SIZE-007", odd_lengths_told_exactly, ext::creation},
  };
}

}  // namespace conformance::suites
