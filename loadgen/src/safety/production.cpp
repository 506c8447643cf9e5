#include "safety/production.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <vector>

#include "protocol/json/decode.hpp"
#include "transport/url.hpp"

namespace loadgen {
namespace {

struct ProductionHost {
  std::string host, what;
};

std::vector<ProductionHost> read_hosts(const json::Cursor& root) {
  root.only({"$schema", "description", "hosts"});
  std::vector<ProductionHost> hosts;
  for (const auto& item : root.at("hosts").items()) {
    item.only({"host", "what"});
    hosts.push_back({item.at("host").string(), item.at("what").string()});
  }
  return hosts;
}

const std::vector<ProductionHost>& production_hosts() {
  static const std::vector<ProductionHost> all = [] {
    std::vector<ProductionHost> list;
    for (const auto& [path, text] : production_files()) {
      const auto hosts = json::decode(text, "fixtures/" + std::string(path), read_hosts);
      // It was compiled in and a test reads it.
      if (!hosts) throw std::logic_error(hosts.error().line());
      list.insert(list.end(), hosts->begin(), hosts->end());
    }
    return list;
  }();
  return all;
}

}  // namespace

Result<void> not_production(const std::string& url) {
  const auto parts = transport::parse_url(url);
  if (!parts) return {};
  std::string_view host = parts->host;
  while (host.ends_with('.')) host.remove_suffix(1);
  for (const auto& production : production_hosts()) {
    const bool below = host.size() > production.host.size() && host.ends_with(production.host) &&
                       host[host.size() - production.host.size() - 1] == '.';
    if (host != production.host && !below) continue;
    return failure(std::string(host), fmt::format("is {}, which is never loaded", production.what),
                   "load a server of your own");
  }
  return {};
}

}  // namespace loadgen
