// What --fail-if says: a figure, and what it is compared with.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.hpp"

namespace loadgen {

/// "goodput_mib_s<50", "failed > 0"; of a change from one run to another "goodput_mib_s change <
/// -5%" (of what it was) and "end_to_end_p99_ms change > 100" (in the figure's own unit).
struct Condition {
  enum class Operator { less, less_equal, greater, greater_equal, equal, not_equal };
  enum class Changes { refused, allowed };

  /// `names` are the figures that there are.
  [[nodiscard]] static Result<Condition> parse(std::string_view text,
                                               const std::vector<std::string>& names,
                                               Changes changes = Changes::refused);
  [[nodiscard]] bool holds(double value) const;

  std::string text;  ///< as it was given
  std::string figure;
  bool change = false;
  bool percent = false;  ///< of a change
  Operator compared = Operator::greater;
  double limit = 0;
};

}  // namespace loadgen
