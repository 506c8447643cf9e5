#include "control/control.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "control/call.hpp"
#include "http/route.hpp"
#include "protocol/http/form.hpp"
#include "services.hpp"
#include "store/in_background.hpp"

namespace mock {
namespace control {
namespace {

constexpr std::string_view prefix = "/_mock/";
// The longest body is a list of rules; all that come with the program have about 400 KB together.
constexpr Bytes body_limit{1UL << 20U};

void get_health(Call& call) {
  call.answer(reply_json(200, {{"status", "ok"},
                               {"version", call.options.version},
                               {"run_id", call.options.run_id},
                               {"lane", call.lane.name()}}));
}

void get_index(Call& call) {
  auto all = Json::array();
  for (const auto& endpoint : endpoints()) {
    all.push_back(fmt::format("{} {}{}", endpoint.method, prefix, endpoint.path));
  }
  call.answer(reply_json(200, {{"endpoints", all}}));
}

void get_openapi(Call& call) {
  call.answer(json_reply(200, std::string(openapi_files().front().text)));
}

constexpr std::array table{
    Endpoint{"GET", "", get_index},
    Endpoint{"GET", "health", get_health},
    Endpoint{"GET", "rules", list_rules},
    Endpoint{"POST", "rules", add_rules},
    Endpoint{"DELETE", "rules", clear_rules},
    Endpoint{"GET", "rules/{name}", get_rule},
    Endpoint{"DELETE", "rules/{name}", remove_rule},
    Endpoint{"GET", "journal", list_journal},
    Endpoint{"DELETE", "journal", clear_journal},
    Endpoint{"POST", "journal/verify", verify_journal},
    Endpoint{"GET", "uploads", list_uploads},
    Endpoint{"GET", "uploads/{id}", get_upload},
    Endpoint{"DELETE", "uploads/{id}", remove_upload},
    Endpoint{"GET", "clock", get_clock},
    Endpoint{"POST", "clock", set_clock},
    Endpoint{"POST", "tokens", mint_token},
    Endpoint{"POST", "tokens/revoke", revoke_token},
    Endpoint{"POST", "keys", rotate_keys},
    Endpoint{"GET", "lanes", list_lanes},
    Endpoint{"GET", "lanes/{name}", get_lane},
    Endpoint{"PUT", "lanes/{name}", open_lane},
    Endpoint{"DELETE", "lanes/{name}", close_lane},
    Endpoint{"POST", "reset", reset_lane},
    Endpoint{"GET", "metrics", get_metrics},
    Endpoint{"GET", "openapi.json", get_openapi},
    Endpoint{"GET", "schemas", list_schemas},
    Endpoint{"GET", "schemas/{name}", get_schema},
};

/// The argument of `path` when it is an instance of `pattern`; "" when the pattern has none.
std::optional<std::string> match(std::string_view pattern, std::string_view path) {
  const auto brace = pattern.find('{');
  if (brace == std::string_view::npos) {
    return pattern == path ? std::optional<std::string>("") : std::nullopt;
  }
  if (!path.starts_with(pattern.substr(0, brace))) return std::nullopt;
  const auto argument = path.substr(brace);
  if (argument.empty() || argument.find('/') != std::string_view::npos) return std::nullopt;
  return ::http::percent_decode(argument);
}

bool is_json(const Request& request) {
  auto type = request.fields.find("Content-Type").value_or("");
  type = ::http::trim_ows(type.substr(0, type.find(';')));
  return ::http::same_name(type, "application/json");
}

class ControlHandler : public Handler, private Call {
 public:
  ControlHandler(const Request& r, Lanes& all, Lane& one, const ControlOptions& o)
      : Call(r, all, one, o) {}

