// For tests: a conversation on a wire that only writes down what it is asked for.
#pragma once

#include <algorithm>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/conversation.hpp"
#include "http/test_echo.hpp"
#include "loop/manual_loop.hpp"

namespace mock::test {

class FakeWire final : public Wire {
 public:
  bool send(std::string bytes) override {
    sent += bytes;
    pieces.push_back(std::move(bytes));
    return !full;
  }
  void end(Ending how) override { ended = how; }
  void patience(std::optional<Milliseconds> limit_now) override { limit = limit_now; }
  void wake() override { woken = true; }

  std::string sent;
  std::vector<std::string> pieces;
  std::optional<Ending> ended;
  std::optional<Milliseconds> limit;
  bool woken = false;
  bool full = false;  // the kernel takes nothing more: the test says when it was written
};

/// Plays the client and the loop. Members are open to whoever drives it.
class TalkDriver : public Application, public Observer {
 public:
  std::unique_ptr<Handler> handler_for(const Request& /*request*/,
                                       Intercept* /*intercept*/) override {
    return std::make_unique<Echo>(log_, loop_pointer_);
  }
  void on_exchange(const ExchangeRecord& record) override {
    if (forgets_) throw std::bad_alloc();
    sent_ += record.sent;
    exchanges_.push_back(record.request.method + " " + std::to_string(record.status) + " " +
                         std::to_string(record.body_received.value) +
                         (record.aborted ? " aborted" : ""));
    if (const auto* refused = record.refused) {
      refused_.push_back(refused->method + " " + refused->path + (refused->query ? "?" : "") +
                         ": " + refused->why);
    }
  }
  void on_connections(std::size_t /*open*/) override {}
  void admit(Request& request) override { request.http = &http_; }

  void begin(Interceptor* interceptor = nullptr) {
    talk_.reset();
    loop_ = ManualLoop{};
    wire_ = FakeWire{};
    log_.clear();
    exchanges_.clear();
    refused_.clear();
    sent_ = {};
    log_.drawn = 0;
    held_.clear();
    talk_ = std::make_unique<Conversation>(
        wire_, ConversationSeams{loop_, *this, interceptor, this, limits_, http_},
        Peer{false, "127.0.0.1:8080", "127.0.0.1:50000", 1});
    talk_->begin();
  }

  /// The client sends: as much of it as the conversation wants, the rest when it wants again.
  void send(std::string_view bytes) {
    held_ += bytes;
    pump();
  }
  void pump() {
    for (;;) {
      loop_.run();
      if (std::exchange(wire_.woken, false)) {
        talk_->proceed();
        continue;
      }
      const auto size = wire_.ended ? 0 : std::min(talk_->wants(), held_.size());
      if (size == 0) return;
      const auto now = held_.substr(0, size);
      held_.erase(0, size);
      talk_->feed(std::as_bytes(std::span(now.data(), now.size())));
    }
  }
  void advance(Milliseconds by) {
    loop_.advance(by);
    pump();
  }

  ManualLoop loop_;
  Loop* loop_pointer_ = &loop_;
  Limits limits_;
  HttpOptions http_;
  Log log_;
  std::vector<std::string> exchanges_;
  std::vector<std::string> refused_;  // what was read of heads that were refused, and why
  Bytes sent_;                        // of all replies, as the observer is told
  bool forgets_ = false;              // the observer throws
  FakeWire wire_;
  std::string held_;  // sent by the client, not read yet
  std::unique_ptr<Conversation> talk_;
};

}  // namespace mock::test
