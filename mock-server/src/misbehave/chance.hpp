// Chance that can be repeated: it depends on what a client chose, never on a shared generator.
#pragma once

#include <cstdint>
#include <string_view>

#include "misbehave/axis.hpp"

namespace mock::misbehave {

/// Drawing number `ordinal` of those with the same rule, lane and key.
[[nodiscard]] std::uint64_t draw(std::uint64_t seed, std::string_view rule, std::string_view lane,
                                 std::string_view key, std::uint64_t ordinal);
/// A number made of the drawing, evenly in [0, 1). Different `use`s are independent of each other.
[[nodiscard]] double fraction(std::uint64_t drawing, std::string_view use);
/// Evenly between mean - jitter and mean + jitter, or by percentiles. Delays of different axes are
/// independent.
[[nodiscard]] Milliseconds length_of(const Delay& delay, std::uint64_t drawing, Axis axis);

/// The quantile of the standard normal distribution, for 0 < fraction < 1.
[[nodiscard]] double normal_quantile(double fraction);

}  // namespace mock::misbehave
