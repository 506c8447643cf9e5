// What readers of a profile share, the profile's own and those of systems. For use inside
// json::decode: what is wrong fails at its place.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "protocol/json/decode.hpp"
#include "protocol/nearest.hpp"
#include "protocol/units.hpp"

namespace mock::profiles {

/// A text that is not empty.
[[nodiscard]] inline std::string text_of(const json::Cursor& at) {
  if (at.string().empty()) at.fail("must not be empty");
  return at.string();
}

/// One of the names in `known`; `what` is what they are names of.
template <class Names>
[[nodiscard]] std::string one_of(const json::Cursor& at, const Names& known,
                                 const std::string& what) {
  auto name = text_of(at);
  if (std::find(known.begin(), known.end(), name) == known.end()) {
    at.fail("there is no " + what + " '" + name + "'; the nearest are " +
            nearest_names(name, {known.begin(), known.end()}));
  }
  return name;
}

/// A list of names that are all known and all different.
template <class Names>
[[nodiscard]] std::vector<std::string> names_of(const json::Cursor& at, const Names& known,
                                                const std::string& what) {
  std::vector<std::string> names;
  for (const auto& item : at.items()) {
    auto name = one_of(item, known, what);
    if (std::ranges::count(names, name)) item.fail("'" + name + "' is listed twice");
    names.push_back(std::move(name));
  }
  return names;
}

/// Bytes: a number, or a text such as "64KiB".
[[nodiscard]] inline Bytes size_of(const json::Cursor& at) {
  return at.is_number() ? Bytes{at.unsigned_integer()} : at.unwrap(parse_bytes(at.string()));
}

}  // namespace mock::profiles
