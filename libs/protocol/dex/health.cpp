#include "protocol/dex/health.hpp"

#include <nlohmann/json.hpp>

#include "protocol/json/decode.hpp"
#include "protocol/json/encode.hpp"

namespace dex {

using nlohmann::ordered_json;

std::string to_json(const Health& health) {
  ordered_json services = nullptr;
  for (const ServiceHealth& service : health.services) {
    services.push_back(ordered_json{{"service", service.service},
                                    {"status", service.status},
                                    {"health_issue", service.health_issue}});
  }
  return json::dump(ordered_json{{"status", health.status}, {"services", std::move(services)}});
}

Result<Health> parse_health(std::string_view text) {
  return json::decode(text, "health document", [](const json::Cursor& root) {
    root.only({"status", "services"});
    Health health;
    health.status = root.at("status").string();
    if (const auto services = root.at("services"); !services.is_null()) {
      for (const auto& item : services.items()) {
        item.only({"service", "status", "health_issue"});
        health.services.push_back({item.at("service").string(), item.at("status").string(),
                                   item.at("health_issue").string()});
      }
    }
    return health;
  });
}

std::string to_json(const VersionInfo& version) {
  return json::dump(ordered_json{{"repo", version.repo},
                                 {"latest_release_version", version.latest_release_version},
                                 {"git_short_sha", version.git_short_sha}}) +
         "\n";
}

Result<VersionInfo> parse_version(std::string_view text) {
  return json::decode(text, "version document", [](const json::Cursor& root) {
    root.only({"repo", "latest_release_version", "git_short_sha"});
    return VersionInfo{root.at("repo").string(), root.at("latest_release_version").string(),
                       root.at("git_short_sha").string()};
  });
}

}  // namespace dex
