// Where connections are cut: decided by (seed, upload, how many cuts before), and by nothing that
// the server or the scheduler does, so that the same seed gives the same cuts.
#pragma once

#include <cstdint>
#include <optional>

#include "network/network.hpp"
#include "protocol/units.hpp"
#include "transport/load_engine.hpp"

namespace loadgen {

/// A position in the file at which a connection that reaches it is lost.
struct PlannedCut {
  Bytes at;  ///< file bytes sent before it
  transport::Cut::Kind kind = transport::Cut::Kind::reset;
  bool operator==(const PlannedCut&) const = default;
};

/// The cuts of one upload in the order of their positions. Each stretch between two cuts is one
/// connection of the partner: it is lost with the network's probability, at a position drawn evenly
/// from what was not yet sent. Positions never go back, and the server never holds more than was
/// sent, so that every planned cut is met whatever offset an upload is resumed from.
class CutPlan {
 public:
  CutPlan(const Network& network, std::uint64_t seed, std::uint64_t upload, Bytes size);

  [[nodiscard]] const std::optional<PlannedCut>& next() const { return next_; }
  /// The next cut has happened.
  void advance();
  [[nodiscard]] std::uint64_t happened() const { return ordinal_; }

 private:
  void draw();

  double probability_;
  double silent_share_;
  std::uint64_t seed_;
  std::uint64_t upload_;
  Bytes size_;
  Bytes position_;
  std::uint64_t ordinal_ = 0;
  std::optional<PlannedCut> next_;
};

/// One cut as a number. Sums of these do not depend on the order in which cuts happened, so two
/// runs can be compared by their sums.
[[nodiscard]] std::uint64_t fingerprint(std::uint64_t upload, std::uint64_t ordinal,
                                        const PlannedCut& cut);

}  // namespace loadgen
