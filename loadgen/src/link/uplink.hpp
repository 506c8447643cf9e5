// A line that partners of one region have in common, and that is down at times.
#pragma once

#include <memory>
#include <utility>

#include "link/happenings.hpp"
#include "link/link.hpp"
#include "transport/load_pace.hpp"

namespace loadgen {

/// The pace of one body: as the partner's own line and the line of his region let it, and nothing
/// in an outage.
class SharedPace final : public transport::Pacer {
 public:
  /// Each may be null. `happenings` outlives every body of the partner.
  SharedPace(std::shared_ptr<transport::Pacer> own, std::shared_ptr<transport::Pacer> region,
             std::shared_ptr<const Happenings> happenings)
      : own_(std::move(own)), region_(std::move(region)), happenings_(std::move(happenings)) {}

  [[nodiscard]] std::uint64_t available(transport::LoadTime now, std::uint64_t left) override;
  [[nodiscard]] transport::LoadClock::duration wait(std::uint64_t left) const override;
  void spend(std::uint64_t bytes) override;
  [[nodiscard]] transport::LoadClock::duration silence() const override;

 private:
  std::shared_ptr<transport::Pacer> own_, region_;
  std::shared_ptr<const Happenings> happenings_;
  transport::LoadClock::duration down_{0};  ///< as `available` saw it last
  bool own_waits_ = false, region_waits_ = false;
};

/// One per partner, below whatever sets the pace of his own line.
class UplinkLink final : public Link {
 public:
  UplinkLink(transport::LoadTransport& below, std::shared_ptr<transport::Pacer> region,
             std::shared_ptr<const Happenings> happenings)
      : Link(below), region_(std::move(region)), happenings_(std::move(happenings)) {}

  void send(transport::LoadRequest request, Done done) override;

 private:
  std::shared_ptr<transport::Pacer> region_;
  std::shared_ptr<const Happenings> happenings_;
};

}  // namespace loadgen
