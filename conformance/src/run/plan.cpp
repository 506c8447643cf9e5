#include "run/plan.hpp"

#include <fmt/format.h>

#include <map>

namespace conformance {
namespace {

std::optional<std::string> reason_to_skip(const Requirement& row, const Check& check,
                                          const Target& target) {
  for (const std::string& extension : row.excludes) {
    if (target.offers(extension)) {
      return fmt::format("does not apply: the target offers {}", extension);
    }
  }
  if (!check.needs.empty() && !target.offers(check.needs)) {
    return target.why_not_offered(check.needs);
  }
  return std::nullopt;
}

}  // namespace

Result<Plan> make_plan(const Catalogue& catalogue, const std::vector<Check>& checks,
                       const Selection& selection, const System& system, const Target& target) {
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
    if (!applies(row, system) || !selects(selection, row)) continue;
    if (row.slow && !asks_for_slow(selection, row)) {
      ++plan.slow_left_out;
      continue;
    }
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
