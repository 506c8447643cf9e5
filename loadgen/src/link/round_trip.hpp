// The way there and back.
#pragma once

#include "link/link.hpp"

namespace loadgen {

/// Every request sets off one round trip late.
class RoundTripLink final : public Link {
 public:
  RoundTripLink(transport::LoadTransport& below, Milliseconds round_trip)
      : Link(below), round_trip_(round_trip) {}

  void send(transport::LoadRequest request, Done done) override {
    // Not by `this`: a link may end before the loop does.
    after(round_trip_,
          [&to = below(), request = std::move(request), done = std::move(done)]() mutable {
            to.send(std::move(request), std::move(done));
          });
  }

 private:
  Milliseconds round_trip_;
};

}  // namespace loadgen
