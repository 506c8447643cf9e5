// The way there and back.
#pragma once

#include <cmath>
#include <cstdint>

#include "link/link.hpp"
#include "payload/hash.hpp"

namespace loadgen {

/// Every request is sent one round trip late. With a jitter, the delay is drawn anew for each
/// request, evenly from around the round trip.
class RoundTripLink final : public Link {
 public:
  RoundTripLink(transport::LoadTransport& below, Milliseconds round_trip)
      : RoundTripLink(below, round_trip, Milliseconds{0}, 0) {}
  RoundTripLink(transport::LoadTransport& below, Milliseconds round_trip, Milliseconds jitter,
                std::uint64_t seed)
      : Link(below), round_trip_(round_trip), jitter_(jitter), seed_(seed) {}

  void send(transport::LoadRequest request, Done done) override {
    // Without `this`: the link may be gone before the loop is.
    after(drawn(), [&to = below(), request = std::move(request), done = std::move(done)]() mutable {
      to.send(std::move(request), std::move(done));
    });
  }

 private:
  Milliseconds drawn() {
    if (jitter_.count() == 0) return round_trip_;
    const double at = 2 * unit(hash_for(Purpose::rtt, {seed_, sent_++})) - 1;
    return round_trip_ + Milliseconds{std::llround(at * static_cast<double>(jitter_.count()))};
  }

  Milliseconds round_trip_;
  Milliseconds jitter_;
  std::uint64_t seed_;
  std::uint64_t sent_ = 0;
};

}  // namespace loadgen
