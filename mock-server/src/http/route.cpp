#include "http/route.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "protocol/http/form.hpp"

namespace mock {

namespace {

struct Fixed {
  std::string_view path;
  Route route;
};

constexpr std::array fixed_paths{
    Fixed{"/", Route::root},
    Fixed{"/health", Route::health},
    Fixed{"/upload/health", Route::health},
    Fixed{"/version", Route::version},
    Fixed{"/upload/version", Route::version},
    Fixed{"/metrics", Route::metrics},
    Fixed{"/oauth", Route::oauth},
    Fixed{"/oauth/refresh", Route::oauth_refresh},
    Fixed{"/oauth/.well-known/openid-configuration", Route::oidc_configuration},
    Fixed{"/.well-known/openid-configuration", Route::oidc_configuration},
    Fixed{"/oauth/jwks", Route::jwks},
};

/// Longest prefix first: /upload/info/{id} is no upload called "info/{id}".
constexpr std::array id_prefixes{
    Fixed{"/upload/info/", Route::info}, Fixed{"/info/", Route::info},
    Fixed{"/route/", Route::redelivery}, Fixed{"/upload/", Route::upload},
    Fixed{"/files/", Route::upload},
};

/// One path segment, decoded.
std::optional<std::string> decode_id(std::string_view segment) {
  if (segment.empty() || segment.find('/') != std::string_view::npos) return std::nullopt;
  auto id = ::http::percent_decode(segment);
  if (!id || id->find('\0') != std::string::npos) return std::nullopt;
  return id;
}

/// Of what is below /upload.
bool names_no_upload(std::string_view path) {
  return path == "/upload/info" || path.starts_with("/upload/info/") || path == "/upload/health" ||
         path == "/upload/version";
}

/// All of it, decoded, without the slashes around it.
std::optional<std::string> decode_long_id(std::string_view rest) {
  auto id = ::http::percent_decode(rest);
  if (!id) return id;
  id->erase(0, std::min(id->find_first_not_of('/'), id->size()));
  id->erase(id->find_last_not_of('/') + 1);
  return id;
}

RouteMatch match_whole_ids(std::string_view path) {
  for (const std::string_view base : {"/files", "/upload"}) {
    if (!path.starts_with(base) || path.size() < base.size() + 2 || path[base.size()] != '/')
      continue;
    if (base == "/upload" && names_no_upload(path)) break;
    auto id = decode_long_id(path.substr(base.size() + 1));
    if (!id) return {};
    const auto route = id->empty() ? Route::creation : Route::upload;
    return {route, *std::move(id), std::string(base)};
  }
  return match_route(path);
}

}  // namespace

RouteMatch match_route(std::string_view path, Ids ids) {
  if (ids == Ids::rest) return match_whole_ids(path);
  for (const std::string_view base : {"/files", "/upload"}) {
    if (path == base ||
        (path.size() == base.size() + 1 && path.starts_with(base) && path.back() == '/')) {
      return {Route::creation, "", std::string(base)};
    }
  }
  for (const auto& fixed : fixed_paths) {
    if (path == fixed.path) return {fixed.route, "", ""};
  }
  if (path == "/upload/info") return {};  // an endpoint without its id, not an upload called "info"
  if (path == "/_mock" || path.starts_with("/_mock/")) return {Route::control, "", ""};
  for (const auto& prefix : id_prefixes) {
    if (!path.starts_with(prefix.path)) continue;
    auto id = decode_id(path.substr(prefix.path.size()));
    if (!id) return {};
    std::string base;
    if (prefix.route == Route::upload) base = prefix.path.substr(0, prefix.path.size() - 1);
    return {prefix.route, std::move(*id), std::move(base)};
  }
  return {};
}

std::string clean_path(std::string_view path) {
  std::vector<std::string_view> segments;
  const bool ends_in_slash = path.ends_with('/');
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    if (segment == "..") {
      if (!segments.empty()) segments.pop_back();
    } else if (!segment.empty() && segment != ".") {
      segments.push_back(segment);
    }
  }
  std::string clean;
  for (const auto segment : segments) clean.append("/").append(segment);
  if (clean.empty() || ends_in_slash) clean += '/';
  return clean;
}

std::string_view route_name(Route route) {
  switch (route) {
    case Route::creation:
      return "creation";
    case Route::upload:
      return "upload";
    case Route::info:
      return "info";
    case Route::health:
      return "health";
    case Route::version:
      return "version";
    case Route::metrics:
      return "metrics";
    case Route::oauth:
      return "oauth";
    case Route::oauth_refresh:
      return "oauth_refresh";
    case Route::oidc_configuration:
      return "oidc_configuration";
    case Route::jwks:
      return "jwks";
    case Route::redelivery:
      return "redelivery";
    case Route::root:
      return "root";
    case Route::control:
      return "control";
    case Route::unknown:
      break;
  }
  return "unknown";
}

}  // namespace mock
