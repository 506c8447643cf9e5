// The systems that there are.
#pragma once

#include <string_view>
#include <vector>

#include "system/client.hpp"

namespace loadgen {

/// The first one is the default.
[[nodiscard]] const std::vector<SystemKind>& systems();
/// nullptr: there is none of this name. Lives as long as the process.
[[nodiscard]] const SystemKind* system_named(std::string_view name);

}  // namespace loadgen
