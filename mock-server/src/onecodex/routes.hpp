// The endpoints of One Codex that uploads need.
#pragma once

#include <string_view>

#include "http/route.hpp"

namespace mock {

namespace routes {
inline constexpr Endpoint samples_init_upload{.name = "samples_init_upload",
                                              .guarded = Endpoint::Guard::system};
inline constexpr Endpoint samples_init_multipart{.name = "samples_init_multipart",
                                                 .guarded = Endpoint::Guard::system};
inline constexpr Endpoint samples_preupload{.name = "samples_preupload",
                                            .guarded = Endpoint::Guard::system};
inline constexpr Endpoint samples_confirm{.name = "samples_confirm",
                                          .guarded = Endpoint::Guard::system};
inline constexpr Endpoint samples_cancel{.name = "samples_cancel",
                                         .guarded = Endpoint::Guard::system};
inline constexpr Endpoint documents_init_upload{.name = "documents_init_upload",
                                                .guarded = Endpoint::Guard::system};
inline constexpr Endpoint documents_init_multipart{.name = "documents_init_multipart",
                                                   .guarded = Endpoint::Guard::system};
inline constexpr Endpoint documents_confirm{.name = "documents_confirm",
                                            .guarded = Endpoint::Guard::system};
inline constexpr Endpoint upload_callback{.name = "upload_callback",
                                          .guarded = Endpoint::Guard::system};
inline constexpr Endpoint samples{.name = "samples", .guarded = Endpoint::Guard::system};
inline constexpr Endpoint documents{.name = "documents", .guarded = Endpoint::Guard::system};
inline constexpr Endpoint resources{.name = "resources", .guarded = Endpoint::Guard::system};
/// For whoever asks: clients read it before they have a key.
inline constexpr Endpoint api_schema{.name = "api_schema"};
}  // namespace routes

/// Told to clients by init_multipart_upload; where the service has it is its own affair.
inline constexpr std::string_view callback_path = "/api/v1/upload_callback";

inline constexpr RoutePattern onecodex_routes[]{
    {"/api/v1/schema", routes::api_schema},
    {"/api/v1/samples/schema", routes::api_schema},
    {"/api/v1/documents/schema", routes::api_schema},
    {"/api/v1/samples/init_upload", routes::samples_init_upload},
    {"/api/v1/samples/init_multipart_upload", routes::samples_init_multipart},
    {"/api/v1/samples/preupload", routes::samples_preupload},
    {"/api/v1/samples/confirm_upload", routes::samples_confirm},
    {"/api/v1/samples/cancel_upload", routes::samples_cancel},
    {"/api/v1/documents/init_upload", routes::documents_init_upload},
    {"/api/v1/documents/init_multipart_upload", routes::documents_init_multipart},
    {"/api/v1/documents/confirm_upload", routes::documents_confirm},
    {callback_path, routes::upload_callback},
    {"/api/v1/samples", routes::samples},
    {"/api/v1/samples/*", routes::samples},
    {"/api/v1/documents", routes::documents},
    {"/api/v1/documents/*", routes::documents},
    {"/api/v1/*", routes::resources},
};

}  // namespace mock
