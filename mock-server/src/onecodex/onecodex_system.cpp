#include "onecodex/onecodex_system.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "onecodex/routes.hpp"
#include "onecodex/words.hpp"

namespace mock {
namespace {

bool is_own(Route route) {
  return std::ranges::any_of(onecodex_routes, [&](const RoutePattern& pattern) {
    return Route(pattern.endpoint) == route;
  });
}

/// As documents and clients present a key, and as the OpenAPI document says it.
KeyGateOptions gate_options(std::vector<std::string> keys) {
  return {{{KeyWay::Kind::basic_user}, {KeyWay::Kind::bearer}, {KeyWay::Kind::field, "X-API-Key"}},
          std::move(keys),
          [](KeyFlaw flaw) {
            auto reply = onecodex_words::problem(
                401, flaw == KeyFlaw::absent
                         ? "Unauthorized: an API key is needed, as the user of Basic without a "
                           "password"
                         : "Unauthorized: this API key is not known");
            reply.fields.set("WWW-Authenticate", "Basic realm=\"One Codex\"");
            return reply;
          }};
}

}  // namespace

OneCodexSystem::OneCodexSystem(OneCodexOptions options, std::unique_ptr<ObjectsSystem> objects,
                               const Services& services)
    : options_(std::move(options)),
      services_(services),
      objects_(std::move(objects)),
      gate_(gate_options(options_.api_keys)),
      uploads_(objects_->objects(), options_.bucket, services.loop),
      api_(options_, gate_, uploads_, services.loop) {
  objects_->store_only([this](std::string_view /*bucket*/, std::string_view key) {
    std::ignore = uploads_.load(services_.store);
    return uploads_.awaits(key);
  });
}

std::vector<std::span<const RoutePattern>> OneCodexSystem::routes() const {
  std::vector<std::span<const RoutePattern>> all{onecodex_routes};
  for (const auto& patterns : objects_->routes()) all.push_back(patterns);
  return all;
}

std::unique_ptr<Handler> OneCodexSystem::handler_for(const Request& request, Services& services) {
  return is_own(request.addressed.route) ? api_.handler_for(request, services)
                                         : objects_->handler_for(request, services);
}

const Gate* OneCodexSystem::gate(Route route) const {
  return is_own(route) ? &gate_ : objects_->gate(route);
}

void OneCodexSystem::complete_refusal(const Request& request, Reply& refusal) const {
  if (!is_own(request.addressed.route)) objects_->complete_refusal(request, refusal);
}

void OneCodexSystem::add_cors(const Request& request, Reply& reply) const {
  if (!is_own(request.addressed.route)) objects_->add_cors(request, reply);
}

AskedFor OneCodexSystem::asked_for(const Request& request, const ::http::Fields& fields) const {
  return is_own(request.addressed.route) ? AskedFor{} : objects_->asked_for(request, fields);
}

void OneCodexSystem::removed(const Upload& upload) {
  objects_->removed(upload);
  uploads_.removed(upload);
}

void OneCodexSystem::start() {
  objects_->start();
  uploads_.start(services_.store);
  // What cannot be read now is tried again by the first request.
  std::ignore = uploads_.load(services_.store);
}

}  // namespace mock
