// seconds.csv, a line at a time.
#pragma once

#include <string>
#include <string_view>

#include "run/run.hpp"

namespace loadgen {

/// With CRLF, as every line. The columns of groups are there where the scenario has several.
[[nodiscard]] std::string seconds_csv_head(const Scenario& scenario);
[[nodiscard]] std::string seconds_csv_line(const Second& second, const Scenario& scenario);
/// The inverse, strictly: `line` is without CRLF. An Error has no place.
[[nodiscard]] Result<Second> read_seconds_csv_line(std::string_view line, const Scenario& scenario);

}  // namespace loadgen
