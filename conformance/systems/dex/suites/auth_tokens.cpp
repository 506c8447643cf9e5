// How tokens are made and refused (area dex-auth).
#include <algorithm>

#include "dex/suites/auth.hpp"
#include "dex/vocabulary.hpp"
#include "protocol/base64.hpp"
#include "protocol/http/form.hpp"

namespace conformance::suites {
namespace {

/// The run's own token, in the three parts of a JWT (RFC 7515 section 3.1).
struct Jwt {
  std::string header, payload, signature;
  [[nodiscard]] std::string bearer() const {
    return "Bearer " + header + "." + payload + "." + signature;
  }
};

/// Whether a token that was told may stand in a header.
bool sendable(const std::optional<std::string>& token) {
  return token && http::is_field_value(*token);
}

Jwt own_jwt(Context& c) {
  needs_authorization(c);
  const auto value = authorization_of(c);
  const auto token = value.substr(std::min(value.find(' ') + 1, value.size()));
  const auto first = token.find('.');
  const auto last = token.rfind('.');
  if (std::count(token.begin(), token.end(), '.') != 2) {
    throw Stop{not_offered("the run's token is opaque, not a JWT")};
  }
  return {token.substr(0, first), token.substr(first + 1, last - first - 1),
          token.substr(last + 1)};
}

/// Another character of the alphabet in the middle: the last one may have bits that do not count.
std::string altered(std::string part) {
  if (part.empty()) return "AAAA";
  char& middle = part[part.size() / 2];
  middle = middle == 'A' ? 'B' : 'A';
  return part;
}

Response knock(Context& c, const std::string& url, const std::string& authorization) {
  return get_anonymously(c, url, {{"Authorization", authorization}});
}

/// One token of --tokens: 401, and a text that begins so.
Findings& expect_refused(Context& c, Findings& findings, const std::string& url,
                         const std::string& label, const std::string& authorization,
                         const std::string& begins) {
  const auto response = knock(c, url, authorization);
  const auto text = error_text(c, response);
  return findings.check(
      response.status == 401 && text.starts_with(begins),
      label + ": " + code(response) + " '" + text_of(response).substr(0, 90) + "'");
}

Outcome bad_jwt_signature_is_401(Context& c) {
  const auto jwt = own_jwt(c);
  const auto url = info_url_of(c, visible_upload(c));
  Findings findings{"a JWT whose signature is not its own: 401 'failed to verify token'"};
  auto claims = json_of(base64::decode_url(jwt.payload).value_or(""));
  if (claims.is_object()) claims["sub"] = "somebody-else";
  for (const auto& [label, forged] :
       {std::pair{"another signature", Jwt{jwt.header, jwt.payload, altered(jwt.signature)}},
        {"other claims", Jwt{jwt.header, base64::encode_url(claims.dump()), jwt.signature}},
        {"no signature", Jwt{jwt.header, jwt.payload, ""}},
        {"alg none", Jwt{base64::encode_url(R"({"alg":"none","typ":"JWT"})"), jwt.payload, ""}}}) {
    expect_refused(c, findings, url, label, forged.bearer(), "failed to verify token");
  }
  if (const auto other = c.given(TokenKind::wrong_key)) {
    expect_refused(c, findings, url, "another key", *other,
                   "failed to verify token\nfailed to verify signature:");
  }
  return findings.outcome();
}

Outcome wrong_issuer_is_401(Context& c) {
  needs_authorization(c);
  const auto token = c.given(TokenKind::wrong_issuer);
  if (!token) {
    return not_offered(
        "needs a token that was issued in another name under the right key (wrong_issuer in "
        "--tokens)");
  }
  Findings findings{
      "a token of another issuer: 401 'failed to verify token', 'oidc: id token issued by a "
      "different provider'"};
  return expect_refused(c, findings, info_url_of(c, visible_upload(c)), "another issuer", *token,
                        "failed to verify token\noidc: id token issued by a different provider")
      .outcome();
}

/// Tokens of the endpoint for the run's user, and which scopes suffice.
struct Scopes {
  std::vector<std::string> granted;  ///< all scopes of the user's token
  Response refusal;                  ///< of a token with the scope `refused`
  std::string refused, accepted, full_token;
};

std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> list;
  std::size_t from = 0;
  while (from < text.size()) {
    const auto end = std::min(text.find(' ', from), text.size());
    if (end > from) list.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  return list;
}

/// The answer of the token endpoint to the run's own user; ends the check when there is none.
Response grant(Context& c, const http::Form& more = {}) {
  if (dex_target(c).oauth_url.empty()) {
    throw Stop{not_offered("no token endpoint is known (--oauth-url)")};
  }
  auto exchange = password_grant(c, more);
  if (!exchange) {
    throw Stop{
        not_offered("the run has no user name and password for the token endpoint "
                    "(--username-env, --password-env)")};
  }
  if (!exchange->response) stop_unanswered("the token endpoint", *exchange);
  return std::move(*exchange->response);
}

/// Only the identity provider can sign a token that has expired. Unless --tokens gives one, this
/// waits for a token to expire, where they live for less than the run's patience.
Outcome expired_jwt_is_401(Context& c) {
  static_cast<void>(own_jwt(c));
  if (const auto token = c.given(TokenKind::expired)) {
    Findings findings{"a JWT outside of its time: 401 'failed to verify token'"};
    const auto url = info_url_of(c, visible_upload(c));
    expect_refused(c, findings, url, "an expired one", *token,
                   "failed to verify token\noidc: token is expired");
    if (const auto early = c.given(TokenKind::not_yet_valid)) {
      expect_refused(c, findings, url, "one whose time has not come", *early,
                     "failed to verify token");
    }
    return findings.outcome();
  }
  const auto json = json_of(grant(c));
  const auto token = text_at(json, "/access_token");
  const auto* life = value_at(json, "/expires_in");
  if (!sendable(token) || !life || !life->is_number_unsigned()) {
    stop_blocked("the token endpoint answers with access_token and expires_in", members_of(json));
  }
  constexpr std::uint64_t longest = 1U << 30U;
  const std::chrono::seconds lifetime{std::min(life->get<std::uint64_t>(), longest)};
  if (lifetime >= c.patience()) {
    return not_offered("no token expires soon enough: they live for " +
                       std::to_string(lifetime.count()) +
                       " s (--patience, or expired in --tokens)");
  }
  const auto url = info_url_of(c, visible_upload(c));
  Response response;
  c.eventually(lifetime + Milliseconds{2'000}, [&] {
    response = knock(c, url, "Bearer " + *token);
    return response.status != 200;
  });
  Findings findings{"an expired JWT: 401 'failed to verify token', 'oidc: token is expired'"};
  return findings
      .check(
          response.status == 401 &&
              error_text(c, response).starts_with("failed to verify token\noidc: token is expired"),
          "two seconds after its life: " + code(response) + " '" + text_of(response).substr(0, 45) +
              "'")
      .outcome();
}

Scopes scopes_of(Context& c) {
  needs_authorization(c);
  Scopes scopes;
  const auto full = grant(c);
  const auto token = text_at(json_of(full), "/access_token");
  if (full.status != 200 || !sendable(token)) {
    stop_blocked("the token endpoint answers 200 with access_token", describe(full));
  }
  scopes.full_token = *token;
  scopes.granted = words(text_at(json_of(full), "/scope").value_or(""));
  constexpr std::size_t most_scopes = 32;  // each of them costs requests
  if (scopes.granted.size() > most_scopes) scopes.granted.resize(most_scopes);
  const auto url = info_url_of(c, visible_upload(c));
  for (const auto& scope : scopes.granted) {
    const auto one = grant(c, {{"scope", scope}});
    const auto narrow = text_at(json_of(one), "/access_token");
    if (one.status != 200 || !sendable(narrow)) continue;
    auto response = knock(c, url, "Bearer " + *narrow);
    if (response.status == 200) {
      scopes.accepted = scope;
    } else {
      scopes.refused = scope;
      scopes.refusal = std::move(response);
    }
  }
  return scopes;
}

Outcome missing_scope_is_403(Context& c) {
  needs_authorization(c);
  if (const auto token = c.given(TokenKind::missing_scope)) {
    const auto response = knock(c, info_url_of(c, visible_upload(c)), *token);
    auto told = error_text(c, response);
    while (told.ends_with('\n')) told.pop_back();
    Findings findings{
        "a token without a required scope: 403 'one or more required scopes not found'"};
    return findings
        .check(response.status == 403 && told == "one or more required scopes not found",
               code(response) + " '" + text_of(response) + "'")
        .outcome();
  }
  const auto scopes = scopes_of(c);
  if (scopes.refused.empty()) {
    return not_offered("no scope of the run's user is too little by itself: " +
                       std::to_string(scopes.granted.size()) + " granted");
  }
  auto text = error_text(c, scopes.refusal);
  while (text.ends_with('\n')) text.pop_back();
  Findings findings{
      "a token without a required scope: 403 'one or more required scopes not "
      "found'"};
  return findings
      .check(scopes.refusal.status == 403 && text == "one or more required scopes not found",
             "with '" + scopes.refused + "' only: " + code(scopes.refusal) + " '" + text + "'")
      .outcome();
}

Outcome extra_scopes_do_no_harm(Context& c) {
  needs_authorization(c);
  if (const auto token = c.given(TokenKind::extra_scopes)) {
    const auto response = knock(c, info_url_of(c, visible_upload(c)), *token);
    return expect(response.status == 200, "a token with more scopes than are required passes",
                  response);
  }
  const auto scopes = scopes_of(c);
  if (scopes.granted.size() < 2 || scopes.accepted.empty()) {
    return not_offered("the run's user has no scope beyond those that are required");
  }
  const auto response = knock(c, info_url_of(c, visible_upload(c)), "Bearer " + scopes.full_token);
  return expect(response.status == 200,
                "a token with more scopes than '" + scopes.accepted + "' passes", response);
}

Outcome unreadable_claims_are_401(Context& c) {
  const auto jwt = own_jwt(c);
  const auto url = info_url_of(c, visible_upload(c));
  Findings findings{"a token whose parts do not parse: 401"};
  for (const auto& [label, value] :
       {std::pair{"claims that are no JSON",
                  Jwt{jwt.header, base64::encode_url("no json"), jwt.signature}.bearer()},
        {"claims that are no Base64", Jwt{jwt.header, "!!!", jwt.signature}.bearer()},
        {"a token cut in half",
         Jwt{jwt.header, jwt.payload.substr(0, jwt.payload.size() / 2), ""}.bearer()},
        {"two dots", std::string{"Bearer .."}},
        {"three words", std::string{"Bearer not.a.token"}}}) {
    const auto response = knock(c, url, value);
    findings.check(response.status == 401, std::string{label} + ": " + code(response));
  }
  if (const auto token = c.given(TokenKind::bad_claims)) {
    expect_refused(c, findings, url, "claims of another type", *token,
                   "failed to parse token claims");
  }
  return findings.outcome();
}

Outcome identity_provider_down_is_500(Context& c) {
  needs_authorization(c);
  return not_offered("needs an identity provider that is down");
}

/// What a JWT says of its own life: from iat to exp (RFC 7519 section 4.1); nullopt: nothing.
std::optional<std::int64_t> life_of(const std::string& token) {
  const auto first = token.find('.');
  if (std::count(token.begin(), token.end(), '.') != 2) return std::nullopt;
  const auto part = token.substr(first + 1, token.rfind('.') - first - 1);
  const auto claims = json_of(base64::decode_url(part).value_or(""));
  const auto* from = value_at(claims, "/iat");
  const auto* to = value_at(claims, "/exp");
  if (!from || !to || !from->is_number() || !to->is_number()) return std::nullopt;
  return to->get<std::int64_t>() - from->get<std::int64_t>();
}

/// 200 with the members of SAMS's token document.
void expect_tokens(Findings& findings, const std::string& label, const Response& response) {
  const auto json = json_of(response);
  findings.check(response.status == 200 && has_type(response, "application/json"),
                 label + ": " + code(response) + ", " + tell(response, "Content-Type"));
  if (response.status != 200) return;
  for (const char* member : {"access_token", "token_type", "refresh_token", "scope"}) {
    const bool told = !text_at(json, std::string{"/"} + member).value_or("").empty();
    findings.check(told, std::string{member} + (told ? ": a text" : ": missing or no text"));
  }
  const auto* expires = value_at(json, "/expires_in");
  findings.check(expires && expires->is_number() && *expires > 0,
                 "expires_in: " + (expires ? expires->dump() : "missing"));
  const auto life = life_of(text_at(json, "/access_token").value_or(""));
  constexpr std::int64_t rounded = 5;
  if (life && expires && expires->is_number_integer() && *expires > *life + rounded) {
    findings.must(false, "expires_in is the lifetime of the access token (RFC 6749 section 5.1)",
                  "the token itself lives for " + std::to_string(*life) + " s");
  }
  const auto* resource = value_at(json, "/resource");
  findings.check(resource, std::string{"resource: "} + (resource ? "there" : "missing"));
}

Response post_form(Context& c, const std::string& url, const http::Form& form) {
  Request request;
  request.method = "POST";
  request.url = url;
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  request.body = http::format_form(form);
  return send_anonymously(c, std::move(request));
}

Outcome oauth_gives_a_token(Context& c) {
  Findings findings{
      "POST /oauth with username and password: 200 {access_token, token_type, expires_in, "
      "refresh_token, scope, resource}; 400 when one is missing"};
  expect_tokens(findings, "the run's user", grant(c));
  for (const auto& [label, form] :
       {std::pair{"without a password", http::Form{{"username", "nobody"}}},
        {"without a user name", http::Form{{"password", "nothing"}}}}) {
    const auto response = post_form(c, dex_target(c).oauth_url, form);
    findings.check(response.status == 400, std::string{label} + ": " + code(response));
  }
  const auto refused =
      post_form(c, dex_target(c).oauth_url, {{"username", "nobody"}, {"password", "nothing"}});
  if (!is_4xx(refused)) {
    findings.must(false, "a grant that is refused is answered 400 (RFC 6749 section 5.2)",
                  "a user whom nobody knows: " + code(refused));
  }
  return findings.outcome();
}

Outcome refresh_gives_a_token(Context& c) {
  const auto first = grant(c);
  const auto token = text_at(json_of(first), "/refresh_token");
  if (first.status != 200 || !token) {
    stop_blocked("the token endpoint answers 200 with refresh_token", describe(first));
  }
  const auto response =
      post_form(c, dex_target(c).oauth_url + "/refresh", {{"refresh_token", *token}});
  Findings findings{"POST /oauth/refresh with refresh_token: 200 with tokens that are good"};
  expect_tokens(findings, "the refresh token", response);
  const auto access = text_at(json_of(response), "/access_token");
  if (access && c.target().needs_authorization) {
    const auto info = knock(c, info_url_of(c, visible_upload(c)), "Bearer " + *access);
    findings.must(info.status == 200, "a token that was issued is good (RFC 6749 section 6)",
                  "/info with the new token: " + code(info));
  }
  return findings.outcome();
}

}  // namespace

std::vector<Check> dex_auth_tokens() {
  return {
      {"DEX-AUTH-003", expired_jwt_is_401},
      {"DEX-AUTH-004", bad_jwt_signature_is_401, ext::creation},
      {"DEX-AUTH-005", wrong_issuer_is_401},
      {"DEX-AUTH-006", missing_scope_is_403, ext::creation},
      {"DEX-AUTH-007", extra_scopes_do_no_harm, ext::creation},
      {"DEX-AUTH-008", unreadable_claims_are_401, ext::creation},
      {"DEX-AUTH-009", identity_provider_down_is_500},
      {"DEX-AUTH-020", oauth_gives_a_token},
      {"DEX-AUTH-021", refresh_gives_a_token},
  };
}

}  // namespace conformance::suites
