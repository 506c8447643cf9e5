// Which endpoint a path names, in both URL shapes: behind the gateway (/upload, /upload/info/{id})
// and inside (/files, /info/{id}). Source: systems.md, census rows DEX-ROUTE-*.
#pragma once

#include <string>
#include <string_view>

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

/// What a request is about, read once for all who ask: the handlers, the gate in front of them, the
/// rules and the journal (addressed.hpp).
struct Addressed : RouteMatch {
  /// By which the endpoint acts: acting_method(), or that of the request line when the lines that
  /// say so contradict each other.
  std::string method;
  bool contradictory = false;  ///< they do: nothing is to be done
};

/// What is an id in a path.
enum class Ids {
  segments,  ///< one segment of it
  rest,      ///< all that stands behind /files/ and /upload/ (HttpOptions::ids_hold_slashes); it
             ///< may hold a NUL too
};
/// `path` is percent-encoded and has no query. An id with a NUL or a bad escape is `unknown`.
[[nodiscard]] RouteMatch match_route(std::string_view path, Ids ids = Ids::segments);
/// The path without empty and dot segments (RFC 3986 section 5.2.4), still percent-encoded; a slash
/// at its end stays. `path` starts with a slash.
[[nodiscard]] std::string clean_path(std::string_view path);
/// "creation", "upload", ... as rules, logs and metrics spell it.
[[nodiscard]] std::string_view route_name(Route route);

}  // namespace mock
