#include "client/tus/creation_urls.hpp"

#include "transport/url.hpp"

namespace tus {

std::vector<std::string> creation_urls_at(std::string_view url) {
  const auto parts = transport::parse_url(url);
  if (!parts || parts->target != "/") return {};
  return {parts->origin() + "/files", parts->origin() + "/upload"};
}

}  // namespace tus
