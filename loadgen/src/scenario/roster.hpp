// Who is who in a run: pure functions of the scenario, its seed and a number, so that the same
// partner does the same on any thread and at any time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "scenario/scenario.hpp"
#include "schedule/schedule.hpp"

namespace loadgen {

/// Partners that arrive by one schedule: those of a count, or those of the mix.
struct Stream {
  std::vector<std::size_t> groups;  ///< that they are of; of several, by weight
  std::optional<std::uint64_t> partners;
  Course course = Course::steady(1);
  Arrival arrival = Arrival::closed;
  std::uint64_t most = 1;  ///< open loop: partners at a time, at most
  /// Partners at a time, at most.
  [[nodiscard]] std::uint64_t at_once() const;
};

/// A partner.
struct Who {
  std::uint64_t partner = 0;  ///< of the run; of several streams, one of each in turn
  std::size_t group = 0;
  std::uint64_t in_group = 0;  ///< its number among those of its stream
  std::uint64_t files = 1;
};

/// A value once made. Does not own the scenario, which is complete and outlives it.
class Roster {
 public:
  explicit Roster(const Scenario& scenario);

  [[nodiscard]] const std::vector<Stream>& streams() const { return streams_; }
  /// For the part `first` of `stride` of a stream.
  [[nodiscard]] ScheduleOptions schedule(std::size_t stream, std::uint64_t first,
                                         std::uint64_t stride) const;
  /// The n-th partner of a stream.
  [[nodiscard]] Who who(std::size_t stream, std::uint64_t n) const;
  /// The index of a partner's file among all uploads of the run; without several files and streams
  /// the partner's number.
  [[nodiscard]] std::uint64_t upload(const Who& who, std::uint64_t file) const {
    return who.partner * most_files_ + file;
  }
  [[nodiscard]] Bytes size_of(const Who& who, std::uint64_t file) const;
  /// What the partner waits before that file.
  [[nodiscard]] Milliseconds think(const Who& who, std::uint64_t file) const;
  /// Which of the group's accounts he has.
  [[nodiscard]] std::uint64_t account(const Who& who) const;
  [[nodiscard]] Numbering numbering(const Group& group) const {
    return {most_files_, streams_.size(), group.accounts};
  }
  /// In which phase that is.
  [[nodiscard]] std::size_t phase_at(Duration at) const;

  /// Uploads in flight at most, all streams together.
  [[nodiscard]] std::uint64_t at_once() const;
  /// Uploads of the whole run; nullopt: that is not known before.
  [[nodiscard]] std::optional<std::uint64_t> uploads() const;

 private:
  [[nodiscard]] std::optional<std::uint64_t> partners_of(const Stream& stream) const;

  const Scenario& scenario_;
  std::vector<Stream> streams_;
  std::uint64_t most_files_ = 1;
  std::vector<Duration> phase_ends_;  ///< of all but the last one
};

}  // namespace loadgen
