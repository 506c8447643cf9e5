#include "link/path.hpp"

#include <algorithm>
#include <chrono>

#include "payload/hash.hpp"

namespace loadgen {

using transport::LoadClock;
using transport::LoadTime;

LoadClock::duration to_duration(double seconds) {
  return std::chrono::ceil<LoadClock::duration>(std::chrono::duration<double>(seconds));
}

double slice_of(double rate) {
  return std::max({1024.0, rate / 20, std::min(rate / 2, 16.0 * 1024)});
}

LoadTime heard_again(LoadTime begin, LoadTime end, double timeout) {
  constexpr double longest = 120;
  LoadTime tried = begin;
  for (double wait = timeout; tried < end; wait = std::min(2 * wait, longest)) {
    tried += to_duration(wait);
  }
  return tried;
}

Path::Path(const Network& network, std::uint64_t seed_of_partner, LoadTime now)
    : tcp(network.path()),
      usual(regime_of(tcp)),
      timeout(retransmission_timeout(tcp)),
      handshakes(network.tcp ? network.tcp->handshakes : 0),
      idle_timeout(network.tcp ? network.tcp->idle_timeout : Milliseconds{0}),
      stall_timeout(network.stall_timeout),
      seed(seed_of_partner) {
  TcpPath bad = tcp;
  bad.loss = network.loss.in_bursts;
  in_burst = regime_of(bad);
  // With more than three lost segments in a window, nothing is heard until a timeout.
  burst_is_pause = bad.loss * usual.window / tcp.segment > 3;
  if (network.loss.bursts.every > 0) bursts.emplace(network.loss.bursts, hash_of({seed, 0}), now);
  if (network.outages) outages.emplace(*network.outages, hash_of({seed, 1}), now);
  if (tcp.rate > 0) line.emplace(BytesPerSecond{tcp.rate}, now, slice_of(tcp.rate));
}

LoadClock::duration Path::dead(LoadTime now) {
  if (!outages) return LoadClock::duration{0};
  const auto& outage = outages->next(now);
  return outage.begin > now ? LoadClock::duration{0} : heard_again(now, outage.end, timeout) - now;
}

}  // namespace loadgen
