// Latencies of some seconds, of which only buckets are known.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>

#include "stats/histogram.hpp"

namespace loadgen {

/// A value. The bounds of buckets may lie above all that was seen, so percentiles are never more
/// than `largest`, the maximum of the whole run.
class Buckets {
 public:
  explicit Buckets(std::chrono::microseconds largest) : largest_(largest) {}

  void add(int bucket, std::uint64_t count) {
    counts_[bucket] += count;
    count_ += count;
  }
  void add(const BucketCounts& counts) {
    for (const auto& [bucket, count] : counts) add(bucket, count);
  }

  [[nodiscard]] std::uint64_t count() const { return count_; }
  /// As Histogram::percentile_ms; NaN when empty.
  [[nodiscard]] double percentile_ms(double percent) const;

 private:
  std::map<int, std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  std::chrono::microseconds largest_;
};

}  // namespace loadgen
