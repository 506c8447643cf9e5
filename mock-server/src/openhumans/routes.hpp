// The endpoints of Open Humans that uploads need. The slash at the end is a part of them; the form
// with a suffix is Django REST framework's.
#pragma once

#include "http/route.hpp"

namespace mock {

namespace routes {
inline constexpr Endpoint files_upload{.name = "files_upload", .guarded = Endpoint::Guard::system};
inline constexpr Endpoint files_direct{.name = "files_direct", .guarded = Endpoint::Guard::system};
inline constexpr Endpoint files_complete{.name = "files_complete",
                                         .guarded = Endpoint::Guard::system};
inline constexpr Endpoint files_delete{.name = "files_delete", .guarded = Endpoint::Guard::system};
inline constexpr Endpoint exchange_member{.name = "exchange_member",
                                          .guarded = Endpoint::Guard::system};
inline constexpr Endpoint members{.name = "members", .guarded = Endpoint::Guard::system};
}  // namespace routes

inline constexpr RoutePattern openhumans_routes[]{
    {"/api/direct-sharing/project/files/upload/", routes::files_upload},
    {"/api/direct-sharing/project/files/upload.json", routes::files_upload},
    {"/api/direct-sharing/project/files/upload/direct/", routes::files_direct},
    {"/api/direct-sharing/project/files/upload/direct.json", routes::files_direct},
    {"/api/direct-sharing/project/files/upload/complete/", routes::files_complete},
    {"/api/direct-sharing/project/files/upload/complete.json", routes::files_complete},
    {"/api/direct-sharing/project/files/delete/", routes::files_delete},
    {"/api/direct-sharing/project/files/delete.json", routes::files_delete},
    {"/api/direct-sharing/project/exchange-member/", routes::exchange_member},
    {"/api/direct-sharing/project/exchange-member.json", routes::exchange_member},
    {"/api/direct-sharing/project/members/", routes::members},
    {"/api/direct-sharing/project/members.json", routes::members},
};

}  // namespace mock
