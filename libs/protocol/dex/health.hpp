// The /health and /version documents (rows DEX-HEALTH-*, DEX-ROUTE-001, -003).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.hpp"

namespace dex {

struct ServiceHealth {
  std::string service;
  std::string status;        ///< "UP" or "DOWN"
  std::string health_issue;  ///< "None reported" when UP
  bool operator==(const ServiceHealth&) const = default;
};

struct Health {
  std::string status;  ///< "UP", or "DEGRADED" when any service is DOWN
  std::vector<ServiceHealth> services;
  bool operator==(const Health&) const = default;
};

/// Without a newline at the end, as the server sends it; no services is null, as Go writes it.
[[nodiscard]] std::string to_json(const Health& health);
/// Strict about keys and types: the document must have exactly the shape above.
[[nodiscard]] Result<Health> parse_health(std::string_view text);

struct VersionInfo {
  std::string repo;
  std::string latest_release_version;
  std::string git_short_sha;
  bool operator==(const VersionInfo&) const = default;
};
/// With the trailing newline that the server sends.
[[nodiscard]] std::string to_json(const VersionInfo& version);
[[nodiscard]] Result<VersionInfo> parse_version(std::string_view text);

}  // namespace dex
