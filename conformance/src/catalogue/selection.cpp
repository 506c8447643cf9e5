#include "catalogue/selection.hpp"

#include <algorithm>
#include <cctype>
#include <set>

#include "protocol/http/fields.hpp"
#include "protocol/nearest.hpp"

namespace conformance {
namespace {

constexpr std::string_view slow_tag = "slow";

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

/// The words by which a pattern may name the row.
std::vector<std::string_view> names_of(const Requirement& row) {
  constexpr std::string_view levels[] = {"must", "should", "may"};
  std::vector<std::string_view> all{row.id, row.name, row.area, row.origin,
                                    levels[rank(row.level)]};
  if (row.slow) all.push_back(slow_tag);
  return all;
}

bool names(std::string_view pattern, const Requirement& row) {
  const auto all = names_of(row);
  return std::any_of(all.begin(), all.end(),
                     [&](std::string_view name) { return glob_matches(pattern, name); });
}

bool is_called(const Requirement& row, std::string_view word) {
  return http::same_name(word, row.id) || http::same_name(word, row.name);
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

bool asks_for_slow(const Selection& selection, const Requirement& row) {
  return selection.slow ||
         std::any_of(selection.patterns.begin(), selection.patterns.end(), [&](std::string_view p) {
           return is_called(row, p) || http::same_name(p, slow_tag);
         });
}

Result<void> validate(const Selection& selection, const Catalogue& catalogue) {
  for (const std::string& pattern : selection.patterns) {
    const auto& rows = catalogue.rows();
    if (std::none_of(rows.begin(), rows.end(),
                     [&](const Requirement& row) { return names(pattern, row); })) {
      const auto nearest = nearest_to(pattern, catalogue);
      return failure("--select", quote(pattern) + " names no requirement",
                     (nearest.empty() ? "" : "the nearest are " + nearest + "; ") +
                         "`dex-conformance list` shows ids and names");
    }
  }
  return {};
}

std::string nearest_to(std::string_view pattern, const Catalogue& catalogue) {
  if (pattern.find_first_of("*?") != std::string_view::npos) return {};
  std::set<std::string_view> known;
  for (const Requirement& row : catalogue.rows()) {
    for (const auto name : names_of(row)) known.insert(name);
  }
  return nearest_names(pattern, {known.begin(), known.end()});
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
