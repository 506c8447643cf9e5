// Times in which nothing gets through.
#pragma once

#include <chrono>
#include <memory>

#include "link/lost.hpp"
#include "link/path.hpp"

namespace loadgen {

/// A request that is sent in an outage of its partner's line waits until TCP tries again, or as
/// long as the client does. (A body that is under way waits in its Sender.)
class OutageLink final : public Link {
 public:
  OutageLink(transport::LoadTransport& below, std::shared_ptr<Path> path)
      : Link(below), path_(std::move(path)) {}

  void send(transport::LoadRequest request, Done done) override {
    const auto dead = std::chrono::ceil<Milliseconds>(path_->dead(now()));
    if (dead.count() <= 0) {
      below().send(std::move(request), std::move(done));
    } else if (dead >= path_->stall_timeout) {
      tell_later(*this, path_->stall_timeout, lost(transport::Cut::Kind::silent), std::move(done));
    } else {  // Without `this`: the link may be gone before the loop is.
      after(dead, [&to = below(), request = std::move(request), done = std::move(done)]() mutable {
        to.send(std::move(request), std::move(done));
      });
    }
  }

 private:
  std::shared_ptr<Path> path_;
};

}  // namespace loadgen
