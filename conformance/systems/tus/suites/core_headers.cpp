// The grammar of offsets and lengths, and header fields as such (protocol.md, Headers).
#include "tus/suites/long_lengths.hpp"
#include "tus/vocabulary.hpp"

namespace conformance::suites {
namespace {

/// Every response of a small life of uploads: created, appended, refused, finished.
std::vector<Response> life_of_uploads(Context& c) {
  std::vector<Response> all;
  all.push_back(post(c, {}));
  const auto upload = url_of(c, all.back());
  all.push_back(head_of(c, upload));
  all.push_back(patch(c, upload, Bytes{0}, letters(4)));
  all.push_back(head_of(c, upload));
  all.push_back(patch(c, upload, Bytes{0}, letters(4)));
  all.push_back(patch(c, upload, Bytes{4}, letters(6)));
  all.push_back(head_of(c, upload));
  all.push_back(post(c, {.length = Bytes{0}}));
  if (const auto empty = location_of(c, all.back())) all.push_back(head_of(c, *empty));
  if (tus_target(c).discovery.offers(ext::creation_with_upload)) {
    all.push_back(post(c, {.body = letters(4)}));
  }
  if (tus_target(c).discovery.offers(ext::creation_defer_length)) {
    all.push_back(post(c, {.length = std::nullopt, .defer_length = true}));
    if (const auto deferred = location_of(c, all.back())) all.push_back(head_of(c, *deferred));
  }
  return all;
}

Outcome all_integers(Context& c, std::string_view name) {
  Findings findings{"every " + std::string{name} + " is a non-negative integer"};
  int seen = 0;
  for (const auto& response : life_of_uploads(c)) {
    for (const auto value : response.headers.all(name)) {
      ++seen;
      if (!is_integer(value)) {
        findings.check(false,
                       code(response) + " with " + std::string{name} + ": " + std::string{value});
      }
    }
  }
  if (seen == 0) {
    return broken("HEAD tells " + std::string{name}, "no response carried it");
  }
  return findings.note(std::to_string(seen) + " values").outcome();
}

Outcome sent_offsets_are_integers(Context& c) { return all_integers(c, hdr::upload_offset); }
Outcome sent_lengths_are_integers(Context& c) { return all_integers(c, hdr::upload_length); }

/// PATCHes of 4 bytes with each of these offsets are refused and change nothing.
Outcome refuses_offsets(Context& c, std::string rule, std::initializer_list<const char*> offsets) {
  Findings findings{std::move(rule)};
  for (const auto* offset : offsets) {
    const auto upload = create(c);
    // By hand: a client library may not send an empty field.
    const auto response =
        answer(talk(c, "PATCH with a bad Upload-Offset",
                    raw_head(c, "PATCH", upload,
                             {{"Content-Type", std::string{tus::offset_media_type}},
                              {"Upload-Offset", offset},
                              {"Content-Length", "4"}}),
                    letters(4)));
    const auto after = state_of(c, upload);
    findings.check(
        is_4xx(response) && after.offset == Bytes{0},
        "'" + std::string{offset} + "': " + describe(response) + ", then " + to_string(after));
  }
  return findings.outcome();
}

Outcome negative_offset_is_refused(Context& c) {
  return refuses_offsets(c, "a negative Upload-Offset is refused (4xx) and changes nothing",
                         {"-1"});
}

Outcome non_integer_offset_is_refused(Context& c) {
  return refuses_offsets(c,
                         "an Upload-Offset that is no integer is refused (4xx), changing nothing",
                         {"abc", "1.5", "0x0", ""});
}

Outcome patch_without_offset_is_refused(Context& c) {
  const auto upload = create(c);
  const auto response = patch_with(c, upload, {{"Upload-Offset", ""}}, letters(4));
  const auto after = state_of(c, upload);
  Findings findings{"a PATCH without Upload-Offset is refused (4xx) and changes nothing"};
  findings.check(is_4xx(response) && after.offset == Bytes{0},
                 describe(response) + ", then " + to_string(after));
  return findings.outcome();
}

Outcome non_canonical_offset_is_consistent(Context& c) {
  Findings findings{""};
  for (const char* offset : {"+0", "00"}) {
    const auto response = patch_with(c, create(c), {{"Upload-Offset", offset}}, "");
    findings.note("Upload-Offset: " + std::string{offset} + " -> " + code(response));
  }
  return findings.report();
}

Outcome offset_over_64_bits_is_refused(Context& c) {
  return refuses_offsets(c, "an Upload-Offset beyond 64 bits is refused (4xx), changing nothing",
                         {"99999999999999999999", "18446744073709551616"});
}

Outcome bad_upload_length_is_refused(Context& c) {
  Findings findings{
      "an Upload-Length that is no non-negative integer is refused at creation (4xx)"};
  for (const char* length : {"-5", "abc", "1.5", "1e3"}) {
    const auto response = post_with(c, {{"Upload-Length", length}});
    findings.check(is_4xx(response) && !response.headers.has("Location"), length, response);
  }
  return findings.outcome();
}

constexpr int insufficient_storage = 507;  // RFC 4918 section 11.5

Outcome huge_length_is_exact_or_413(Context& c) {
  if (longest_declared(c) < Bytes{1ULL << 40U}) {
    return not_offered("an upload of 1 TiB could not be removed again");
  }
  Findings findings{"lengths above 2^32 and 2^53 are kept to the digit or refused, never rounded"};
  for (const std::string length : {"1099511627776", "9007199254740993"}) {
    const auto created = post_with(c, {{"Upload-Length", length}});
    if (is_4xx(created) || created.status == insufficient_storage) {
      findings.note(length + ": refused with " + code(created));
      continue;
    }
    if (!is_2xx(created)) {
      findings.check(false, length + ": " + describe(created));
      continue;
    }
    const auto upload = url_of(c, created);
    const auto head = head_of(c, upload);
    findings.check(head.headers.find(hdr::upload_length) == length,
                   length + ": HEAD with " + tell(head, hdr::upload_length));
    discard(c, upload);
  }
  return findings.outcome();
}

Outcome header_names_ignore_letter_case(Context& c) {
  only_in_http1(c, "capital letters in names of fields (RFC 9113 section 8.2)");
  Findings findings{"header names match without regard to case (RFC 9110 section 5.1)"};
  Fields lower{{"tus-resumable", std::string{tus::version}}, {"upload-length", "4"}};
  Fields upper{{"TUS-RESUMABLE", std::string{tus::version}}, {"UPLOAD-LENGTH", "4"}};
  if (const auto manifest = metadata_header(c); !manifest.empty()) {
    lower.add("upload-metadata", manifest);
    upper.add("UPLOAD-METADATA", manifest);
  }
  for (const auto* fields : {&lower, &upper}) {
    const auto created = send_tus(c, "POST", c.target().url, *fields);
    if (const auto upload = location_of(c, created); is_2xx(created) && upload) c.created(*upload);
    findings.check(created.status == 201, fields->begin()[1].name, created);
  }
  const auto upload = create(c);
  const auto patched = send_tus(
      c, "PATCH", upload,
      {{"content-type", std::string{tus::offset_media_type}}, {"upload-offset", "0"}}, letters(4));
  findings.check(patched.status == 204, "upload-offset", patched);
  return findings.outcome();
}

Outcome conflicting_duplicate_fields_are_400(Context& c) {
  Findings findings{"two lines of one field that contradict each other are refused (400)"};
  const auto offset = answer(talk(c, "PATCH with two Upload-Offset lines",
                                  raw_head(c, "PATCH", create(c),
                                           {{"Content-Type", std::string{tus::offset_media_type}},
                                            {"Upload-Offset", "0"},
                                            {"Upload-Offset", "5"},
                                            {"Content-Length", "4"}}),
                                  letters(4)));
  findings.check(is_4xx(offset), "Upload-Offset: 0 and 5", offset);

  const auto post = [&c](const char* what, Fields more) {
    if (const auto manifest = metadata_header(c); !manifest.empty()) {
      more.add(std::string{hdr::upload_metadata}, manifest);
    }
    more.add("Content-Length", "0");
    auto response = answer(talk(c, what, raw_head(c, "POST", c.target().url, more)));
    if (const auto upload = location_of(c, response); is_2xx(response) && upload)
      c.created(*upload);
    return response;
  };
  const auto length =
      post("POST with two Upload-Length lines", {{"Upload-Length", "10"}, {"Upload-Length", "20"}});
  findings.check(is_4xx(length), "Upload-Length: 10 and 20", length);
  const auto version = post("POST with two Tus-Resumable lines",
                            {{"Tus-Resumable", "2.0.0"}, {"Upload-Length", "10"}});
  findings.check(is_4xx(version), "Tus-Resumable: 1.0.0 and 2.0.0", version);
  return findings.outcome();
}

Outcome odd_length_spelling_means_itself(Context& c) {
  Findings findings{"a length in another spelling, or beyond 64 bits, is refused or means itself"};
  struct Spelled {
    const char* text;
    std::optional<Bytes> means;  ///< nullopt: more than we can hold
  };
  for (const auto& [text, means] :
       {Spelled{"0010", Bytes{10}}, Spelled{"+10", Bytes{10}}, Spelled{"-0", Bytes{0}},
        Spelled{"18446744073709551616", std::nullopt},
        Spelled{"18446744073709551626", std::nullopt}}) {
    const auto created = post_with(c, {{"Upload-Length", text}});
    if (!is_2xx(created)) {
      findings.check(!created.headers.has("Location"), text, created);
      continue;
    }
    const auto head = head_of(c, url_of(c, created));
    const auto told = value_of(head, hdr::upload_length);
    findings.check(
        means ? number_in(head, hdr::upload_length) == means : told == text,
        std::string{text} + ": " + code(created) + ", HEAD with " + tell(head, hdr::upload_length));
  }
  return findings.outcome();
}

}  // namespace

std::vector<Check> core_headers() {
  return {
      {"TUS-CORE-HDR-001", sent_offsets_are_integers, ext::creation},
      {"TUS-CORE-HDR-002", sent_lengths_are_integers, ext::creation},
      {"TUS-CORE-HDR-003", negative_offset_is_refused, ext::creation},
      {"TUS-CORE-HDR-004", non_integer_offset_is_refused, ext::creation},
      {"TUS-CORE-HDR-005", patch_without_offset_is_refused, ext::creation},
      {"TUS-CORE-HDR-006", non_canonical_offset_is_consistent, ext::creation},
      {"TUS-CORE-HDR-007", offset_over_64_bits_is_refused, ext::creation},
      {"TUS-CORE-HDR-008", bad_upload_length_is_refused, ext::creation},
      {"TUS-CORE-HDR-009", huge_length_is_exact_or_413, ext::creation},
      {"TUS-CORE-HDR-010", header_names_ignore_letter_case, ext::creation},
      {"TUS-CORE-HDR-011", conflicting_duplicate_fields_are_400, ext::creation},
      {"TUS-CORE-HDR-012", odd_length_spelling_means_itself, ext::creation},
  };
}

}  // namespace conformance::suites
