#include "transport/load_pace.hpp"

#include <algorithm>
#include <chrono>

namespace transport {

// Twenty slices a second, but not below 1 KiB: smaller ones cost more than they smooth.
Pace::Pace(BytesPerSecond rate, LoadTime start)
    : Pace(rate, start, std::max(1024.0, rate.value / 20)) {}
Pace::Pace(BytesPerSecond rate, LoadTime start, double slice)
    : rate_(rate.value), slice_(slice), at_(start) {}

double Pace::due(std::uint64_t left) const { return std::min(slice_, static_cast<double>(left)); }

void Pace::refill(LoadTime now) {
  saved_ += rate_ * std::chrono::duration<double>(now - at_).count();
  at_ = now;
  // What comes in while somebody waits is for the waiter, even if it is called late.
  if (!waiting_) saved_ = std::min(saved_, slice_);
}

std::uint64_t Pace::available(LoadTime now, std::uint64_t left) {
  refill(now);
  // In whole nanoseconds a wait may end a little before the moment that it was for.
  waiting_ = saved_ + 1e-3 < due(left);
  return waiting_ ? 0 : static_cast<std::uint64_t>(saved_ + 1e-3);
}

LoadClock::duration Pace::wait(std::uint64_t left) const {
  const double seconds = std::max(0.0, due(left) - saved_) / rate_;
  return std::chrono::duration_cast<LoadClock::duration>(std::chrono::duration<double>(seconds));
}

void Pace::spend(std::uint64_t bytes) {
  saved_ -= static_cast<double>(bytes);
  waiting_ = false;
}

}  // namespace transport
