// For tests: an engine whose bodies take simulated time.
#pragma once

#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "link/lost.hpp"
#include "upload/fake_transport.hpp"

namespace loadgen {

/// Over a FakeTransport: a body goes at its pace, up to its cut. The request of a whole body is
/// then sent on, without the body, for its answer. Bytes are counted, not kept.
class SimulatedEngine final : public Link {
 public:
  explicit SimulatedEngine(FakeTransport& loop) : Link(loop) {}

  void send(LoadRequest request, Done done) override {
    if (!request.source) {
      below().send(std::move(request), std::move(done));
      return;
    }
    auto body = std::make_shared<Body>(Body{std::move(request), std::move(done), Bytes{0}});
    below().after(Milliseconds{0}, [this, body] { step(body); });
  }

  /// Called for each piece of a body when it goes.
  std::function<void(const LoadRequest&, Bytes at, Bytes count)> went = [](const LoadRequest&,
                                                                           Bytes, Bytes) {};

 private:
  struct Body {
    LoadRequest request;
    Done done;
    Bytes at;
  };

  void step(const std::shared_ptr<Body>& body) {
    const LoadRequest& request = body->request;
    const Bytes end = request.cut ? request.cut->after : request.source_size;
    std::vector<std::byte> buffer(64U << 10U);
    while (body->at < end) {
      std::uint64_t room = std::min<std::uint64_t>((end - body->at).value, buffer.size());
      if (request.pace) {
        const std::uint64_t left = (request.source_size - body->at).value;
        room = std::min(room, request.pace->available(now(), left));
        if (room == 0) {
          wait(body, left);
          return;
        }
      }
      const Bytes count{request.source(body->at, std::span(buffer).first(room))};
      if (request.pace) request.pace->spend(count.value);
      went(request, body->at, count);
      body->at += count;
    }
    if (request.cut) {
      cut(*body, request.cut->kind, true);
      return;
    }
    LoadRequest answered = request;
    answered.source = nullptr;
    answered.pace = nullptr;
    below().send(std::move(answered), [body](LoadOutcome outcome) {
      outcome.sent = body->at;
      body->done(std::move(outcome));
    });
  }
  void wait(const std::shared_ptr<Body>& body, std::uint64_t left) {
    const auto& pace = *body->request.pace;
    if (pace.silence() >= body->request.stall_timeout) {
      cut(*body, transport::Cut::Kind::silent, false);
      return;
    }
    below().after(std::chrono::ceil<Milliseconds>(pace.wait(left)), [this, body] { step(body); });
  }
  void cut(const Body& body, transport::Cut::Kind kind, bool on_purpose) {
    LoadOutcome outcome = lost(kind);
    outcome.was_cut = on_purpose;
    outcome.sent = body.at;
    const bool silent = kind == transport::Cut::Kind::silent;
    tell_later(below(), silent ? body.request.stall_timeout : Milliseconds{0}, std::move(outcome),
               body.done);
  }
};

}  // namespace loadgen
