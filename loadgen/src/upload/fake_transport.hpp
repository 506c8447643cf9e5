// For tests: a loop with a clock of its own, and a tus server behind it that does what it is told.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "protocol/tus/headers.hpp"
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

/// Runs everything in the order of a simulated time that jumps from event to event.
class FakeTransport final : public transport::LoadTransport {
 public:
  using Serve = std::function<LoadOutcome(const LoadRequest&)>;
  explicit FakeTransport(Serve serve) : serve_(std::move(serve)) {}

  void send(LoadRequest request, Done done) override {
    log.push_back(request.method + " " + request.url);
    requests.push_back(request);
    LoadOutcome outcome = serve_(request);
    schedule(round_trip, [done = std::move(done), outcome = std::move(outcome)]() mutable {
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

/// tus core and creation in memory. `interfere` may answer instead, before anything happens.
class FakeTus {
 public:
  struct Stored {
    std::uint64_t length = 0;
    std::string bytes;
    std::string metadata;
  };

  LoadOutcome operator()(const LoadRequest& request) {
    if (interfere) {
      if (auto outcome = interfere(request)) return *outcome;
    }
    return serve(request);
  }

  LoadOutcome serve(const LoadRequest& request) {
    if (request.method == "POST") {
      const std::string id = std::to_string(++created_);
      Stored& stored = uploads[id];
      stored.length = std::stoull(std::string(*request.headers.find(tus::header::upload_length)));
      stored.metadata =
          std::string(request.headers.find(tus::header::upload_metadata).value_or(""));
      return answer(201, {{"Location", "/files/" + id}});
    }
    const auto found = uploads.find(request.url.substr(request.url.rfind('/') + 1));
    if (found == uploads.end()) return answer(404);
    Stored& stored = found->second;
    const auto at = [&] { return std::to_string(stored.bytes.size()); };
    if (request.method == "HEAD") {
      return answer(200,
                    {{"Upload-Offset", at()}, {"Upload-Length", std::to_string(stored.length)}});
    }
    if (request.method == "GET") {
      if (request.sink) request.sink(std::as_bytes(std::span(stored.bytes)));
      return answer(200);
    }
    if (*request.headers.find(tus::header::upload_offset) != at()) return answer(409);
    const std::uint64_t wanted = request.cut ? request.cut->after.value : request.source_size.value;
    std::uint64_t sent = 0;
    while (sent < wanted) {
      std::byte buffer[1000];
      const auto room = std::min<std::uint64_t>(sizeof buffer, wanted - sent);
      const auto count = request.source(Bytes{sent}, std::span(buffer).first(room));
      stored.bytes.append(reinterpret_cast<const char*>(buffer), count);
      sent += count;
    }
    // What the network ate never reached the store.
    if (request.cut)
      stored.bytes.resize(stored.bytes.size() - std::min<std::uint64_t>(sent, eaten));
    LoadOutcome outcome = request.cut ? broken() : answer(204, {{"Upload-Offset", at()}});
    outcome.was_cut = request.cut.has_value();
    outcome.sent = Bytes{sent};
    return outcome;
  }

  std::function<std::optional<LoadOutcome>(const LoadRequest&)> interfere;
  std::map<std::string, Stored> uploads;
  std::uint64_t eaten = 0;  ///< of a cut transfer's last bytes

 private:
  int created_ = 0;
};

}  // namespace loadgen
