// Open Humans, as the list of systems has it.
#pragma once

#include "openhumans/file_record.hpp"
#include "openhumans/openhumans_settings.hpp"
#include "openhumans/routes.hpp"
#include "system/registered.hpp"

namespace mock {

inline constexpr RegisteredSystem openhumans_registration{.name = "openhumans",
                                                          .routes = openhumans_routes,
                                                          .attributes = file_attribute_names,
                                                          .schema = file_schema,
                                                          .make = make_openhumans,
                                                          .settings = openhumans_settings};

}  // namespace mock
