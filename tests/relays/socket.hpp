// A TCP socket, with only what a relay needs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace relays {

/// Owns a TCP socket. Reading and writing at once, from one thread each, is safe.
class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept;
  Socket& operator=(Socket&&) = delete;
  ~Socket();

  /// Connects to an IPv4 address; throws when that fails. `buffer`: the size of the kernel's
  /// buffers each way, which has to be set before connecting; 0: the kernel's default.
  [[nodiscard]] static Socket connect(const std::string& host, std::uint16_t port, int buffer = 0);

  /// False when the peer is gone.
  bool send(std::string_view bytes) const;
  /// What has come, at most 64 KiB; empty when the peer has ended or reset.
  [[nodiscard]] std::string receive();
  /// Whether the last receive was ended by a reset.
  [[nodiscard]] bool was_reset() const { return was_reset_; }
  void end_sending() const;
  void end() const;
  /// Waits until the peer has got all that was sent, is gone, or has taken nothing for five
  /// seconds. Call it before reset(), which throws away what the kernel still holds.
  void see_delivered() const;
  /// The peer will see a reset as soon as this object is gone.
  void reset() const;
  /// The descriptor, for other calls; this object keeps it.
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
  bool was_reset_ = false;
};

/// Sets the size of the kernel's buffers of a socket that is not connected yet.
void limit_buffers(int fd, int bytes);
void send_at_once(int fd);  ///< TCP_NODELAY

}  // namespace relays
