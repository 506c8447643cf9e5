// The endpoints of tus, in both URL shapes: behind the gateway (/upload) and inside (/files).
#pragma once

#include "http/route.hpp"

namespace mock {

namespace routes {
inline constexpr Endpoint creation{
    .name = "creation", .creates = true, .guarded = Endpoint::Guard::always};
inline constexpr Endpoint upload{
    .name = "upload", .names_upload = true, .guarded = Endpoint::Guard::always};
}  // namespace routes

inline constexpr RoutePattern tus_routes[]{
    {"/files", routes::creation, "/files"},    {"/files/", routes::creation, "/files"},
    {"/upload", routes::creation, "/upload"},  {"/upload/", routes::creation, "/upload"},
    {"/files/{id}", routes::upload, "/files"}, {"/upload/{id}", routes::upload, "/upload"},
};

}  // namespace mock
