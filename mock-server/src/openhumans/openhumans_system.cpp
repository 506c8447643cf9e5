#include "openhumans/openhumans_system.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "openhumans/routes.hpp"
#include "openhumans/words.hpp"

namespace mock {
namespace {

bool is_own(Route route) {
  return std::ranges::any_of(openhumans_routes, [&](const RoutePattern& pattern) {
    return Route(pattern.endpoint) == route;
  });
}

}  // namespace

OpenHumansSystem::OpenHumansSystem(OpenHumansOptions options,
                                   std::unique_ptr<ObjectsSystem> objects, const Services& services)
    : options_(std::move(options)),
      services_(services),
      objects_(std::move(objects)),
      gate_(options_.tokens),
      files_(objects_->objects(), options_.bucket, options_.lifetime, services.loop),
      api_(options_, gate_, objects_->objects(), files_, services.loop) {
  objects_->store_only([this](std::string_view /*bucket*/, std::string_view key) {
    std::ignore = files_.load(services_.store);
    return files_.has_key(key);
  });
}

std::vector<std::span<const RoutePattern>> OpenHumansSystem::routes() const {
  std::vector<std::span<const RoutePattern>> all{openhumans_routes};
  for (const auto& patterns : objects_->routes()) all.push_back(patterns);
  return all;
}

std::unique_ptr<Handler> OpenHumansSystem::handler_for(const Request& request, Services& services) {
  return is_own(request.addressed.route) ? api_.handler_for(request, services)
                                         : objects_->handler_for(request, services);
}

const Gate* OpenHumansSystem::gate(Route route) const {
  return is_own(route) ? &gate_ : objects_->gate(route);
}

void OpenHumansSystem::complete_refusal(const Request& request, Reply& refusal) const {
  if (is_own(request.addressed.route)) {
    words::add_fields(request, refusal);
  } else {
    objects_->complete_refusal(request, refusal);
  }
}

void OpenHumansSystem::add_cors(const Request& request, Reply& reply) const {
  is_own(request.addressed.route) ? words::add_cors(request, reply)
                                  : objects_->add_cors(request, reply);
}

AskedFor OpenHumansSystem::asked_for(const Request& request, const ::http::Fields& fields) const {
  return is_own(request.addressed.route) ? AskedFor{} : objects_->asked_for(request, fields);
}

void OpenHumansSystem::removed(const Upload& upload) {
  objects_->removed(upload);
  files_.removed(upload);
}

void OpenHumansSystem::start() {
  objects_->start();
  files_.start(services_.store);
}

}  // namespace mock
