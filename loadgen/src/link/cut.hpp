// Where a partner's connections are lost.
#pragma once

#include <vector>

#include "link/link.hpp"
#include "network/cuts.hpp"

namespace loadgen {

/// One per partner: requests that carry bytes of the file (LoadRequest::source) are cut where the
/// plan says, by their position in the file. Whatever else a client sends gets through, so that the
/// cuts of a seed do not depend on how often something is asked.
class CutLink final : public Link {
 public:
  CutLink(transport::LoadTransport& below, CutPlan plan) : Link(below), plan_(std::move(plan)) {}

  /// This must live until `done` was called, or the loop has ended.
  void send(transport::LoadRequest request, Done done) override;
  /// The cuts that were met, in their order.
  [[nodiscard]] const std::vector<PlannedCut>& happened() const { return happened_; }

 private:
  CutPlan plan_;
  std::vector<PlannedCut> happened_;
};

}  // namespace loadgen
