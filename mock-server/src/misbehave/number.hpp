// Conditions on numbers: a length above a limit, a chunk that is no multiple of 256 KiB, an offset
// that is the same as {length}.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "misbehave/template.hpp"

namespace mock::misbehave {

/// A constant, or a value of the request such as {length}.
struct Limit {
  std::uint64_t constant = 0;
  std::optional<Template> value = std::nullopt;  ///< in place of the constant
  /// nullopt: the request has no such value, or it is no number.
  [[nodiscard]] std::optional<std::uint64_t> number(const Template::Lookup& lookup) const;
};

/// Every limit that is given has to hold. One without a number holds for no number.
struct NumberCondition {
  std::optional<Limit> above;
  std::optional<Limit> below;
  std::optional<Limit> same_as;
  std::optional<Limit> other_than;
  std::optional<std::uint64_t> multiple_of;
  std::optional<std::uint64_t> not_multiple_of;

  [[nodiscard]] bool holds(std::uint64_t number, const Template::Lookup& lookup) const;
  /// The values that it names.
  [[nodiscard]] std::vector<std::string> names() const;
  /// The same condition, for numbers of at least `least` only, which is above 0.
  [[nodiscard]] NumberCondition at_least(std::uint64_t least) const;
  /// Some number fulfils it, as far as can be told.
  [[nodiscard]] bool possible() const;
};

/// The keys of a NumberCondition in JSON.
inline constexpr std::array<std::string_view, 6> number_keys{
    "above", "below", "same_as", "other_than", "multiple_of", "not_multiple_of"};

/// nullopt unless `text` is digits only. A number that is too large becomes the largest.
[[nodiscard]] std::optional<std::uint64_t> whole_number(std::string_view text);

}  // namespace mock::misbehave
