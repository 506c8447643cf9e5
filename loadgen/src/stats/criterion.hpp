// --fail-if: what makes a run red beyond failed uploads.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/error.hpp"
#include "stats/condition.hpp"
#include "stats/stats.hpp"

namespace loadgen {

/// The numbers of a run by name, in the order in which reports show them. The names are the
/// vocabulary of --fail-if and the keys of "summary" in summary.json.
[[nodiscard]] std::vector<std::pair<std::string, double>> summary_fields(const Stats& stats);

/// "goodput_mib_s<50", "failed > 0", "upload_p99_ms>=2000".
class Criterion {
 public:
  [[nodiscard]] static Result<Criterion> parse(std::string_view text);
  [[nodiscard]] const std::string& text() const { return condition_.text; }
  /// The value that was found where the condition holds, that is, where the run is to fail.
  [[nodiscard]] std::optional<double> hit(const Stats& stats) const;

 private:
  Condition condition_;
};

}  // namespace loadgen
