// Something between that answers in the place of the service.
#pragma once

#include <cstdint>

#include "link/link.hpp"
#include "network/network.hpp"

namespace loadgen {

/// One per partner. Refuses bodies that are too large for it (413), says at times that it cannot
/// reach the service (502, and nothing got there), or that this takes too long (504, of what the
/// service has dealt with). Which requests that are is a pure function of `seed` and how many the
/// partner has sent before.
class ProxyLink final : public Link {
 public:
  ProxyLink(transport::LoadTransport& below, const Proxy& proxy, std::uint64_t seed)
      : Link(below), proxy_(proxy), seed_(seed) {}

  void send(transport::LoadRequest request, Done done) override;

 private:
  Proxy proxy_;
  std::uint64_t seed_;
  std::uint64_t sent_ = 0;
};

}  // namespace loadgen
