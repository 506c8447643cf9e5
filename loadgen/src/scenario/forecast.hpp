// What a scenario will do, before it does it: counted from the same pure functions by which it is
// run, without sending anything.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scenario/scenario.hpp"

namespace loadgen {

struct Forecast {
  struct Sum {
    std::uint64_t partners = 0, uploads = 0;
    Bytes bytes;
  };
  struct OfPhase {
    Sum due;  ///< by the time at which partners are due; of a closed loop only its first ones
    std::optional<Milliseconds> begins, ends;
  };
  std::vector<Sum> groups;
  std::vector<OfPhase> phases;
  Sum all;
  /// The run ends by time. How many uploads there will be depends on how fast the target is.
  bool open_end = false;
  /// Only the first `most` partners of each stream were counted.
  bool cut_short = false;
  std::uint64_t at_once = 0;                 ///< uploads in flight, at most
  std::vector<std::string> elsewhere;        ///< regions whose partners are another machine's
  std::optional<Milliseconds> last_arrival;  ///< nullopt: as fast as the target takes them
};

/// Draws every partner of `scenario`, which is complete, up to `most` of each stream, and counts
/// those of this machine (Scenario::shard).
[[nodiscard]] Forecast forecast(const Scenario& scenario, std::uint64_t most = 5'000'000);

/// The same for people: several lines, each ended by LF.
[[nodiscard]] std::string to_string(const Forecast& forecast, const Scenario& scenario);

}  // namespace loadgen
