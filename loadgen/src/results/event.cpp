#include <algorithm>

#include "results/results.hpp"

namespace loadgen {

bool EventResults::concerns(const GroupResults& group) const {
  const bool there = region.empty() || !group.region || region == *group.region;
  return there && (partners.empty() || std::ranges::count(partners, group.name) > 0);
}

}  // namespace loadgen
