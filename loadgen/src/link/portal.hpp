// A network whose terms have to be agreed to first.
#pragma once

#include "link/lost.hpp"
#include "link/page.hpp"
#include "network/network.hpp"

namespace loadgen {

/// Answers everything itself until its time is over: with 511 as in RFC 6585 section 6, with 302
/// and a place to log in at, or with 200 and a page.
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
