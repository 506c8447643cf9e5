// A comparison as a page: both runs side by side.
#pragma once

#include <string>

#include "compare/compare.hpp"

namespace loadgen {

/// HTML that is complete by itself: no script, and nothing is fetched. Whatever stands in reports
/// is escaped.
[[nodiscard]] std::string comparison_page(const ComparedRuns& comparison);

}  // namespace loadgen
