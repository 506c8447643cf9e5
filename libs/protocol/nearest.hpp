// What someone who mistyped a name may have meant.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The names that `name` may have been meant for, at most three, best first: "a, b, c". Letter case
/// does not count.
[[nodiscard]] std::string nearest_names(std::string_view name,
                                        const std::vector<std::string_view>& known);
/// The one name that `name` is all but certainly a slip of: at most two letters are wrong, and at
/// most half of them.
[[nodiscard]] std::optional<std::string_view> slip_of(std::string_view name,
                                                      const std::vector<std::string_view>& known);
