// The endpoints of DEX beside those of tus, in both URL shapes. Sources: rows DEX-ROUTE-*, and
// DEX-AUTH-014 and -015 for those that need a token.
#pragma once

#include "http/route.hpp"

namespace mock {

namespace routes {
inline constexpr Endpoint info{
    .name = "info", .names_upload = true, .guarded = Endpoint::Guard::always};
/// By the guide it needs a token as well (docs/guides/contract-guide.md, point 11).
inline constexpr Endpoint health{.name = "health", .guarded = Endpoint::Guard::guide};
inline constexpr Endpoint version{.name = "version", .guarded = Endpoint::Guard::secure};
/// It writes (DEX-SEC-001).
inline constexpr Endpoint redelivery{
    .name = "redelivery", .names_upload = true, .guarded = Endpoint::Guard::always};
inline constexpr Endpoint root{.name = "root"};
}  // namespace routes

inline constexpr RoutePattern dex_routes[]{
    {"/info/{id}", routes::info},        {"/upload/info/{id}", routes::info},
    {"/health", routes::health},         {"/upload/health", routes::health},
    {"/version", routes::version},       {"/upload/version", routes::version},
    {"/route/{id}", routes::redelivery}, {"/", routes::root},
};

}  // namespace mock
