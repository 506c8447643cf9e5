#include "network/spells.hpp"

#include <chrono>
#include <cmath>

#include "payload/hash.hpp"

namespace loadgen {

Spells::Spells(const Recurrence& recurrence, std::uint64_t seed, transport::LoadTime start)
    : recurrence_(recurrence), seed_(seed) {
  bad_.begin = start + draw(recurrence_.every - recurrence_.length);
  bad_.end = bad_.begin + draw(recurrence_.length);
}

const Spells::Bad& Spells::next(transport::LoadTime at) {
  while (bad_.end <= at) {
    bad_.begin = bad_.end + draw(recurrence_.every - recurrence_.length);
    bad_.end = bad_.begin + draw(recurrence_.length);
  }
  return bad_;
}

transport::LoadClock::duration Spells::draw(double mean_seconds) {
  const double seconds = -std::log1p(-unit(hash_of({seed_, drawn_++}))) * mean_seconds;
  return std::chrono::ceil<transport::LoadClock::duration>(std::chrono::duration<double>(seconds));
}

}  // namespace loadgen
