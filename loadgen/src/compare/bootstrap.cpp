#include "compare/bootstrap.hpp"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

namespace loadgen {
namespace {

/// From lag 0 to `most`.
std::vector<double> autocovariances(const std::vector<double>& series, std::size_t most) {
  const auto n = static_cast<double>(series.size());
  double mean = 0;
  for (const double value : series) mean += value / n;
  std::vector<double> all;
  for (std::size_t lag = 0; lag <= most; ++lag) {
    double sum = 0;
    for (std::size_t i = lag; i < series.size(); ++i) {
      sum += (series[i] - mean) * (series[i - lag] - mean);
    }
    all.push_back(sum / n);
  }
  return all;
}

/// The last lag whose correlation is more than chance; 0: there is none.
std::size_t last_correlated(const std::vector<double>& covariances, double n) {
  constexpr std::size_t in_a_row = 5;
  const double chance = 2 * std::sqrt(std::log10(n) / n) * covariances[0];
  std::size_t last = 0;
  for (std::size_t lag = 1; lag < covariances.size(); ++lag) {
    if (std::abs(covariances[lag]) >= chance) {
      last = lag;
    } else if (lag - last >= in_a_row) {
      break;
    }
  }
  return last;
}

}  // namespace

std::size_t block_length(const std::vector<double>& series) {
  const std::size_t slots = series.size();
  const auto n = static_cast<double>(slots);
  const auto least = static_cast<std::size_t>(std::ceil(std::cbrt(n) - 1e-9));
  const std::size_t most = std::max(least, slots / 4);
  if (slots < 8) return std::max<std::size_t>(1, std::min(least, slots));
  const auto lags = std::min(slots - 1, static_cast<std::size_t>(std::ceil(std::sqrt(n))) + 5);
  const auto covariances = autocovariances(series, lags);
  if (covariances[0] <= 0) return least;
  const auto m = std::max<std::size_t>(1, last_correlated(covariances, n));
  const std::size_t width = std::min(2 * m, lags);
  double spectrum = covariances[0];
  double slope = 0;
  for (std::size_t lag = 1; lag <= width; ++lag) {
    const double part = static_cast<double>(lag) / static_cast<double>(width);
    const double weight = part <= 0.5 ? 1 : 2 * (1 - part);  // the flat-top window
    spectrum += 2 * weight * covariances[lag];
    slope += 2 * weight * static_cast<double>(lag) * covariances[lag];
  }
  if (spectrum <= 0) return least;
  const double best = std::cbrt(1.5 * slope * slope / (spectrum * spectrum) * n);
  return std::clamp(static_cast<std::size_t>(std::ceil(std::min(best, n))), least, most);
}

Resampler::Resampler(std::size_t slots, std::size_t block, std::uint64_t seed)
    : block_(block), weights_(slots), random_(seed) {}

const Weights& Resampler::next() {
  const std::size_t slots = weights_.size();
  std::fill(weights_.begin(), weights_.end(), 0U);
  for (std::size_t drawn = 0; drawn < slots;) {
    std::size_t at = random_() % slots;
    for (std::size_t i = 0; i < block_ && drawn < slots; ++i, ++drawn) {
      ++weights_[at];
      at = at + 1 == slots ? 0 : at + 1;
    }
  }
  return weights_;
}

double reach(double confidence, std::size_t figures, double degrees) {
  const double beyond =
      (1 - confidence) / 2 / static_cast<double>(std::max<std::size_t>(1, figures));
  const boost::math::students_t distribution(std::max(1.0, degrees));
  return boost::math::quantile(boost::math::complement(distribution, beyond));
}

}  // namespace loadgen
