// A proxy that answers in place of the service.
#pragma once

#include <cstdint>

#include "link/link.hpp"
#include "network/network.hpp"

namespace loadgen {

/// One per partner. Refuses bodies that are too large for it (413). At times it says that it cannot
/// reach the service (502; nothing got there), or that the service takes too long (504; the service
/// has dealt with the request). Which requests are hit is a pure function of `seed` and of how many
/// the partner sent before.
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
