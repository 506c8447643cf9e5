// How fast a partner's line is.
#pragma once

#include "link/link.hpp"

namespace loadgen {

/// The body of every request takes at least size / rate. Each request has the whole rate: a partner
/// sends one at a time.
class RateLink final : public Link {
 public:
  RateLink(transport::LoadTransport& below, BytesPerSecond rate) : Link(below), rate_(rate) {}

  void send(transport::LoadRequest request, Done done) override {
    request.upload_rate = rate_;
    below().send(std::move(request), std::move(done));
  }

 private:
  BytesPerSecond rate_;
};

}  // namespace loadgen
