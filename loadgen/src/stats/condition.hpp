// What --fail-if says: a figure, and what it is compared with.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.hpp"

namespace loadgen {

/// "goodput_mib_s<50", "failed > 0", "upload_p99_ms>=2000".
struct Condition {
  enum class Operator { less, less_equal, greater, greater_equal, equal, not_equal };

  /// `names` are the figures that there are.
  [[nodiscard]] static Result<Condition> parse(std::string_view text,
                                               const std::vector<std::string>& names);
  [[nodiscard]] bool holds(double value) const;

  std::string text;  ///< as it was given
  std::string figure;
  Operator compared = Operator::greater;
  double limit = 0;
};

}  // namespace loadgen
