// How fast TCP sends over a path that loses: published formulas, in the units of this program.
#pragma once

#include <array>
#include <string_view>

namespace loadgen {

/// The sender's congestion control; which one runs matters more than the loss does.
enum class Congestion {
  reno,   ///< RFC 5681; its rate is Padhye's (PFTK)
  cubic,  ///< RFC 9438, as Linux sends by default
  bbr,    ///< version 1: loss hardly matters
};
[[nodiscard]] std::string_view to_string(Congestion control);
inline constexpr std::array all_congestions{Congestion::reno, Congestion::cubic, Congestion::bbr};

/// A way through a network as its sender meets it. Seconds, bytes, bytes per second.
struct TcpPath {
  Congestion control = Congestion::cubic;
  double round_trip = 0;      ///< without a queue; at least a millisecond is taken
  double jitter = 0;          ///< a round trip may be longer or shorter by up to this
  double rate = 0;            ///< of the bottleneck; 0: unlimited
  double queue = 0;           ///< what the bottleneck holds, as the time it takes to send it
  double loss = 0;            ///< of segments, outside bursts
  double segment = 1448;      ///< Ethernet's 1500 without headers: IPv4, and TCP with timestamps
  double window = 4U << 20U;  ///< the most that is ever under way: the buffers of both ends
};

/// What a sender does when it has found its rate.
struct TcpRegime {
  double rate = 0;         ///< between pauses, bytes per second
  double window = 0;       ///< bytes under way then
  double pause_every = 0;  ///< bytes from one pause to the next, on average; 0: there are none
  double pause = 0;        ///< seconds without a byte: a retransmission timeout and its doublings
  bool link_limited = false;  ///< the bottleneck is the limit, not loss: its queue fills
};

/// Seconds: SRTT + max(4 * RTTVAR, 200 ms) (RFC 6298 section 2, with the least that Linux takes).
[[nodiscard]] double retransmission_timeout(const TcpPath& path);

/// Segments that Reno has under way on average, without timeouts: sqrt(3 / 2p) (Mathis, Semke,
/// Mahdavi, Ott: The Macroscopic Behavior of the TCP Congestion Avoidance Algorithm, 1997).
[[nodiscard]] double reno_window(double loss);
/// Segments that CUBIC has: 1.054 * (RTT / p)^0.75 (RFC 9438 section 5.1, for beta 0.7 and C 0.4),
/// and never less than Reno, times `cubic_correction`.
[[nodiscard]] double cubic_window(double loss, double round_trip);

/// How much more Linux' CUBIC sends than its formula. Fitted by scripts/netlab.sh with 1 % loss on
/// 100 ms and on 300 ms: the root of the product of both ratios.
inline constexpr double cubic_correction = 1.06;

/// Reno: full PFTK (Padhye, Firoiu, Towsley, Kurose: Modeling TCP Throughput, 1998, equation 30,
/// with an acknowledgement for each segment), its timeouts as pauses. The others: their window
/// instead of Reno's, and the same pauses where a window is too small for a fast retransmit.
[[nodiscard]] TcpRegime regime_of(const TcpPath& path);
/// Bytes per second, pauses included: what a long transfer gets.
[[nodiscard]] double mean_rate(const TcpPath& path);
/// Bytes that are lost with a connection: what was sent and has not arrived. min(window, what the
/// path and its queue hold).
[[nodiscard]] double in_flight(const TcpPath& path);

}  // namespace loadgen
