#include "protocol/nearest.hpp"

#include <algorithm>
#include <utility>

namespace {

/// The Levenshtein distance, for short names.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

}  // namespace

std::string nearest_names(std::string_view name, const std::vector<std::string_view>& known) {
  const std::string meant = lower(name);
  std::vector<std::pair<std::size_t, std::string_view>> near;
  for (const auto candidate : known) {
    const std::string one = lower(candidate);
    const bool part_of = !meant.empty() && one.find(meant) != std::string::npos;
    near.emplace_back(part_of ? 0 : distance(meant, one), candidate);
  }
  std::sort(near.begin(), near.end());
  std::string names;
  for (std::size_t i = 0; i < std::min<std::size_t>(3, near.size()); ++i)
    names += (i == 0 ? "" : ", ") + std::string{near[i].second};
  return names;
}

std::optional<std::string_view> slip_of(std::string_view name,
                                        const std::vector<std::string_view>& known) {
  std::optional<std::string_view> best;
  auto least = std::min<std::size_t>(2, name.size() / 2) + 1;
  for (const auto candidate : known) {
    const auto wrong = distance(name, candidate);
    if (wrong >= least) continue;
    least = wrong;
    best = candidate;
  }
  return best;
}
