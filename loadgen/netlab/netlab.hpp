// What scripts/netlab.sh needs to hold the model of TCP (src/tcp) to the kernel's: a relay between
// two network namespaces, a transfer over it, and the same transfer in the model.
#pragma once

#include <cstdint>
#include <string>

namespace netlab {

/// A path between two namespaces. Loss, rate and queue apply only on the way from `from` to `to`.
struct RelayOptions {
  std::string from, to;       ///< namespaces, by the names that `ip netns` gave them
  double round_trip_ms = 0;   ///< one half each way
  double loss = 0;            ///< probability of each packet
  double kilobits = 0;        ///< per second; 0: unlimited
  std::uint64_t queue = 100;  ///< packets at most that wait for the rate
  std::uint64_t seed = 1;
};
/// Makes a TUN device `lab` in each namespace, prints "ready", and relays until a signal ends it.
/// Needs root; throws std::system_error.
void relay(const RelayOptions& options);

/// Listens on `port` of all addresses, reads `bytes` from one connection, and answers with one
/// byte.
void receive(std::uint16_t port, std::uint64_t bytes);

/// Sends `bytes` under `congestion_control` (TCP_CONGESTION) and waits for the answer. Returns the
/// seconds from the first byte on.
[[nodiscard]] double transfer(const std::string& address, std::uint16_t port, std::uint64_t bytes,
                              const std::string& congestion_control);

struct ModelOptions {
  std::string congestion_control = "cubic";
  double round_trip_ms = 0;
  double loss = 0;
  double kilobits = 0;
  std::uint64_t queue = 100;
  std::uint64_t bytes = 0;
  std::uint64_t seeds = 25;
};
/// Seconds that the same transfer takes in the model: the median over `seeds` seeds.
[[nodiscard]] double model(const ModelOptions& options);

}  // namespace netlab