  void on_header(const Request& head, Exchange& exchange) override {
    exchange_ = &exchange;
    std::string_view path = head.path;
    path.remove_prefix(std::min(prefix.size(), path.size()));
    // The list, as of a folder of files. Only here: "rules/" may be "rules/$name" without a name.
    if (path == "schemas/") path.remove_suffix(1);
    const std::string_view method = head.method == "HEAD" ? "GET" : std::string_view(head.method);
    std::vector<std::string> allowed;
    for (const auto& endpoint : table) {
      auto found = match(endpoint.path, path);
      if (!found) continue;
      allowed.emplace_back(endpoint.method);
      if (endpoint.method == "GET") allowed.emplace_back("HEAD");
      if (endpoint.method != method) continue;
      endpoint_ = &endpoint;
      argument = *std::move(found);
      return begin(head);
    }
    if (allowed.empty()) {
      return answer(reply_error(404, "there is no such endpoint",
                                "GET /_mock/ lists them; /_mock/openapi.json describes them"));
    }
    const auto list = fmt::format("{}", fmt::join(allowed, ", "));
    auto refusal = reply_error(405, fmt::format("{} is not allowed here", quote(head.method)),
                               "allowed are " + list);
    refusal.fields.add("Allow", list);
    answer(std::move(refusal));
  }

  void on_bytes(std::span<const std::byte> bytes) override {
    if (bytes.size() > body_limit.value - body.size()) return answer(too_long());
    const auto chars = std::span(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    body.append(chars.begin(), chars.end());
  }

  void on_end(BodyEnd end) override {
    if (end == BodyEnd::timed_out) {
      return answer(reply_error(408, "the request body did not come in time"));
    }
    if (end != BodyEnd::complete) return;
    if (body.empty()) body = "{}";
    endpoint_->serve(*this);
  }

  void answer(Reply reply) override {
    // Nothing under /_mock/ may be cached, nor its type be guessed by a browser.
    reply.fields.set("Cache-Control", "no-store");
    reply.fields.set("X-Content-Type-Options", "nosniff");
    exchange_->reply(std::move(reply));
  }

 private:
  void begin(const Request& head) {
    if (head.method == "POST" || head.method == "PUT") {
      // Also without a body: no form and no script of another origin can send this type.
      if (!is_json(head)) {
        return answer(reply_error(415, "the body must be application/json",
                                  "send Content-Type: application/json, also without a body"));
      }
      if (head.content_length && *head.content_length > body_limit) return answer(too_long());
      return exchange_->read_body();
    }
    body = "{}";
    endpoint_->serve(*this);
  }

  [[nodiscard]] static Reply too_long() {
    return reply_error(413, "the body is longer than " + to_string(body_limit));
  }

  Exchange* exchange_ = nullptr;
  const Endpoint* endpoint_ = nullptr;
};

}  // namespace

std::span<const Endpoint> endpoints() { return table; }

Reply reply_json(int status, const Json& json) {
  return json_reply(status, json::dump(json) + "\n");
}

Reply reply_error(int status, std::string_view error, std::string_view hint) {
  Json json{{"error", error}};
  if (!hint.empty()) json["hint"] = hint;
  return reply_json(status, json);
}

Reply reply_error(int status, const Error& error) {
  return reply_error(status, Error{error.where, error.what, {}}.line(), error.hint);
}

Reply reply_error(const StoreError& error) {
  return reply_error(error.kind == StoreError::Kind::no_space ? 507 : 500, error.detail);
}

Reply Call::failed(const std::exception_ptr& thrown) const {
  lane.services().loop.trouble(request.method + " " + request.path, thrown);
  return reply_error(store_error_of(thrown));
}

}  // namespace control

std::unique_ptr<Handler> make_control_handler(const Request& request, Lanes& lanes, Lane& lane,
                                              const ControlOptions& options) {
  if (request.addressed.route == routes::metrics) {
    return control::make_metrics_handler(request, lanes, lane);
  }
  return std::make_unique<control::ControlHandler>(request, lanes, lane, options);
}

}  // namespace mock
