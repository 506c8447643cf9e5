// 'Resumable Uploads for HTTP' (draft-ietf-httpbis-resumable-upload), where the target speaks it on
// its creation URL: interop version 8 (drafts -09 to -11) or 6 (-04, -05).
#include <algorithm>

#include "protocol/tus/numbers.hpp"
#include "tus/vocabulary.hpp"

namespace conformance::suites {
namespace {

constexpr std::string_view interop = "Upload-Draft-Interop-Version";
constexpr std::string_view upload_complete = "Upload-Complete";
constexpr std::string_view upload_limit = "Upload-Limit";
constexpr std::string_view append_type = "application/partial-upload";

struct Answer {
  Response response;
  std::vector<transport::Interim> interims;

  /// The 104 that announces the upload; nullptr when there was none.
  [[nodiscard]] const transport::Interim* announcement() const {
    const auto found = std::find_if(interims.begin(), interims.end(), [](const auto& interim) {
      return interim.status == 104 && interim.headers.has("Location");
    });
    return found == interims.end() ? nullptr : &*found;
  }
  [[nodiscard]] bool has_104() const {
    return std::any_of(interims.begin(), interims.end(),
                       [](const auto& interim) { return interim.status == 104; });
  }
};

/// Fields of a request of the draft: no version of tus, and `version` unless it is empty.
Fields draft_fields(Context& c, const std::string& version, const Fields& more) {
  Fields fields = c.raw_headers();
  if (!version.empty()) fields.add(std::string{interop}, version);
  for (const auto& field : more) fields.add(field.name, field.value);
  return fields;
}

Answer ask(Context& c, std::string_view method, const std::string& url, const std::string& version,
           Fields more = {}, std::optional<std::string> body = std::nullopt) {
  if (body && !more.has("Transfer-Encoding")) {
    more.add("Content-Length", std::to_string(body->size()));
  }
  const auto head =
      transport::request_head(method, Context::target_of(url), draft_fields(c, version, more));
  const auto read =
      talk(c, std::string{method} + " of the draft", head, body.value_or(""), method == "HEAD");
  return {answer(read), read.interims};
}

Answer post(Context& c, const std::string& version, const std::string& complete,
            const std::string& body, const Fields& more = {}) {
  Fields fields{{std::string{upload_complete}, complete}};
  for (const auto& field : more) fields.add(field.name, field.value);
  auto created = ask(c, "POST", c.target().url, version, std::move(fields), body);
  if (const auto upload = location_of(c, created.response); upload) c.created(*upload);
  return created;
}

/// The interop version that the target speaks; ends the check as skipped when it speaks none.
std::string dialect(Context& c) {
  for (const std::string version : {"8", "6"}) {
    const auto created = post(c, version, "?0", "");
    if (created.has_104() ||
        (created.response.status == 201 && created.response.headers.has(interop))) {
      return version;
    }
  }
  throw Stop{not_offered("the IETF draft is not spoken here (interop versions 8 and 6)")};
}

/// A new upload with `body` as its first bytes, to be continued.
std::string begin(Context& c, const std::string& version, const std::string& body,
                  const Fields& more = {}) {
  const auto created = post(c, version, "?0", body, more);
  const auto upload = location_of(c, created.response);
  if (!is_2xx(created.response) || !upload) {
    stop_blocked("an upload is created (201 with Location)", describe(created.response));
  }
  return *upload;
}

Fields append_fields(std::uint64_t offset, const std::string& complete) {
  return {{std::string{hdr::upload_offset}, std::to_string(offset)},
          {std::string{upload_complete}, complete},
          {"Content-Type", std::string{append_type}}};
}

Answer append(Context& c, const std::string& version, const std::string& upload,
              std::uint64_t offset, const std::string& complete, const std::string& body) {
  return ask(c, "PATCH", upload, version, append_fields(offset, complete), body);
}

Answer look(Context& c, const std::string& version, const std::string& upload) {
  return ask(c, "HEAD", upload, version);
}

/// The creation of a correct upload with its interim responses; skipped without a 104, which is
/// recommended (IETF-003) and which many a gateway keeps for itself.
Answer announced(Context& c, const std::string& version) {
  auto created = post(c, version, "?0", "hello");
  if (!created.has_104()) {
    throw Stop{not_offered("no 104 comes through: the server or a gateway sends none (IETF-003)")};
  }
  return created;
}

/// A member of Upload-Limit that is a number.
std::optional<Bytes> limit_in(const std::string& value, std::string_view key) {
  for (const auto member : http::split_list(value)) {
    const auto equals = member.find('=');
    if (equals == std::string_view::npos || member.substr(0, equals) != key) continue;
    // One that is larger than any length is no limit.
    if (const auto limit = tus::parse_length_lenient(member.substr(equals + 1))) return *limit;
  }
  return std::nullopt;
}

Outcome no_104_for_unknown_version(Context& c) {
  static_cast<void>(dialect(c));
  Findings findings{"no 104 to a request without a known Upload-Draft-Interop-Version"};
  for (const std::string version : {"", "7", "99"}) {
    const auto created = post(c, version, "?0", "hello");
    findings.check(!created.has_104(), (version.empty() ? "no version" : "version " + version) +
                                           ": " + (created.has_104() ? "a 104, then " : "") +
                                           code(created.response));
  }
  return findings.outcome();
}

Outcome interim_104_names_the_version(Context& c) {
  const auto version = dialect(c);
  Findings findings{"a 104 names the interop version"};
  for (const auto& interim : announced(c, version).interims) {
    if (interim.status != 104) continue;
    findings.check(interim.headers.find(interop) == version,
                   "Upload-Draft-Interop-Version: " +
                       std::string{interim.headers.find(interop).value_or("(absent)")});
  }
  return findings.outcome();
}

Outcome interim_104_announces_the_upload(Context& c) {
  const auto created = post(c, dialect(c), "?0", "hello");
  return created.announcement() != nullptr
             ? holds("a 104 with Location, then " + code(created.response))
             : broken("an upload is announced by a 104 with Location", describe(created.response));
}

Outcome interim_104_has_location_and_limit(Context& c) {
  const auto created = announced(c, dialect(c));
  const auto* told = created.announcement();
  Findings findings{"the 104 has Location and, when there are limits, Upload-Limit"};
  findings.check(told != nullptr, told != nullptr ? "with Location" : "without Location");
  const auto& headers = told != nullptr ? told->headers : created.interims.front().headers;
  if (created.response.headers.has(upload_limit)) {
    const auto limits = headers.find(upload_limit);
    findings.check(limits.has_value(), "Upload-Limit: " + std::string{limits.value_or("(absent)")});
  }
  return findings.outcome();
}

Outcome incomplete_creation_is_201(Context& c) {
  const auto created = post(c, dialect(c), "?0", "hello").response;
  Findings findings{"the response to a creation that goes on has Location and Upload-Limit"};
  findings.check(is_2xx(created) && location_of(c, created).has_value(), "POST", created);
  findings.check(created.headers.has(upload_limit), tell(created, upload_limit));
  if (created.status != 201) findings.note("201 is recommended");
  return findings.outcome();
}

Outcome interim_and_final_location_agree(Context& c) {
  const auto created = announced(c, dialect(c));
  const auto* told = created.announcement();
  if (told == nullptr) return not_offered("the 104 has no Location (IETF-004)");
  const auto first = std::string{told->headers.find("Location").value_or("")};
  const auto last = value_of(created.response, "Location");
  const bool same = first == last;
  Findings findings{"Location is the same in the 104 and in the response"};
  return findings.check(same, same ? "the same" : "not the same").outcome();
}

Outcome final_response_says_upload_complete(Context& c) {
  const auto version = dialect(c);
  Findings findings{"responses say Upload-Complete"};
  const auto created = post(c, version, "?0", "hello").response;
  findings.check(value_of(created, upload_complete) == "?0",
                 "POST: " + tell(created, upload_complete));
  const auto upload = url_of(c, created);
  const auto more = append(c, version, upload, 5, "?0", "abc").response;
  taken(more, "more bytes");
  findings.check(value_of(more, upload_complete) == "?0", "PATCH: " + tell(more, upload_complete));
  return findings.outcome();
}

Outcome head_has_draft_fields(Context& c) {
  const auto version = dialect(c);
  const auto upload = begin(c, version, "hello", {{std::string{hdr::upload_length}, "10"}});
  const auto head = look(c, version, upload).response;
  Findings findings{"HEAD tells offset, completeness, limits and a known length"};
  findings.check(is_2xx(head) && value_of(head, hdr::upload_offset) == "5",
                 code(head) + ", " + tell(head, hdr::upload_offset));
  findings.check(value_of(head, upload_complete) == "?0", tell(head, upload_complete));
  findings.check(head.headers.has(upload_limit),
                 head.headers.has(upload_limit) ? "with Upload-Limit" : "no Upload-Limit");
  findings.check(value_of(head, hdr::upload_length) == "10", tell(head, hdr::upload_length));
  return findings.outcome();
}

Outcome draft_head_says_no_store(Context& c) {
  const auto version = dialect(c);
  const auto head = look(c, version, begin(c, version, "hello")).response;
  Findings findings{"HEAD has Cache-Control: no-store"};
  return findings
      .check(head.headers.has_token("Cache-Control", "no-store"), tell(head, "Cache-Control"))
      .outcome();
}

Outcome head_and_delete_without_redirect(Context& c) {
  const auto version = dialect(c);
  const auto upload = begin(c, version, "hello");
  Findings findings{"HEAD and DELETE are not redirected by 301 or 302"};
  const auto head = look(c, version, upload).response;
  findings.check(!status_in(head, {301, 302}), "HEAD " + code(head));
  const auto gone = ask(c, "DELETE", upload, version).response;
  return findings.check(!status_in(gone, {301, 302}), "DELETE " + code(gone)).outcome();
}

Outcome draft_wrong_offset_is_409(Context& c) {
  const auto version = dialect(c);
  const auto upload = begin(c, version, "hello");
  const auto refused = append(c, version, upload, 3, "?0", "abc").response;
  Findings findings{"a wrong Upload-Offset gives 409 with the right one and Upload-Complete: ?0"};
  findings.check(refused.status == 409, code(refused));
  findings.check(value_of(refused, hdr::upload_offset) == "5", tell(refused, hdr::upload_offset));
  findings.check(value_of(refused, upload_complete) == "?0", tell(refused, upload_complete));
  return findings.outcome();
}

Outcome append_needs_partial_upload_type(Context& c) {
  const auto version = dialect(c);
  const auto upload = begin(c, version, "hello");
  const auto refused = ask(c, "PATCH", upload, version,
                           {{std::string{hdr::upload_offset}, "5"},
                            {std::string{upload_complete}, "?0"},
                            {"Content-Type", "application/octet-stream"}},
                           "abc")
                           .response;
  return expect(is_4xx(refused), "an append of another media type is refused (4xx)", refused);
}

Outcome completing_append_says_complete(Context& c) {
  const auto version = dialect(c);
  const auto upload = begin(c, version, "hello");
  const auto last = append(c, version, upload, 5, "?1", "world").response;
  Findings findings{"the response that completes an upload says Upload-Complete: ?1"};
  findings.check(is_2xx(last) && value_of(last, upload_complete) == "?1",
                 code(last) + ", " + tell(last, upload_complete));
  return findings.outcome();
}

Outcome draft_lengths_must_agree(Context& c) {
  const auto version = dialect(c);
  Findings findings{"lengths that contradict each other are refused (400)"};
  const Fields ten{{std::string{hdr::upload_length}, "10"}};
  const auto created = post(c, version, "?1", "hello", ten).response;
  findings.check(is_4xx(created), "a whole upload of 5 bytes that says 10", created);
  const auto upload = begin(c, version, "hello", ten);
  auto fields = append_fields(5, "?0");
  fields.add(std::string{hdr::upload_length}, "12");
  const auto repeated = ask(c, "PATCH", upload, version, std::move(fields), "abc").response;
  return findings.check(is_4xx(repeated), "another length than before", repeated).outcome();
}

Outcome draft_offset_never_passes_length(Context& c) {
  const auto version = dialect(c);
  const auto upload = begin(c, version, "hello", {{std::string{hdr::upload_length}, "8"}});
  auto fields = append_fields(5, "?0");
  fields.add("Transfer-Encoding", "chunked");
  const auto head = transport::request_head("PATCH", Context::target_of(upload),
                                            draft_fields(c, version, fields));
  auto connection = c.raw();
  static_cast<void>(connection.send(head + transport::chunk("abcdef"), answer_timeout));
  // Whoever reads the chunks knows now. A gateway that waits for the end passes them on with their
  // length, and what is refused by its length takes nothing and harms nothing.
  auto read = connection.read_response(Milliseconds{3'000});
  const bool held_back = read.seen == RawConnection::Seen::timeout;
  if (held_back) {
    static_cast<void>(connection.send(transport::chunk(""), answer_timeout));
    read = connection.read_response(answer_timeout);
  }
  c.record_raw("an append of 6 bytes in a chunk where 3 fit", head, read);
  const auto overrun = answer(read);
  const auto after = look(c, version, upload).response;
  const auto offset = number_in(after, hdr::upload_offset);
  if (held_back && is_4xx(overrun) && offset == Bytes{5}) {
    return not_offered("the chunks are held back until the last: nothing was taken of them");
  }
  Findings findings{"bytes beyond the length are refused, and the upload is invalid from then on"};
  findings.check(is_4xx(overrun), "6 bytes where 3 fit", overrun);
  findings.check(is_4xx(after), "HEAD after it: " + code(after) +
                                    (offset ? ", offset " + std::to_string(offset->value) : ""));
  return findings.outcome();
}

Outcome draft_options_has_upload_limit(Context& c) {
  const auto options = ask(c, "OPTIONS", c.target().url, dialect(c)).response;
  Findings findings{"OPTIONS tells Upload-Limit (min-size=0 when there is none)"};
  return findings.check(options.headers.has(upload_limit), tell(options, upload_limit)).outcome();
}

Outcome draft_413_has_upload_limit(Context& c) {
  const auto version = dialect(c);
  const auto options = ask(c, "OPTIONS", c.target().url, version).response;
  const auto limit = limit_in(value_of(options, upload_limit), "max-size");
  if (!limit) return not_offered("Upload-Limit has no max-size");
  const auto refused = post(c, version, "?0", "hello",
                            {{std::string{hdr::upload_length}, std::to_string(limit->value + 1)}})
                           .response;
  if (refused.status != 413) {
    return broken("an upload beyond max-size is refused (413) with Upload-Limit",
                  describe(refused));
  }
  Findings findings{"a 413 because of a limit tells Upload-Limit"};
  return findings.check(refused.headers.has(upload_limit), tell(refused, upload_limit)).outcome();
}

Outcome concurrent_appends_do_not_corrupt(Context& c) {
  const auto version = dialect(c);
  const auto upload = begin(c, version, "hello");
  auto fields = append_fields(5, "?0");
  fields.add("Content-Length", "10");
  auto hanging = c.raw();
  const auto head = transport::request_head("PATCH", Context::target_of(upload),
                                            draft_fields(c, version, fields));
  static_cast<void>(hanging.send(head + "abcd", answer_timeout));
  c.record_raw("an append of which 4 of 10 bytes are sent", head, {});
  const std::string sent = "helloabcd";
  std::optional<Bytes> offset;
  const auto ask_offset = [&] {
    offset = number_in(look(c, version, upload).response, hdr::upload_offset);
    return offset.has_value();
  };
  // What hangs may still be on its way when the first HEAD comes, or a gateway keeps it until it is
  // whole: then one goes on where it began.
  c.eventually(Milliseconds{1'500}, [&] { return ask_offset() && *offset >= Bytes{sent.size()}; });
  Answer last;
  const bool through = c.eventually(Milliseconds{5'000}, [&] {
    if (!ask_offset() || *offset < Bytes{5}) return false;
    last = append(c, version, upload, offset->value, "?1", "x");
    return is_2xx(last.response);
  });
  const auto told = offset ? std::to_string(offset->value) : std::string{"unknown"};
  Findings findings{"an append at the offset that HEAD tells gets past one that hangs"};
  findings.check(through, through ? "at " + told + ": " + code(last.response)
                                  : "not within 5 s, last offset " + told);
  if (through) {
    const auto kept = sent.substr(0, static_cast<std::size_t>(offset->value));
    const bool right =
        *offset <= Bytes{sent.size()} && stored_equals(c, upload, kept + "x").value_or(true);
    findings.check(right, right ? "with the right bytes" : "with other bytes");
  }
  return findings.outcome();
}

Outcome draft_delete_ends_the_upload(Context& c) {
  const auto version = dialect(c);
  const auto upload = begin(c, version, "hello");
  const auto removed = ask(c, "DELETE", upload, version).response;
  const auto head = look(c, version, upload).response;
  Findings findings{"after DELETE the upload is gone"};
  findings.check(is_4xx(head), "DELETE " + code(removed) + ", then HEAD " + code(head));
  return findings.outcome();
}

Outcome continue_is_sent_beside_104(Context& c) {
  const auto version = dialect(c);
  auto connection = c.raw();
  const auto head = transport::request_head("POST", Context::target_of(c.target().url),
                                            draft_fields(c, version,
                                                         {{std::string{upload_complete}, "?0"},
                                                          {"Content-Length", "5"},
                                                          {"Expect", "100-continue"}}));
  static_cast<void>(connection.send(head, answer_timeout));
  std::vector<int> seen;
  RawConnection::Read read;
  const auto saw = [&seen](int status) {
    return std::find(seen.begin(), seen.end(), status) != seen.end();
  };
  // Interim responses may come one by one.
  for (int i = 0; i < 3 && !saw(100); ++i) {
    read = connection.read_response(Milliseconds{500});
    c.record_raw("a creation that expects 100-continue", head, read);
    for (const auto& interim : read.interims) seen.push_back(interim.status);
    if (read.seen != RawConnection::Seen::timeout) break;
  }
  Findings findings{"100 Continue is sent although a 104 was"};
  findings.check(saw(100), std::string{saw(104) ? "104" : "no 104"} +
                               (saw(100) ? " and 100" : " and no 100") +
                               (read.response ? ", then " + code(*read.response) : ""));
  return findings.outcome();
}

Outcome progress_104_has_no_location(Context& c) {
  constexpr std::size_t wanted = 8U << 20U;
  const auto size = within_limit(c, wanted);
  if (size < wanted) return not_offered("the size limit allows no long upload");
  const auto created = post(c, dialect(c), "?0", letters(size));
  const bool told =
      std::any_of(created.interims.begin(), created.interims.end(), [](const auto& i) {
        return i.status == 104 && i.headers.has(hdr::upload_offset) && !i.headers.has("Location");
      });
  return told ? holds("104 with Upload-Offset, then " + code(created.response))
              : broken("a long body is answered by 104 with Upload-Offset on the way",
                       std::to_string(created.interims.size()) + " interim responses, then " +
                           code(created.response));
}

}  // namespace

std::vector<Check> ietf_draft() {
  return {
      {"IETF-001", no_104_for_unknown_version},
      {"IETF-002", interim_104_names_the_version},
      {"IETF-003", interim_104_announces_the_upload},
      {"IETF-004", interim_104_has_location_and_limit},
      {"IETF-005", incomplete_creation_is_201},
      {"IETF-006", interim_and_final_location_agree},
      {"IETF-007", final_response_says_upload_complete},
      {"IETF-008", head_has_draft_fields},
      {"IETF-009", draft_head_says_no_store},
      {"IETF-010", head_and_delete_without_redirect},
      {"IETF-011", draft_wrong_offset_is_409},
      {"IETF-012", append_needs_partial_upload_type},
      {"IETF-013", completing_append_says_complete},
      {"IETF-014", draft_lengths_must_agree},
      {"IETF-015", draft_offset_never_passes_length},
      {"IETF-016", draft_options_has_upload_limit},
      {"IETF-017", draft_413_has_upload_limit},
      {"IETF-018", concurrent_appends_do_not_corrupt},
      {"IETF-019", draft_delete_ends_the_upload},
      {"IETF-020", continue_is_sent_beside_104},
      {"IETF-021", progress_104_has_no_location},
  };
}

}  // namespace conformance::suites
