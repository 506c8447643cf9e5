#include "socket.hpp"

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace relays {

Socket::Socket(Socket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), was_reset_(other.was_reset_) {}

Socket::~Socket() {
  if (fd_ >= 0) ::close(fd_);
}

Socket Socket::connect(const std::string& host, std::uint16_t port, int buffer) {
  Socket made(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (buffer > 0) limit_buffers(made.fd_, buffer);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1 ||
      ::connect(made.fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("cannot connect to the server behind");
  }
  send_at_once(made.fd_);
  return made;
}

bool Socket::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::string Socket::receive() {
  std::array<char, 65536> buffer{};
  ssize_t got = 0;
  do {
    got = ::recv(fd_, buffer.data(), buffer.size(), 0);
  } while (got < 0 && errno == EINTR);
  was_reset_ = got < 0;
  return {buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
}

void Socket::end_sending() const { ::shutdown(fd_, SHUT_WR); }

void Socket::end() const { ::shutdown(fd_, SHUT_RDWR); }

void Socket::see_delivered() const {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::seconds patience{5};
  int before = -1;
  for (auto until = Clock::now() + patience; Clock::now() < until;) {
    int held = 0;
    if (::ioctl(fd_, SIOCOUTQ, &held) != 0 || held == 0) return;
    if (std::exchange(before, held) != held) until = Clock::now() + patience;
    pollfd one{fd_, 0, 0};  // no events asked: reports only a peer that is gone
    if (::poll(&one, 1, 1) > 0) return;
  }
}

void Socket::reset() const {
  const linger at_once{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::shutdown(fd_, SHUT_RD);
}

void limit_buffers(int fd, int bytes) {
  for (const int option : {SO_RCVBUF, SO_SNDBUF}) {
    ::setsockopt(fd, SOL_SOCKET, option, &bytes, sizeof bytes);
  }
}

void send_at_once(int fd) {
  const int yes = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

}  // namespace relays
