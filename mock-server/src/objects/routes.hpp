// The endpoints of an object store. A bucket begins the path: "/examplebucket/a/key".
#pragma once

#include <string_view>

#include "http/route.hpp"

namespace mock {

namespace routes {
inline constexpr Endpoint bucket{.name = "bucket"};
inline constexpr Endpoint object{.name = "object"};
}  // namespace routes

/// By these paths the endpoints are known to every server; which buckets there are, the profile
/// says.
inline constexpr RoutePattern objects_routes[]{
    {"/examplebucket", routes::bucket},
    {"/examplebucket/*", routes::object},
};

}  // namespace mock
