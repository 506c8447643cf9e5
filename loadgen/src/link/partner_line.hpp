// A partner's own line to the service, and the part of it that is one upload's.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "link/cut.hpp"
#include "link/link.hpp"
#include "network/network.hpp"

namespace loadgen {

/// What a network does to all that a partner sends, over any number of files, also in parallel.
/// Only the links that the network needs are there. What is drawn by chance is a pure function of
/// (seed, partner) and of what the partner does. Does not own `below`, which outlives it; lives on
/// the loop of `below`. Requests under way go on when the line is destroyed.
class PartnerLine {
 public:
  PartnerLine(transport::LoadTransport& below, const Network& network, std::uint64_t seed,
              std::uint64_t partner);

  /// Where the client sends to.
  [[nodiscard]] transport::LoadTransport& top() const { return *top_; }

 private:
  using Links = std::vector<std::unique_ptr<Link>>;  ///< from the engine upwards
  /// On top of the links that wait: keeps all of them until each request is answered.
  class Keeper;

  /// Puts another link on top.
  template <class L, class... Settings>
  void put(Settings&&... settings) {
    links_->push_back(std::make_unique<L>(*top_, std::forward<Settings>(settings)...));
    top_ = links_->back().get();
  }

  std::shared_ptr<Links> links_ = std::make_shared<Links>();
  transport::LoadTransport* top_;
};

/// What a network does to one upload of a partner: its cuts. Does not own the line, which outlives
/// it. Requests under way go on when it is destroyed.
class UploadLine {
 public:
  /// `size` of the file that is uploaded.
  UploadLine(const PartnerLine& line, const Network& network, std::uint64_t seed,
             std::uint64_t upload, Bytes size);

  /// Where the client sends to.
  [[nodiscard]] transport::LoadTransport& top() const { return cut_ ? *cut_ : below_; }
  /// The cuts that were met, in their order.
  [[nodiscard]] std::vector<PlannedCut> cuts() const {
    return cut_ ? cut_->happened() : std::vector<PlannedCut>{};
  }
  /// Bytes of the file that were sent, and lost with their connections on the way.
  [[nodiscard]] Bytes lost_in_flight() const { return cut_ ? cut_->lost_in_flight() : Bytes{}; }

 private:
  transport::LoadTransport& below_;
  std::unique_ptr<CutLink> cut_;  ///< null: nothing is cut
};

}  // namespace loadgen
