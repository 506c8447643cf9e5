#include "link/line.hpp"

#include "link/patience.hpp"
#include "link/round_trip.hpp"

namespace loadgen {

// A network with one more way to be bad has one more line here.
Line::Line(transport::LoadTransport& below, const Network& network) : top_(&below) {
  put<PatienceLink>(network.stall_timeout);
  if (network.round_trip.count() > 0) put<RoundTripLink>(network.round_trip);
}

}  // namespace loadgen
