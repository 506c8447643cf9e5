// The highest rate that is good, found with few tries.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

namespace loadgen {

struct SearchBounds {
  double from = 1, to = 100'000;  ///< uploads a second, which are tried as well
  double precision = 0.05;        ///< the lowest bad rate is above the result by at most this part
};

/// Doubles the rate until it is bad, then bisects by the geometric mean. Chance has a say near the
/// limit: the rates on both sides of it are tried once more, and where the second try disagrees, a
/// third decides. Pure bookkeeping; not thread-safe.
class Search {
 public:
  explicit Search(SearchBounds bounds) : bounds_(bounds) {}

  /// What to try now; nullopt: it is found.
  [[nodiscard]] std::optional<double> next() const;
  void tried(double rate, bool good);

  /// The highest rate that is good below all that are bad; nullopt: none is.
  [[nodiscard]] std::optional<double> best() const;
  /// The lowest rate that is bad; nullopt: none is.
  [[nodiscard]] std::optional<double> worst() const;

 private:
  struct Votes {
    std::uint64_t good = 0, bad = 0;
  };
  static constexpr std::uint64_t votes_at_border = 2;

  SearchBounds bounds_;
  std::map<double, Votes> tried_;
};

}  // namespace loadgen
