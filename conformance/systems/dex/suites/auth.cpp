// Who is let in (area dex-auth).
#include "dex/suites/auth.hpp"

#include "dex/vocabulary.hpp"

namespace conformance::suites {
namespace {

const std::string no_token = "authorization token not found";
const std::string bad_format = "authorization header format is invalid";

/// A request with this Authorization, or without any.
Response knock(Context& c, std::string method, const std::string& url,
               const std::optional<std::string>& authorization) {
  Request request;
  request.method = std::move(method);
  request.url = url;
  request.headers.add(std::string{hdr::tus_resumable}, std::string{tus::version});
  if (authorization) request.headers.add("Authorization", *authorization);
  return send_anonymously(c, std::move(request));
}

std::string seen(const Response& response) {
  return code(response) + " '" + text_of(response) + "'";
}

/// Whether the error is exactly `text`, but for line ends.
bool says(const Context& c, const Response& response, std::string_view text) {
  auto told = error_text(c, response);
  while (told.ends_with('\n')) told.pop_back();
  return told == text;
}

Outcome no_credentials_are_401(Context& c) {
  needs_authorization(c);
  Findings findings{"without a token: 401 " + std::string{error_type(c)} + " '" + no_token + "'"};
  for (const auto& [label, url] :
       {std::pair{"/info/{id}", info_url_of(c, visible_upload(c))}, {"an upload", create(c)}}) {
    const auto response = knock(c, "GET", url, std::nullopt);
    findings.check(
        response.status == 401 && has_type(response, error_type(c)) && says(c, response, no_token),
        std::string{label} + ": " + seen(response));
  }
  return findings.outcome();
}

Outcome short_authorization_is_401(Context& c) {
  needs_authorization(c);
  const auto url = info_url_of(c, visible_upload(c));
  Findings findings{"an Authorization shorter than 'Bearer ': 401 '" + bad_format + "'"};
  for (const char* value : {"Bearer", "x"}) {
    const auto response = knock(c, "GET", url, value);
    findings.check(response.status == 401 && says(c, response, bad_format),
                   "'" + std::string{value} + "': " + seen(response));
  }
  return findings.outcome();
}

Outcome token_without_dots_is_opaque(Context& c) {
  needs_authorization(c);
  const auto url = info_url_of(c, visible_upload(c));
  const auto response = knock(c, "GET", url, "Bearer anything");
  // The guide demands a token, and a made-up word is none.
  if (by_guide(c) && response.status != 401) {
    return broken_must("a made-up token is refused: 401", code(response));
  }
  return observed("'Bearer anything': " + code(response));
}

Outcome scheme_word_of_authorization(Context& c) {
  needs_authorization(c);
  const auto url = info_url_of(c, visible_upload(c));
  const auto own = authorization_of(c);
  const auto token = own.substr(std::min(own.find(' ') + 1, own.size()));
  Findings findings{""};
  for (const auto& [label, value] :
       {std::pair{"'Basic' and text", std::string{"Basic dXNlcjpwYXNz"}},
        {"the right token after 'bearer'", "bearer " + token},
        {"the right token after 'Digest'", "Digest " + token}}) {
    findings.note(std::string{label} + ": " + code(knock(c, "GET", url, value)));
  }
  return findings.report();
}

Outcome options_needs_no_token(Context& c) {
  needs_authorization(c);
  Findings findings{"OPTIONS passes without a token: browsers send none in a preflight"};
  for (const auto& url : {creation_base(c), creation_base(c) + "/"}) {
    const auto response = knock(c, "OPTIONS", url, std::nullopt);
    findings.check(is_2xx(response), "OPTIONS " + Context::target_of(url), response);
  }
  return findings.outcome();
}

Outcome options_on_info_without_token(Context& c) {
  needs_authorization(c);
  const auto response = knock(c, "OPTIONS", info_url_of(c, visible_upload(c)), std::nullopt);
  const auto document = json_of(response);
  const bool leaks = value_at(document, "/manifest") || value_at(document, "/Manifest");
  if (by_guide(c) && leaks) {
    return broken_must("without a token nothing is told of an upload", "OPTIONS tells the info");
  }
  return observed("OPTIONS /info/{id} without a token: " + code(response) +
                  (leaks ? ", and tells the manifest" : ", and tells nothing of the upload"));
}

Outcome uploads_and_info_need_a_token(Context& c) {
  needs_authorization(c);
  Findings findings{"requests to uploads and /info need a token: 401 without, and nothing is done"};
  const auto upload = create(c);
  const auto look = [&](const char* method, const std::string& url, const char* what, Fields fields,
                        std::optional<std::string> body) {
    fields.add(std::string{hdr::tus_resumable}, std::string{tus::version});
    Request request;
    request.method = method;
    request.url = url;
    request.headers = std::move(fields);
    request.body = std::move(body);
    const auto response = send_anonymously(c, std::move(request));
    if (const auto made = location_of(c, response); response.status == 201 && made) {
      c.created(*made);
    }
    findings.check(response.status == 401,
                   std::string{method} + " " + what + ": " + code(response));
  };
  look("POST", c.target().url, "of a creation",
       {{"Upload-Length", "10"}, {std::string{hdr::upload_metadata}, metadata_header(c)}}, "");
  look("HEAD", upload, "of an upload", {}, std::nullopt);
  look("PATCH", upload, "of an upload", patch_fields("0"), letters(10));
  look("GET", upload, "of an upload", {}, std::nullopt);
  look("GET", info_url_of(c, upload), "of /info/{id}", {}, std::nullopt);
  look("DELETE", upload, "of an upload", {}, std::nullopt);
  const auto head = head_of(c, upload);
  findings.check(is_2xx(head) && number_in(head, hdr::upload_offset) == Bytes{0},
                 "the upload afterwards: " + code(head) + ", " + tell(head, hdr::upload_offset));
  return findings.outcome();
}

Outcome public_routes_need_no_token(Context& c) {
  needs_authorization(c);
  if (by_guide(c)) {
    Findings findings{"/health needs a token: 401 without, 200 with one"};
    const auto without = get_anonymously(c, dex_target(c).health_url);
    findings.check(without.status == 401, "without: " + code(without));
    const auto with = c.get(dex_target(c).health_url);
    return findings.check(with.status == 200, "with: " + code(with)).outcome();
  }
  Findings findings{"/, /health, /version and /metrics need no token: 200"};
  for (const auto& url : {dex_target(c).root_url, dex_target(c).health_url,
                          dex_target(c).version_url, dex_target(c).metrics_url}) {
    const auto response = get_anonymously(c, url);
    if (behind_gateway(c) && response.status == 404) continue;  // not published
    findings.check(response.status == 200,
                   "GET " + Context::target_of(url) + ": " + code(response));
  }
  return findings.outcome();
}

Outcome session_cookie_authorises(Context& c) {
  needs_authorization(c);
  const auto cookie = c.given(TokenKind::session);
  if (!cookie) {
    return not_offered("a session cookie comes from a login in a browser (session in --tokens)");
  }
  const auto url = info_url_of(c, visible_upload(c));
  Findings findings{"the session cookie stands for a token, and Authorization goes before it"};
  const auto by_cookie = get_anonymously(c, url, {{"Cookie", *cookie}});
  findings.check(by_cookie.status == 200, "the cookie: " + code(by_cookie));
  const auto both =
      get_anonymously(c, url, {{"Cookie", *cookie}, {"Authorization", "Bearer not.a.token"}});
  findings.check(both.status == 401, "the cookie and a bad token: " + code(both));
  const auto good = get_anonymously(
      c, url, {{"Cookie", "phdo_session=forged"}, {"Authorization", authorization_of(c)}});
  return findings.check(good.status == 200, "a forged cookie and a good token: " + code(good))
      .outcome();
}

Outcome forged_cookie_is_401(Context& c) {
  needs_authorization(c);
  const auto response =
      get_anonymously(c, info_url_of(c, visible_upload(c)), {{"Cookie", "phdo_session=forged"}});
  return expect(response.status == 401, "a forged session cookie: 401", response);
}

Outcome header_ignored_without_auth(Context& c) {
  if (c.target().needs_authorization) return not_offered("authorization is on");
  const auto url = info_url_of(c, visible_upload(c));
  Findings findings{"with authorization off the header is ignored"};
  for (const auto& [label, value] : {std::pair{"no Authorization", std::optional<std::string>{}},
                                     {"'Bearer nonsense'", "Bearer nonsense"},
                                     {"'x'", "x"}}) {
    const auto response = knock(c, "GET", url, value);
    findings.check(response.status == 200, std::string{label} + ": " + code(response));
  }
  return findings.outcome();
}

Outcome header_fields_of_a_refusal(Context& c) {
  needs_authorization(c);
  const auto response = get_anonymously(
      c, create(c),
      {{"Origin", "https://partner.example"}, {std::string{hdr::tus_resumable}, "1.0.0"}});
  std::string present;
  for (const std::string_view name :
       {hdr::tus_resumable, std::string_view{"Access-Control-Allow-Origin"},
        std::string_view{"WWW-Authenticate"}}) {
    present += response.headers.has(name) ? (present.empty() ? "" : ", ") + std::string{name} : "";
  }
  return observed("a refusal (" + code(response) + ") carries " +
                  (present.empty() ? "no tus, CORS or WWW-Authenticate field" : present));
}

}  // namespace

void needs_authorization(Context& c) {
  if (c.target().needs_authorization) return;
  // A server that refuses bad tokens, but takes requests without any, has authorization and a hole.
  const auto response = knock(c, "GET", dex_target(c).info_url + "/1234", "Bearer not.a.token");
  if (!status_in(response, {401, 403})) {
    throw Stop{not_offered("the target takes requests without credentials, and with bad ones")};
  }
}

std::vector<Check> dex_auth() {
  std::vector<Check> checks{
      {"DEX-AUTH-001", no_credentials_are_401, ext::creation},
      {"DEX-AUTH-002", short_authorization_is_401, ext::creation},
      {"DEX-AUTH-010", token_without_dots_is_opaque, ext::creation},
      {"DEX-AUTH-011", scheme_word_of_authorization, ext::creation},
      {"DEX-AUTH-012", options_needs_no_token},
      {"DEX-AUTH-013", options_on_info_without_token, ext::creation},
      {"DEX-AUTH-014", uploads_and_info_need_a_token, ext::creation},
      {"DEX-AUTH-015", public_routes_need_no_token},
      {"DEX-AUTH-016", session_cookie_authorises, ext::creation},
      {"DEX-AUTH-017", forged_cookie_is_401, ext::creation},
      {"DEX-AUTH-018", header_ignored_without_auth, ext::creation},
      {"DEX-AUTH-019", header_fields_of_a_refusal, ext::creation},
  };
  for (const Check& check : dex_auth_tokens()) checks.push_back(check);
  return checks;
}

}  // namespace conformance::suites
