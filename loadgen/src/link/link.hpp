// A stretch of the simulated network between a partner and the service.
#pragma once

#include <functional>
#include <utility>

#include "transport/load_engine.hpp"

namespace loadgen {

/// A transport over another one that lets everything through. Each effect of a network is a class
/// of its own that overrides `send`, in a file of its own; Line and PartnerLine put them in order.
/// Does not own what is below, which outlives it; lives on the loop of that.
class Link : public transport::LoadTransport {
 public:
  explicit Link(transport::LoadTransport& below) : below_(below) {}

  void send(transport::LoadRequest request, Done done) override {
    below_.send(std::move(request), std::move(done));
  }
  transport::TimerId after(Milliseconds delay, std::function<void()> fire) override {
    return below_.after(delay, std::move(fire));
  }
  void cancel(transport::TimerId id) override { below_.cancel(id); }
  [[nodiscard]] transport::LoadTime now() const override { return below_.now(); }
  void aside(std::function<void()> work, std::function<void()> then) override {
    below_.aside(std::move(work), std::move(then));
  }

 protected:
  [[nodiscard]] transport::LoadTransport& below() const { return below_; }

 private:
  transport::LoadTransport& below_;
};

}  // namespace loadgen
