#include "lane/application.hpp"

#include <utility>

#include "dex/json_errors.hpp"
#include "http/addressed.hpp"
#include "http/http_options.hpp"
#include "http/intercept.hpp"
#include "protocol/tus/headers.hpp"

namespace mock {
namespace {

// Token requests and redeliveries are a few hundred bytes.
constexpr Bytes small_body{64UL << 10U};

std::unique_ptr<Handler> not_found() {
  return bodiless([](const Request&) { return text_reply(404, "404 page not found\n"); });
}

bool is_tus(Route route) { return route == Route::creation || route == Route::upload; }

/// The endpoints that CDC's guide lists.
bool is_in_guide(Route route) {
  return is_tus(route) || route == Route::info || route == Route::health || route == Route::oauth;
}

std::string escaped_for_html(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&#34;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

/// To the same path without empty and dot segments, and the same query.
Reply redirect(const Request& request) {
  auto location = request.mount + clean_path(request.path);
  if (!request.query.empty()) location += "?" + request.query;
  Reply reply;
  reply.status = 307;
  if (request.method == "GET" || request.method == "HEAD")
    reply.fields.add("Content-Type", "text/html; charset=utf-8");
  if (request.method == "GET") {
    reply.body = "<a href=\"" + escaped_for_html(location) + "\">" +
                 std::string(reason_phrase(reply.status)) + "</a>.\n\n";
  }
  reply.fields.add("Location", std::move(location));
  return reply;
}

/// What a server answers before it looks for an endpoint; null: nothing.
std::unique_ptr<Handler> answer_before_endpoints(const Request& request) {
  const auto& http = *request.http;
  if (http.redirects_unclean_paths && request.path.starts_with('/') &&
      !request.path.starts_with("/_mock/") && request.path != clean_path(request.path)) {
    return bodiless(redirect);
  }
  if (http.answers_asterisk && request.path == "*" && request.method == "OPTIONS") {
    return bodiless([](const Request&) { return Reply{}; });
  }
  return nullptr;
}

}  // namespace

void MockApplication::admit(Request& request) {
  request.http = &parts_.http;
  request.addressed = address(request);
  read_empty_override(request, parts_.tus, request.addressed);
}

std::unique_ptr<Handler> MockApplication::handler_for(const Request& request,
                                                      Intercept* intercept) {
  if (auto early = answer_before_endpoints(request)) return early;
  auto handler = server_handler(request, intercept);
  const bool by_guide = parts_.dex && parts_.dex->contract() == dex::Contract::guide;
  return by_guide && is_in_guide(request.addressed.route) ? json_errors(std::move(handler))
                                                          : std::move(handler);
}

std::unique_ptr<Handler> MockApplication::server_handler(const Request& request,
                                                         Intercept* intercept) {
  Services& services = intercept ? intercept->services(parts_.services) : parts_.services;
  const auto& addressed = request.addressed;

  if (parts_.auth.guards(addressed.route)) {
    if (auto refusal = parts_.auth.check(request)) {
      if (is_tus(addressed.route)) {
        // Errors too name the version and can be read by browsers (TUS-CORE-VER-001, CORS-006).
        refusal->fields.set(tus::header::tus_resumable, std::string(tus::version));
        add_cors(request, request.method, parts_.tus, *refusal);
      }
      refusal->unread_body = parts_.tus.early_error;
      return bodiless([reply = *std::move(refusal)](const Request&) { return reply; });
    }
  }

  switch (addressed.route) {
    case Route::creation:
    case Route::upload:
      return make_tus_handler(parts_.tus, services);
    case Route::oauth:
      return buffered(small_body, [this](const Request& r, const std::string& body) {
        return parts_.auth.oauth(r, body);
      });
    case Route::oauth_refresh:
      return buffered(small_body, [this](const Request& r, const std::string& body) {
        return parts_.auth.refresh(r, body);
      });
    case Route::oidc_configuration:
      return bodiless([this](const Request& r) { return parts_.auth.oidc_configuration(r); });
    case Route::jwks:
      return bodiless([this](const Request& r) { return parts_.auth.jwks(r); });
    case Route::metrics:
    case Route::control:
      return parts_.control ? parts_.control(request) : not_found();
    default:
      return parts_.dex ? dex_handler(addressed, services) : not_found();
  }
}

std::unique_ptr<Handler> MockApplication::dex_handler(const Addressed& addressed,
                                                      Services& services) {
  Dex& dex = *parts_.dex;
  switch (addressed.route) {
    case Route::info:
      return bodiless([&dex, id = addressed.id, &store = services.store](const Request& request) {
        return dex.info(request, id, store);
      });
    case Route::redelivery:
      return buffered(small_body,
                      [&dex, id = addressed.id](const Request& request, const std::string& body) {
                        return dex.redelivery(request, id, body);
                      });
    case Route::health:
      return bodiless([&dex](const Request&) { return dex.health(); });
    case Route::version:
      return bodiless([&dex](const Request&) { return dex.version(); });
    case Route::root:
      return bodiless([&dex](const Request&) { return dex.banner(); });
    default:
      return not_found();
  }
}

}  // namespace mock
