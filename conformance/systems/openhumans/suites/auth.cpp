// Who is let in, and which methods and bodies are taken (area openhumans-auth).
#include <nlohmann/json.hpp>

#include "openhumans/vocabulary.hpp"
#include "protocol/openhumans/answers.hpp"

namespace conformance::suites {
namespace {

using oh::Form;

const client::Presentation in_query{client::Presentation::Way::query, "access_token"};
const std::string unknown_token = "dex-conformance-no-such-token";

/// Deletes a file that nobody has: a correct request without effect.
Form harmless(Context& c) {
  return {{"project_member_id", oh::target(c).member}, {"file_basename", oh::new_name(c)}};
}

Request harmless_request(Context& c) {
  return oh::form_request(oh::target(c).delete_url, harmless(c));
}

Response answer_of(Exchange exchange) {
  if (!exchange.response) stop_unanswered("a request", exchange);
  return std::move(*exchange.response);
}

/// Sends `request` with this Authorization, or without any.
Response knock(Context& c, Request request, const std::optional<std::string>& authorization) {
  if (authorization) request.headers.add("Authorization", *authorization);
  return answer_of(c.exchange_anonymously(std::move(request)));
}
Response knock(Context& c, const std::optional<std::string>& authorization) {
  return knock(c, harmless_request(c), authorization);
}

std::string token_of(Context& c) {
  const auto value = oh::authorization(c);
  return value.substr(std::min(value.find(' ') + 1, value.size()));
}

/// Whether it is 401 with this detail.
bool turns_away(const Response& response, std::string_view text) {
  return response.status == 401 && oh::detail_of(response) == text;
}

Request with_token_in_query(Request request, const std::string& token) {
  request.url += "?" + http::format_form({{"access_token", token}});
  return request;
}

std::string in_quotes(std::string_view text) { return "'" + std::string{text} + "'"; }

// ---- tokens ------------------------------------------------------------------------------------

Outcome token_in_query_authorises(Context& c) {
  static_cast<void>(oh::authorization(c));
  const auto response = answer_of(c.exchange_presenting(harmless_request(c), in_query));
  return expect(response.status == 200, "the token in access_token: 200", response);
}

Outcome token_as_bearer_authorises(Context& c) {
  const auto value = oh::authorization(c);
  Findings findings{"Authorization: Bearer and the token: 200 by delete/, 201 by direct/"};
  const auto deleted = knock(c, value);
  findings.check(deleted.status == 200, "delete/: " + code(deleted));
  const auto begun =
      knock(c, oh::form_request(oh::target(c).direct_url, oh::direct_fields(c)), value);
  static_cast<void>(oh::read_direct(c, begun));
  findings.check(begun.status == 201, "direct/: " + code(begun));
  return findings.outcome();
}

Outcome bearer_in_any_case(Context& c) {
  const auto token = token_of(c);
  taken(knock(c, "Bearer " + token), "requests with 'Bearer'");
  Findings findings{"the scheme in any case: 200"};
  for (const char* scheme : {"bearer", "BEARER"}) {
    const auto response = knock(c, std::string{scheme} + " " + token);
    findings.check(response.status == 200, in_quotes(scheme) + ": " + code(response));
  }
  return findings.outcome();
}

Outcome query_token_beats_the_header(Context& c) {
  const auto token = token_of(c);
  Findings findings{"the token of the query counts: a good one 200, an unknown one 401"};
  const auto good =
      knock(c, with_token_in_query(harmless_request(c), token), "Bearer " + unknown_token);
  findings.check(good.status == 200, "good in the query, unknown in the header: " + code(good));
  const auto bad =
      knock(c, with_token_in_query(harmless_request(c), unknown_token), "Bearer " + token);
  findings.check(bad.status == 401, "unknown in the query, good in the header: " + code(bad));
  return findings.outcome();
}

Outcome no_token_is_401_with_challenge(Context& c) {
  const auto response = knock(c, std::nullopt);
  Findings findings{"no token: 401 " + in_quotes(openhumans::no_credentials) +
                    " and WWW-Authenticate: Bearer"};
  findings.check(turns_away(response, openhumans::no_credentials), oh::tell_problem(response));
  const auto challenge = value_of(response, "WWW-Authenticate");
  findings.check(http::same_name(challenge.substr(0, challenge.find(' ')), "Bearer"),
                 tell(response, "WWW-Authenticate"));
  return findings.outcome();
}

Outcome unknown_token_is_401(Context& c) {
  Findings findings{"an unknown token: 401 " + in_quotes(openhumans::invalid_token)};
  const auto header = knock(c, "Bearer " + unknown_token);
  findings.check(turns_away(header, openhumans::invalid_token),
                 "in the header: " + oh::tell_problem(header));
  const auto query = knock(c, with_token_in_query(harmless_request(c), unknown_token), {});
  findings.check(turns_away(query, openhumans::invalid_token),
                 "in the query: " + oh::tell_problem(query));
  return findings.outcome();
}

Outcome expired_token_is_401(Context& c) {
  const auto expired = c.given(TokenKind::expired);
  if (!expired) return not_offered("needs an expired token (--tokens)");
  const auto response = knock(c, *expired);
  return turns_away(response, openhumans::expired_token)
             ? holds(oh::tell_problem(response))
             : broken("an expired token: 401 " + in_quotes(openhumans::expired_token),
                      oh::tell_problem(response));
}

Outcome malformed_bearer_is_401(Context& c) {
  Findings findings{"Bearer without a token, and with two words: 401 and a text for each"};
  const auto none = knock(c, "Bearer");
  findings.check(turns_away(none, openhumans::header_without_token),
                 "'Bearer': " + oh::tell_problem(none));
  const auto two = knock(c, "Bearer a b");
  findings.check(turns_away(two, openhumans::token_with_spaces),
                 "'Bearer a b': " + oh::tell_problem(two));
  return findings.outcome();
}

Outcome token_in_body_is_401(Context& c) {
  const auto token = token_of(c);
  auto form = harmless(c);
  form.emplace_back("access_token", token);
  const auto response = knock(c, oh::form_request(oh::target(c).delete_url, form), std::nullopt);
  return expect(response.status == 401, "a token in the body only: 401", response);
}

Outcome other_scheme_is_401(Context& c) {
  const auto token = token_of(c);
  Findings findings{"another scheme, and a token without one: 401, as without a token"};
  for (const auto& [label, value] : {std::pair{"Basic", std::string{"Basic dXNlcjpwYXNz"}},
                                     {"Token", "Token " + token},
                                     {"a bare token", token}}) {
    const auto response = knock(c, value);
    findings.check(turns_away(response, openhumans::no_credentials),
                   std::string{label} + ": " + oh::tell_problem(response));
  }
  return findings.outcome();
}

Outcome credentials_are_judged_first(Context& c) {
  Findings findings{"without a token: 401, whatever else is wrong"};
  Request get;
  get.method = "GET";
  get.url = oh::target(c).upload_url;
  Request text = oh::form_request(oh::target(c).direct_url, {});
  text.headers.set("Content-Type", "text/plain");
  text.body = "text";
  for (const auto& [label, request] :
       {std::pair{"GET", get},
        {"text/plain", text},
        {"an empty form", oh::form_request(oh::target(c).direct_url, {})}}) {
    const auto response = knock(c, request, std::nullopt);
    findings.check(response.status == 401, std::string{label} + ": " + code(response));
  }
  return findings.outcome();
}

// ---- methods and bodies ------------------------------------------------------------------------

std::vector<std::pair<const char*, std::string>> endpoints(const Context& c) {
  const auto& target = oh::target(c);
  return {{"upload/", target.upload_url},
          {"direct/", target.direct_url},
          {"complete/", target.complete_url},
          {"delete/", target.delete_url}};
}

Outcome other_method_is_405_with_allow(Context& c) {
  taken(c.send(harmless_request(c)), "correct requests");
  Findings findings{"another method than POST: 405, and Allow names POST"};
  for (const auto& [label, url] : endpoints(c)) {
    for (const char* method : {"GET", "PUT"}) {
      Request request;
      request.method = method;
      request.url = url;
      const auto response = c.send(std::move(request));
      findings.check(response.status == 405 && response.headers.has_token("Allow", "POST"),
                     std::string{method} + " " + label + ": " + code(response) + ", " +
                         tell(response, "Allow"));
    }
  }
  return findings.outcome();
}

Outcome other_body_type_is_415(Context& c) {
  taken(c.send(harmless_request(c)), "correct requests");
  Findings findings{"text/plain: 415"};
  for (const auto& [label, url] : endpoints(c)) {
    auto request = oh::form_request(url, harmless(c));
    request.headers.set("Content-Type", "text/plain");
    const auto response = c.send(std::move(request));
    findings.check(response.status == 415, std::string{label} + ": " + code(response));
  }
  return findings.outcome();
}

/// Has to be 400 with a detail that begins with `beginning`.
Outcome refused_beginning(const Response& response, const std::string& beginning) {
  const bool ok = response.status == 400 && oh::detail_of(response).starts_with(beginning);
  // The rest of the detail is the text of a library.
  const auto seen = ok ? "400 " + in_quotes(beginning) : oh::tell_problem(response);
  return ok ? holds(seen) : broken("400, detail begins " + in_quotes(beginning), seen);
}

Outcome broken_json_is_400(Context& c) {
  taken(c.send(harmless_request(c)), "correct requests");
  return refused_beginning(
      c.send(oh::json_request(oh::target(c).delete_url,
                              R"({"project_member_id": "x", "file_basename": True})")),
      "JSON parse error");
}

Outcome multipart_without_boundary_is_400(Context& c) {
  taken(c.send(harmless_request(c)), "correct requests");
  auto request = oh::multipart_request(oh::target(c).delete_url, harmless(c));
  request.headers.set("Content-Type", "multipart/form-data");
  return refused_beginning(c.send(std::move(request)), "Multipart form parse error");
}

Outcome form_multipart_and_json_work(Context& c) {
  Findings findings{
      "urlencoded, multipart and JSON bodies are taken: 200 by delete/, 201 by direct/"};
  const auto json = [](const Form& form) {
    auto object = Json::object();
    for (const auto& [name, value] : form) object[name] = value;
    return object.dump();
  };
  const auto look = [&](const std::string& what, const Response& response, int status) {
    static_cast<void>(oh::read_direct(c, response));
    findings.check(response.status == status, what + ": " + code(response));
  };
  const auto& target = oh::target(c);
  const auto form = harmless(c);
  look("delete/ urlencoded", c.send(oh::form_request(target.delete_url, form)), 200);
  look("multipart", c.send(oh::multipart_request(target.delete_url, form)), 200);
  look("JSON", c.send(oh::json_request(target.delete_url, json(form))), 200);
  const auto fields = oh::direct_fields(c);
  look("direct/ urlencoded", c.send(oh::form_request(target.direct_url, fields)), 201);
  look("multipart", c.send(oh::multipart_request(target.direct_url, fields)), 201);
  look("JSON", c.send(oh::json_request(target.direct_url, json(fields))), 201);
  return findings.outcome();
}

Outcome json_not_an_object_is_4xx(Context& c) {
  taken(c.send(harmless_request(c)), "correct requests");
  Findings findings{"JSON that is no object: 4xx, never 5xx"};
  for (const char* body : {"[1]", "7", "\"text\"", "null"}) {
    const auto response = c.send(oh::json_request(oh::target(c).delete_url, body));
    findings.check(is_4xx(response), std::string{body} + ": " + code(response));
  }
  return findings.outcome();
}

}  // namespace

std::vector<Check> openhumans_auth() {
  return {
      {"OH-AUTH-001", token_in_query_authorises},
      {"OH-AUTH-002", token_as_bearer_authorises},
      {"OH-AUTH-003", bearer_in_any_case},
      {"OH-AUTH-004", query_token_beats_the_header},
      {"OH-AUTH-005", no_token_is_401_with_challenge},
      {"OH-AUTH-006", unknown_token_is_401},
      {"OH-AUTH-007", expired_token_is_401},
      {"OH-AUTH-008", malformed_bearer_is_401},
      {"OH-AUTH-009", token_in_body_is_401},
      {"OH-AUTH-010", other_scheme_is_401},
      {"OH-AUTH-011", credentials_are_judged_first},
      {"OH-AUTH-012", other_method_is_405_with_allow},
      {"OH-AUTH-013", other_body_type_is_415},
      {"OH-AUTH-014", broken_json_is_400},
      {"OH-AUTH-015", multipart_without_boundary_is_400},
      {"OH-AUTH-016", form_multipart_and_json_work},
      {"OH-AUTH-017", json_not_an_object_is_4xx},
  };
}

}  // namespace conformance::suites
