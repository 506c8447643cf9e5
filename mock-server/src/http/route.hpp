// Which endpoint a path names, in both URL shapes: behind the gateway (/upload, /upload/info/{id})
// and inside (/files, /info/{id}). Source: systems.md, census rows DEX-ROUTE-*.
#pragma once

#include <string>
#include <string_view>

#include "http/message.hpp"

namespace mock {

enum class Route {
  creation,            ///< /files, /files/, /upload, /upload/
  upload,              ///< /files/{id}, /upload/{id}
  info,                ///< /info/{id}, /upload/info/{id}
  health,              ///< /health, /upload/health
  version,             ///< /version, /upload/version
  metrics,             ///< /metrics
  oauth,               ///< /oauth
  oauth_refresh,       ///< /oauth/refresh
  oidc_configuration,  ///< /oauth/.well-known/openid-configuration, and at the root: --issuer may
                       ///< name a host only
  jwks,                ///< /oauth/jwks
  redelivery,          ///< /route/{id}
  root,                ///< /
  control,             ///< /_mock/...
  unknown,
};

struct RouteMatch {
  Route route = Route::unknown;
  std::string id;    ///< percent-decoded; may hold '/' when the client sent %2F
  std::string base;  ///< for creation and upload: "/files" or "/upload", what Location starts with
  bool operator==(const RouteMatch&) const = default;
};

/// `path` is percent-encoded and has no query. An id with a NUL or a bad escape is `unknown`.
[[nodiscard]] RouteMatch match_route(std::string_view path);
/// The same of the request's path, in the manner of its lane (HttpOptions::ids_hold_slashes: then
/// an id may hold a NUL too).
[[nodiscard]] RouteMatch match_route(const Request& request);
/// The path without empty and dot segments (RFC 3986 section 5.2.4), still percent-encoded; a slash
/// at its end stays. `path` starts with a slash.
[[nodiscard]] std::string clean_path(std::string_view path);
/// "creation", "upload", ... as rules, logs and metrics spell it.
[[nodiscard]] std::string_view route_name(Route route);

}  // namespace mock
