// Who is who in a run: pure functions of the scenario, its seed and a number, so that the same
// partner does the same on any thread and at any time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "scenario/scenario.hpp"
#include "schedule/schedule.hpp"

namespace loadgen {

/// Partners that arrive by one schedule: those of a count, or those of the mix.
struct Stream {
  std::vector<std::size_t> groups;  ///< to which they belong; to several, by weight
  std::optional<std::uint64_t> partners;
  Course course = Course::steady(1);
  Arrival arrival = Arrival::closed;
  std::uint64_t most = 1;  ///< open loop: partners at a time, at most
  /// Partners at a time, at most.
  [[nodiscard]] std::uint64_t at_once() const;
};

/// A partner.
struct Who {
  std::uint64_t partner = 0;  ///< its number in the run; several streams take turns
  std::size_t group = 0;
  std::uint64_t in_group = 0;  ///< its number among those of its stream
  std::uint64_t files = 1;
};

/// Which of all uploads of a run one is.
struct UploadPlace {
  std::size_t stream = 0;
  Who who;
  std::uint64_t file = 0;
};

/// A value once made. Does not own the scenario, which is complete and outlives it. Where several
/// machines share the run, it knows the whole run, and which part is this machine's
/// (Scenario::shard): all partners of a region with an uplink are on one machine, and of the others
/// every n-th is.
class Roster {
 public:
  explicit Roster(const Scenario& scenario);

  [[nodiscard]] const std::vector<Stream>& streams() const { return streams_; }
  /// For part `first` of `stride` of what this machine has of a stream. Points at the roster.
  [[nodiscard]] ScheduleOptions schedule(std::size_t stream, std::uint64_t first,
                                         std::uint64_t stride) const;
  /// The n-th partner of a stream.
  [[nodiscard]] Who who(std::size_t stream, std::uint64_t n) const;
  /// The index of a partner's file among all uploads of the run. With one file each and one stream
  /// it is the partner's number.
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

  /// The machine that has the n-th partner of a stream, from 0 on.
  [[nodiscard]] std::uint64_t shard_of(std::size_t stream, std::uint64_t n) const;
  [[nodiscard]] bool has(std::size_t stream, std::uint64_t n) const {
    return shards_ == 1 || shard_of(stream, n) == mine_;
  }
  /// The machine that has all partners of a region, from 0 on; nullopt: they are on several.
  [[nodiscard]] std::optional<std::uint64_t> shard_of_region(std::string_view name) const;
  /// For each machine, how many partners of a stream it has at a time.
  [[nodiscard]] std::vector<std::uint64_t> rooms(std::size_t stream) const;
  /// The inverse of `upload`; nullopt: the run has no upload of this index.
  [[nodiscard]] std::optional<UploadPlace> place_of(std::uint64_t index) const;

  /// Uploads in flight at most, all streams together, on this machine.
  [[nodiscard]] std::uint64_t at_once() const {
    return std::max<std::uint64_t>(1, weights_[mine_]);
  }
  /// The same for each machine; 0 where it has none.
  [[nodiscard]] const std::vector<std::uint64_t>& weights() const { return weights_; }
  /// Uploads of this machine; nullopt: that is not known before.
  [[nodiscard]] std::optional<std::uint64_t> uploads() const;

 private:
  /// All partners of a stream, on all machines.
  [[nodiscard]] std::optional<std::uint64_t> partners_of(std::size_t stream) const;
  [[nodiscard]] Lot lot(std::size_t stream, std::uint64_t first, std::uint64_t stride) const;
  /// Each stream begins with another machine, so that remainders do not all go to the first one.
  [[nodiscard]] Portion portion(std::size_t stream) const {
    return {(mine_ + stream) % shards_, shards_};
  }

  const Scenario& scenario_;
  std::uint64_t mine_, shards_;  ///< `mine_` from 0 on
  std::vector<Stream> streams_;
  std::uint64_t most_files_ = 1;
  std::vector<Duration> phase_ends_;                 ///< of all but the last one
  std::vector<std::optional<std::uint64_t>> homes_;  ///< of groups: the machine of their region
  std::vector<bool> by_region_;                      ///< of streams: such groups belong to them
  std::vector<std::uint64_t> weights_;
};

}  // namespace loadgen
