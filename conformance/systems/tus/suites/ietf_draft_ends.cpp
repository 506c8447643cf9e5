// 'Resumable Uploads for HTTP': how an upload ends, what is left of it, and what is said of limits.
#include <algorithm>
#include <array>
#include <utility>

#include "protocol/http/dictionary.hpp"
#include "tus/suites/draft_words.hpp"
#include "tus/vocabulary.hpp"

namespace conformance::suites {
namespace {

using namespace drafts;

constexpr std::string_view upload_limit = tus::draft::header::limit;

// ---- how an upload ends -------------------------------------------------------------------------

Outcome completing_append_says_complete(Context& c, const Version& version) {
  const auto upload = begin(c, version, "hello");
  const auto last = append(c, version, upload, 5, End::yes, "world").response;
  Findings findings{"the response that completes an upload says Upload-Complete: ?1"};
  findings.check(is_2xx(last) && value_of(last, version.completeness) == version.ended,
                 code(last) + ", " + tell(last, version.completeness));
  return findings.outcome();
}

Outcome whole_creation_says_complete(Context& c, const Version& version) {
  const auto created = post(c, version, End::yes, "hello").response;
  taken(created, "a whole upload in its creation");
  Findings findings{"the response to a creation that is whole says Upload-Complete: ?1"};
  return findings
      .check(value_of(created, version.completeness) == version.ended,
             code(created) + ", " + tell(created, version.completeness))
      .outcome();
}

Outcome draft_409_says_incomplete(Context& c, const Version& version) {
  const auto upload = begin(c, version, "hello");
  const auto refused = append(c, version, upload, 3, End::no, "abc").response;
  if (refused.status != 409) return not_offered("no 409 (IETF-011)");
  Findings findings{"a 409 for a wrong offset says Upload-Complete: ?0"};
  return findings
      .check(value_of(refused, version.completeness) == version.going_on,
             tell(refused, version.completeness))
      .outcome();
}

/// A client that reads ?1 takes the answer for that of the resource, and gives the upload up.
Outcome refused_end_leaves_upload_incomplete(Context& c, const Version& version) {
  const auto upload = begin(c, version, "hello");
  const auto refused = append(c, version, upload, 3, End::yes, "abc").response;
  Findings findings{"the end of an upload at a wrong offset ends nothing"};
  findings.check(is_4xx(refused) && value_of(refused, version.completeness) != version.ended,
                 "PATCH: " + code(refused) + ", " + tell(refused, version.completeness));
  const auto head = look(c, version, upload);
  findings.check(is_2xx(head) && value_of(head, hdr::upload_offset) == "5" &&
                     value_of(head, version.completeness) != version.ended,
                 "HEAD: " + code(head) + ", " + tell(head, hdr::upload_offset) + ", " +
                     tell(head, version.completeness));
  return findings.outcome();
}

Outcome empty_append_completes_the_upload(Context& c, const Version& version) {
  const auto upload = begin(c, version, "hello");
  const auto last = append(c, version, upload, 5, End::yes, "").response;
  Findings findings{"an append without content that is the last completes the upload"};
  findings.check(is_2xx(last) && value_of(last, version.completeness) != version.going_on,
                 "PATCH: " + code(last));
  const auto head = look(c, version, upload);
  // A server may remove a complete upload at once.
  const auto said = value_of(head, version.completeness);
  const bool ended = is_gone(head) || (is_2xx(head) && said != version.going_on);
  return findings.check(ended, "HEAD: " + code(head) + (said.empty() ? "" : ", " + said)).outcome();
}

/// Drafts before -04 do not say it. After -11 the first answer may be repeated, but only for an
/// append without bytes.
Outcome completed_upload_takes_no_more(Context& c, const Version& version) {
  const auto upload = begin(c, version, "hello");
  taken(append(c, version, upload, 5, End::yes, "world").response, "the last bytes");
  const auto more = append(c, version, upload, 10, End::yes, "more").response;
  Findings findings{"an append of more bytes to a complete upload is refused"};
  findings.check(is_4xx(more), "PATCH", more);
  const auto offset = number_in(look(c, version, upload), hdr::upload_offset);
  findings.check(!offset || *offset == Bytes{10},
                 offset ? "offset " + std::to_string(offset->value) : "HEAD tells no offset");
  return findings.outcome();
}

Outcome cut_append_is_not_complete(Context& c, const Version& version) {
  const auto upload = begin(c, version, "hello");
  auto fields = append_fields(version, 5, End::yes);
  fields.add("Content-Length", "10");
  const auto request = transport::request_head(
      "PATCH", Context::target_of(upload), fields_of(c, std::to_string(version.number), fields));
  auto connection = c.raw();
  static_cast<void>(connection.send(request + "worl", answer_timeout));
  c.record_raw("the last append, cut after 4 of 10 bytes", request, {});
  break_off(connection);
  Response head;
  // The server may still be busy with the cut request.
  c.eventually(c.patience(), [&] {
    head = look(c, version, upload);
    return is_2xx(head) || is_gone(head);
  });
  if (is_gone(head)) return not_offered("the upload is gone once an append was cut");
  const auto offset = number_in(head, hdr::upload_offset);
  Findings findings{"an upload whose last append was cut is not complete"};
  findings.check(
      offset && *offset < Bytes{15} && value_of(head, version.completeness) != version.ended,
      "HEAD: " + code(head) + (offset ? "" : ", " + tell(head, hdr::upload_offset)) + ", " +
          tell(head, version.completeness));
  return findings.outcome();
}

// ---- where it stands ----------------------------------------------------------------------------

Outcome get_tells_the_offset(Context& c, const Version& version) {
  const auto upload = begin(c, version, "hello");
  const auto got = ask(c, "GET", upload, version).response;
  Findings findings{"GET of an upload tells the offset, as HEAD does"};
  findings.check(is_2xx(got) && value_of(got, hdr::upload_offset) == "5",
                 code(got) + ", " + tell(got, hdr::upload_offset));
  return findings.outcome();
}

// ---- limits -------------------------------------------------------------------------------------

Outcome draft_options_has_upload_limit(Context& c, const Version& version) {
  const auto options = ask(c, "OPTIONS", c.target().url, version).response;
  Findings findings{"OPTIONS tells Upload-Limit (min-size=0 when there is none)"};
  return findings.check(options.headers.has(upload_limit), tell(options, upload_limit)).outcome();
}

Outcome draft_413_has_upload_limit(Context& c, const Version& version) {
  const auto options = ask(c, "OPTIONS", c.target().url, version).response;
  const auto limit = limit_in(options, "max-size");
  if (!limit) return not_offered("Upload-Limit has no max-size");
  const auto refused = post(c, version, End::no, "hello",
                            {{std::string{hdr::upload_length}, std::to_string(limit->value + 1)}})
                           .response;
  if (refused.status != 413) {
    return broken("an upload beyond max-size is refused (413) with Upload-Limit",
                  describe(refused));
  }
  Findings findings{"a 413 because of a limit tells Upload-Limit"};
  return findings.check(refused.headers.has(upload_limit), tell(refused, upload_limit)).outcome();
}

Outcome empty_creation_below_min_append_size(Context& c, const Version& version) {
  const auto options = ask(c, "OPTIONS", c.target().url, version).response;
  const auto least = limit_in(options, "min-append-size");
  if (!least || *least == Bytes{0}) return not_offered("Upload-Limit has no min-append-size");
  const auto created = post(c, version, End::no, "").response;
  Findings findings{"a creation without content is exempt from min-append-size"};
  return findings.check(is_2xx(created), code(created)).outcome();
}

Outcome upload_limits_do_not_tighten(Context& c, const Version& version) {
  const auto created = post(c, version, End::no, "hello").response;
  const auto upload = url_of(c, created);
  const auto before = limits_in(created);
  const auto after = limits_in(look(c, version, upload));
  if (!before || before->empty() || !after) return not_offered("there are no limits to compare");
  Findings findings{"limits do not become tighter while an upload lives"};
  for (const auto& [key, first] : *before) {
    const bool most = key.starts_with("max-") && key != "max-age";
    const auto now = after->find(key);
    if (now == after->end() || !(most || key.starts_with("min-"))) continue;
    findings.check(most ? now->second >= first : now->second <= first,
                   key + " " + std::to_string(first) + ", then " + std::to_string(now->second));
  }
  return findings.outcome();
}

/// A reader ignores the whole field when a known key has a value of another type.
Outcome upload_limit_members_are_integers(Context& c, const Version& version) {
  constexpr std::array<std::string_view, 4> keys{"max-size", "min-size", "max-append-size",
                                                 "min-append-size"};
  const auto created = post(c, version, End::no, "hello").response;
  const auto upload = url_of(c, created);
  Findings findings{"Upload-Limit is a Dictionary whose known keys are Integers"};
  bool told = false;
  for (const auto& [what, response] :
       {std::pair{"OPTIONS", ask(c, "OPTIONS", c.target().url, version).response},
        std::pair{"POST", created}, std::pair{"HEAD", look(c, version, upload)}}) {
    if (!response.headers.has(upload_limit)) continue;
    told = true;
    const auto members = http::parse_dictionary(value_of(response, upload_limit));
    const bool sound = members && std::ranges::none_of(*members, [&](const auto& member) {
                         const bool known = member.key == version.age ||
                                            std::ranges::find(keys, member.key) != keys.end();
                         return known && (!member.integer || *member.integer < 0);
                       });
    findings.check(sound, std::string{what} + ": " + (sound ? "so it is" : "it is not"));
  }
  return told ? findings.outcome() : not_offered("Upload-Limit is not told");
}

}  // namespace

std::vector<Check> ietf_draft_ends() {
  return {
      {"IETF-013", in_each<completing_append_says_complete, 8>},
      {"IETF-016", in_each<draft_options_has_upload_limit, 8>},
      {"IETF-017", in_each<draft_413_has_upload_limit, 8>},
      {"IETF-022", in_each<whole_creation_says_complete, 8>},
      {"IETF-023", in_each<refused_end_leaves_upload_incomplete>},
      {"IETF-024", in_each<get_tells_the_offset, 8>},
      {"IETF-025", in_each<empty_append_completes_the_upload, 5>},
      {"IETF-026", in_each<completed_upload_takes_no_more, 6>},
      {"IETF-027", in_each<empty_creation_below_min_append_size, 8>},
      {"IETF-028", in_each<upload_limits_do_not_tighten, 6>},
      {"IETF-029", in_each<upload_limit_members_are_integers, 6>},
      {"IETF-031", in_each<cut_append_is_not_complete>},
      {"IETF-032", in_each<draft_409_says_incomplete, 8>},
  };
}

}  // namespace conformance::suites
