// What happened in one second of a run.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "protocol/units.hpp"

namespace loadgen {

struct Second {
  std::uint64_t number = 0;  ///< from 1
  std::uint64_t started = 0, uploaded = 0, failed = 0;
  std::uint64_t in_flight = 0;  ///< at its end
  Bytes sent, acknowledged;
  std::chrono::microseconds start_lag_max{0}, loop_lag_max{0};
  std::size_t phase = 0;   ///< in which it began
  bool verifying = false;  ///< the load was over at its end
  struct OfGroup {
    std::uint64_t started = 0, uploaded = 0, failed = 0;
    std::uint64_t in_flight = 0;
    Bytes acknowledged;
    bool operator==(const OfGroup&) const = default;
  };
  std::vector<OfGroup> groups;
  bool operator==(const Second&) const = default;
};

}  // namespace loadgen
