// Upload-Metadata at creation and at HEAD (protocol.md, Headers/Upload-Metadata and Creation).
#include <algorithm>
#include <array>
#include <span>

#include "protocol/tus/metadata.hpp"
#include "tus/vocabulary.hpp"

namespace conformance::suites {
namespace {

/// HEAD after a creation with these pairs.
Response head_with(Context& c, const std::string& pairs) {
  return head_of(c, url_of(c, post_metadata(c, pairs)));
}

/// Checks that a creation with `pairs` is refused with 4xx, or made without the pair of that key.
void refused_or_ignored(Context& c, Findings& findings, const std::string& pairs,
                        std::string_view key) {
  const auto created = post_metadata(c, pairs);
  auto seen = "'" + pairs + "': " + code(created);
  if (!is_2xx(created)) {
    findings.check(is_4xx(created), std::move(seen));
    return;
  }
  const auto head = head_of(c, url_of(c, created));
  const bool listed = lists_key(head, key);
  findings.check(!listed, seen + ", HEAD lists " + (listed ? "" : "no ") + std::string{key});
}

/// The members of a metadata header whose key is one of `keys`, as they stand.
std::string only(const std::string& header, std::span<const std::string_view> keys) {
  std::string kept;
  for (std::size_t from = 0; from <= header.size();) {
    const auto comma = std::min(header.find(',', from), header.size());
    const auto pair = header.substr(from, comma - from);
    if (std::find(keys.begin(), keys.end(), pair.substr(0, pair.find(' '))) != keys.end()) {
      kept += (kept.empty() ? "" : ",") + pair;
    }
    from = comma + 1;
  }
  return kept;
}

Outcome head_has_given_metadata(Context& c) {
  // A key may stand only once, and --metadata may have given this one.
  const std::string key = tus_target(c).metadata.find("filename") ? "greeting" : "filename";
  const auto head = head_with(c, key + " d29ybGQ=");
  return expect(lists_key(head, key), "HEAD returns Upload-Metadata when the creation gave it",
                head);
}

/// The pairs of a metadata header with their values decoded, in the order of their keys.
std::vector<std::pair<std::string, std::string>> decoded(const std::string& header) {
  std::vector<std::pair<std::string, std::string>> pairs;
  const auto read = tus::parse_metadata(header, tus::MetadataStrictness::lenient);
  if (!read) return pairs;
  for (const auto& pair : read->pairs()) pairs.emplace_back(pair.key, pair.value);
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

Outcome metadata_comes_back_byte_for_byte(Context& c) {
  const std::string pairs = "zeta d29ybGQ=,alpha YQ==,flag,space ,mid Yg==";
  const auto head = head_with(c, pairs);
  auto sent = metadata_with(c, pairs);
  auto told = value_of(head, hdr::upload_metadata);
  if (tus_target(c).adds_metadata()) {
    // The client's pairs must still be there, in order and unchanged.
    const std::array<std::string_view, 5> ours{"zeta", "alpha", "flag", "space", "mid"};
    sent = only(sent, ours);
    told = only(told, ours);
  }
  const auto rule = "Upload-Metadata comes back as the client gave it, byte for byte: " + sent;
  const auto seen = told.empty() ? std::string{"nothing"} : told;
  if (told == sent) return holds("the same bytes");
  // However one reads the text of tus, the pairs have to be the client's.
  return decoded(told) == decoded(sent) ? broken(rule, seen) : broken_must(rule, seen);
}

Outcome metadata_decodes_to_the_same(Context& c) {
  tus::Metadata ours;
  ours.set("text", "world");
  ours.set("empty", "");
  ours.set("utf8", "gr\xC3\xBC\xC3\x9F");
  ours.set("bytes", std::string{"\xFF\x00\xFE", 3});
  const auto head = head_of(c, create(c, {.metadata = ours}));
  Findings findings{"HEAD tells the same keys with the same decoded values"};
  constexpr auto lenient = tus::MetadataStrictness::lenient;
  const auto sent = tus::parse_metadata(metadata_header(c, ours), lenient);
  const auto told = tus::parse_metadata(value_of(head, hdr::upload_metadata), lenient);
  if (!sent || !told) return findings.check(false, tell(head, hdr::upload_metadata)).outcome();
  for (const auto& pair : sent->pairs()) {
    const auto value = told->find(pair.key);
    const bool same = value == std::string_view{pair.value};
    findings.check(same, pair.key + (same    ? ": the same"
                                     : value ? ": another value"
                                             : ": missing"));
  }
  if (!tus_target(c).adds_metadata()) {
    for (const auto& pair : told->pairs()) {
      if (!sent->find(pair.key)) findings.check(false, pair.key + ": was not sent");
    }
  }
  return findings.outcome();
}

/// For notes: whether a creation is taken, and whether HEAD then lists the key.
Outcome tells(Context& c, const std::string& pairs, std::string_view key) {
  const auto created = post_metadata(c, pairs);
  auto seen = "'" + pairs + "' -> " + code(created);
  if (const auto upload = location_of(c, created); created.status == 201 && upload) {
    seen += lists_key(head_of(c, *upload), key) ? ", HEAD lists " : ", HEAD does not list ";
    seen += key;
  }
  return observed(seen);
}

Outcome key_without_value_and_space(Context& c) {
  return tells(c, "filename d29ybGQ=,is_confidential", "is_confidential");
}

Outcome key_with_space_and_no_value(Context& c) { return tells(c, "k ,filename d29ybGQ=", "k"); }

Outcome non_base64_value_is_not_taken(Context& c) {
  Findings findings{"a value that is not Base64 is no metadata: 4xx, or the pair is ignored"};
  refused_or_ignored(c, findings, "b64bad ???,a YQ==", "b64bad");
  return findings.outcome();
}

Outcome duplicate_key_is_refused(Context& c) {
  const auto created = post_metadata(c, "a YQ==,a Yg==");
  return expect(is_4xx(created), "duplicate keys are refused: keys are unique", created);
}

Outcome empty_key_is_refused(Context& c) {
  Findings findings{"an empty key is refused"};
  const auto look = [&](const char* label, const std::string& value) {
    Creation creation;
    creation.raw_metadata = value;
    const auto created = post(c, creation);
    findings.check(is_4xx(created), label, created);
  };
  const auto good = metadata_with(c, "a YQ==");
  look("',a YQ=='", "," + good);
  look("'a YQ==,'", good + ",");
  return findings.outcome();
}

Outcome no_metadata_given_none_told(Context& c) {
  const auto created = send_tus(c, "POST", c.target().url, {{"Upload-Length", "10"}});
  const auto upload = location_of(c, created);
  if (is_2xx(created) && upload) c.created(*upload);
  if (is_4xx(created) && !tus_target(c).metadata.empty()) {
    return not_offered("a creation without metadata is refused: " + code(created));
  }
  const auto head = head_of(c, url_of(c, created));
  return expect(!head.headers.has(hdr::upload_metadata),
                "without metadata at creation HEAD has no Upload-Metadata", head);
}

Outcome metadata_never_becomes_a_header(Context& c) {
  const std::string hostile = "x\r\nSet-Cookie: a=b";
  tus::Metadata metadata;
  for (const char* key : {"filename", "filetype", "name"}) metadata.set(key, hostile);
  Findings findings{"decoded values never stand in a header as they are"};
  const auto look = [&](const char* label, const Response& response) {
    findings.check(
        !response.headers.has("Set-Cookie") ||
            value_of(response, "Set-Cookie").rfind("a=b", 0) != 0,
        std::string{label} + ": " + code(response) + ", " + tell(response, "Set-Cookie"));
  };
  const auto created = post(c, {.length = Bytes{4}, .metadata = metadata});
  look("POST", created);
  const auto upload = location_of(c, created);
  if (!is_2xx(created) || !upload) return findings.outcome();
  look("HEAD", head_of(c, *upload));
  look("PATCH", patch(c, *upload, Bytes{0}, letters(4)));
  if (tus_target(c).downloads) look("GET", c.get(*upload));
  return findings.outcome();
}

Outcome kilobytes_of_metadata(Context& c) {
  Findings findings{""};
  for (const std::size_t kilobytes : {5U, 27U}) {
    tus::Metadata metadata;
    metadata.set("large", letters(kilobytes * 750));  // Base64 adds a third
    Fields fields{{"Upload-Length", "10"},
                  {std::string{hdr::upload_metadata}, metadata_header(c, metadata)}};
    const auto created = attempt(c, "POST", c.target().url, fields);
    if (created.response && is_2xx(*created.response)) {
      if (const auto upload = location_of(c, *created.response)) c.created(*upload);
    }
    findings.note("about " + std::to_string(kilobytes) + " kB of metadata -> " + code(created));
  }
  return findings.report();
}

Outcome space_after_the_comma(Context& c) { return tells(c, "a YQ==, b Yg==", "b"); }
Outcome non_ascii_metadata_key(Context& c) {
  return tells(c, "gr\xC3\xBC\xC3\x9F YQ==", "gr\xC3\xBC\xC3\x9F");
}

Response raw_post_metadata(Context& c, const char* what, const std::vector<std::string>& lines) {
  Fields fields{{"Upload-Length", "10"}, {"Content-Length", "0"}};
  for (const auto& line : lines) fields.add(std::string{hdr::upload_metadata}, line);
  auto created = answer(talk(c, what, raw_head(c, "POST", c.target().url, fields)));
  if (const auto upload = location_of(c, created); is_2xx(created) && upload) c.created(*upload);
  return created;
}

Outcome two_metadata_lines_join_or_400(Context& c) {
  const auto created = raw_post_metadata(c, "POST with two Upload-Metadata lines",
                                         {metadata_with(c, "a YQ=="), "b Yg=="});
  Findings findings{"two Upload-Metadata lines count as one joined line, or are refused"};
  if (is_2xx(created)) {
    const auto head = head_of(c, url_of(c, created));
    const bool both = lists_key(head, "a") && lists_key(head, "b");
    findings.check(both,
                   code(created) + ", HEAD lists " + (both ? "both pairs" : "not both pairs"));
  } else {
    findings.check(is_4xx(created), describe(created));
  }
  return findings.outcome();
}

Outcome empty_metadata_header(Context& c) {
  return observed("an empty Upload-Metadata -> " +
                  code(raw_post_metadata(c, "POST with an empty Upload-Metadata", {""})));
}

Outcome unpadded_or_urlsafe_base64_is_invalid(Context& c) {
  Findings findings{"Base64 without padding or in the URL alphabet is invalid: 4xx, or ignored"};
  refused_or_ignored(c, findings, "a YQ", "a");
  refused_or_ignored(c, findings, "a YQ-_", "a");
  return findings.outcome();
}

Outcome pair_with_two_spaces_is_refused(Context& c) {
  Findings findings{"a key with a space is refused, or the pair is ignored"};
  refused_or_ignored(c, findings, "a b YQ==", "a");
  refused_or_ignored(c, findings, "a  YQ==", "a");
  return findings.outcome();
}

Outcome hostile_keys_do_no_harm(Context& c) {
  Findings findings{"hostile key names do no harm: 2xx or 4xx, and the server goes on"};
  for (const std::string& key : {std::string{"__proto__"}, std::string{"constructor"},
                                 // It comes back from HEAD, and has to fit into a gateway's 4 KiB.
                                 letters(2048, 'k'), std::string{"../../etc/passwd"}}) {
    const auto created = post_metadata(c, key + " YQ==");
    const auto label = key.size() > 100 ? "a key of 2048 letters" : key;
    findings.check(is_2xx(created) || is_4xx(created), label + ": " + code(created));
    if (!is_2xx(created)) continue;
    const auto head = head_of(c, url_of(c, created));
    findings.check(is_2xx(head), "HEAD of it: " + code(head));
  }
  const auto next = post(c, {});
  findings.check(next.status == 201, "the next creation: " + code(next));
  return findings.outcome();
}

Outcome many_pairs_and_separators_come_back(Context& c) {
  // Values contain characters that separate things elsewhere. With up to four letters after them,
  // Base64 ends in each of its three ways.
  const std::array<std::string, 8> separators{"a,b",        "a b c",     "k=v&x",  "one\r\ntwo",
                                              "\"q\"; p=1", "../%2e/?#", "a\tb\\", ">>>???"};
  tus::Metadata ours;
  for (std::size_t i = 0; i < 40; ++i) {
    ours.set("pair" + std::to_string(i),
             separators[i % separators.size()] + letters(i / separators.size(), 'z'));
  }
  // More than a column of 255 characters holds.
  ours.set("pair7", letters(300, 'z'));
  const auto created = post(c, {.metadata = ours});
  if (status_in(created, {413, 431})) return not_offered("40 pairs: " + code(created));
  const auto head = head_of(c, url_of(c, created));
  Findings findings{
      "HEAD tells many pairs, and values with separators in them, as they were given"};
  const auto told =
      tus::parse_metadata(value_of(head, hdr::upload_metadata), tus::MetadataStrictness::lenient);
  if (!told) return findings.check(false, "Upload-Metadata that cannot be read").outcome();
  for (const auto& pair : ours.pairs()) {
    const auto value = told->find(pair.key);
    if (value && *value == pair.value) continue;
    findings.check(false, pair.key + (value ? " has another value" : " is missing"));
    break;
  }
  return findings.outcome();
}

}  // namespace

std::vector<Check> creation_metadata() {
  return {
      {"TUS-META-001", head_has_given_metadata, ext::creation},
      {"TUS-META-002", metadata_comes_back_byte_for_byte, ext::creation},
      {"TUS-META-003", metadata_decodes_to_the_same, ext::creation},
      {"TUS-META-004", key_without_value_and_space, ext::creation},
      {"TUS-META-005", key_with_space_and_no_value, ext::creation},
      {"TUS-META-006", non_base64_value_is_not_taken, ext::creation},
      {"TUS-META-007", duplicate_key_is_refused, ext::creation},
      {"TUS-META-008", empty_key_is_refused, ext::creation},
      {"TUS-META-009", no_metadata_given_none_told, ext::creation},
      {"TUS-META-010", metadata_never_becomes_a_header, ext::creation},
      {"TUS-META-011", kilobytes_of_metadata, ext::creation},
      {"TUS-META-012", space_after_the_comma, ext::creation},
      {"TUS-META-013", non_ascii_metadata_key, ext::creation},
      {"TUS-META-014", two_metadata_lines_join_or_400, ext::creation},
      {"TUS-META-015", empty_metadata_header, ext::creation},
      {"TUS-META-016", unpadded_or_urlsafe_base64_is_invalid, ext::creation},
      {"TUS-META-018", pair_with_two_spaces_is_refused, ext::creation},
      {"TUS-META-017", hostile_keys_do_no_harm, ext::creation},
      {"TUS-META-019", many_pairs_and_separators_come_back, ext::creation},
  };
}

}  // namespace conformance::suites
