// Why rows are red: from their steps, and from what was tried afterwards (decision 42).
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
  /// The requests that got no answer when it went, with their rows.
  std::vector<Watch::Suspect> suspects;
  bool alone = false;  ///< each of these rows ran alone, and it went away again
  bool came_back = false;
};

/// The foundations that failed in red rows, in the order of `foundations`: what is worth a trial.
/// A row that is as the baseline expects is not red.
[[nodiscard]] std::vector<const Foundation*> suspected(
    const std::vector<Judgement>& judgements, const std::vector<const Foundation*>& foundations);

struct Tried {
  std::vector<Trial> trials;  ///< in the order of the foundations
  std::optional<Death> death;
  /// Rows that were skipped because what they need is not among the extensions.
  std::size_t not_offered = 0;
  /// What the system may offer: a row that excludes one of them is judged only where it is absent.
  std::vector<std::string_view> extensions = {};
};
/// Every red judgement in exactly one cause; the heaviest first.
[[nodiscard]] std::vector<Cause> causes_of(const std::vector<Judgement>& judgements,
                                           const Tried& tried);

}  // namespace conformance
