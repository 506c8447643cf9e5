// A setting whose values have names: the name is turned into an enum where it is read, so that no
// later code compares strings. A table of names is an array of pairs {name, value}, in the order in
// which help and errors list them.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.hpp"

namespace settings {

/// The names, in their order.
template <class Names>
[[nodiscard]] std::vector<std::string_view> names_in(const Names& names) {
  std::vector<std::string_view> all;
  all.reserve(std::size(names));
  for (const auto& [name, value] : names) all.push_back(name);
  return all;
}

/// nullopt: no value has that name.
template <class Names>
[[nodiscard]] auto value_named(const Names& names, std::string_view name)
    -> std::optional<typename Names::value_type::second_type> {
  const auto found = std::ranges::find(names, name, &Names::value_type::first);
  if (found == names.end()) return std::nullopt;
  return found->second;
}

/// `value` must be in the table.
template <class Names, class Value>
[[nodiscard]] std::string_view name_of(const Names& names, const Value& value) {
  return std::ranges::find(names, value, &Names::value_type::second)->first;
}

/// "a|b|c", as --help shows a choice.
template <class Names>
[[nodiscard]] std::string shown_choice(const Names& names) {
  return fmt::format("{}", fmt::join(names_in(names), "|"));
}

/// The name that `text` is all but certainly meant for: letter case apart, a slip of it (slip_of),
/// or its beginning.
[[nodiscard]] std::optional<std::string_view> meant_by(std::string_view text,
                                                       const std::vector<std::string_view>& names);
/// "the nearest is b", or nothing.
[[nodiscard]] std::string nearest_choice(std::string_view text,
                                         const std::vector<std::string_view>& names);

/// The Error for a text that is none of `names`, without a place: it lists them, and the one meant.
[[nodiscard]] tl::unexpected<Error> not_one_of(std::string_view text,
                                               const std::vector<std::string_view>& names);

/// The value named `text`. The Error, without a place, lists the names and hints at the one meant.
template <class Names>
[[nodiscard]] auto parse_choice(const Names& names, std::string_view text)
    -> Result<typename Names::value_type::second_type> {
  if (const auto value = value_named(names, text)) return *value;
  return failure("", fmt::format("{} not in {{{}}}", text, fmt::join(names_in(names), ",")),
                 nearest_choice(text, names_in(names)));
}

}  // namespace settings
