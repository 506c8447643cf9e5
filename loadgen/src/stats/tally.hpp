// The figures of a run, and of each group of partners and each phase in it.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "stats/stats.hpp"

namespace loadgen {

/// Not thread-safe. Where there is one group, or one phase, its figures are those of the run, and
/// they are counted once.
class Tally {
 public:
  Tally() = default;
  Tally(std::size_t groups, std::size_t phases)
      : groups_(groups > 1 ? groups : 0), phases_(phases > 1 ? phases : 0) {}

  /// From figures as `group` and `phase` return them, one for each.
  Tally(Stats run, std::vector<Stats> groups, std::vector<Stats> phases)
      : all(std::move(run)), groups_(std::move(groups)), phases_(std::move(phases)) {
    if (groups_.size() < 2) groups_.clear();
    if (phases_.size() < 2) phases_.clear();
  }

  void add(const UploadResult& result) {
    all.add(result);
    if (!groups_.empty()) groups_[result.group].add(result);
    if (!phases_.empty()) phases_[result.phase].add(result);
  }
  /// A partner was due and could not start; its group is not known.
  void not_started(std::size_t phase) {
    ++all.not_started;
    if (!phases_.empty()) ++phases_[phase].not_started;
  }
  /// Both were made for the same groups and phases.
  void merge(const Tally& other) {
    all.merge(other.all);
    for (std::size_t i = 0; i < groups_.size(); ++i) groups_[i].merge(other.groups_[i]);
    for (std::size_t i = 0; i < phases_.size(); ++i) phases_[i].merge(other.phases_[i]);
  }

  [[nodiscard]] const Stats& group(std::size_t i) const {
    return groups_.empty() ? all : groups_[i];
  }
  [[nodiscard]] const Stats& phase(std::size_t i) const {
    return phases_.empty() ? all : phases_[i];
  }

  Stats all;

 private:
  std::vector<Stats> groups_, phases_;
};

}  // namespace loadgen
