// The listener of a relay.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "socket.hpp"

namespace relays {

struct Place {
  std::string host;
  std::uint16_t port = 0;
};
/// Reads "127.0.0.1:8080"; nullopt when it is not HOST:PORT.
[[nodiscard]] std::optional<Place> read_place(std::string_view text);

/// Listens on a free port of 127.0.0.1.
class Door {
 public:
  /// Throws when it cannot listen. `buffer` as in Socket::connect, for accepted connections.
  explicit Door(int buffer = 0);
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;
  ~Door();

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string authority() const { return "127.0.0.1:" + std::to_string(port_); }
  /// Prints "ready URL", then calls `relay` with each client on a thread of its own, for ever.
  /// `relay` must not throw.
  [[noreturn]] void serve(const std::function<void(Socket)>& relay) const;

 private:
  int listener_ = -1;
  std::uint16_t port_ = 0;
};

}  // namespace relays
