// A search as a page.
#pragma once

#include <string>

#include "find_max/find_max.hpp"

namespace loadgen {

/// HTML that is complete by itself; nothing of `found.secrets` is shown.
[[nodiscard]] std::string found_page(const Found& found, const std::string& target);

}  // namespace loadgen
