// For tests: a client of plain blocking sockets that sends exactly what it is told.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "protocol/http/fields.hpp"

namespace mock::test {

struct ClientReply {
  int status = 0;  ///< 0: there was none, or not a whole one
  std::string head;
  ::http::Fields fields;
  std::string body;
};

/// Connects to the loopback address; 0 or errno.
inline int connect_to(int socket, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // The one cast the socket interface of C asks for.
  return ::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
}

/// What a client that tries to connect is told: 0 or errno.
inline int connect_error(std::uint16_t port) {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int error = connect_to(probe, port);
  ::close(probe);
  return error;
}

class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    EXPECT_EQ(connect_to(socket_, port), 0) << "cannot connect";
  }
  Client(Client&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)), in_(std::move(other.in_)) {}
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  Client& operator=(Client&&) = delete;
  ~Client() { close(); }

  [[nodiscard]] int descriptor() const { return socket_; }

  /// How long clients that are made from now on wait for the server.
  static inline timeval patience{10, 0};

  /// False when the server has cut the connection.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }

  /// False at the end of the stream or an error, which `error` then tells (0: FIN).
  bool fill() {
    char buffer[65536];
    const auto n = ::recv(socket_, buffer, sizeof buffer, 0);
    error_ = n < 0 ? errno : 0;
    if (n <= 0) return false;
    in_.append(buffer, static_cast<std::size_t>(n));
    return true;
  }

  /// The next reply, interim ones included. `to_head`: it answers a HEAD request.
  ClientReply reply(bool to_head = false) {
    ClientReply got;
    std::size_t end = 0;
    while ((end = in_.find("\r\n\r\n")) == std::string::npos) {
      if (!fill()) return got;
    }
    got.head = in_.substr(0, end + 2);
    in_.erase(0, end + 4);
    std::size_t line = got.head.find("\r\n") + 2;
    while (line < got.head.size()) {
      const auto stop = got.head.find("\r\n", line);
      const auto text = got.head.substr(line, stop - line);
      const auto colon = text.find(':');
      if (colon == std::string::npos) return {};
      got.fields.add(text.substr(0, colon), std::string(::http::trim_ows(text.substr(colon + 1))));
      line = stop + 2;
    }
    const int status = std::atoi(got.head.substr(9, 3).c_str());
    if (!to_head) {
      const auto length = got.fields.find("Content-Length");
      const auto size = length ? std::strtoull(std::string(*length).c_str(), nullptr, 10) : 0;
      while (in_.size() < size) {
        if (!fill()) return got;
      }
      got.body = in_.substr(0, size);
      in_.erase(0, size);
    }
    got.status = status;
    return got;
  }

  /// Everything until the server ends the stream.
  std::string rest() {
    while (fill()) {
    }
    return std::exchange(in_, {});
  }
  /// After the stream ended: 0 for FIN, else errno (EAGAIN: it did not end in time).
  [[nodiscard]] int error() const { return error_; }
  /// What has arrived and was not looked at.
  [[nodiscard]] const std::string& unread() const { return in_; }

  void half_close() const { ::shutdown(socket_, SHUT_WR); }
  void close() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  }
  /// Makes the server see ECONNRESET.
  void reset() {
    const linger now{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }

 private:
  int socket_;
  int error_ = 0;
  std::string in_;
};

}  // namespace mock::test
