// For tests: a server on a free port and a thread of its own, gone at the end of the scope.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "net/server.hpp"
#include "net/test_client.hpp"

namespace mock::test {

/// Waits until `true_now` or ten seconds have passed.
template <class Predicate>
bool eventually(Predicate true_now) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!true_now()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

/// Makes handlers with a function.
class MakesHandlers final : public Application {
 public:
  using Make = std::function<std::unique_ptr<Handler>(const Request&, Intercept*)>;
  explicit MakesHandlers(Make make) : make_(std::move(make)) {}
  std::unique_ptr<Handler> handler_for(const Request& request, Intercept* intercept) override {
    return make_(request, intercept);
  }

 private:
  Make make_;
};

/// What a handler or an observer saw, told to the test's thread.
class Log {
 public:
  void add(std::string line) {
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::move(line));
  }
  [[nodiscard]] std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  [[nodiscard]] std::string joined() const {
    std::string all;
    for (const auto& line : lines()) all += line + "\n";
    return all;
  }
  [[nodiscard]] bool has(const std::string& line) const {
    for (const auto& each : lines()) {
      if (each == line) return true;
    }
    return false;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

class RunningServer {
 public:
  explicit RunningServer(Application& application, Interceptor* interceptor = nullptr,
                         ListenOptions options = {}, Observer* observer = nullptr)
      : server_(make_server()) {
    options.port = 0;
    options.limits.shutdown_grace = std::min(options.limits.shutdown_grace, Milliseconds{200});
    const auto listening = server_->listen(options, application, interceptor, observer);
    EXPECT_TRUE(listening) << listening.error().line();
    const auto url = server_->url();
    port_ = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
    thread_ = std::thread([this] { cut_off_ = server_->run(false); });
  }
  ~RunningServer() { stop(); }
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;

  /// The number of exchanges that were cut off.
  std::size_t stop() {
    if (thread_.joinable()) {
      server_->stop();
      thread_.join();
    }
    return cut_off_;
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] Server& server() { return *server_; }
  [[nodiscard]] Client connect() const { return Client(port_); }

 private:
  std::unique_ptr<Server> server_;
  std::uint16_t port_ = 0;
  std::size_t cut_off_ = 0;
  std::thread thread_;
};

}  // namespace mock::test
