// How sure a figure of a run is: block bootstrap, since the seconds of a load depend on each other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace loadgen {

/// How often each slot of time is in a resample.
using Weights = std::vector<std::uint32_t>;

/// How many consecutive slots are drawn together: what Politis and White (2004, corrected by
/// Patton, Politis and White 2009) choose from the autocorrelation of `series` for the circular
/// block bootstrap, at least the cube root of the number of slots and at most a quarter of it.
[[nodiscard]] std::size_t block_length(const std::vector<double>& series);

/// The circular block bootstrap (Politis and Romano 1992): blocks begin anywhere, and one that
/// reaches the end goes on at the beginning. The same seed draws the same blocks on any machine.
class Resampler {
 public:
  /// At least one slot; 1 <= `block` <= `slots`.
  Resampler(std::size_t slots, std::size_t block, std::uint64_t seed);
  /// The next resample, of as many slots; valid until the one after it.
  [[nodiscard]] const Weights& next();

 private:
  std::size_t block_;
  Weights weights_;
  std::mt19937_64 random_;
};

/// How many standard errors an interval extends to each side, so that the intervals of `figures`
/// figures hold together with `confidence` (0 to 1; Bonferroni): a quantile of Student's t.
/// `degrees`: of freedom, from the number of blocks that the errors rest on.
[[nodiscard]] double reach(double confidence, std::size_t figures, double degrees);

}  // namespace loadgen
