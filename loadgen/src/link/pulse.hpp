// Whether the target still lives.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "link/link.hpp"
#include "schedule/schedule.hpp"
#include "upload/retry.hpp"

namespace loadgen {

/// When a run last made progress, on any of its loops. Thread-safe.
class Pulse {
 public:
  explicit Pulse(Time at) : at_(at.time_since_epoch().count()) {}
  void beat(Time at) {
    auto former = at_.load();
    while (former < at.time_since_epoch().count() &&
           !at_.compare_exchange_weak(former, at.time_since_epoch().count())) {
    }
  }
  /// May be in the future, when a server said how long it wants to be left alone.
  [[nodiscard]] Time last() const { return Time{Time::duration{at_.load()}}; }

 private:
  std::atomic<Time::rep> at_;
};

/// Lies below everything that a loop sends. Any answer is a beat, except a 5xx without Retry-After.
/// (So are bytes that go out, but only the engine sees those.)
class PulseLink final : public Link {
 public:
  PulseLink(transport::LoadTransport& below, Pulse& pulse) : Link(below), pulse_(pulse) {}

  void send(transport::LoadRequest request, Done done) override {
    below().send(std::move(request), [this,
                                      done = std::move(done)](transport::LoadOutcome outcome) {
      if (outcome.response) {
        const Milliseconds told = retry_after(outcome.response->headers).value_or(Milliseconds{0});
        if (outcome.response->status < 500 || told.count() > 0) {
          pulse_.beat(now() + told);
        }
      }
      done(std::move(outcome));
    });
  }

 private:
  Pulse& pulse_;
};

}  // namespace loadgen
