// Names that all reports share.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "run/summary.hpp"

namespace conformance {

/// "2027-03-31T12:00:00", in UTC.
[[nodiscard]] std::string timestamp(std::chrono::system_clock::time_point at);
[[nodiscard]] inline double seconds(Milliseconds duration) {
  return static_cast<double>(duration.count()) / 1000.0;
}
[[nodiscard]] std::string_view standing_name(Standing standing);
/// "verdict", "answer"
[[nodiscard]] std::string_view in_name(verdicts::Difference::In in);
/// "usage", "unreachable", "harness"
[[nodiscard]] std::string_view stopped_type(const RunReport::Stopped& stopped);

}  // namespace conformance
