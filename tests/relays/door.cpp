#include "door.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <stdexcept>
#include <thread>
#include <utility>

namespace relays {

std::optional<Place> read_place(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  Place place{std::string(text.substr(0, colon)), 0};
  const auto* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data() + colon + 1, end, place.port);
  if (error != std::errc() || at != end || place.port == 0) return std::nullopt;
  return place;
}

Door::Door(int buffer) : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (buffer > 0) limit_buffers(listener_, buffer);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* where = reinterpret_cast<sockaddr*>(&address);
  if (listener_ < 0 || ::bind(listener_, where, size) != 0 || ::listen(listener_, 256) != 0 ||
      ::getsockname(listener_, where, &size) != 0) {
    throw std::runtime_error("cannot listen on 127.0.0.1");
  }
  port_ = ntohs(address.sin_port);
}

Door::~Door() {
  if (listener_ >= 0) ::close(listener_);
}

void Door::serve(const std::function<void(Socket)>& relay) const {
  std::printf("ready http://%s\n", authority().c_str());
  std::fflush(stdout);
  for (;;) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    send_at_once(fd);
    std::thread([&relay, client = Socket(fd)]() mutable { relay(std::move(client)); }).detach();
  }
}

}  // namespace relays
