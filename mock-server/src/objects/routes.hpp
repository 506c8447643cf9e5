// The endpoints of an object store. A bucket begins the path: "/examplebucket/a/key".
#pragma once

#include <string_view>

#include "http/route.hpp"

namespace mock {

namespace routes {
// A PUT makes the object that its path names, a form the one that it names itself. The ids of the
// uploads behind them are random, and are told nowhere.
inline constexpr Endpoint bucket{.name = "bucket", .creates = true, .names_upload = true};
inline constexpr Endpoint object{.name = "object", .creates = true, .names_upload = true};
}  // namespace routes

/// By these paths every server knows the endpoints; the profile says which buckets there are.
inline constexpr RoutePattern objects_routes[]{
    {"/examplebucket", routes::bucket},
    {"/examplebucket/*", routes::object},
};

}  // namespace mock
