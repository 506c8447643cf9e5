// How fast a partner's line is.
#pragma once

#include <memory>

#include "link/link.hpp"
#include "link/zombie.hpp"

namespace loadgen {

/// One per partner: all bodies that he sends, of whatever request, share one line of this rate.
class RateLink final : public Link {
 public:
  /// 0: as fast as it goes.
  RateLink(transport::LoadTransport& below, BytesPerSecond rate) : Link(below) {
    if (rate.value > 0) pace_ = std::make_shared<transport::Pace>(rate, now());
  }

  void send(transport::LoadRequest request, Done done) override {
    if (!pace_ || request.source || request.body.empty()) {
      if (pace_) give_pace(request, pace_);
      below().send(std::move(request), std::move(done));
      return;
    }
    // A small body goes at once when the line is free for it.
    const std::uint64_t size = request.body.size();
    const bool free = pace_->available(now(), size) >= size;
    const auto wait = free ? transport::LoadClock::duration{0} : pace_->wait(size);
    pace_->spend(size);
    if (free) {
      below().send(std::move(request), std::move(done));
      return;
    }
    // Without `this`: the link may be gone before the loop is.
    after(std::chrono::ceil<Milliseconds>(wait),
          [&to = below(), request = std::move(request), done = std::move(done)]() mutable {
            to.send(std::move(request), std::move(done));
          });
  }

 private:
  std::shared_ptr<transport::Pace> pace_;
};

}  // namespace loadgen
