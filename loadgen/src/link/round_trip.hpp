// The way there and back.
#pragma once

#include <cmath>
#include <cstdint>

#include "link/link.hpp"
#include "payload/hash.hpp"

namespace loadgen {

/// Every request sets off one round trip late; with a jitter it is drawn evenly from around that,
/// for each request anew.
class RoundTripLink final : public Link {
 public:
  RoundTripLink(transport::LoadTransport& below, Milliseconds round_trip)
      : RoundTripLink(below, round_trip, Milliseconds{0}, 0) {}
  RoundTripLink(transport::LoadTransport& below, Milliseconds round_trip, Milliseconds jitter,
                std::uint64_t seed)
      : Link(below), round_trip_(round_trip), jitter_(jitter), seed_(seed) {}

  void send(transport::LoadRequest request, Done done) override {
    // Not by `this`: a link may end before the loop does.
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
