// For tests: what a lane with every system makes of a request.
#pragma once

#include <stdexcept>

#include "dex/routes.hpp"
#include "http/addressed.hpp"
#include "system/identity_routes.hpp"
#include "system/registered.hpp"
#include "tus/acting_method.hpp"
#include "tus/routes.hpp"
#include "tus/tus_handler.hpp"

namespace mock::test {

inline Addressed addressed(const Request& request, const TusOptions& options = {}) {
  static const auto table = [] {
    RouteTable all;
    for (const auto& patterns : registered_routes()) {
      if (const auto added = all.add(patterns); !added)
        throw std::logic_error(added.error().line());
    }
    return all;
  }();
  auto result = address(request, table);
  read_method(request, options, result);
  return result;
}

}  // namespace mock::test
