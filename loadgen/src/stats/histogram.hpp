// Latencies in buckets that can be added up: percentiles of several threads or runs are read from
// the merged histogram, never averaged.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace loadgen {

/// Logarithmic buckets of 1 % width from 1 us to 24 h; what lies outside falls into the end
/// buckets. Count, sum, smallest and largest are exact. A value type, not thread-safe.
class Histogram {
 public:
  Histogram();
  Histogram(const Histogram& other);
  Histogram(Histogram&&) noexcept;
  Histogram& operator=(Histogram other) noexcept;
  ~Histogram();

  void add(std::chrono::microseconds value);
  void merge(const Histogram& other);

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::chrono::microseconds max() const { return max_; }
  [[nodiscard]] std::chrono::microseconds min() const { return min_; }
  /// 0 when empty.
  [[nodiscard]] double mean_ms() const;
  /// The smallest bucket bound that at least `percent` of the values do not exceed, never above
  /// max(): within 1 % of the value itself. 0 when empty.
  [[nodiscard]] double percentile_ms(double percent) const;

  /// Every bucket that is not empty: its upper bound in microseconds and its count.
  [[nodiscard]] std::vector<std::pair<double, std::uint64_t>> buckets() const;

 private:
  struct Counts;
  std::unique_ptr<Counts> counts_;
  std::uint64_t count_ = 0;
  double sum_us_ = 0;
  std::chrono::microseconds min_{0};
  std::chrono::microseconds max_{0};
};

}  // namespace loadgen
