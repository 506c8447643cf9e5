// What browsers need (Fetch standard); the tus text is silent about it.
#include "tus/vocabulary.hpp"

namespace conformance::suites {
namespace {

constexpr std::string_view allow_origin = "Access-Control-Allow-Origin";
constexpr std::string_view allow_credentials = "Access-Control-Allow-Credentials";
constexpr std::string_view allow_methods = "Access-Control-Allow-Methods";
constexpr std::string_view allow_headers = "Access-Control-Allow-Headers";
constexpr std::string_view expose_headers = "Access-Control-Expose-Headers";

const std::string page = "https://partner.example";

/// As browsers send it: without credentials and without tus fields.
Response preflight(Context& c, const std::string& origin = page) {
  Request request;
  request.method = "OPTIONS";
  request.url = c.target().url;
  request.headers = {
      {"Origin", origin},
      {"Access-Control-Request-Method", "PATCH"},
      {"Access-Control-Request-Headers", "tus-resumable, upload-offset, content-type"}};
  const auto exchange = c.exchange_anonymously(std::move(request));
  if (!exchange.response) stop_unanswered("the preflight", exchange);
  return *exchange.response;
}

/// Ends the check as skipped when the target has no CORS at all (CORS-001 judges that).
void needs_cors(const Response& preflight_response) {
  if (!preflight_response.headers.has(allow_origin)) {
    throw Stop{not_offered("no CORS: the preflight gets no Access-Control-Allow-Origin")};
  }
}

/// Checks that each of `wanted` is in the list, or the list is "*" and no credentials are allowed.
void lists_all(Findings& findings, const Response& response, std::string_view list,
               const std::vector<std::string_view>& wanted) {
  const bool any =
      response.headers.has_token(list, "*") && response.headers.find(allow_credentials) != "true";
  std::string missing;
  for (const auto item : wanted) {
    // "*" does not stand for Authorization (Fetch, CORS-safelisted methods and headers).
    const bool covered = any && item != "Authorization";
    if (!covered && !response.headers.has_token(list, item)) missing += " " + std::string{item};
  }
  findings.check(missing.empty(), code(response) + ", " + std::string{list} +
                                      (missing.empty() ? ": complete" : " lacks" + missing));
}

/// A creation and a HEAD as a page of `page` sends them.
std::vector<Response> requests_of_a_page(Context& c) {
  const auto created = post_with(c, {{"Origin", page}, {"Upload-Length", "10"}});
  return {created, send_tus(c, "HEAD", url_of(c, created), {{"Origin", page}})};
}

Outcome preflight_allows_the_origin(Context& c) {
  const auto response = preflight(c);
  const auto told = value_of(response, allow_origin);
  Findings findings{"a preflight gets 2xx with Access-Control-Allow-Origin"};
  findings.check(is_2xx(response) && (told == "*" || told == page),
                 code(response) + " with " + tell(response, allow_origin));
  return findings.outcome();
}

Outcome preflight_allows_tus_methods(Context& c) {
  const auto response = preflight(c);
  needs_cors(response);
  Findings findings{"Access-Control-Allow-Methods lists what tus uses"};
  lists_all(findings, response, allow_methods, {"POST", "HEAD", "PATCH", "DELETE", "OPTIONS"});
  return findings.outcome();
}

Outcome preflight_allows_tus_headers(Context& c) {
  const auto response = preflight(c);
  needs_cors(response);
  Findings findings{"Access-Control-Allow-Headers lists the request headers of tus"};
  const auto& discovery = tus_target(c).discovery;
  std::vector<std::string_view> wanted{hdr::tus_resumable, hdr::upload_length,
                                       hdr::upload_offset, hdr::upload_metadata,
                                       "Content-Type",     hdr::method_override};
  if (discovery.offers(ext::creation_defer_length)) wanted.push_back(hdr::upload_defer_length);
  if (discovery.offers(ext::concatenation)) wanted.push_back(hdr::upload_concat);
  if (discovery.offers(ext::checksum)) wanted.push_back(hdr::upload_checksum);
  wanted.push_back("Authorization");
  lists_all(findings, response, allow_headers, wanted);
  return findings.outcome();
}

Outcome cors_exposes_tus_headers(Context& c) {
  needs_cors(preflight(c));
  Findings findings{"Access-Control-Expose-Headers lists the response headers of tus"};
  for (const auto& response : requests_of_a_page(c)) {
    lists_all(findings, response, expose_headers,
              {"Location", hdr::upload_offset, hdr::upload_length, hdr::tus_resumable,
               hdr::tus_version, hdr::tus_extension, hdr::tus_max_size});
  }
  return findings.outcome();
}

Outcome cors_exposes_extension_headers(Context& c) {
  needs_cors(preflight(c));
  const auto& discovery = tus_target(c).discovery;
  std::vector<std::string_view> wanted{hdr::upload_metadata};
  if (discovery.offers(ext::creation_defer_length)) wanted.push_back(hdr::upload_defer_length);
  if (discovery.offers(ext::concatenation)) wanted.push_back(hdr::upload_concat);
  if (discovery.offers(ext::expiration)) wanted.push_back(hdr::upload_expires);
  if (discovery.offers(ext::checksum)) wanted.push_back(hdr::tus_checksum_algorithm);
  Findings findings{"Access-Control-Expose-Headers lists the headers of the extensions offered"};
  for (const auto& response : requests_of_a_page(c)) {
    lists_all(findings, response, expose_headers, wanted);
  }
  return findings.outcome();
}

Outcome errors_carry_cors_headers(Context& c) {
  needs_cors(preflight(c));
  Findings findings{"error responses carry Access-Control-Allow-Origin too"};
  const auto look = [&](const char* label, const Response& response) {
    findings.check(response.headers.has(allow_origin), std::string{label} + ": " + code(response) +
                                                           ", " + tell(response, allow_origin));
  };
  const http::Field origin{"Origin", page};
  const auto upload = create(c);
  look("an unknown upload", send_tus(c, "HEAD", unknown_upload(c), {origin}));
  look("a wrong offset", patch_with(c, upload, {origin, {"Upload-Offset", "5"}}, letters(4)));
  look("version 2.0.0", patch_with(c, upload, {origin, {"Tus-Resumable", "2.0.0"}}, letters(4)));
  if (c.target().needs_authorization) {
    Request request;
    request.method = "POST";
    request.url = c.target().url;
    request.headers = {origin, {std::string{hdr::tus_resumable}, std::string{tus::version}}};
    const auto refused = c.exchange_anonymously(std::move(request));
    if (refused.response) look("no credentials", *refused.response);
  }
  return findings.outcome();
}

Outcome star_without_credentials_only(Context& c) {
  Findings findings{"Access-Control-Allow-Origin: * does not go with credentials"};
  const auto look = [&](const char* label, const Response& response) {
    findings.check(response.headers.find(allow_origin) != "*" ||
                       response.headers.find(allow_credentials) != "true",
                   std::string{label} + ": " + tell(response, allow_origin) + ", " +
                       tell(response, allow_credentials));
  };
  look("preflight", preflight(c));
  look("OPTIONS", send_tus(c, "OPTIONS", c.target().url, {{"Origin", page}}));
  return findings.outcome();
}

Outcome reflected_origin_has_vary(Context& c) {
  const auto response = preflight(c);
  needs_cors(response);
  const auto told = value_of(response, allow_origin);
  if (told == "*") return not_offered("the origin is not reflected: *");
  const auto other = preflight(c, "https://other.example");
  if (value_of(other, allow_origin) == told) {
    return not_offered("the origin is not reflected: always " + told);
  }
  return expect(
      response.headers.has_token("Vary", "Origin") || response.headers.has_token("Vary", "*"),
      "a reflected origin comes with Vary: Origin", response);
}

Outcome preflight_of_a_foreign_origin(Context& c) {
  const auto response = preflight(c, "https://not-allowed.invalid");
  return observed("a preflight of a foreign origin -> " + code(response) + ", " +
                  tell(response, allow_origin));
}

}  // namespace

std::vector<Check> cors() {
  return {
      {"CORS-001", preflight_allows_the_origin},
      {"CORS-002", preflight_allows_tus_methods},
      {"CORS-003", preflight_allows_tus_headers},
      {"CORS-004", cors_exposes_tus_headers, ext::creation},
      {"CORS-005", cors_exposes_extension_headers, ext::creation},
      {"CORS-006", errors_carry_cors_headers, ext::creation},
      {"CORS-007", star_without_credentials_only},
      {"CORS-008", reflected_origin_has_vary},
      {"CORS-009", preflight_of_a_foreign_origin},
  };
}

}  // namespace conformance::suites
