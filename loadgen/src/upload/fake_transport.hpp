// For tests: a loop with a clock of its own, and a server behind it that is a function.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "transport/load_engine.hpp"

namespace loadgen {

using transport::Failure;
using transport::LoadOutcome;
using transport::LoadRequest;
using transport::LoadResponse;

inline LoadOutcome answer(int status, http::Fields headers = {}, std::string body = {}) {
  LoadOutcome outcome;
  outcome.response = LoadResponse{status, std::move(headers), std::move(body)};
  return outcome;
}
inline LoadOutcome broken(Failure::Kind kind = Failure::Kind::reset) {
  LoadOutcome outcome;
  outcome.failure = Failure{kind, "broken by the test"};
  return outcome;
}

/// The client's process ended.
inline LoadOutcome process_ended() {
  LoadOutcome outcome = broken();
  outcome.client_ended = true;
  return outcome;
}

/// The body that a request with a source sends, up to its cut; the outcome is a 200, or that cut.
struct Taken {
  LoadOutcome outcome;
  std::string body;
};
inline Taken taken(const LoadRequest& request) {
  Taken taken;
  const std::uint64_t wanted = request.cut ? request.cut->after.value : request.source_size.value;
  while (taken.body.size() < wanted) {
    std::byte buffer[1000];
    const auto room = std::min<std::uint64_t>(sizeof buffer, wanted - taken.body.size());
    const auto count = request.source(Bytes{taken.body.size()}, std::span(buffer).first(room));
    taken.body.append(reinterpret_cast<const char*>(buffer), count);
  }
  taken.outcome = request.cut ? broken() : answer(200);
  taken.outcome.was_cut = request.cut.has_value();
  taken.outcome.sent = Bytes{wanted};
  return taken;
}

/// Runs everything in the order of a simulated time that jumps from event to event.
class FakeTransport final : public transport::LoadTransport {
 public:
  using Serve = std::function<LoadOutcome(const LoadRequest&)>;
  explicit FakeTransport(Serve serve) : serve_(std::move(serve)) {}

  void send(LoadRequest request, Done done) override {
    log.push_back(request.method + " " + request.url);
    requests.push_back(request);
    const Milliseconds patience = request.stall_timeout;
    LoadOutcome outcome = serve_(request);
    const bool silent = outcome.failure && outcome.failure->kind == Failure::Kind::timeout;
    schedule(silent ? patience : round_trip,
             [done = std::move(done), outcome = std::move(outcome)]() mutable {
               done(std::move(outcome));
             });
  }
  transport::TimerId after(Milliseconds delay, std::function<void()> fire) override {
    delays.push_back(delay);
    return schedule(delay, std::move(fire));
  }
  void cancel(transport::TimerId id) override {
    std::erase_if(events_, [&](const auto& event) { return event.second.first == id; });
  }
  [[nodiscard]] transport::LoadTime now() const override { return now_; }
  void aside(std::function<void()> work, std::function<void()> then) override {
    work();
    schedule(Milliseconds{0}, std::move(then));
  }

  /// Until nothing is left to happen.
  void run() {
    while (!events_.empty()) {
      auto event = events_.extract(events_.begin());
      now_ = std::max(now_, event.key());
      event.mapped().second();
    }
  }

  std::vector<std::string> log;
  std::vector<LoadRequest> requests;
  std::vector<Milliseconds> delays;
  Milliseconds round_trip{1};

 private:
  transport::TimerId schedule(Milliseconds delay, std::function<void()> fire) {
    const transport::TimerId id{0, next_++};
    events_.emplace(now_ + delay, std::pair(id, std::move(fire)));
    return id;
  }

  Serve serve_;
  transport::LoadTime now_{};
  std::uint32_t next_ = 1;
  std::multimap<transport::LoadTime, std::pair<transport::TimerId, std::function<void()>>> events_;
};

}  // namespace loadgen
