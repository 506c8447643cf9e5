#include "schedule/arrivals.hpp"

#include <cmath>

#include "payload/hash.hpp"

namespace loadgen {
namespace {

/// The time to the next arrival of a Poisson process of level 1.
double gap(std::uint64_t seed, std::uint64_t stream, std::uint64_t number) {
  // 1 - u is in (0, 1], so that its logarithm is finite.
  return -std::log(1 - unit(hash_for(Purpose::arrival, {seed, stream, number})));
}

}  // namespace

// A Poisson process whose level changes is one of level 1 in a time that is stretched so that the
// level is 1 (Cinlar, Introduction to Stochastic Processes, 1975, section 4.7).
void Arrivals::step() {
  if (arrival_ == Arrival::poisson) {
    sum_ += gap(seed_, stream_, number_);
  } else {
    sum_ = static_cast<double>(number_);
  }
  due_ = course_->reaches(sum_);
}

void Arrivals::advance(std::uint64_t count) {
  if (arrival_ != Arrival::poisson) {
    number_ += count;
    step();
    return;
  }
  for (std::uint64_t i = 0; i < count; ++i) {
    ++number_;
    sum_ += gap(seed_, stream_, number_);
  }
  due_ = course_->reaches(sum_);
}

}  // namespace loadgen
