// For tests: a server that answers as a test says, and the context of a check that talks to it.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <mutex>

#include "dex/target.hpp"
#include "run/live_context.hpp"
#include "testkit/scripted_server.hpp"

namespace conformance {

inline const Requirement a_row{"TUS-A-001", "a", "tus", Level::must, "s", "r", "t", {}, {}, {}};

inline std::string answer_of(const std::string& status, const std::string& fields = "",
                             const std::string& body = "") {
  return "HTTP/1.1 " + status + "\r\nConnection: close\r\n" + fields +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// A server that answers by a function of the request, and a session that points at it.
class LiveContextTest : public testing::Test {
 protected:
  LiveContextTest()
      : server_([this](testkit::Peer& peer) {
          const std::string request = peer.read_request();
          if (request.empty()) return;
          std::string reply;
          {
            const std::lock_guard lock(mutex_);
            requests_.push_back(request);
            reply = reply_(request);
          }
          if (reply.empty()) return peer.reset();
          peer.send(reply);
        }),
        session_(std::make_shared<Session>()),
        evidence_(std::make_shared<Evidence>()) {
    target_ = std::make_shared<DexTarget>(TargetOptions{}, dex::Manifest{});
    target_->url = server_.url("/files");
    target_->origin = server_.url();
    target_->metadata = {};
    session_->target = target_;
    session_->client.user_agent = "dex-test";
    session_->patience = Milliseconds{50};
    session_->seed = 7;
  }

  std::unique_ptr<Context> context(Milliseconds time = std::chrono::seconds{10}) {
    return live_contexts(session_)(a_row, evidence_, std::chrono::steady_clock::now() + time);
  }
  void reply_with(std::function<std::string(const std::string&)> reply) {
    const std::lock_guard lock(mutex_);
    reply_ = std::move(reply);
  }
  std::string last_request() {
    const std::lock_guard lock(mutex_);
    return requests_.empty() ? "" : requests_.back();
  }
  std::size_t request_count() {
    const std::lock_guard lock(mutex_);
    return requests_.size();
  }
  static Outcome stop_of(const std::function<void()>& act) {
    try {
      act();
    } catch (const Stop& stop) {
      return stop.outcome;
    }
    ADD_FAILURE() << "expected Stop";
    return {};
  }

  std::mutex mutex_;
  std::function<std::string(const std::string&)> reply_ = [](const std::string&) {
    return answer_of("204 No Content", "Upload-Offset: 3\r\n");
  };
  std::vector<std::string> requests_;
  testkit::ScriptedServer server_;
  std::shared_ptr<DexTarget> target_;
  std::shared_ptr<Session> session_;
  std::shared_ptr<Evidence> evidence_;
};

}  // namespace conformance
