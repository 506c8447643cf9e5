// tus, as the list of systems has it.
#pragma once

#include "system/registered.hpp"
#include "tus/attribute_names.hpp"
#include "tus/attributes.hpp"
#include "tus/journal.hpp"
#include "tus/routes.hpp"
#include "tus/tus_settings.hpp"

namespace mock {

inline constexpr RegisteredSystem tus_registration{.name = "tus",
                                                   .routes = tus_routes,
                                                   .journal = tus_journal,
                                                   .attributes = tus_attribute_names,
                                                   .schema = tus_schema,
                                                   .make = make_tus,
                                                   .settings = tus_settings,
                                                   .read_profile = read_tus_profile};

}  // namespace mock
