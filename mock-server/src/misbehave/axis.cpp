#include "misbehave/axis.hpp"

#include <algorithm>

#include "protocol/http/fields.hpp"

namespace mock::misbehave {
void Axes::add(Axis axis, std::string_view name) {
  std::string lower{name};
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  names_.emplace(axis, std::move(lower));
}

void Axes::add(Axis axis, const FieldEdits& edits) {
  for (const auto& [name, value] : edits.set) add(axis, name);
  for (const auto& name : edits.drop) add(axis, name);
  for (const auto& replace : edits.replace) add(axis, replace.name);
  for (const auto& [name, value] : edits.add) add(axis, name);
}

void Axes::add(Axis axis, const Delay& delay, std::string_view name) {
  if (!delay.any()) return;
  add(axis, name);
  left_to_chance_ = left_to_chance_ || delay.left_to_chance();
}

bool Claims::taken(Axis axis, std::string_view name) const {
  return std::ranges::any_of(taken_, [&](const auto& one) {
    return one.first == axis && ::http::same_name(one.second, name);
  });
}

bool Claims::take(Axis axis, std::string_view name) {
  if (taken(axis, name)) return false;
  taken_.emplace_back(axis, name);
  return true;
}

}  // namespace mock::misbehave
