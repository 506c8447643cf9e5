// The first bytes within the creation (protocol.md, Creation With Upload).
#include "tus/suites/exercise.hpp"
#include "tus/vocabulary.hpp"

namespace conformance::suites {
namespace {

/// A creation of `length` bytes with `body`, chunked or with Content-Length.
Exchange post_body(Context& c, Bytes length, const std::string& body, bool chunked) {
  Request request;
  request.method = "POST";
  request.url = c.target().url;
  request.headers = {{std::string{hdr::tus_resumable}, std::string{tus::version}},
                     {std::string{hdr::upload_length}, std::to_string(length.value)},
                     {"Content-Type", std::string{tus::offset_media_type}}};
  if (const auto manifest = metadata_header(c); !manifest.empty()) {
    request.headers.add(std::string{hdr::upload_metadata}, manifest);
  }
  request.body = body;
  request.chunked = chunked;
  request.timeout = answer_timeout;
  auto exchange = c.exchange(std::move(request));
  if (exchange.response && is_2xx(*exchange.response)) {
    if (const auto upload = location_of(c, *exchange.response)) c.created(*upload);
  }
  return exchange;
}

Outcome creation_with_bytes_if_listed(Context& c) {
  return announced_as(c, ext::creation_with_upload);
}

Outcome with_upload_comes_with_creation(Context& c) {
  const auto& discovery = tus_target(c).discovery;
  if (!discovery.offers(ext::creation_with_upload))
    return holds("creation-with-upload: not listed");
  return discovery.offers(ext::creation)
             ? holds("both are listed")
             : broken("creation-with-upload is not offered without creation",
                      "Tus-Extension lists creation-with-upload and not creation");
}

Outcome creation_tells_accepted_bytes(Context& c) {
  const auto created = post(c, {.body = letters(5)});
  const auto told = number_in(created, hdr::upload_offset);
  const auto stored = offset_of(c, url_of(c, created));
  Findings findings{"the 201 carries Upload-Offset: the bytes that were accepted"};
  findings.check(told == stored,
                 describe(created) + "; HEAD tells " + std::to_string(stored.value));
  return findings.outcome();
}

Outcome creation_takes_all_bytes(Context& c) {
  const auto stored = offset_of(c, url_of(c, post(c, {.body = letters(5)})));
  const auto seen = "5 bytes sent, offset " + std::to_string(stored.value);
  return stored == Bytes{5} ? holds(seen) : broken("as many bytes as possible are taken", seen);
}

Outcome whole_file_in_the_creation(Context& c) {
  const auto created = post(c, {.length = Bytes{5}, .body = letters(5)});
  return observed("the whole file in the POST -> " + code(created) + ", " +
                  tell(created, hdr::upload_offset));
}

Outcome creation_body_of_other_type(Context& c) {
  Findings findings{""};
  for (const std::string type : {"text/plain", ""}) {
    const auto created =
        post_with(c, {{"Upload-Length", "10"}, {"Content-Type", type}}, letters(5));
    auto seen = (type.empty() ? "no Content-Type" : type) + " -> " + code(created);
    if (const auto upload = location_of(c, created); is_2xx(created) && upload) {
      seen += ", " + tell(created, hdr::upload_offset) + ", HEAD tells " +
              std::to_string(offset_of(c, *upload).value);
    }
    findings.note(seen);
  }
  return findings.report();
}

Outcome creation_body_over_length_is_413(Context& c) {
  Findings findings{"a body larger than Upload-Length is refused (4xx, 413 says it best)"};
  for (const bool chunked : {false, true}) {
    const auto created = post_body(c, Bytes{3}, letters(5), chunked);
    findings.check(created.response && is_4xx(*created.response),
                   std::string{chunked ? "chunked" : "with Content-Length"} + ": " + code(created));
  }
  return findings.outcome();
}

Outcome chunked_creation_is_201(Context& c) {
  const auto created = post_body(c, Bytes{10}, letters(5), /*chunked=*/true);
  if (!created.response) return broken("a chunked POST body is accepted", code(created));
  return expect(created.response->status == 201 &&
                    number_in(*created.response, hdr::upload_offset) == Bytes{5},
                "a chunked POST body is accepted: 201 with its offset", *created.response);
}

Outcome empty_creation_body_tells_offset(Context& c) {
  const auto created = post_body(c, Bytes{10}, "", /*chunked=*/false);
  if (!created.response) return broken("a POST with an empty body is answered", code(created));
  return expect(created.response->status == 201 &&
                    number_in(*created.response, hdr::upload_offset) == Bytes{0},
                "with the media type and an empty body the 201 tells Upload-Offset: 0",
                *created.response);
}

Outcome deferred_creation_takes_bytes(Context& c) {
  if (!tus_target(c).discovery.offers(ext::creation_defer_length)) {
    return not_offered("creation-defer-length is not offered");
  }
  const auto created = post(c, {.length = std::nullopt, .defer_length = true, .body = letters(5)});
  return observed("Upload-Defer-Length: 1 with 5 bytes -> " + code(created) + ", " +
                  tell(created, hdr::upload_offset));
}

Outcome creation_with_expect_is_answered(Context& c) {
  Findings findings{"Expect: 100-continue gets 100 or a final status, never silence"};
  const auto expecting = [&](const char* label, const Fields& more) {
    auto connection = c.raw();
    auto fields = more;
    if (const auto manifest = metadata_header(c); !manifest.empty()) {
      fields.add(std::string{hdr::upload_metadata}, manifest);
    }
    fields.add("Content-Type", std::string{tus::offset_media_type});
    fields.add("Content-Length", "5");
    fields.add("Expect", "100-continue");
    const auto head = raw_head(c, "POST", c.target().url, fields);
    static_cast<void>(connection.send(head, answer_timeout));
    auto read = await_continue(connection, c.patience());
    c.record_raw("POST with Expect: 100-continue", head, read);
    if (read.interims.empty() && !read.response) {
      findings.check(false, std::string{label} + ": " + to_string(read.seen));
      return;
    }
    std::string seen{label};
    if (!read.interims.empty()) {
      seen += ": " + std::to_string(read.interims.front().status);
      static_cast<void>(connection.send(letters(5), answer_timeout));
      if (!read.response) read = connection.read_response(answer_timeout);
      c.record_raw("the body after 100", "", read);
    }
    if (read.response) {
      if (const auto upload = location_of(c, *read.response); is_2xx(*read.response) && upload) {
        c.created(*upload);
      }
    }
    findings.check(
        read.response.has_value(),
        seen + ", final " + (read.response ? code(*read.response) : to_string(read.seen)));
  };
  expecting("a correct creation", {{"Upload-Length", "10"}});
  expecting("a creation that is refused", {{"Upload-Length", "abc"}});
  return findings.outcome();
}

Outcome upload_offset_on_plain_creation(Context& c) {
  return observed("a creation without a body: 201 with " + tell(post(c, {}), hdr::upload_offset));
}

Outcome upload_offset_sent_with_creation(Context& c) {
  const auto created = post_with(c,
                                 {{"Upload-Length", "10"},
                                  {"Upload-Offset", "3"},
                                  {"Content-Type", std::string{tus::offset_media_type}}},
                                 letters(5));
  auto seen = "Upload-Offset: 3 in the POST -> " + code(created);
  if (const auto upload = location_of(c, created); is_2xx(created) && upload) {
    seen += ", HEAD tells " + std::to_string(offset_of(c, *upload).value);
  }
  return observed(seen);
}

}  // namespace

std::vector<Check> creation_with_upload() {
  constexpr auto with_upload = ext::creation_with_upload;
  return {
      {"TUS-CWU-001", creation_with_bytes_if_listed},
      {"TUS-CWU-002", with_upload_comes_with_creation},
      {"TUS-CWU-003", creation_tells_accepted_bytes, with_upload},
      {"TUS-CWU-004", creation_takes_all_bytes, with_upload},
      {"TUS-CWU-005", whole_file_in_the_creation, with_upload},
      {"TUS-CWU-006", creation_body_of_other_type, with_upload},
      {"TUS-CWU-007", creation_body_over_length_is_413, with_upload},
      {"TUS-CWU-008", chunked_creation_is_201, with_upload},
      {"TUS-CWU-009", empty_creation_body_tells_offset, with_upload},
      {"TUS-CWU-010", deferred_creation_takes_bytes, with_upload},
      {"TUS-CWU-011", creation_with_expect_is_answered, with_upload},
      {"TUS-CWU-012", upload_offset_on_plain_creation, ext::creation},
      {"TUS-CWU-013", upload_offset_sent_with_creation, with_upload},
  };
}

}  // namespace conformance::suites
