#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "netlab.hpp"

namespace netlab {
namespace {

int checked(long result, const std::string& what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return static_cast<int>(result);
}

sockaddr_in address_of(const std::string& address, std::uint16_t port) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  if (::inet_pton(AF_INET, address.c_str(), &to.sin_addr) != 1) {
    throw std::invalid_argument(address + " is no IPv4 address");
  }
  return to;
}

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() { ::close(fd_); }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

constexpr std::size_t piece = 64U << 10U;

}  // namespace

void receive(std::uint16_t port, std::uint64_t bytes) {
  const Socket listener(checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
  const int yes = 1;
  ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const sockaddr_in any = address_of("0.0.0.0", port);
  checked(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any), "bind");
  checked(::listen(listener.get(), 1), "listen");
  const Socket peer(checked(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC), "accept"));
  std::vector<char> buffer(piece);
  while (bytes > 0) {
    const auto count = checked(::read(peer.get(), buffer.data(), buffer.size()), "read");
    if (count == 0) throw std::runtime_error("the sender has ended before its last byte");
    bytes -= std::min<std::uint64_t>(bytes, static_cast<std::uint64_t>(count));
  }
  checked(::write(peer.get(), "x", 1), "write");
  // Waits until the other side has read the answer and closed.
  while (checked(::read(peer.get(), buffer.data(), buffer.size()), "read") > 0) {
  }
}

double transfer(const std::string& address, std::uint16_t port, std::uint64_t bytes,
                const std::string& congestion_control) {
  const Socket peer(checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
  checked(::setsockopt(peer.get(), IPPROTO_TCP, TCP_CONGESTION, congestion_control.data(),
                       static_cast<socklen_t>(congestion_control.size())),
          "TCP_CONGESTION " + congestion_control);
  const sockaddr_in to = address_of(address, port);
  checked(::connect(peer.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to), "connect");
  const std::vector<char> buffer(piece, 'x');
  const auto begin = std::chrono::steady_clock::now();
  while (bytes > 0) {
    const auto room = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, buffer.size()));
    bytes -= static_cast<std::uint64_t>(
        checked(::send(peer.get(), buffer.data(), room, MSG_NOSIGNAL), "send"));
  }
  char answer = 0;
  if (checked(::read(peer.get(), &answer, 1), "read") != 1) {
    throw std::runtime_error("the receiver has ended without an answer");
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace netlab
