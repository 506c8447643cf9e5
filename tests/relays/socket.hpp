// A TCP socket, as little of it as a relay has to know.
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

  /// To an address of IPv4; throws when it is refused. `buffer`: bytes that the kernel may keep
  /// each way, which it has to be told before; 0: its default.
  [[nodiscard]] static Socket connect(const std::string& host, std::uint16_t port, int buffer = 0);

  /// False when the peer is gone.
  bool send(std::string_view bytes) const;
  /// What has come, at most 64 KiB; empty when the peer has ended or reset.
  [[nodiscard]] std::string receive();
  /// Whether the last receive was ended by a reset.
  [[nodiscard]] bool was_reset() const { return was_reset_; }
  void end_sending() const;
  void end() const;
  /// Waits until the peer has all that was sent, or is gone itself, or has taken nothing for five
  /// seconds: reset() throws away what the kernel still holds.
  void see_delivered() const;
  /// The peer will see a reset as soon as this object is gone.
  void reset() const;
  /// For what is not here; it stays with this object.
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
  bool was_reset_ = false;
};

/// See Socket::connect.
void limit_buffers(int fd, int bytes);
void send_at_once(int fd);  ///< TCP_NODELAY

}  // namespace relays
