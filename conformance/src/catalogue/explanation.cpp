#include "catalogue/explanation.hpp"

#include <fmt/format.h>

namespace conformance {

Explanation explanation_of(const Requirement& row, const std::vector<Check>& checks,
                           Systems systems) {
  Explanation out;
  out.judged = false;
  out.facts.emplace_back("Source", row.section);
  if (!row.test.empty()) out.facts.emplace_back("How it is tested", row.test);
  if (!row.arguable.empty()) out.facts.emplace_back("Arguable", row.arguable);
  for (const Check& check : checks) {
    if (check.requirement != row.id) continue;
    out.judged = true;
    if (check.needs.empty()) continue;
    out.facts.emplace_back("Needs", "the extension " + std::string(check.needs));
  }
  if (!row.excludes.empty()) {
    out.facts.emplace_back("Not judged for targets that are or offer",
                           fmt::format("{}", fmt::join(row.excludes, ", ")));
  }
  for (const System* system : systems) {
    for (const KnownServer& server : system->known_servers) {
      const auto what = row.known.find(server.column);
      if (what == row.known.end()) continue;
      out.known_servers.emplace_back(std::string(server.title), what->second);
    }
  }
  out.proven_by = defects_breaking(row.id);
  return out;
}

}  // namespace conformance
