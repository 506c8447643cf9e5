#include "openhumans/words.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "auth/gate.hpp"
#include "openhumans/routes.hpp"
#include "protocol/json/encode.hpp"

namespace mock::words {
namespace {

using Json = nlohmann::ordered_json;

bool is_listing(Route route) {
  return route == routes::exchange_member || route == routes::members;
}

std::string_view name_of(Route route) {
  if (route == routes::files_upload) return "Project File Upload";
  if (route == routes::files_direct) return "Project File Direct Upload";
  if (route == routes::files_complete) return "Project File Direct Upload Completion";
  if (route == routes::files_delete) return "Project File Delete";
  if (route == routes::exchange_member) return "Project Member Exchange";
  return "Project Member Data";
}

}  // namespace

Reply detail(int status, std::string_view sentence) {
  return json_reply(status, openhumans::detail_body(sentence));
}

Reply problems(const openhumans::Problems& problems) {
  return json_reply(400, openhumans::problems_body(problems));
}

Reply too_much() {
  auto reply = text_reply(400, "<h1>Bad Request (400)</h1>");
  reply.fields.set("Content-Type", "text/html");
  return reply;
}

Reply trouble(const StoreError& error) {
  return error.kind == StoreError::Kind::no_space ? detail(507, "No space is left for this.")
                                                  : detail(500, "A server error occurred.");
}

Reply method_not_allowed(std::string_view method) {
  return detail(405, "Method \"" + std::string(method) + "\" not allowed.");
}

bool accepts_json(const Request& request) {
  const auto accept = request.fields.joined("Accept");
  if (!accept) return true;
  constexpr std::array<std::string_view, 5> taken{"*/*", "application/*", "application/json",
                                                  "text/*", "text/html"};
  const auto list = ::http::split_list(*accept);
  return list.empty() || std::ranges::any_of(list, [&](std::string_view range) {
           const auto type = ::http::trim_ows(range.substr(0, range.find(';')));
           return std::ranges::any_of(
               taken, [&](std::string_view known) { return ::http::same_name(type, known); });
         });
}

Reply not_acceptable() { return detail(406, "Could not satisfy the request Accept header."); }

Reply description(const Request& request) {
  if (is_preflight(request)) return Reply{};
  const auto route = request.addressed.route;
  Json parses{"application/json", "application/x-www-form-urlencoded", "multipart/form-data"};
  return json_reply(200, json::dump(Json{{"name", name_of(route)},
                                         {"description", ""},
                                         {"renders", Json::array({"application/json"})},
                                         {"parses", std::move(parses)}}));
}

void add_cors(const Request& request, Reply& reply) {
  if (request.fields.find("Origin").value_or("").empty()) return;
  reply.fields.set("Access-Control-Allow-Origin", "*");
  if (!is_preflight(request)) return;
  reply.fields.set("Access-Control-Allow-Methods", "DELETE, GET, OPTIONS, PATCH, POST, PUT");
  reply.fields.set("Access-Control-Allow-Headers",
                   "accept, accept-encoding, authorization, content-type, dnt, origin, "
                   "user-agent, x-csrftoken, x-requested-with");
  reply.fields.set("Access-Control-Max-Age", "86400");
}

void add_fields(const Request& request, Reply& reply) {
  auto& fields = reply.fields;
  const bool listing = is_listing(request.addressed.route);
  fields.set("Allow", listing ? "GET, HEAD, OPTIONS" : "POST, OPTIONS");
  fields.set("Cache-Control", "max-age=0, no-cache, no-store, must-revalidate");
  fields.set("Vary", "Accept, Accept-Language, Cookie");
  fields.set("X-Frame-Options", "SAMEORIGIN");
  add_cors(request, reply);
}

std::string origin_of(const Request& request) {
  const auto host = ::http::trim_ows(request.fields.find("Host").value_or(""));
  return (request.tls ? "https://" : "http://") +
         (host.empty() ? request.local_authority : std::string(host));
}

}  // namespace mock::words
