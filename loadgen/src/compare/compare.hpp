// Two runs, and whether the second one is better or worse.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compare/figures.hpp"
#include "compare/recorded.hpp"
#include "protocol/error.hpp"
#include "stats/condition.hpp"

namespace loadgen {

struct CompareOptions {
  double confidence = 0.95;  ///< that all intervals hold together
  double tolerance = 0.01;   ///< part of BASE's figure; smaller changes do not count
  std::uint64_t seed = 1;    ///< of the resamples
  std::size_t resamples = 500;
  std::vector<Condition> fail_if;  ///< of NEW, and of changes; empty: any change for the worse
};

enum class ChangeKind { same, better, worse, unknown };
[[nodiscard]] std::string_view to_string(ChangeKind finding);

/// Of a change, in the unit of its figure.
struct Interval {
  double low = 0, high = 0;
};

struct Difference {
  const Figure* figure = nullptr;
  double base = 0, now = 0;        ///< NaN: that run has no such figure
  std::optional<Interval> change;  ///< of the second minus the first; nullopt: see `untold`
  double least = 0;                ///< a change must certainly be larger than this to count
  ChangeKind finding = ChangeKind::unknown;
  std::string untold;  ///< why there is no interval
};

struct ComparedRuns {
  Recorded base, now;
  CompareOptions options;
  bool paired = false;  ///< the same uploads in both runs: they are compared by pairs
  std::size_t block_base = 0, block_now = 0, slots_base = 0, slots_now = 0;
  std::vector<Difference> differences;      ///< by figures()
  std::vector<std::string> conditions_hit;  ///< with what was found
  std::vector<std::string> notes;           ///< what a reader has to know of the runs

  [[nodiscard]] bool worse() const;  ///< what ends in exit code 1
};

/// An Error says why the runs cannot be compared: they did different things, or were too short. The
/// same runs and options give the same result on any machine.
[[nodiscard]] Result<ComparedRuns> compare(Recorded base, Recorded now, CompareOptions options);

/// The names that conditions may use: figures(), and the numbers of summary.json.
[[nodiscard]] std::vector<std::string> names_of_conditions();

}  // namespace loadgen
