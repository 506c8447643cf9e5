// The endpoints of the identity provider.
#pragma once

#include "http/route.hpp"

namespace mock {

namespace routes {
inline constexpr Endpoint oauth{.name = "oauth"};
inline constexpr Endpoint oauth_refresh{.name = "oauth_refresh"};
inline constexpr Endpoint oidc_configuration{.name = "oidc_configuration"};
inline constexpr Endpoint jwks{.name = "jwks"};
}  // namespace routes

inline constexpr RoutePattern identity_routes[]{
    {"/oauth", routes::oauth},
    {"/oauth/refresh", routes::oauth_refresh},
    {"/oauth/.well-known/openid-configuration", routes::oidc_configuration},
    // Also at the root: --issuer may name a host only.
    {"/.well-known/openid-configuration", routes::oidc_configuration},
    {"/oauth/jwks", routes::jwks},
};

}  // namespace mock
