// A network as a stack of links.
#pragma once

#include <memory>
#include <vector>

#include "link/link.hpp"
#include "network/network.hpp"

namespace loadgen {

/// What a network does to requests that belong to no single partner, such as those for tokens after
/// the load: only patience and round trip, where the network has them. What partners send goes by a
/// PartnerLine. Does not own `below`, which outlives it; lives on the loop of `below`.
class Line {
 public:
  Line(transport::LoadTransport& below, const Network& network);

  /// Where clients send to.
  [[nodiscard]] transport::LoadTransport& top() const { return *top_; }

 private:
  /// Puts another link on top.
  template <class L, class Setting>
  void put(Setting setting) {
    links_.push_back(std::make_unique<L>(*top_, setting));
    top_ = links_.back().get();
  }

  std::vector<std::unique_ptr<Link>> links_;  ///< from the engine upwards
  transport::LoadTransport* top_;
};

}  // namespace loadgen
