// What the readers of rules share. Private to this room.
#pragma once

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "misbehave/rule.hpp"
#include "protocol/json/decode.hpp"

namespace mock::misbehave {

using json::Cursor;

template <class Value>
using Names = std::initializer_list<std::pair<std::string_view, Value>>;

template <class Value>
Value choice(const Cursor& at, Names<Value> names) {
  const auto& text = at.string();
  std::string known;
  for (const auto& [name, value] : names) {
    if (name == text) return value;
    known += (known.empty() ? "" : ", ") + std::string{name};
  }
  at.fail("expected one of " + known);
}

template <class Read>
auto optional(const Cursor& at, std::string_view key, Read&& read)
    -> std::optional<std::invoke_result_t<Read, Cursor>> {
  if (auto found = at.find(key)) return read(*found);
  return std::nullopt;
}

/// One value, or a list of at least one.
template <class Read>
auto list(const Cursor& at, std::string_view key, Read&& read)
    -> std::vector<std::invoke_result_t<Read, Cursor>> {
  std::vector<std::invoke_result_t<Read, Cursor>> values;
  const auto found = at.find(key);
  if (!found) return values;
  if (!found->is_array()) {
    values.push_back(read(*found));
    return values;
  }
  for (const auto& item : found->items()) values.push_back(read(item));
  if (values.empty()) found->fail("is an empty list, so that the rule can never fire");
  return values;
}

inline std::string text_of(const Cursor& at) { return at.string(); }
inline bool flag_of(const Cursor& at) { return at.boolean(); }

inline bool flag(const Cursor& at, std::string_view key) {
  return optional(at, key, flag_of).value_or(false);
}

inline Bytes size_of(const Cursor& at) {
  return at.is_number() ? Bytes{at.unsigned_integer()} : at.unwrap(parse_bytes(at.string()));
}

inline Milliseconds duration_of(const Cursor& at) { return at.unwrap(parse_duration(at.string())); }

inline Template template_of(const Cursor& at) {
  if (at.is_number()) return at.unwrap(Template::parse(std::to_string(at.unsigned_integer())));
  return at.unwrap(Template::parse(at.string()));
}

inline Pattern pattern_of(const Cursor& at) { return at.unwrap(Pattern::compile(at.string())); }

inline bool is_token(std::string_view name) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           marks.find(c) != std::string_view::npos;
  });
}

inline void require_token(const Cursor& at, std::string_view name) {
  if (!is_token(name)) at.fail("'" + std::string{name} + "' is not a header name");
}

constexpr std::array<std::string_view, 8> known_methods{"OPTIONS", "HEAD",  "GET",    "POST",
                                                        "PUT",     "PATCH", "DELETE", "TRACE"};

inline std::string method_of(const Cursor& at) {
  const auto& text = at.string();
  if (std::find(known_methods.begin(), known_methods.end(), text) == known_methods.end())
    at.fail("unknown method '" + text +
            "': expected one of OPTIONS, HEAD, GET, POST, PUT, PATCH, DELETE, TRACE");
  return text;
}

inline std::string mark_of(const Cursor& at) {
  if (at.string().empty()) at.fail("is empty");
  return at.string();
}

/// A value that the attribute of that name can have.
[[nodiscard]] std::string attribute_of(const Cursor& at, std::string_view name);
[[nodiscard]] std::string kind_of(const Cursor& at);
/// "200ms", or {"mean": "200ms", "jitter": "50ms"}; no delay without `key`.
[[nodiscard]] Delay delay_at(const Cursor& at, std::string_view key);
/// A number from 1 on, or a list of them.
[[nodiscard]] std::vector<std::uint64_t> counts_of(const Cursor& at, std::string_view key);
/// "every"; refused when there is an `nth`.
[[nodiscard]] std::uint64_t every_of(const Cursor& at, bool nth);
/// {"above": "1MiB"}; 1024 or "{length}" alone: the same as that. Refuses what no number fulfils.
[[nodiscard]] NumberCondition number_condition_of(const Cursor& at);
/// A position, or {"at": 100, "bytes": "4KiB", "to": "zeros"}.
[[nodiscard]] Damage damage_of(const Cursor& at);
[[nodiscard]] FieldEdits fields_of(const Cursor& at);
[[nodiscard]] BodyEdit body_of(const Cursor& at);
[[nodiscard]] SocketEnd end_of(const Cursor& at);
[[nodiscard]] int interim_status_of(const Cursor& at);
[[nodiscard]] Turn turn_of(const Cursor& at);

/// The keys of `when` that are about how a request came; nullopt: there are none.
[[nodiscard]] std::optional<ArrivalConditions> arrival_of(const Cursor& at);
/// The keys of `when` that are about how many requests come.
[[nodiscard]] CountConditions count_conditions_of(const Cursor& at);
[[nodiscard]] PartConditions part_conditions_of(const Cursor& at);
[[nodiscard]] OtherConditions other_conditions_of(const Cursor& at);
[[nodiscard]] When when_of(const Cursor& at);
[[nodiscard]] Then then_of(const Cursor& at);

}  // namespace mock::misbehave
