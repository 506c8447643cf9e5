#include "page/buckets.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace loadgen {

double Buckets::percentile_ms(double percent) const {
  if (count_ == 0) return std::numeric_limits<double>::quiet_NaN();
  const double wanted = std::ceil(static_cast<double>(count_) * percent / 100 - 1e-6);
  const auto rank = static_cast<std::uint64_t>(std::max(wanted, 1.));
  const auto largest = static_cast<double>(largest_.count());
  std::uint64_t seen = 0;
  for (const auto& [bucket, count] : counts_) {
    seen += count;
    if (seen >= rank) return std::min(Histogram::upper_us(bucket), largest) / 1000;
  }
  return largest / 1000;
}

}  // namespace loadgen
