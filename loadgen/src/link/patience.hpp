// How long a partner's client waits on a line that is silent.
#pragma once

#include "link/link.hpp"

namespace loadgen {

/// A request without progress for `stall_timeout` is given up.
class PatienceLink final : public Link {
 public:
  PatienceLink(transport::LoadTransport& below, Milliseconds stall_timeout)
      : Link(below), stall_timeout_(stall_timeout) {}

  void send(transport::LoadRequest request, Done done) override {
    request.stall_timeout = stall_timeout_;
    below().send(std::move(request), std::move(done));
  }

 private:
  Milliseconds stall_timeout_;
};

}  // namespace loadgen
