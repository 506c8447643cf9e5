// DEX, as the list of systems has it.
#pragma once

#include "dex/dex_settings.hpp"
#include "dex/routes.hpp"
#include "system/registered.hpp"

namespace mock {

inline constexpr RegisteredSystem dex_registration{.name = "dex",
                                                   .routes = dex_routes,
                                                   .make = make_dex,
                                                   .settings = dex_settings,
                                                   .load = load_dex};

}  // namespace mock
