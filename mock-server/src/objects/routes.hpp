// The endpoints of an object store. A bucket begins the path: "/examplebucket/a/key".
#pragma once

#include <string_view>

#include "http/route.hpp"

namespace mock {

namespace routes {
// A PUT makes what its path names, a form what it names itself: what that is of uploads is random,
// and stands nowhere.
inline constexpr Endpoint bucket{.name = "bucket", .creates = true, .names_upload = true};
inline constexpr Endpoint object{.name = "object", .creates = true, .names_upload = true};
}  // namespace routes

/// By these paths the endpoints are known to every server; which buckets there are, the profile
/// says.
inline constexpr RoutePattern objects_routes[]{
    {"/examplebucket", routes::bucket},
    {"/examplebucket/*", routes::object},
};

}  // namespace mock
