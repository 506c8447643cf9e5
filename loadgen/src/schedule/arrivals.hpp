// When the partners of an open loop arrive: a pure function of course, seed and their number, so
// that it is the same on any number of threads and machines.
#pragma once

#include <cstdint>
#include <optional>

#include "schedule/course.hpp"

namespace loadgen {

enum class Arrival {
  closed,    ///< the next one comes when one has gone
  constant,  ///< evenly, at the level of the course
  poisson,   ///< independently of each other: a Poisson process of that level
};

/// Steps from one arrival to the next. A value: a copy goes on from where it was made. Does not own
/// the course, which outlives it.
class Arrivals {
 public:
  /// `arrival` is that of an open loop.
  Arrivals(const Course& course, Arrival arrival, std::uint64_t seed, std::uint64_t stream)
      : course_(&course), arrival_(arrival), seed_(seed), stream_(stream) {
    step();
  }

  /// When number `number` arrives; nullopt: the course ends before.
  [[nodiscard]] std::optional<Duration> due() const { return due_; }
  [[nodiscard]] std::uint64_t number() const { return number_; }
  void advance(std::uint64_t count);

 private:
  void step();

  const Course* course_;
  Arrival arrival_;
  std::uint64_t seed_, stream_;
  std::uint64_t number_ = 0;
  double sum_ = 0;  ///< of the course, at which this one arrives
  std::optional<Duration> due_;
};

}  // namespace loadgen
