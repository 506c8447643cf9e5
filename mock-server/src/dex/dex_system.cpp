#include "dex/dex_system.hpp"

#include "dex/json_errors.hpp"
#include "dex/routes.hpp"
#include "system/identity_routes.hpp"
#include "tus/routes.hpp"

namespace mock {
namespace {

// Redeliveries are a few hundred bytes.
constexpr Bytes small_body{64UL << 10U};

bool is_tus(Route route) { return route == routes::creation || route == routes::upload; }

/// The endpoints that CDC's guide lists.
bool is_in_guide(Route route) {
  return is_tus(route) || route == routes::info || route == routes::health ||
         route == routes::oauth;
}

}  // namespace

std::vector<std::span<const RoutePattern>> DexSystem::routes() const {
  return {tus_routes, dex_routes};
}

std::unique_ptr<Handler> DexSystem::handler_for(const Request& request, Services& services) {
  Dex& dex = *dex_;
  const auto& addressed = request.addressed;
  const auto route = addressed.route;
  if (is_tus(route)) return tus_.handler_for(request, services);
  if (route == routes::info) {
    return bodiless([&dex, id = addressed.id, &store = services.store](const Request& r) {
      return dex.info(r, id, store);
    });
  }
  if (route == routes::redelivery) {
    return buffered(small_body,
                    [&dex, id = addressed.id](const Request& r, const std::string& body) {
                      return dex.redelivery(r, id, body);
                    });
  }
  if (route == routes::health) return bodiless([&dex](const Request&) { return dex.health(); });
  if (route == routes::version) return bodiless([&dex](const Request&) { return dex.version(); });
  return bodiless([&dex](const Request&) { return dex.banner(); });
}

void DexSystem::complete_refusal(const Request& request, Reply& refusal) const {
  if (is_tus(request.addressed.route)) tus_.complete_refusal(request, refusal);
}

void DexSystem::add_cors(const Request& request, Reply& reply) const {
  if (is_tus(request.addressed.route)) tus_.add_cors(request, reply);
}

std::unique_ptr<Handler> DexSystem::in_its_words(Route route, std::unique_ptr<Handler> handler) {
  const bool by_guide = dex_->contract() == dex::Contract::guide;
  return by_guide && is_in_guide(route) ? json_errors(std::move(handler)) : std::move(handler);
}

void DexSystem::on_exchange(const ExchangeRecord& record) { dex_->observer().on_exchange(record); }
void DexSystem::on_connections(std::size_t open) { dex_->observer().on_connections(open); }

void DexSystem::start() {
  dex_->resume();
  tus_.start();
}

}  // namespace mock
