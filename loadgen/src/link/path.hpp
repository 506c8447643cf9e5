// What all connections of a partner share: his line, as TCP meets it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "network/network.hpp"
#include "network/spells.hpp"
#include "tcp/congestion.hpp"
#include "transport/load_pace.hpp"

namespace loadgen {

/// Lives on one loop. Shared by those who send over it, who may outlive the partner.
struct Path {
  /// `seed` is of this partner.
  Path(const Network& network, std::uint64_t seed, transport::LoadTime now);

  /// How long the line stays dead from `now` on, up to the next try of a sender that doubles its
  /// waits; 0: it is alive.
  [[nodiscard]] transport::LoadClock::duration dead(transport::LoadTime now);

  TcpPath tcp;
  TcpRegime usual, in_burst;
  bool burst_is_pause;  ///< so much is lost in a burst that nothing is heard
  double timeout;       ///< seconds: retransmission_timeout
  unsigned handshakes;
  Milliseconds idle_timeout;
  Milliseconds stall_timeout;
  std::uint64_t seed;
  std::optional<Spells> bursts, outages;
  std::optional<transport::Pace> line;  ///< the bottleneck; none: unlimited
  unsigned bodies = 0;                  ///< under way
  std::uint64_t connections = 0;        ///< opened so far
};

/// When a sender is heard again if nothing gets through before `end`. It first tries `timeout`
/// seconds after `begin`, and then doubles its wait up to two minutes (RFC 6298 section 5.5).
[[nodiscard]] transport::LoadTime heard_again(transport::LoadTime begin, transport::LoadTime end,
                                              double timeout);

/// How many bytes are worth a wake-up: a twentieth of a second of `rate`, or half a second where
/// that is less than 16 KiB, but at least 1 KiB.
[[nodiscard]] double slice_of(double rate);

[[nodiscard]] transport::LoadClock::duration to_duration(double seconds);

}  // namespace loadgen
