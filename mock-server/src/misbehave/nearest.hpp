// What someone who mistyped a name may have meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mock {

/// The names that `name` may have been meant for, at most three, best first: "a, b, c".
[[nodiscard]] std::string nearest_names(std::string_view name,
                                        const std::vector<std::string_view>& known);

}  // namespace mock
