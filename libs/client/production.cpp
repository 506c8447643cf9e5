#include "client/production.hpp"

#include <stdexcept>

#include "protocol/json/decode.hpp"
#include "transport/url.hpp"

namespace client {
namespace {

constexpr std::string_view host_letters = "abcdefghijklmnopqrstuvwxyz0123456789.-";

std::vector<ProductionHost> read_hosts(const json::Cursor& root) {
  root.only({"$schema", "description", "hosts"});
  static_cast<void>(root.at("description").string());
  std::vector<ProductionHost> hosts;
  for (const auto& item : root.at("hosts").items()) {
    item.only({"host", "what"});
    hosts.push_back({item.at("host").string(), item.at("what").string()});
    const auto& [host, what] = hosts.back();
    if (host.empty() || host.find_first_not_of(host_letters) != std::string::npos)
      item.at("host").fail("expected a host name in lower case");
    if (what.empty()) item.at("what").fail("must not be empty");
  }
  if (hosts.empty()) root.at("hosts").fail("expected at least one");
  return hosts;
}

const std::vector<ProductionHost>& production_hosts() {
  static const std::vector<ProductionHost> all = [] {
    std::vector<ProductionHost> list;
    for (const auto& [path, text] : production_files()) {
      const auto hosts = parse_hosts(text, "fixtures/" + std::string(path));
      // Cannot happen: the list was compiled in, and a test reads it.
      if (!hosts) throw std::logic_error(hosts.error().line());
      list.insert(list.end(), hosts->begin(), hosts->end());
    }
    return list;
  }();
  return all;
}

}  // namespace

Result<std::vector<ProductionHost>> parse_hosts(std::string_view text,
                                                const std::string& document) {
  return json::decode(text, document, read_hosts);
}

const ProductionHost* production_host(const std::string& url) {
  const auto parts = transport::parse_url(url);
  if (!parts) return nullptr;
  std::string_view host = parts->host;
  while (host.ends_with('.')) host.remove_suffix(1);
  for (const auto& production : production_hosts()) {
    const bool below = host.size() > production.host.size() && host.ends_with(production.host) &&
                       host[host.size() - production.host.size() - 1] == '.';
    if (host == production.host || below) return &production;
  }
  return nullptr;
}

}  // namespace client
