#include <algorithm>
#include <stdexcept>

#include "misbehave/load.hpp"

namespace mock::misbehave {
namespace {

/// Levenshtein's, over short names.
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

std::string nearest(Named kind, std::string_view name) {
  std::vector<std::pair<std::size_t, std::string_view>> near;
  for (const auto& text : named_texts())
    if (text.kind == kind)
      near.emplace_back(
          text.name.find(name) != std::string_view::npos ? 0 : distance(name, text.name),
          text.name);
  std::sort(near.begin(), near.end());
  std::string names;
  for (std::size_t i = 0; i < std::min<std::size_t>(3, near.size()); ++i)
    names += (i == 0 ? "" : ", ") + std::string{near[i].second};
  return names;
}

}  // namespace

Result<Misbehaviour> load_named(Named kind, std::string_view name) {
  for (const auto& text : named_texts())
    if (text.kind == kind && text.name == name) return load_text(text.json, std::string{name});
  const std::string what = kind == Named::defect ? "defect" : "fault";
  return failure("--" + what, "there is no " + what + " '" + std::string{name} + "'",
                 "the nearest are " + nearest(kind, name));
}

Result<std::vector<Misbehaviour>> load_all(const std::vector<std::string>& defects,
                                           const std::vector<std::string>& faults,
                                           const std::vector<std::string>& files) {
  std::vector<Misbehaviour> all;
  const auto read = [&](const std::vector<std::string>& names, auto load) -> Result<void> {
    for (const auto& name : names) {
      auto loaded = load(name);
      if (!loaded) return tl::unexpected(loaded.error());
      all.push_back(std::move(*loaded));
    }
    return {};
  };
  auto read_all = read(defects, [](const auto& name) { return load_named(Named::defect, name); });
  if (read_all)
    read_all = read(faults, [](const auto& name) { return load_named(Named::fault, name); });
  if (read_all) read_all = read(files, load_file);
  if (!read_all) return tl::unexpected(read_all.error());
  return all;
}

std::vector<Misbehaviour> list_named(Named kind) {
  std::vector<Misbehaviour> all;
  for (const auto& text : named_texts()) {
    if (text.kind != kind) continue;
    auto loaded = load_text(text.json, std::string{text.name});
    // They are part of this program and a test loads every one.
    if (!loaded) throw std::logic_error(loaded.error().line());
    all.push_back(std::move(*loaded));
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return all;
}

}  // namespace mock::misbehave
