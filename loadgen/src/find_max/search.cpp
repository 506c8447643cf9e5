#include "find_max/search.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace loadgen {
namespace {

/// To four digits, so that a rate can be given again just as it was shown.
double rounded(double rate) {
  const auto digits = 3 - static_cast<int>(std::floor(std::log10(rate)));
  const double scale = std::pow(10, std::abs(digits));
  return digits > 0 ? std::round(rate * scale) / scale : std::round(rate / scale) * scale;
}

}  // namespace

void Search::tried(double rate, bool good) {
  Votes& votes = tried_[rate];
  ++(good ? votes.good : votes.bad);
}

std::optional<double> Search::worst() const {
  for (const auto& [rate, votes] : tried_) {
    if (votes.bad > votes.good) return rate;
  }
  return std::nullopt;
}

std::optional<double> Search::best() const {
  const auto bad = worst();
  std::optional<double> best;
  for (const auto& [rate, votes] : tried_) {
    if (bad && rate >= *bad) break;
    if (votes.good > votes.bad) best = rate;
  }
  return best;
}

std::optional<double> Search::next() const {
  if (tried_.empty()) return bounds_.from;
  for (const auto& [rate, votes] : tried_) {
    if (votes.good == votes.bad) return rate;
  }
  const auto good = best();
  const auto bad = worst();
  if (!bad) {
    if (*good < bounds_.to) return std::min(2 * *good, bounds_.to);
  } else if (!good) {
    if (*bad > bounds_.from) return std::max(bounds_.from, rounded(*bad / 2));
  } else if (*bad / *good > 1 + bounds_.precision) {
    const double between = rounded(std::sqrt(*good * *bad));
    if (between > *good && between < *bad) return between;
  }
  if (good && tried_.at(*good).good < votes_at_border) return good;
  if (bad && tried_.at(*bad).bad < votes_at_border) return bad;
  return std::nullopt;
}

}  // namespace loadgen
