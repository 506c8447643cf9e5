// How much load there is to be, over the time of a run: piecewise linear, as phases are.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

namespace loadgen {

using Time = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

/// The level goes evenly from one value to the other: partners at a time in a closed loop, or
/// partners per second in an open one. Without a length it has no end, and does not change.
struct Stretch {
  std::optional<Duration> length;
  double from = 0;
  double to = 0;
};

/// Stretches one behind the other. A value; times count from the start of the run.
class Course {
 public:
  /// Only the last one may be without a length.
  explicit Course(const std::vector<Stretch>& stretches);
  /// The same level for `length`, or for ever.
  [[nodiscard]] static Course steady(double level, std::optional<Duration> length = {}) {
    return Course({Stretch{length, level, level}});
  }

  /// 0 behind the end.
  [[nodiscard]] double level(Duration at) const;
  /// The highest of all.
  [[nodiscard]] double peak() const;
  /// nullopt: it has none.
  [[nodiscard]] std::optional<Duration> end() const { return end_; }
  /// When the level summed up over time (of an open loop: how many partners came) is `sum`;
  /// nullopt: it never is.
  [[nodiscard]] std::optional<Duration> reaches(double sum) const;
  /// The sum from the start to `at`.
  [[nodiscard]] double sum(Duration at) const;
  /// When the level is `least` or more, at `from` or later; nullopt: never.
  [[nodiscard]] std::optional<Duration> rises_to(double least, Duration from) const;

 private:
  struct Piece {
    Stretch stretch;
    double begin = 0;   ///< in seconds
    double length = 0;  ///< the same; infinite without an end
    double before = 0;  ///< the sum up to its begin
  };
  std::vector<Piece> pieces_;
  std::optional<Duration> end_;
};

}  // namespace loadgen
