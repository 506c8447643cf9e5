// Spellings that are made of a table, or of another spelling: for the tables of settings.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "settings/choice.hpp"
#include "system/spelling.hpp"

namespace mock::spell {

/// One of `names`, a table of constants (settings/choice.hpp).
template <class T, std::size_t n>
[[nodiscard]] Spelling<T> choice(const std::array<std::pair<std::string_view, T>, n>& names) {
  return {settings::shown_choice(names),
          [&names](const std::string& text) { return settings::parse_choice(names, text); },
          [&names](const json::Cursor& value, T& into, ConfigWriter) {
            const auto chosen = settings::value_named(names, value.string());
            if (!chosen) {
              const auto known = settings::names_in(names);
              const auto nearest = settings::nearest_choice(value.string(), known);
              value.fail(fmt::format("expected one of {}{}", fmt::join(known, ", "),
                                     nearest.empty() ? "" : " (" + nearest + ")"));
            }
            into = *chosen;
          },
          [&names](T chosen, ConfigReader) {
            return nlohmann::ordered_json(settings::name_of(names, chosen));
          }};
}

/// "a,b" as a flag, ["a", "b"] in JSON.
template <class T>
[[nodiscard]] Spelling<std::vector<T>> list(std::string value,
                                            Result<T> (*read)(const std::string&),
                                            std::string (*write)(const T&, ConfigReader)) {
  return {std::move(value),
          [read](const std::string& text) -> Result<std::vector<T>> {
            std::vector<T> all;
            for (std::size_t at = 0; at <= text.size();) {
              const auto end = std::min(text.find(',', at), text.size());
              auto one = read(text.substr(at, end - at));
              if (!one) return tl::unexpected(one.error());
              all.push_back(*std::move(one));
              at = end + 1;
            }
            return all;
          },
          [read](const json::Cursor& at, std::vector<T>& into, ConfigWriter) {
            into.clear();
            for (const auto& item : at.items()) into.push_back(item.unwrap(read(item.string())));
          },
          [write](const std::vector<T>& all, ConfigReader reader) {
            auto texts = nlohmann::ordered_json::array();
            for (const auto& one : all) texts.push_back(write(one, reader));
            return texts;
          }};
}

/// null leaves it to the profile.
template <class T>
[[nodiscard]] Spelling<std::optional<T>> unless_null(Spelling<T> given) {
  return {
      given.value,
      [parse = given.parse](const std::string& text) -> Result<std::optional<T>> {
        auto value = parse(text);
        if (!value) return tl::unexpected(value.error());
        return *std::move(value);
      },
      [read = given.read](const json::Cursor& value, std::optional<T>& into, ConfigWriter writer) {
        into.reset();
        if (!value.is_null()) read(value, into.emplace(), writer);
      },
      [write = given.write](const std::optional<T>& value, ConfigReader reader) {
        return value ? write(*value, reader) : nlohmann::ordered_json();
      }};
}

}  // namespace mock::spell
