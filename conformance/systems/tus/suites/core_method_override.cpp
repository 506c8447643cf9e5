// X-HTTP-Method-Override (protocol.md, Headers).
#include "tus/vocabulary.hpp"

namespace conformance::suites {
namespace {

/// By hand: a library does not know that the answer to a POST may be that of HEAD, without a body.
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

Outcome override_patch_acts_as_patch(Context& c) {
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

Outcome override_delete_acts_as_delete(Context& c) {
  const auto upload = create(c);
  const auto response =
      send_tus(c, "POST", upload, {{std::string{hdr::method_override}, "DELETE"}});
  const auto after = head_of(c, upload);
  Findings findings{"POST with X-HTTP-Method-Override: DELETE acts as DELETE"};
  findings.check(response.status == 204 && is_gone(after),
                 describe(response) + ", then HEAD " + code(after));
  return findings.outcome();
}

Outcome override_head_and_options_act_so(Context& c) {
  Findings findings{"POST with X-HTTP-Method-Override: HEAD or OPTIONS acts so"};
  const auto head = overridden(c, "POST", "HEAD", create(c));
  findings.check(tells_offset(head), "HEAD", head);
  const auto options = overridden(c, "POST", "OPTIONS", c.target().url);
  findings.check(status_in(options, {200, 204}) && options.headers.has(hdr::tus_version), "OPTIONS",
                 options);
  return findings.outcome();
}

Outcome override_wins_over_any_method(Context& c) {
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

Outcome override_in_lower_case(Context& c) {
  const auto response = send_tus(c, "POST", create(c),
                                 {{std::string{hdr::method_override}, "patch"},
                                  {"Content-Type", std::string{tus::offset_media_type}},
                                  {"Upload-Offset", "0"}},
                                 letters(4));
  return observed("POST with X-HTTP-Method-Override: patch -> " + code(response));
}

Outcome override_options_needs_the_token(Context& c) {
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
      {"TUS-CORE-XMO-001", override_patch_acts_as_patch, ext::creation},
      {"TUS-CORE-XMO-002", override_delete_acts_as_delete, ext::termination},
      {"TUS-CORE-XMO-003", override_head_and_options_act_so, ext::creation},
      {"TUS-CORE-XMO-004", override_wins_over_any_method, ext::creation},
      {"TUS-CORE-XMO-005", override_in_lower_case, ext::creation},
      {"TUS-CORE-XMO-006", override_options_needs_the_token},
  };
}

}  // namespace conformance::suites
