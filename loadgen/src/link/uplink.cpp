#include "link/uplink.hpp"

#include <algorithm>

namespace loadgen {

using transport::LoadClock;
using transport::LoadTime;

std::uint64_t SharedPace::available(LoadTime now, std::uint64_t left) {
  down_ = happenings_ ? happenings_->silence(now) : LoadClock::duration{0};
  if (down_.count() > 0) return 0;
  std::uint64_t room = left;
  const auto ask = [&](transport::Pacer* pacer) {
    if (pacer == nullptr) return false;
    const std::uint64_t its = pacer->available(now, left);
    room = std::min(room, its);
    return its == 0;
  };
  own_waits_ = ask(own_.get());
  region_waits_ = ask(region_.get());
  return room;
}

LoadClock::duration SharedPace::wait(std::uint64_t left) const {
  if (down_.count() > 0) return down_;
  LoadClock::duration wait{0};
  if (own_waits_) wait = std::max(wait, own_->wait(left));
  if (region_waits_) wait = std::max(wait, region_->wait(left));
  return wait;
}

void SharedPace::spend(std::uint64_t bytes) {
  if (own_) own_->spend(bytes);
  if (region_) region_->spend(bytes);
}

LoadClock::duration SharedPace::silence() const {
  return std::max(down_, own_ ? own_->silence() : LoadClock::duration{0});
}

void UplinkLink::send(transport::LoadRequest request, Done done) {
  if (request.source) {
    request.pace = std::make_shared<SharedPace>(std::move(request.pace), region_, happenings_);
  }
  below().send(std::move(request), std::move(done));
}

}  // namespace loadgen
