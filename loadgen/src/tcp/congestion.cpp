#include "tcp/congestion.hpp"

#include <algorithm>
#include <cmath>

namespace loadgen {
namespace {

/// Linux' TCP_RTO_MIN.
constexpr double least_variance = 0.2;
constexpr double least_round_trip = 0.001;
/// Three duplicate acknowledgements trigger a fast retransmit; fewer cannot be told from silence.
constexpr double least_for_fast_retransmit = 3;

double round_trip_of(const TcpPath& path) { return std::max(path.round_trip, least_round_trip); }

/// The share of a bottleneck that Reno uses if the queue holds `queue` times what the path does.
/// Windows go from half of their peak to the peak, which fills both.
double utilisation(double queue) {
  if (queue >= 1) return 1;
  const double rising = (1 - queue) / 2;  // rounds below a full path
  const double bytes = rising * (3 + queue) / 4 + queue * (1 + queue / 2);
  const double time = rising + queue * (1 + queue / 2);
  return bytes / time;
}

/// The share of BBR's rate that arrives. It sends at the rate it has measured, whatever is lost,
/// until its model takes the losses for the path's limit (at about 20 %).
double bbr_share(double loss) {
  constexpr double turning = 0.2;
  if (loss <= turning) return 1 - loss;
  return std::max(0.02, (1 - turning) * (1 - (loss - turning) / turning));
}

double segments_of(const TcpPath& path) {
  return path.control == Congestion::cubic ? cubic_window(path.loss, round_trip_of(path))
                                           : reno_window(path.loss);
}

/// How often `path`'s sender hears nothing after a loss, and how long.
void add_pauses(const TcpPath& path, TcpRegime& regime) {
  if (path.loss <= 0) return;
  const double peak = regime.window / path.segment * 4 / 3;
  const double unheard = std::min(1.0, least_for_fast_retransmit / std::max(peak, 1.0));
  const double length = retransmission_timeout(path) * (1 + 32 * path.loss * path.loss);
  // A queue that is full goes on for its own time.
  regime.pause = std::max(0.0, length - (regime.link_limited ? path.queue : 0));
  if (regime.pause > 0) regime.pause_every = path.segment / (path.loss * unheard);
}

}  // namespace

std::string_view to_string(Congestion control) {
  switch (control) {
    case Congestion::reno:
      return "reno";
    case Congestion::cubic:
      return "cubic";
    case Congestion::bbr:
      return "bbr";
  }
  return "";
}

double retransmission_timeout(const TcpPath& path) {
  return round_trip_of(path) + std::max(4 * path.jitter, least_variance);
}

double reno_window(double loss) { return std::sqrt(1.5 / loss); }

double cubic_window(double loss, double round_trip) {
  const double formula = 1.054 * std::pow(round_trip / loss, 0.75);
  return cubic_correction * std::max(formula, reno_window(loss));
}

TcpRegime regime_of(const TcpPath& path) {
  const double round_trip = round_trip_of(path);
  TcpRegime regime;
  regime.rate = path.window / round_trip;
  if (path.control == Congestion::bbr) {
    const double link = path.rate > 0 ? std::min(path.rate, regime.rate) : regime.rate;
    regime.link_limited = path.rate > 0 && path.rate <= regime.rate;
    regime.rate = link * bbr_share(path.loss);
    regime.window = regime.rate * round_trip;
    // BBR's pacing keeps a path filled: what is lost is sent again beside the rest.
    if (regime.window < 4 * path.segment) add_pauses(path, regime);
    return regime;
  }
  if (path.loss > 0) {
    regime.rate = std::min(regime.rate, segments_of(path) * path.segment / round_trip);
  }
  if (path.rate > 0) {
    const double link = path.rate * utilisation(path.queue / round_trip);
    regime.link_limited = link <= regime.rate;
    regime.rate = std::min(regime.rate, link);
  }
  regime.window = regime.rate * (round_trip + (regime.link_limited ? path.queue : 0));
  add_pauses(path, regime);
  return regime;
}

double mean_rate(const TcpPath& path) {
  const TcpRegime regime = regime_of(path);
  if (regime.pause_every <= 0) return regime.rate;
  return regime.pause_every / (regime.pause_every / regime.rate + regime.pause);
}

double in_flight(const TcpPath& path) {
  const TcpRegime regime = regime_of(path);
  const double queued = regime.link_limited && path.control != Congestion::bbr ? path.queue : 0;
  return std::min(path.window, regime.rate * (round_trip_of(path) + queued));
}

}  // namespace loadgen
