// A network that wants to be agreed with first.
#pragma once

#include "link/lost.hpp"
#include "link/page.hpp"
#include "network/network.hpp"

namespace loadgen {

/// Answers everything itself until the time of its partner is over: for 511 as RFC 6585 section 6
/// has it, for 302 with a place to log in at, for 200 with a page.
class PortalLink final : public Link {
 public:
  PortalLink(transport::LoadTransport& below, const Portal& portal)
      : Link(below), status_(portal.status), until_(below.now() + portal.lasts) {}

  void send(transport::LoadRequest request, Done done) override {
    if (now() >= until_) {
      below().send(std::move(request), std::move(done));
      return;
    }
    auto answer = page(status_, status_ == 511   ? "511 Network Authentication Required"
                                : status_ == 302 ? "302 Found"
                                                 : "Welcome: please log in");
    if (status_ == 302) answer.response->headers.add("Location", "http://portal.invalid/login");
    tell_later(*this, Milliseconds{0}, std::move(answer), std::move(done));
  }

 private:
  int status_;
  transport::LoadTime until_;
};

}  // namespace loadgen
