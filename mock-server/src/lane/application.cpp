#include "lane/application.hpp"

#include <utility>

#include "auth/gate.hpp"
#include "http/addressed.hpp"
#include "http/http_options.hpp"
#include "http/intercept.hpp"
#include "system/identity_routes.hpp"

namespace mock {
namespace {

// Token requests are a few hundred bytes.
constexpr Bytes small_body{64UL << 10U};

std::unique_ptr<Handler> not_found() {
  return bodiless([](const Request&) { return text_reply(404, "404 page not found\n"); });
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

MockApplication::MockApplication(Parts parts) : parts_(std::move(parts)) {
  for (const auto& system : parts_.systems) {
    for (const auto& patterns : system->routes()) {
      for (const auto& pattern : patterns) {
        served_.push_back({pattern.endpoint, pattern.base, system.get()});
      }
    }
  }
}

System* MockApplication::system_of(const RouteMatch& match) const {
  for (const auto& served : served_) {
    if (served.route == match.route && served.base == match.base) return served.system;
  }
  return nullptr;
}

void MockApplication::admit(Request& request) {
  request.http = &parts_.http;
  request.addressed = address(request, parts_.routes);
  const auto* const system = system_of(request.addressed);
  if (system != nullptr) system->read_method(request, request.addressed);
}

std::unique_ptr<Handler> MockApplication::handler_for(const Request& request,
                                                      Intercept* intercept) {
  if (auto early = answer_before_endpoints(request)) return early;
  auto handler = server_handler(request, intercept);
  for (const auto& system : parts_.systems) {
    handler = system->in_its_words(request.addressed.route, std::move(handler));
  }
  return handler;
}

void MockApplication::add_cors(const Request& request, Reply& reply) const {
  const auto* const system = system_of(request.addressed);
  if (system != nullptr) system->add_cors(request, reply);
}

/// The refusal of the gate before the endpoint; nullopt: it lets the request in.
std::optional<Reply> MockApplication::check(const Request& request, const System* system) const {
  const auto route = request.addressed.route;
  if (route.guarded() == Endpoint::Guard::system) {
    const auto* const gate = system != nullptr ? system->gate(route) : nullptr;
    return gate != nullptr ? gate->check(request) : std::nullopt;
  }
  return parts_.auth.guards(route) ? parts_.auth.check(request) : std::nullopt;
}

std::unique_ptr<Handler> MockApplication::server_handler(const Request& request,
                                                         Intercept* intercept) {
  auto* const system = system_of(request.addressed);
  if (auto refusal = check(request, system)) {
    if (system != nullptr) system->complete_refusal(request, *refusal);
    refusal->unread_body = parts_.early_error;
    return bodiless([reply = *std::move(refusal)](const Request&) { return reply; });
  }
  if (system == nullptr) return own_handler(request);
  auto& services = parts_.services;
  return system->handler_for(request, intercept ? intercept->services(services) : services);
}

/// What every lane answers.
std::unique_ptr<Handler> MockApplication::own_handler(const Request& request) {
  const auto route = request.addressed.route;
  if (route == routes::oauth) {
    return buffered(small_body, [this](const Request& r, const std::string& body) {
      return parts_.auth.oauth(r, body);
    });
  }
  if (route == routes::oauth_refresh) {
    return buffered(small_body, [this](const Request& r, const std::string& body) {
      return parts_.auth.refresh(r, body);
    });
  }
  if (route == routes::oidc_configuration) {
    return bodiless([this](const Request& r) { return parts_.auth.oidc_configuration(r); });
  }
  if (route == routes::jwks) {
    return bodiless([this](const Request& r) { return parts_.auth.jwks(r); });
  }
  if (route == routes::metrics || route.is_control()) {
    return parts_.control ? parts_.control(request) : not_found();
  }
  return not_found();
}

}  // namespace mock
