#include "link/line.hpp"

#include "link/patience.hpp"
#include "link/round_trip.hpp"

namespace loadgen {

// One line for each effect.
Line::Line(transport::LoadTransport& below, const Network& network) : top_(&below) {
  put<PatienceLink>(network.stall_timeout);
  if (network.round_trip.count() > 0) put<RoundTripLink>(network.round_trip);
}

}  // namespace loadgen
