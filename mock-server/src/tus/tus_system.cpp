#include "tus/tus_system.hpp"

#include "protocol/tus/headers.hpp"
#include "tus/acting_method.hpp"
#include "tus/ietf.hpp"
#include "tus/routes.hpp"

namespace mock {

std::vector<std::span<const RoutePattern>> TusSystem::routes() const { return {tus_routes}; }

void TusSystem::read_method(const Request& request, Addressed& addressed) const {
  mock::read_method(request, options_, addressed);
}

std::unique_ptr<Handler> TusSystem::handler_for(const Request&, Services& services) {
  return make_tus_handler(options_, {services, upkeep_.hooks()});
}

/// Errors too name the version and can be read by browsers (TUS-CORE-VER-001, CORS-006).
void TusSystem::complete_refusal(const Request& request, Reply& refusal) const {
  refusal.fields.set(tus::header::tus_resumable, std::string(tus::version));
  add_cors(request, request.method, options_, refusal);
}

bool TusSystem::signals_end(const ::http::Fields& fields) const {
  return mock::signals_end(fields, options_);
}

}  // namespace mock
