#include "catalogue/selection.hpp"

#include <algorithm>
#include <cctype>

namespace conformance {
namespace {

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

/// 0 is the strictest.
int rank(Level level) {
  switch (level) {
    case Level::must:
    case Level::must_not:
      return 0;
    case Level::should:
    case Level::should_not:
      return 1;
    case Level::may:
      break;
  }
  return 2;
}

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t after_star = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      after_star = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || lower(pattern[p]) == lower(text[t]))) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++after_star;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool names(std::string_view pattern, const Requirement& row) {
  if (glob_matches(pattern, row.id) || glob_matches(pattern, row.area)) return true;
  if (glob_matches(pattern, row.origin)) return true;
  constexpr std::string_view levels[] = {"must", "should", "may"};
  return glob_matches(pattern, levels[rank(row.level)]);
}

bool applies(const Requirement& row, const System& system) {
  const auto holds = [](const auto& list, std::string_view name) {
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  return holds(system.origins, row.origin) && !holds(row.excludes, system.name);
}

bool selects(const Selection& selection, const Requirement& row) {
  if (rank(row.level) > rank(selection.least)) return false;
  return selection.patterns.empty() ||
         std::any_of(selection.patterns.begin(), selection.patterns.end(),
                     [&](const std::string& p) { return names(p, row); });
}

Result<void> validate(const Selection& selection, const Catalogue& catalogue) {
  for (const std::string& pattern : selection.patterns) {
    const auto& rows = catalogue.rows();
    if (std::none_of(rows.begin(), rows.end(),
                     [&](const Requirement& row) { return names(pattern, row); })) {
      return failure("--select", quote(pattern) + " names no requirement",
                     "`dex-conformance list` shows ids and areas");
    }
  }
  return {};
}

CatalogueWords words_of(Systems systems) {
  CatalogueWords words;
  for (const System* system : systems) {
    words.origins.insert(system->origins.begin(), system->origins.end());
    for (const KnownServer& server : system->known_servers) words.servers.emplace(server.column);
  }
  return words;
}

}  // namespace conformance
