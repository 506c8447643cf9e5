#include "client/endpoints.hpp"

#include "transport/url.hpp"

namespace client {
namespace {

std::string_view without_trailing_slashes(std::string_view path) {
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  return path;
}

}  // namespace

Result<Place> place_of(std::string_view url) {
  const auto parts = transport::parse_url(url);
  if (!parts) return tl::unexpected(parts.error());
  Place place;
  place.origin = place.parent = parts->origin();
  const std::string_view path = without_trailing_slashes(parts->path);
  if (path.empty()) return place;
  const std::size_t slash = path.rfind('/');
  place.parent += without_trailing_slashes(path.substr(0, slash));
  place.name = path.substr(slash + 1);
  return place;
}

Result<std::string> locate(std::string_view base, std::string_view reference) {
  auto url = transport::resolve_url(base, reference);
  if (!url) return url;
  if (const auto parts = transport::parse_url(*url); !parts) return tl::unexpected(parts.error());
  return url;
}

std::string last_segment(std::string_view url) {
  const std::string_view path = without_trailing_slashes(url.substr(0, url.find_first_of("?#")));
  const std::size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

}  // namespace client
