// The connections of a partner, and TCP on them.
#pragma once

#include <memory>
#include <vector>

#include "link/link.hpp"
#include "link/path.hpp"
#include "link/sender.hpp"

namespace loadgen {

/// One per partner. A request uses a kept idle connection, or a new one, which costs its
/// handshakes; its body goes as fast as the Sender of that connection lets it. The engine's own
/// connections do not matter. A connection ends when a request on it fails or its answer says so.
/// One that was idle for longer than a middlebox remembers it is dead, and nobody is told.
class TcpLink final : public Link {
 public:
  TcpLink(transport::LoadTransport& below, std::shared_ptr<Path> path)
      : Link(below), kept_(std::make_shared<Kept>()), path_(std::move(path)) {}

  void send(transport::LoadRequest request, Done done) override;

 private:
  struct Connection {
    std::shared_ptr<Sender> sender;
    transport::LoadTime idle_since;
  };
  using Kept = std::vector<Connection>;

  /// How long a request waits before it is sent on the connection: for handshakes, and behind
  /// bodies before it. Its round trip is not included.
  [[nodiscard]] Milliseconds delay(const transport::LoadRequest& request, bool is_new) const;

  std::shared_ptr<Kept> kept_;
  std::shared_ptr<Path> path_;
};

}  // namespace loadgen
