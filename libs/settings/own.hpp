// Settings that only some systems of a tool have: each system brings a table of them, and the tool
// has no other list. Their texts are kept by name, and the system makes of them what it likes.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.hpp"
#include "settings/setting.hpp"

namespace settings {

struct OwnSetting : Flag {
  /// Checks a text and returns what is kept of it: for the name of a file, perhaps its content.
  std::function<Result<std::string>(const std::string& text)> read;
  /// Whether it is refused with a system that does not have it; else it is ignored there.
  bool refused_elsewhere = false;
  /// For a setting that names a JSON file: checks JSON that stands in place of the name in a file
  /// of settings, and returns what is kept of it. Empty: none may stand there.
  std::function<Result<std::string>(const std::string& json)> read_inline = {};
};

/// The settings that were given: by name, what `read` returned for each text.
using OwnSettings = std::map<std::string, std::vector<std::string>>;
/// The last text given; nullopt without one.
[[nodiscard]] std::optional<std::string> given(const OwnSettings& own, const std::string& name);
/// Adds what `setting` reads, or replaces it (Times::once). The Error does not name the flag.
[[nodiscard]] Result<void> keep(OwnSettings& own, const OwnSetting& setting,
                                const std::string& text);

/// A system as far as its settings go. `Own` is an OwnSetting or derived from one.
template <class Own>
struct Owner {
  std::string_view name;
  const std::vector<Own>* settings;  ///< outlives this

  [[nodiscard]] bool has(std::string_view setting) const {
    return std::ranges::find(*settings, setting, &Own::name) != settings->end();
  }
};
/// All systems, the default one first.
template <class Own>
using Owners = std::vector<Owner<Own>>;

/// The systems that have `setting`: "a, b".
template <class Own>
[[nodiscard]] std::string names_of_owners(const Owners<Own>& owners, std::string_view setting) {
  std::vector<std::string_view> names;
  for (const auto& owner : owners) {
    if (owner.has(setting)) names.push_back(owner.name);
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

/// Each setting once, since systems that build on another have its settings too. The heading names
/// the systems that have it; it is `shared` if all have it.
template <class Own>
[[nodiscard]] std::vector<Own> own_settings(const Owners<Own>& owners,
                                            const std::string& shared = "Options") {
  std::vector<Own> all;
  for (const auto& owner : owners) {
    for (const Own& own : *owner.settings) {
      if (std::ranges::find(all, own.name, &Own::name) != all.end()) continue;
      all.push_back(own);
      const auto has = [&](const Owner<Own>& one) { return one.has(own.name); };
      all.back().group = std::ranges::all_of(owners, has)
                             ? shared
                             : "With --system " + names_of_owners(owners, own.name);
    }
  }
  return all;
}

/// An Error for a given setting that `system` does not have and that is refused there.
template <class Own>
[[nodiscard]] Result<void> check_own(const Owners<Own>& owners, std::string_view system,
                                     const OwnSettings& given) {
  for (const Own& own : own_settings(owners)) {
    const auto chosen = std::ranges::find(owners, system, &Owner<Own>::name);
    if (!own.refused_elsewhere || !given.contains(own.name) || chosen->has(own.name)) continue;
    return failure("--" + own.name,
                   fmt::format("is for --system {} only", names_of_owners(owners, own.name)),
                   owners.front().has(own.name) ? fmt::format("drop --system {}", system) : "");
  }
  return {};
}

}  // namespace settings
