// One Codex, as the list of systems has it.
#pragma once

#include "onecodex/onecodex_settings.hpp"
#include "onecodex/routes.hpp"
#include "onecodex/upload_record.hpp"
#include "system/registered.hpp"

namespace mock {

inline constexpr RegisteredSystem onecodex_registration{.name = "onecodex",
                                                        .routes = onecodex_routes,
                                                        .attributes = file_upload_attribute_names,
                                                        .schema = file_upload_schema,
                                                        .make = make_onecodex,
                                                        .settings = onecodex_settings};

}  // namespace mock
