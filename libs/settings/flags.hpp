// Puts the flags of a table on a command line; what is wrong with one is told in one line.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/error.hpp"
#include "settings/setting.hpp"

namespace CLI {
class App;
}

namespace settings {

/// `apply` is called by `parse`, once for each value.
void add_flag(CLI::App& app, const Flag& flag,
              std::function<Result<void>(const std::string& text)> apply);
/// A word that stands without a flag. --help calls it `word.value`, and the error about its absence
/// calls it `word.name`. An Error of `apply` keeps its place.
void add_word(CLI::App& app, const Flag& word,
              std::function<Result<void>(const std::string& text)> apply);

/// A flag that prints what `print` makes of its value, or of "" when it has none, in place of a
/// run.
void add_printing_flag(CLI::App& app, const Flag& flag,
                       std::function<Result<std::string>(const std::string& text)> print);

/// Adds the flags of `table` that are in `group`; entries without `apply` are no flags. `target`
/// outlives the parsing of `app`. Values are applied in the order in which their flags were added,
/// whatever their order on the line: what flags override, such as a file of settings, is added
/// before them.
template <class Table, class Target>
void add_flags(CLI::App& app, const Table& table, std::string_view group, Target& target) {
  for (const auto& setting : table) {
    if (setting.group != group || !setting.apply) continue;
    add_flag(app, setting, [&target, apply = setting.apply](const std::string& text) {
      return apply(target, text);
    });
  }
}

/// The same for all of them, in the order of the table.
template <class Table, class Target>
void add_flags(CLI::App& app, const Table& table, Target& target) {
  for (const auto& setting : table) {
    if (!setting.apply) continue;
    add_flag(app, setting, [&target, apply = setting.apply](const std::string& text) {
      return apply(target, text);
    });
  }
}

/// Reads a command line (`arguments` without the program's name) and applies it. The value is the
/// text that the line asks for in place of a run (--help, --version), or nullopt. If a value is
/// wrong, the place of the Error is its flag. For an unknown flag the Error shows no value, and its
/// hint lists the nearest names.
[[nodiscard]] Result<std::optional<std::string>> parse(CLI::App& app,
                                                       std::vector<std::string> arguments);

}  // namespace settings
