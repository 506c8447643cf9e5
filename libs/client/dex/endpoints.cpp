#include "client/dex/endpoints.hpp"

#include "client/endpoints.hpp"
#include "client/token.hpp"

namespace dex {

Result<Endpoints> endpoints_of(std::string_view creation_url) {
  const auto place = client::place_of(creation_url);
  if (!place) return tl::unexpected(place.error());
  const std::string base = place->name == "upload" ? place->self() : place->parent;
  return Endpoints{base + "/info",      base + "/health",
                   base + "/version",   place->parent + "/metrics",
                   place->parent + "/", client::token_url(*place)};
}

}  // namespace dex
