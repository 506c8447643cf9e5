// From red rows, and what was tried afterwards, to what stands behind them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "run/cause.hpp"
#include "run/summary.hpp"
#include "run/watch.hpp"
#include "target/foundation.hpp"

namespace conformance {

/// That the target went away.
struct Death {
  /// The requests that got no answer when it went, with their rows. `alone`: each of them by
  /// itself.
  std::vector<Watch::Suspect> suspects;
  bool alone = false;  ///< it went again when that row ran alone
  bool came_back = false;
};

/// The foundations that failed in red rows, in the order in which one needs the other: what is
/// worth a trial. Rows that the baseline expects are none.
[[nodiscard]] std::vector<const Foundation*> suspected(
    const std::vector<Judgement>& judgements, const std::vector<const Foundation*>& foundations);

struct Tried {
  std::vector<Trial> trials;  ///< in that order
  std::optional<Death> death;
  /// Rows that were skipped because what they need is not among the extensions.
  std::size_t not_offered = 0;
  /// What a system may offer: rows that exclude one of them are judged as it is not listed.
  std::vector<std::string_view> extensions = {};
};
/// Every red judgement in exactly one cause; the heaviest first.
[[nodiscard]] std::vector<Cause> causes_of(const std::vector<Judgement>& judgements,
                                           const Tried& tried);

}  // namespace conformance
