#include "auth/gate.hpp"

namespace mock {

bool is_preflight(const Request& request) {
  return request.method == "OPTIONS" && !request.addressed.overridden &&
         request.fields.has("Origin") && request.fields.has("Access-Control-Request-Method");
}

}  // namespace mock
