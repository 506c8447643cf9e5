// The endpoints beside uploads (area dex-routes).
#include <fmt/format.h>

#include <array>

#include "dex/vocabulary.hpp"

namespace conformance::suites {
namespace {

std::string random_word(Context& c) {
  std::uniform_int_distribution<int> letter('a', 'z');
  std::string word;
  for (int i = 0; i < 12; ++i) word += static_cast<char>(letter(c.random()));
  return word;
}

std::string route_url(Context& c) { return dex_target(c).root_url + "route"; }

Outcome root_is_a_json_banner(Context& c) {
  const auto response = get_anonymously(c, dex_target(c).root_url);
  needs_published(c, response, "its root");
  const auto json = json_of(response);
  Findings findings{
      "GET / is 200 application/json with system 'DEX', dex_product 'UPLOAD API', dex_app 'upload "
      "server' and server_time"};
  findings.check(response.status == 200 && has_type(response, "application/json"),
                 describe(response));
  for (const auto& [member, value] :
       {std::pair{"system", "DEX"}, {"dex_product", "UPLOAD API"}, {"dex_app", "upload server"}}) {
    const auto told = text_at(json, std::string{"/"} + member);
    findings.check(told == value, std::string{member} + ": " + told.value_or("missing"));
  }
  const auto time = text_at(json, "/server_time");
  findings.check(time && http::parse_rfc3339(*time).has_value(),
                 "server_time is " + std::string{time ? "a time" : "missing"});
  return findings.outcome();
}

Outcome get_health_is_json(Context& c) {
  const auto response = c.get(dex_target(c).health_url);
  return expect(response.status == 200 && has_type(response, "application/json") &&
                    json_of(response).is_object(),
                "GET /health is 200 with a JSON object", response);
}

Outcome get_version_is_json(Context& c) {
  const auto response = c.get(dex_target(c).version_url);
  needs_published(c, response, "/version");
  const auto json = json_of(response);
  Findings findings{"GET /version is 200 with repo, latest_release_version and git_short_sha"};
  findings.check(response.status == 200, code(response));
  for (const char* member : {"repo", "latest_release_version", "git_short_sha"}) {
    const bool told = text_at(json, std::string{"/"} + member).has_value();
    findings.check(told, std::string{member} + (told ? ": a text" : ": missing or no text"));
  }
  return findings.outcome();
}

/// "# HELP", "# TYPE" or "name{labels} value": Prometheus text format 0.0.4.
bool is_metrics_line(std::string_view line) {
  if (line.empty() || line.front() == '#') return true;
  const auto space = line.rfind(' ');
  const auto first = static_cast<unsigned char>(line.front());
  return space != std::string_view::npos && space + 1 < line.size() &&
         (std::isalpha(first) != 0 || first == '_' || first == ':');
}

Outcome get_metrics_is_prometheus_text(Context& c) {
  static_cast<void>(create(c));  // so that there is something to count
  const auto response = c.get(dex_target(c).metrics_url);
  needs_published(c, response, "/metrics");
  Findings findings{
      "GET /metrics is 200 text/plain, in Prometheus text format, with the families "
      "http_requests_total, tusd_* and dex_server_*"};
  findings.check(response.status == 200 && has_type(response, "text/plain"), describe(response));
  // Of a long answer only the beginning is kept: the last line may be cut.
  const auto body = std::string_view{response.body}.substr(0, response.body.rfind('\n') + 1);
  std::size_t from = 0;
  std::array<std::pair<std::string_view, bool>, 3> families{
      {{"http_requests_total", false}, {"tusd_", false}, {"dex_server_", false}}};
  while (from < body.size()) {
    const auto end = body.find('\n', from);
    const auto line = body.substr(from, end - from);
    from = end + 1;
    if (!is_metrics_line(line)) {
      findings.check(false, "no metrics line: '" + std::string{line.substr(0, 60)} + "'");
      break;
    }
    for (auto& [family, seen] : families) seen = seen || line.starts_with(family);
  }
  for (const auto& [family, seen] : families) {
    findings.check(seen, std::string{family} + (seen ? " is there" : " is missing"));
  }
  return findings.outcome();
}

Outcome info_and_route_alone_are_404(Context& c) {
  Findings findings{"/info and /route without an upload id are 404"};
  std::vector<std::string> urls{dex_target(c).info_url, dex_target(c).info_url + "/"};
  if (!behind_gateway(c)) {
    urls.push_back(route_url(c));
    urls.push_back(route_url(c) + "/");
  }
  for (const auto& url : urls) {
    const auto response = c.get(url);
    findings.check(response.status == 404, "GET " + Context::target_of(url), response);
  }
  return findings.outcome();
}

/// The creation URL without and with a slash at its end.
std::array<std::string, 2> both_spellings(Context& c) {
  return {creation_base(c), creation_base(c) + "/"};
}

Outcome uploads_with_and_without_slash(Context& c) {
  Findings findings{"uploads can be created with and without a slash at the end of the URL"};
  for (const auto& url : both_spellings(c)) {
    const auto response = send_tus(
        c, "POST", url,
        {{"Upload-Length", "10"}, {std::string{hdr::upload_metadata}, metadata_header(c)}});
    if (const auto upload = location_of(c, response); is_2xx(response) && upload) {
      c.created(*upload);
    }
    findings.check(response.status == 201, "POST " + Context::target_of(url), response);
  }
  return findings.outcome();
}

Outcome unknown_path_is_404_text(Context& c) {
  Findings findings{"an unknown path is 404 text/plain"};
  for (const auto& url : {dex_target(c).root_url + random_word(c), dex_target(c).health_url + "/",
                          dex_target(c).info_url + "/" + random_word(c) + "/" + random_word(c)}) {
    const auto response = c.get(url);
    findings.check(response.status == 404 && has_type(response, "text/plain"),
                   "GET " + Context::target_of(url), response);
  }
  return findings.outcome();
}

Outcome unclean_path_of_a_url(Context& c) {
  Findings findings{""};
  const auto path = Context::target_of(dex_target(c).health_url);
  const auto info = Context::target_of(dex_target(c).info_url);
  for (const auto& target : {fmt::format("/{}", path), fmt::format("{}/..{}", info, path)}) {
    const auto response = c.get(c.target().origin + target);
    findings.note("GET " + target + ": " + code(response) + ", " + tell(response, "Location"));
  }
  return findings.report();
}

Outcome download_is_405(Context& c) {
  const auto response = c.get(create_complete(c, letters(10)));
  Findings findings{"uploads cannot be downloaded: 405 with Allow"};
  findings.check(response.status == 405 && response.headers.has("Allow"),
                 "GET of an upload: " + code(response) + ", " + tell(response, "Allow"));
  return findings.outcome();
}

Outcome get_of_files_is_405(Context& c) {
  Findings findings{"GET of the creation URL is 405 with Allow: POST"};
  for (const auto& url : both_spellings(c)) {
    const auto response = c.get(url);
    findings.check(
        response.status == 405 && response.headers.has_token("Allow", "POST"),
        "GET " + Context::target_of(url) + ": " + code(response) + ", " + tell(response, "Allow"));
  }
  return findings.outcome();
}

Outcome info_of_unknown_id_is_404(Context& c) {
  Findings findings{"an unknown id on /info is 404 'error getting file manifest'"};
  for (const auto& url : {dex_target(c).info_url + "/1234", info_url_of(c, unknown_upload(c))}) {
    const auto response = c.get(url);
    auto text = error_text(c, response);
    if (text.ends_with('\n')) text.pop_back();
    // No further text: what the server was looking for is not the client's business.
    findings.check(response.status == 404 && text == "error getting file manifest",
                   code(response) + " '" + text_of(response) + "'");
  }
  return findings.outcome();
}

Outcome public_routes_by_other_methods(Context& c) {
  Findings findings{""};
  const auto upload = visible_upload(c);
  for (const auto& url : {dex_target(c).root_url, dex_target(c).health_url,
                          dex_target(c).version_url, info_url_of(c, upload)}) {
    std::string codes;
    for (const char* method : {"GET", "POST", "DELETE"}) {
      Request request;
      request.method = method;
      request.url = url;
      codes += std::string{codes.empty() ? "" : ", "} + method + " " + code(c.send(request));
    }
    const bool info = url.starts_with(dex_target(c).info_url);
    findings.note((info ? "/info/{id}" : Context::target_of(url)) + ": " + codes);
  }
  return findings.report();
}

}  // namespace

std::vector<Check> dex_routes() {
  return {
      {"DEX-ROUTE-001", root_is_a_json_banner},
      {"DEX-ROUTE-002", get_health_is_json},
      {"DEX-ROUTE-003", get_version_is_json},
      {"DEX-ROUTE-004", get_metrics_is_prometheus_text, ext::creation},
      {"DEX-ROUTE-005", info_and_route_alone_are_404},
      {"DEX-ROUTE-006", uploads_with_and_without_slash, ext::creation},
      {"DEX-ROUTE-007", unknown_path_is_404_text},
      {"DEX-ROUTE-008", unclean_path_of_a_url},
      {"DEX-ROUTE-009", download_is_405, ext::creation},
      {"DEX-ROUTE-010", get_of_files_is_405},
      {"DEX-ROUTE-011", info_of_unknown_id_is_404, ext::creation},
      {"DEX-ROUTE-012", public_routes_by_other_methods, ext::creation},
  };
}

}  // namespace conformance::suites
