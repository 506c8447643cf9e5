// The connections of a partner, and TCP on them.
#pragma once

#include <memory>
#include <vector>

#include "link/link.hpp"
#include "link/path.hpp"
#include "link/sender.hpp"

namespace loadgen {

/// One per partner. A request goes by a connection that is kept and idle, or by a new one, which
/// costs its handshakes; its body goes as fast as the Sender of that connection has it. What the
/// engine does with its own connections is no matter. A connection is over when a request on it
/// failed or its answer says so; one that was idle for longer than something between remembers it
/// is dead, and nobody tells.
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

  /// When a request may set off on it, after the bodies before it, besides its round trip.
  [[nodiscard]] Milliseconds delay(const transport::LoadRequest& request, bool is_new) const;

  std::shared_ptr<Kept> kept_;
  std::shared_ptr<Path> path_;
};

}  // namespace loadgen
