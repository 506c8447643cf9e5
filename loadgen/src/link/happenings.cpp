#include "link/happenings.hpp"

namespace loadgen {

const Happening* Happenings::at(transport::LoadTime now) const {
  const Happening* found = nullptr;
  for (const Happening& one : all_) {
    if (one.holds(now) && (found == nullptr || one.is_outage())) found = &one;
  }
  return found;
}

transport::LoadClock::duration Happenings::silence(transport::LoadTime now) const {
  const Happening* const one = at(now);
  return one != nullptr && one->is_outage() ? one->end - now : transport::LoadClock::duration{0};
}

}  // namespace loadgen
