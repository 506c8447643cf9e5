// /health (area dex-health).
#include <algorithm>

#include "dex/vocabulary.hpp"

namespace conformance::suites {
namespace {

/// The services of a /health answer that have the shape {service, status, health_issue}.
struct Service {
  std::string name, status, issue;
};
struct Health {
  Response response;
  Json json;
  std::vector<Service> services;
  bool well_formed = false;
};

Health health_of(Context& c) {
  Health health{c.get(dex_target(c).health_url), {}, {}, false};
  health.json = json_of(health.response);
  const auto* list = value_at(health.json, "/services");
  health.well_formed = text_at(health.json, "/status") && list && list->is_array();
  if (!list || !list->is_array()) return health;
  for (const auto& one : *list) {
    const auto name = text_at(one, "/service");
    const auto status = text_at(one, "/status");
    const auto issue = text_at(one, "/health_issue");
    if (name && status && issue && one.size() == 3) {
      health.services.push_back({*name, *status, *issue});
    } else {
      health.well_formed = false;
    }
  }
  return health;
}

/// Rows about what the document says need one that can be read.
Health readable_health(Context& c) {
  auto health = health_of(c);
  if (!health.well_formed) {
    stop_blocked("/health as {status, services:[{service, status, health_issue}]}",
                 describe(health.response) + " " + members_of(health.json));
  }
  return health;
}

Outcome health_body_has_its_members(Context& c) {
  const auto health = health_of(c);
  Findings findings{"/health is {status, services:[{service, status, health_issue}]}"};
  findings.check(health.well_formed && !health.services.empty() && health.json.size() == 2,
                 code(health.response) + " " + members_of(health.json) + ", " +
                     (health.well_formed ? "services as they should be"
                                         : "services missing or of another shape"));
  return findings.outcome();
}

Outcome health_is_up_or_degraded(Context& c) {
  const auto health = readable_health(c);
  const bool down = std::any_of(health.services.begin(), health.services.end(),
                                [](const Service& one) { return one.status == "DOWN"; });
  const std::string expected = down ? "DEGRADED" : "UP";
  const auto told = text_at(health.json, "/status").value_or("");
  Findings findings{"status is UP, or DEGRADED when a service is DOWN; a service is UP or DOWN"};
  findings.check(told == expected,
                 "status " + told + (down ? " with" : " without") + " a service that is DOWN");
  for (const auto& one : health.services) {
    if (one.status == "UP" || one.status == "DOWN") continue;
    findings.check(false, one.name + ": " + one.status);
  }
  return findings.outcome();
}

Outcome health_is_always_200(Context& c) {
  const auto response = c.get(dex_target(c).health_url);
  return expect(response.status == 200, "/health is 200 whatever it reports", response);
}

Outcome health_names_the_services(Context& c) {
  const auto health = readable_health(c);
  const auto listed = [&](std::string_view prefix) {
    return std::any_of(health.services.begin(), health.services.end(),
                       [&](const Service& one) { return one.name.starts_with(prefix); });
  };
  if (!listed("File ")) {
    return not_offered("uploads are not kept in files: no service is called 'File ...'");
  }
  Findings findings{
      "a file store reports 'File Storage' and 'File Source', and a server that "
      "checks JWTs its 'oauth validator'"};
  const auto look = [&](const std::string& prefix) {
    findings.check(listed(prefix), prefix + (listed(prefix) ? "" : " is missing"));
  };
  look("File Storage");
  look("File Source");
  const auto token = authorization_of(c);
  if (c.target().needs_authorization && std::count(token.begin(), token.end(), '.') == 2) {
    look("oauth validator");
  }
  return findings.outcome();
}

Outcome health_issue_when_up(Context& c) {
  const auto health = readable_health(c);
  Findings findings{"health_issue is 'None reported' or empty for a service that is UP"};
  for (const auto& one : health.services) {
    if (one.status != "UP") continue;
    findings.check(one.issue == "None reported" || one.issue.empty(),
                   one.name + ": '" + one.issue + "'");
  }
  return findings.outcome();
}

Outcome health_of_target_without_folder(Context& c) {
  const auto health = readable_health(c);
  Findings findings{""};
  bool any = false;
  for (const auto& one : health.services) {
    if (one.name.find("Delivery Target") == std::string::npos) continue;
    findings.note(one.name + ": " + one.status);
    any = true;
  }
  if (!any) return not_offered("/health lists no delivery target");
  return findings.report();
}

}  // namespace

std::vector<Check> dex_health() {
  return {
      {"DEX-HEALTH-001", health_body_has_its_members},
      {"DEX-HEALTH-002", health_is_up_or_degraded},
      {"DEX-HEALTH-003", health_is_always_200},
      {"DEX-HEALTH-004", health_names_the_services},
      {"DEX-HEALTH-005", health_issue_when_up},
      {"DEX-HEALTH-006", health_of_target_without_folder},
  };
}

}  // namespace conformance::suites
