#include "transport/origins.hpp"

#include "transport/url.hpp"

namespace transport {

Result<std::string> origin_of(std::string_view url) {
  const auto parts = parse_url(url);
  if (!parts) return tl::unexpected(parts.error());
  return parts->origin();
}

void Origins::add(std::string_view url) {
  if (auto origin = origin_of(url)) origins_.insert(std::move(*origin));
}

bool Origins::hold(std::string_view url) const {
  const auto origin = origin_of(url);
  return origin && origins_.contains(*origin);
}

}  // namespace transport
