// X-HTTP-Method-Override (protocol.md, Headers).
#include "tus/vocabulary.hpp"

namespace conformance::suites {
namespace {

/// By hand: a library would not know that the answer to POST may be one to HEAD, without a body.
Response overridden(Context& c, const std::string& method, const std::string& override_method,
                    const std::string& url) {
  return answer(talk(
      c, method + " with X-HTTP-Method-Override: " + override_method,
      raw_head(c, method, url,
               {{std::string{hdr::method_override}, override_method}, {"Content-Length", "0"}}),
      {}, override_method == "HEAD"));
}

bool tells_offset(const Response& response) {
  return status_in(response, {200, 204}) && response.headers.has(hdr::upload_offset);
}

Outcome xmo_001(Context& c) {
  const auto upload = create(c);
  const auto response = send_tus(c, "POST", upload,
                                 {{std::string{hdr::method_override}, "PATCH"},
                                  {"Content-Type", std::string{tus::offset_media_type}},
                                  {"Upload-Offset", "0"}},
                                 letters(4));
  const auto after = state_of(c, upload);
  Findings findings{"POST with X-HTTP-Method-Override: PATCH acts as PATCH"};
  findings.check(response.status == 204 && after.offset == Bytes{4},
                 describe(response) + ", then " + to_string(after));
  return findings.outcome();
}

Outcome xmo_002(Context& c) {
  const auto upload = create(c);
  const auto response =
      send_tus(c, "POST", upload, {{std::string{hdr::method_override}, "DELETE"}});
  const auto after = head_of(c, upload);
  Findings findings{"POST with X-HTTP-Method-Override: DELETE acts as DELETE"};
  findings.check(response.status == 204 && is_gone(after),
                 describe(response) + ", then HEAD " + code(after));
  return findings.outcome();
}

Outcome xmo_003(Context& c) {
  Findings findings{"POST with X-HTTP-Method-Override: HEAD or OPTIONS acts so"};
  const auto head = overridden(c, "POST", "HEAD", create(c));
  findings.check(tells_offset(head), "HEAD", head);
  const auto options = overridden(c, "POST", "OPTIONS", c.target().url);
  findings.check(status_in(options, {200, 204}) && options.headers.has(hdr::tus_version), "OPTIONS",
                 options);
  return findings.outcome();
}

Outcome xmo_004(Context& c) {
  Findings findings{"the override decides whatever the real method is"};
  const auto upload = create(c);
  const auto put = send_tus(c, "PUT", upload,
                            {{std::string{hdr::method_override}, "PATCH"},
                             {"Content-Type", std::string{tus::offset_media_type}},
                             {"Upload-Offset", "0"}},
                            letters(4));
  findings.check(put.status == 204, "PUT as PATCH", put);
  const auto get = overridden(c, "GET", "HEAD", upload);
  findings.check(tells_offset(get), "GET as HEAD", get);
  const auto patch = overridden(c, "PATCH", "HEAD", upload);
  findings.check(tells_offset(patch), "PATCH as HEAD", patch);
  return findings.outcome();
}

Outcome xmo_005(Context& c) {
  const auto response = send_tus(c, "POST", create(c),
                                 {{std::string{hdr::method_override}, "patch"},
                                  {"Content-Type", std::string{tus::offset_media_type}},
                                  {"Upload-Offset", "0"}},
                                 letters(4));
  return observed("POST with X-HTTP-Method-Override: patch -> " + code(response));
}

Outcome xmo_006(Context& c) {
  if (!c.target().needs_authorization) {
    return not_offered("the target does not ask for credentials");
  }
  Request request;
  request.method = "POST";
  request.url = c.target().url;
  request.headers = {{std::string{hdr::tus_resumable}, std::string{tus::version}},
                     {std::string{hdr::method_override}, "OPTIONS"}};
  const auto exchange = c.exchange_anonymously(std::move(request));
  if (!exchange.response) stop_unanswered("POST with an override", exchange);
  return expect(status_in(*exchange.response, {401, 403}),
                "an override does not get round authentication: 401", *exchange.response);
}

}  // namespace

std::vector<Check> core_method_override() {
  return {
      {"TUS-CORE-XMO-001", xmo_001, ext::creation}, {"TUS-CORE-XMO-002", xmo_002, ext::termination},
      {"TUS-CORE-XMO-003", xmo_003, ext::creation}, {"TUS-CORE-XMO-004", xmo_004, ext::creation},
      {"TUS-CORE-XMO-005", xmo_005, ext::creation}, {"TUS-CORE-XMO-006", xmo_006},
  };
}

}  // namespace conformance::suites
