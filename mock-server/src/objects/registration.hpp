// Object storage, as the list of systems has it.
#pragma once

#include "objects/journal.hpp"
#include "objects/objects_settings.hpp"
#include "objects/record.hpp"
#include "objects/routes.hpp"
#include "system/registered.hpp"

namespace mock {

inline constexpr RegisteredSystem objects_registration{.name = "objects",
                                                       .routes = objects_routes,
                                                       .journal = objects_journal,
                                                       .attributes = object_attribute_names,
                                                       .schema = objects_schema,
                                                       .make = make_objects,
                                                       .settings = objects_settings,
                                                       .read_profile = read_objects_profile,
                                                       .access_key = object_access_key};

}  // namespace mock
