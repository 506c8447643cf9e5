// 'Resumable Uploads for HTTP' (draft-ietf-httpbis-resumable-upload), where the target speaks it on
// its creation URL: how an upload begins and goes on. A row is judged in each interop version whose
// text has the rule; ietf_draft_ends.cpp has how one ends, and what is said of limits.
#include <algorithm>

#include "protocol/tus/numbers.hpp"
#include "tus/suites/draft_words.hpp"
#include "tus/vocabulary.hpp"

namespace conformance::suites {
namespace {

using namespace drafts;

constexpr std::string_view interop = tus::draft::header::interop;
constexpr std::string_view upload_limit = tus::draft::header::limit;

/// A server may speak version 7, which no row is about: a 104 is allowed there if it names that
/// version.
Outcome no_104_for_unknown_version(Context& c) {
  const auto known = spoken_versions(c).back();
  Findings findings{"no 104 to a request without a known Upload-Draft-Interop-Version"};
  for (const std::string number : {"", "7", "99"}) {
    Fields fields = end_field(known, End::no);
    const auto created = ask(c, "POST", c.target().url, number, std::move(fields), "hello");
    if (const auto upload = location_of(c, created.response); upload) c.created(*upload);
    const bool names_it = number == "7" && std::ranges::all_of(created.interims, [](const auto& i) {
                            return i.status != 104 || i.headers.find(interop) == "7";
                          });
    findings.check(names_it || !created.has_104(),
                   (number.empty() ? "no version" : "version " + number) + ": " +
                       (created.has_104() ? "a 104, then " : "") + code(created.response));
  }
  return findings.outcome();
}

Outcome interim_104_names_the_version(Context& c, const Version& version) {
  Findings findings{"a 104 names the interop version"};
  for (const auto& interim : announced(c, version).interims) {
    if (interim.status != 104) continue;
    const auto named = interim.headers.find(interop);
    const bool own = named == std::to_string(version.number);
    findings.check(
        own, own ? "its own"
                 : "Upload-Draft-Interop-Version: " + std::string{named.value_or("(absent)")});
  }
  return findings.outcome();
}

Outcome interim_104_announces_the_upload(Context& c, const Version& version) {
  const auto created = post(c, version, End::no, "hello");
  return created.announcement() != nullptr
             ? holds("a 104 with Location, then " + code(created.response))
             : broken("an upload is announced by a 104 with Location", describe(created.response));
}

Outcome interim_104_has_location_and_limit(Context& c, const Version& version) {
  const auto created = announced(c, version);
  const auto* told = created.announcement();
  Findings findings{"the 104 has Location and, when there are limits, Upload-Limit"};
  findings.check(told != nullptr, told != nullptr ? "with Location" : "without Location");
  const auto& headers = told != nullptr ? told->headers : created.interims.front().headers;
  if (version.number >= 8 && created.response.headers.has(upload_limit)) {
    const bool limits = headers.has(upload_limit);
    findings.check(limits, limits ? "with Upload-Limit" : "without Upload-Limit");
  }
  return findings.outcome();
}

Outcome incomplete_creation_is_201(Context& c, const Version& version) {
  const auto created = post(c, version, End::no, "hello").response;
  Findings findings{"the response to a creation that goes on has Location and Upload-Limit"};
  findings.check(is_2xx(created) && location_of(c, created).has_value(),
                 "POST: " + code(created) +
                     (created.headers.has("Location") ? ", with Location" : ", no Location"));
  if (version.number >= 8) {
    const bool limits = created.headers.has(upload_limit);
    findings.check(limits, limits ? "with Upload-Limit" : "without Upload-Limit");
  }
  if (created.status != 201) findings.note("201 is recommended");
  return findings.outcome();
}

Outcome interim_and_final_location_agree(Context& c, const Version& version) {
  const auto created = announced(c, version);
  const auto* told = created.announcement();
  if (told == nullptr) return not_offered("the 104 has no Location (IETF-004)");
  const auto first = std::string{told->headers.find("Location").value_or("")};
  const auto last = value_of(created.response, "Location");
  const bool same = first == last;
  Findings findings{"Location is the same in the 104 and in the response"};
  return findings.check(same, same ? "the same" : "not the same").outcome();
}

/// For an append that is not the last, the texts of -02 to -05 have ?1 where they mean ?0: there
/// the field only has to be present.
Outcome final_response_says_upload_complete(Context& c, const Version& version) {
  const auto field = version.completeness;
  Findings findings{"responses say " + std::string{field}};
  const auto created = post(c, version, End::no, "hello").response;
  findings.check(value_of(created, field) == version.going_on, "POST: " + tell(created, field));
  const auto upload = url_of(c, created);
  const auto more = append(c, version, upload, 5, End::no, "abc").response;
  taken(more, "more bytes");
  const bool either = version.number >= 4 && version.number <= 6;
  findings.check(either ? more.headers.has(field) : value_of(more, field) == version.going_on,
                 "PATCH: " + tell(more, field));
  return findings.outcome();
}

Outcome head_has_draft_fields(Context& c, const Version& version) {
  const auto upload = begin(c, version, "hello", {{std::string{hdr::upload_length}, "10"}});
  const auto head = look(c, version, upload);
  Findings findings{"HEAD tells offset, completeness, limits and a known length"};
  findings.check(is_2xx(head) && value_of(head, hdr::upload_offset) == "5",
                 code(head) + ", " + tell(head, hdr::upload_offset));
  findings.check(value_of(head, version.completeness) == version.going_on,
                 tell(head, version.completeness));
  if (version.number >= 8) {
    findings.check(head.headers.has(upload_limit),
                   head.headers.has(upload_limit) ? "with Upload-Limit" : "no Upload-Limit");
    findings.check(value_of(head, hdr::upload_length) == "10", tell(head, hdr::upload_length));
  }
  return findings.outcome();
}

Outcome draft_head_says_no_store(Context& c, const Version& version) {
  const auto head = look(c, version, begin(c, version, "hello"));
  Findings findings{"HEAD has Cache-Control: no-store"};
  return findings
      .check(head.headers.has_token("Cache-Control", "no-store"), tell(head, "Cache-Control"))
      .outcome();
}

Outcome head_and_delete_without_redirect(Context& c, const Version& version) {
  const auto upload = begin(c, version, "hello");
  Findings findings{"HEAD and DELETE are not redirected by 301 or 302"};
  const auto head = look(c, version, upload);
  findings.check(!status_in(head, {301, 302}), "HEAD " + code(head));
  const auto gone = ask(c, "DELETE", upload, version).response;
  return findings.check(!status_in(gone, {301, 302}), "DELETE " + code(gone)).outcome();
}

Outcome draft_wrong_offset_is_409(Context& c, const Version& version) {
  const auto upload = begin(c, version, "hello");
  const auto refused = append(c, version, upload, 3, End::no, "abc").response;
  Findings findings{"a wrong Upload-Offset gives 409 with the right one"};
  findings.check(refused.status == 409, code(refused));
  findings.check(value_of(refused, hdr::upload_offset) == "5", tell(refused, hdr::upload_offset));
  return findings.outcome();
}

Outcome append_needs_partial_upload_type(Context& c, const Version& version) {
  const auto upload = begin(c, version, "hello");
  const auto refused = ask(c, "PATCH", upload, version,
                           {{std::string{hdr::upload_offset}, "5"},
                            {std::string{version.completeness}, std::string{version.going_on}},
                            {"Content-Type", "application/octet-stream"}},
                           "abc")
                           .response;
  return expect(is_4xx(refused), "an append of another media type is refused (4xx)", refused);
}

Outcome draft_lengths_must_agree(Context& c, const Version& version) {
  Findings findings{"lengths that contradict each other are refused (400)"};
  const Fields ten{{std::string{hdr::upload_length}, "10"}};
  const auto created = post(c, version, End::yes, "hello", ten).response;
  findings.check(is_4xx(created), "a whole upload of 5 bytes that says 10", created);
  const auto upload = begin(c, version, "hello", ten);
  auto fields = append_fields(version, 5, End::no);
  fields.add(std::string{hdr::upload_length}, "12");
  const auto repeated = ask(c, "PATCH", upload, version, std::move(fields), "abc").response;
  return findings.check(is_4xx(repeated), "another length than before", repeated).outcome();
}

Outcome draft_offset_never_passes_length(Context& c, const Version& version) {
  const auto upload = begin(c, version, "hello", {{std::string{hdr::upload_length}, "8"}});
  auto fields = append_fields(version, 5, End::no);
  fields.add("Transfer-Encoding", "chunked");
  const auto head = transport::request_head("PATCH", Context::target_of(upload),
                                            fields_of(c, std::to_string(version.number), fields));
  auto connection = c.raw();
  static_cast<void>(connection.send(head + transport::chunk("abcdef"), answer_timeout));
  // A server that reads the chunks knows now that they are too many. A gateway that waits for the
  // last chunk passes them on with their length, and a server may refuse that before it takes any.
  auto read = connection.read_response(Milliseconds{3'000});
  const bool held_back = read.seen == RawConnection::Seen::timeout;
  if (held_back) {
    static_cast<void>(connection.send(transport::chunk(""), answer_timeout));
    read = connection.read_response(answer_timeout);
  }
  c.record_raw("an append of 6 bytes in a chunk where 3 fit", head, read);
  const auto overrun = answer(read);
  const auto after = look(c, version, upload);
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

Outcome concurrent_appends_do_not_corrupt(Context& c, const Version& version) {
  const auto upload = begin(c, version, "hello");
  auto fields = append_fields(version, 5, End::no);
  fields.add("Content-Length", "10");
  auto hanging = c.raw();
  const auto head = transport::request_head("PATCH", Context::target_of(upload),
                                            fields_of(c, std::to_string(version.number), fields));
  static_cast<void>(hanging.send(head + "abcd", answer_timeout));
  c.record_raw("an append of which 4 of 10 bytes are sent", head, {});
  const std::string sent = "helloabcd";
  std::optional<Bytes> offset;
  const auto ask_offset = [&] {
    offset = number_in(look(c, version, upload), hdr::upload_offset);
    return offset.has_value();
  };
  // The hanging bytes may still be on their way when the first HEAD comes. A gateway may also hold
  // them back until the body is whole: then the next append starts where the hanging one did.
  c.eventually(Milliseconds{1'500}, [&] { return ask_offset() && *offset >= Bytes{sent.size()}; });
  Answer last;
  const bool through = c.eventually(Milliseconds{5'000}, [&] {
    if (!ask_offset() || *offset < Bytes{5}) return false;
    last = append(c, version, upload, offset->value, End::yes, "x");
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

Outcome draft_delete_ends_the_upload(Context& c, const Version& version) {
  const auto upload = begin(c, version, "hello");
  const auto removed = ask(c, "DELETE", upload, version).response;
  const auto head = look(c, version, upload);
  Findings findings{"after DELETE the upload is gone"};
  findings.check(is_4xx(head), "DELETE " + code(removed) + ", then HEAD " + code(head));
  return findings.outcome();
}

Outcome continue_is_sent_beside_104(Context& c, const Version& version) {
  auto connection = c.raw();
  auto fields = end_field(version, End::no);
  fields.add("Content-Length", "5");
  fields.add("Expect", "100-continue");
  const auto head =
      head_by_hand(c, "POST", c.target().url, fields_of(c, std::to_string(version.number), fields));
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

/// An append of 8 MiB; skipped where limits do not allow it. It may get interim responses and no
/// final one, as some gateways take a 104 for the answer.
RawConnection::Read long_append(Context& c, const Version& version) {
  constexpr std::size_t size = 8U << 20U;
  const auto created = post(c, version, End::no, "hello");
  const auto most = limit_in(created.response, "max-append-size");
  if (within_limit(c, size + 5) < size + 5 || (most && *most < Bytes{size})) {
    throw Stop{not_offered("the size limit allows no long append")};
  }
  auto fields = append_fields(version, 5, End::no);
  fields.add("Content-Length", std::to_string(size));
  const auto head =
      transport::request_head("PATCH", Context::target_of(url_of(c, created.response)),
                              fields_of(c, std::to_string(version.number), fields));
  return talk(c, "a long append of the draft", head, letters(size));
}

Outcome progress_104_has_no_location(Context& c, const Version& version) {
  const auto sent = long_append(c, version);
  const auto last = answer(sent);
  const bool told = std::ranges::any_of(sent.interims, [](const auto& i) {
    return i.status == 104 && i.headers.has(hdr::upload_offset) && !i.headers.has("Location");
  });
  return told ? holds("104 with Upload-Offset, then " + code(last))
              : broken("a long append is answered by 104 with Upload-Offset on the way",
                       std::to_string(sent.interims.size()) + " interim responses, then " +
                           code(last));
}

Outcome append_104_has_no_location(Context& c, const Version& version) {
  const Answer sent{{}, long_append(c, version).interims};
  if (!sent.has_104()) return not_offered("no 104 comes on the way (IETF-021)");
  const bool none = sent.announcement() == nullptr;
  Findings findings{"a 104 of an append has no Location"};
  return findings.check(none, none ? "none" : "with Location").outcome();
}

}  // namespace

std::vector<Check> ietf_draft() {
  std::vector<Check> checks{
      {"IETF-001", no_104_for_unknown_version},
      {"IETF-002", in_each<interim_104_names_the_version>},
      {"IETF-003", in_each<interim_104_announces_the_upload>},
      {"IETF-004", in_each<interim_104_has_location_and_limit>},
      {"IETF-005", in_each<incomplete_creation_is_201>},
      {"IETF-006", in_each<interim_and_final_location_agree>},
      {"IETF-007", in_each<final_response_says_upload_complete>},
      {"IETF-008", in_each<head_has_draft_fields>},
      {"IETF-009", in_each<draft_head_says_no_store>},
      {"IETF-010", in_each<head_and_delete_without_redirect>},
      {"IETF-011", in_each<draft_wrong_offset_is_409>},
      {"IETF-012", in_each<append_needs_partial_upload_type, 6>},
      {"IETF-014", in_each<draft_lengths_must_agree, 8>},
      {"IETF-015", in_each<draft_offset_never_passes_length, 8>},
      {"IETF-018", in_newest<concurrent_appends_do_not_corrupt>},
      {"IETF-019", in_each<draft_delete_ends_the_upload>},
      {"IETF-020", in_newest<continue_is_sent_beside_104>},
      {"IETF-021", in_each<progress_104_has_no_location, 8>},
      {"IETF-030", in_each<append_104_has_no_location, 5>},
  };
  const auto ends = ietf_draft_ends();
  checks.insert(checks.end(), ends.begin(), ends.end());
  return checks;
}

}  // namespace conformance::suites
