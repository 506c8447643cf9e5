#include "testkit/small_proxy.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <utility>

namespace testkit {
namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool write_all(int to, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

}  // namespace

SmallProxy::SmallProxy(int to, std::string credentials)
    : to_(to), credentials_(std::move(credentials)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("no port for a proxy");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept(); });
}

SmallProxy::~SmallProxy() {
  stopping_ = true;
  acceptor_.join();
  for (auto& thread : relays_) thread.join();
  ::close(listener_);
}

std::vector<std::string> SmallProxy::asked() const {
  const std::lock_guard lock(mutex_);
  return asked_;
}

bool SmallProxy::readable(std::vector<pollfd>& all) const {
  while (!stopping_) {
    if (::poll(all.data(), all.size(), 50) > 0) return true;
  }
  return false;
}

void SmallProxy::accept() {
  for (;;) {
    std::vector<pollfd> one{{listener_, POLLIN, 0}};
    if (!readable(one)) return;
    const int client = ::accept(listener_, nullptr, nullptr);
    if (client >= 0) relays_.emplace_back([this, client] { serve(client); });
  }
}

void SmallProxy::serve(int client) {
  const int server = ::socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = loopback(to_);
  std::string head;
  std::array<char, 1> byte{};
  std::vector<pollfd> one{{client, POLLIN, 0}};
  while (!head.ends_with("\r\n\r\n") && readable(one) && ::read(client, byte.data(), 1) == 1) {
    head += byte[0];
  }
  {
    const std::lock_guard lock(mutex_);
    asked_.push_back(head.substr(0, head.find('\r')));
  }
  if (!credentials_.empty() &&
      head.find("\r\nProxy-Authorization: Basic " + credentials_ + "\r\n") == std::string::npos) {
    write_all(client,
              "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic "
              "realm=\"p\"\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  } else if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    const bool tunnel = head.starts_with("CONNECT ");
    const std::string first = tunnel ? "HTTP/1.1 200 Connection established\r\n\r\n" : head;
    if (write_all(tunnel ? client : server, first)) relay(client, server);
  }
  ::close(server);
  ::close(client);
}

void SmallProxy::relay(int a, int b) const {
  std::vector<pollfd> both{{a, POLLIN, 0}, {b, POLLIN, 0}};
  std::vector<char> buffer(65536);
  while (readable(both)) {
    for (const auto& [fd, events, what] : both) {
      if (what == 0) continue;
      const auto count = ::read(fd, buffer.data(), buffer.size());
      if (count <= 0) return;
      if (!write_all(fd == a ? b : a, {buffer.data(), static_cast<std::size_t>(count)})) return;
    }
  }
}

}  // namespace testkit
