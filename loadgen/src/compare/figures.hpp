// The figures that two runs are compared by, and how they are computed from a run.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "compare/bootstrap.hpp"
#include "compare/recorded.hpp"

namespace loadgen {

struct Figure {
  std::string name;   ///< as --fail-if has it; where summary.json has the same name, it is the same
  std::string title;  ///< for people
  std::string unit;
  bool more_is_better = false;
  int percentile = 0;  ///< of a latency; 0: it is none
};
/// In the order in which reports show them.
[[nodiscard]] const std::vector<Figure>& figures();

/// Which slot of time the uploads of a run belong to, by index.
using Slots = std::map<std::uint64_t, std::size_t>;

/// A run cut into slots of equal length, of about a second. Latencies, failures and waste belong to
/// the slot in which an upload was due, good uploads and goodput to that in which they were done.
class Sampled {
 public:
  /// `like`: the slots of another run of the same uploads; each upload gets the same slot here.
  Sampled(const Recorded& run, std::size_t slots, const Slots* like = nullptr);

  [[nodiscard]] std::size_t slots() const { return slots_; }
  [[nodiscard]] const Slots& slots_of_uploads() const { return slot_of_; }
  /// The value of each figure when each slot counts as often as `weights` says; NaN: there is none.
  [[nodiscard]] std::vector<double> values(const Weights& weights) const;
  /// How many uploads the value of each figure rests on; for a percentile, those beyond it.
  [[nodiscard]] std::vector<double> evidence() const;
  /// What the block length is chosen from: the bytes acknowledged, the good uploads, and the mean
  /// latency of each slot.
  [[nodiscard]] std::array<std::vector<double>, 3> series() const;

 private:
  struct Ratio {
    std::vector<double> over, under;  ///< of each slot
  };
  struct Times {
    std::vector<std::pair<double, std::uint32_t>> falling;  ///< latency and its slot
    std::vector<double> counts;                             ///< of each slot
  };
  [[nodiscard]] std::size_t slot_at(double time) const;
  void add(const RecordedUpload& upload, std::size_t slot);
  void spread_acknowledged(const Recorded& run);

  std::size_t slots_;
  double begin_, length_;  ///< in seconds; of all slots together
  Slots slot_of_;
  std::array<Ratio, 5> ratios_;
  std::array<Times, 5> times_;
};

}  // namespace loadgen
