#include "run/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

namespace conformance {
namespace {

/// What CDC's public guide says otherwise than the running service does (census, section 8). These
/// rows tell the service's side, so they judge nothing for who follows the guide.
constexpr std::array<std::string_view, 28> guide_differs{
    "DEX-META-001",  "DEX-META-002",  "DEX-META-003",  "DEX-META-004",  "DEX-META-005",
    "DEX-META-007",  "DEX-META-013",  "DEX-META-016",  "DEX-META-018",  "DEX-META-019",
    "DEX-META-020",  "DEX-INFO-001",  "DEX-INFO-007",  "DEX-INFO-009",  "DEX-INFO-010",
    "DEX-INFO-012",  "DEX-DELIV-001", "DEX-DELIV-002", "DEX-DELIV-003", "DEX-DELIV-004",
    "DEX-DELIV-005", "DEX-DELIV-007", "DEX-DELIV-008", "DEX-DELIV-011", "DEX-AUTH-010",
    "DEX-AUTH-013",  "DEX-AUTH-015",  "DEX-RETRY-010"};

std::optional<std::string> reason_to_skip(const Requirement& row, const Check& check,
                                          const Target& target) {
  if (target.contract == Contract::guide &&
      std::find(guide_differs.begin(), guide_differs.end(), row.id) != guide_differs.end()) {
    return "the public guide says otherwise; judged with --contract server only";
  }
  for (const std::string& extension : row.excludes) {
    if (target.discovery.offers(extension)) {
      return fmt::format("does not apply: the target offers {}", extension);
    }
  }
  if (!check.needs.empty() && !target.discovery.offers(check.needs)) {
    return fmt::format("{} is not offered (Tus-Extension of OPTIONS)", check.needs);
  }
  return std::nullopt;
}

}  // namespace

Result<Plan> make_plan(const Catalogue& catalogue, const std::vector<Check>& checks,
                       const Selection& selection, const Target& target) {
  std::map<std::string_view, const Check*> by_id;
  for (const Check& check : checks) {
    const std::string id(check.requirement);
    if (catalogue.find(id) == nullptr) {
      return failure("suites", "a check names the unknown requirement " + quote(id));
    }
    if (!by_id.emplace(check.requirement, &check).second) {
      return failure("suites", "two checks judge " + id);
    }
  }
  Plan plan;
  for (const Requirement& row : catalogue.rows()) {
    if (!applies(row, target.system) || !selects(selection, row)) continue;
    const auto check = by_id.find(row.id);
    if (check == by_id.end()) {
      plan.unchecked.push_back(&row);
    } else {
      plan.cases.push_back({&row, *check->second, reason_to_skip(row, *check->second, target)});
    }
  }
  return plan;
}

}  // namespace conformance
