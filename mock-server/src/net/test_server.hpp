// For tests: a server on a free port and a thread of its own, gone at the end of the scope.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "http/test_echo.hpp"
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

inline std::uint16_t port_of(const std::string& url) {
  return static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
}

class RunningServer {
 public:
  /// `loop` is set before the first handler is made.
  explicit RunningServer(Application& application, Interceptor* interceptor = nullptr,
                         ListenOptions options = {}, Observer* observer = nullptr,
                         Loop** loop = nullptr)
      : server_(make_server()) {
    if (loop != nullptr) *loop = &server_->loop();
    options.port = 0;
    options.limits.shutdown_grace = std::min(options.limits.shutdown_grace, Milliseconds{200});
    const auto listening = server_->listen(options, application, interceptor, observer);
    EXPECT_TRUE(listening) << listening.error().line();
    port_ = port_of(server_->url());
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
