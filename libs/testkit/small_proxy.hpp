// A proxy between a program and one server of a test.
#pragma once

#include <poll.h>

#include <atomic>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace testkit {

/// An HTTP proxy that hands everything on to one server: CONNECT opens a tunnel, and other
/// requests, whose target is a whole URL, go on as they are. If `credentials` (user:password in
/// Base64) are set, only clients that send them are served.
class SmallProxy {
 public:
  /// Hands on to port `to` of 127.0.0.1. Throws when there is no port to listen on.
  explicit SmallProxy(int to, std::string credentials = {});
  ~SmallProxy();
  SmallProxy(const SmallProxy&) = delete;
  SmallProxy& operator=(const SmallProxy&) = delete;

  /// Host and port, without a scheme.
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  /// The first line of each connection.
  [[nodiscard]] std::vector<std::string> asked() const;

 private:
  /// Waits until one of them can be read; false when the test is over.
  [[nodiscard]] bool readable(std::vector<pollfd>& all) const;
  void accept();
  void serve(int client);
  void relay(int a, int b) const;

  int to_;
  std::string credentials_;
  int listener_;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  std::vector<std::string> asked_;
  std::vector<std::thread> relays_;  ///< started by the acceptor
  std::thread acceptor_;
};

}  // namespace testkit
