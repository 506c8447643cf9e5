// How fast answers come.
#pragma once

#include <chrono>

#include "link/link.hpp"

namespace loadgen {

/// An answer arrives with its last byte, which takes its time at this rate.
class DownloadLink final : public Link {
 public:
  DownloadLink(transport::LoadTransport& below, BytesPerSecond rate) : Link(below), rate_(rate) {}

  void send(transport::LoadRequest request, Done done) override {
    // Without `this`: the link may be gone before the loop is.
    below().send(std::move(request), [&loop = below(), rate = rate_,
                                      done = std::move(done)](auto outcome) mutable {
      const auto wait = time_of(outcome, rate);
      if (wait.count() == 0) {
        done(std::move(outcome));
        return;
      }
      loop.after(wait, [outcome = std::move(outcome), done = std::move(done)]() mutable {
        done(std::move(outcome));
      });
    });
  }

 private:
  static Milliseconds time_of(const transport::LoadOutcome& outcome, BytesPerSecond rate) {
    if (!outcome.response) return Milliseconds{0};
    std::size_t size = outcome.response->body.size() + 20;  // and the status line
    for (const auto& field : outcome.response->headers) {
      size += field.name.size() + field.value.size() + 4;
    }
    return std::chrono::round<Milliseconds>(
        std::chrono::duration<double>(static_cast<double>(size) / rate.value));
  }

  BytesPerSecond rate_;
};

}  // namespace loadgen
