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

/// Whatever it is asked for, it hands on to one server, as an HTTP proxy does: with CONNECT it is a
/// tunnel, and other requests, whose target is a whole URL, go on as they are. Only for who gives
/// `credentials` (user:password in Base64), if there are any.
class SmallProxy {
 public:
  /// Hands on to port `to` of 127.0.0.1. Throws when there is no port to listen on.
  explicit SmallProxy(int to, std::string credentials = {});
  ~SmallProxy();
  SmallProxy(const SmallProxy&) = delete;
  SmallProxy& operator=(const SmallProxy&) = delete;

  /// Without its scheme.
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  /// The first line of each connection.
  [[nodiscard]] std::vector<std::string> asked() const;

 private:
  /// False: nothing more comes of it, or the test is over.
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
  std::vector<std::thread> relays_;  ///< the acceptor's
  std::thread acceptor_;
};

}  // namespace testkit
