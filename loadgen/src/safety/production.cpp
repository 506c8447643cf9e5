#include "safety/production.hpp"

#include <fmt/format.h>

#include "client/production.hpp"
#include "transport/url.hpp"

namespace loadgen {

Result<void> not_production(const std::string& url) {
  const auto* const production = client::production_host(url);
  if (production == nullptr) return {};
  return failure(transport::parse_url(url)->host,
                 fmt::format("is {}, which is never loaded", production->what),
                 "load a server of your own");
}

}  // namespace loadgen
