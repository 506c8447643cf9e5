#include "link/partner_line.hpp"

#include <memory>

#include "link/download.hpp"
#include "link/outage.hpp"
#include "link/path.hpp"
#include "link/patience.hpp"
#include "link/portal.hpp"
#include "link/proxy.hpp"
#include "link/rate.hpp"
#include "link/round_trip.hpp"
#include "link/tcp.hpp"
#include "payload/hash.hpp"

namespace loadgen {
namespace {

CutLink::Manner manner_of(const Network& network, std::uint64_t seed, std::uint64_t upload) {
  CutLink::Manner manner;
  if (network.tcp) {
    manner.in_flight = Bytes{static_cast<std::uint64_t>(in_flight(network.path()))};
  }
  manner.stall_timeout = network.stall_timeout;
  manner.zombie_time = network.zombie_time;
  manner.restart_time = network.restart_time;
  if (network.question_cut_probability > 0) manner.questions.emplace(network, seed, upload);
  return manner;
}

}  // namespace

class PartnerLine::Keeper final : public Link {
 public:
  Keeper(transport::LoadTransport& below, const std::shared_ptr<Links>& links)
      : Link(below), links_(links) {}

  void send(transport::LoadRequest request, Done done) override {
    below().send(std::move(request),
                 [links = links_.lock(), done = std::move(done)](transport::LoadOutcome outcome) {
                   done(std::move(outcome));
                 });
  }

 private:
  std::weak_ptr<Links> links_;  ///< weak: this is one of them
};

// One line for each effect, from the service to the partner: what is put last meets a request
// first.
PartnerLine::PartnerLine(transport::LoadTransport& below, const Network& network,
                         std::uint64_t seed, std::uint64_t partner)
    : top_(&below) {
  const std::uint64_t own = hash_for(Purpose::line, {seed, partner});
  links_->reserve(5);
  put<PatienceLink>(network.stall_timeout);
  if (network.proxy) put<ProxyLink>(*network.proxy, own);
  if (network.portal) put<PortalLink>(*network.portal);
  if (network.download_rate.value > 0) put<DownloadLink>(network.download_rate);
  if (network.round_trip.count() > 0) put<RoundTripLink>(network.round_trip, network.jitter, own);
  if (network.tcp) {
    const auto path = std::make_shared<Path>(network, own, below.now());
    if (network.outages) put<OutageLink>(path);
    put<TcpLink>(path);
  } else if (network.upload_rate.value > 0) {
    put<RateLink>(network.upload_rate);
  }
  if (links_->size() > 1) put<Keeper>(links_);
}

UploadLine::UploadLine(const PartnerLine& line, const Network& network, std::uint64_t seed,
                       std::uint64_t upload, Bytes size)
    : below_(line.top()) {
  if (!network.has_cuts()) return;
  cut_ = std::make_unique<CutLink>(below_, CutPlan(network, seed, upload, size),
                                   manner_of(network, seed, upload));
}

}  // namespace loadgen
