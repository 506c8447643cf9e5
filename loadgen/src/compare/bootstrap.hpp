// How sure a figure of a run is: block bootstrap, since the seconds of a load depend on each other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace loadgen {

/// Of a resample, how often each slot of time is in it.
using Weights = std::vector<std::uint32_t>;

/// How many slots one after the other are drawn together: what Politis and White (2004, corrected
/// by Patton, Politis and White 2009) choose from the autocorrelation of `series` for the circular
/// block bootstrap, at least the cube root of the number of slots and at most a quarter of it.
[[nodiscard]] std::size_t block_length(const std::vector<double>& series);

/// The circular block bootstrap (Politis and Romano 1992): blocks that begin anywhere, of which one
/// that reaches the end goes on at the beginning. The same seed draws the same ones, on any
/// machine.
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

/// By how many standard errors an interval reaches to both sides, so that `figures` of them hold
/// together with `confidence` (a part of 1; Bonferroni): a quantile of Student's t with as many
/// degrees of freedom as there are blocks to tell an error from.
[[nodiscard]] double reach(double confidence, std::size_t figures, double degrees);

}  // namespace loadgen
