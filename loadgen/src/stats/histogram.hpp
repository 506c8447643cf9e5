// Latencies in buckets that can be added up: percentiles of several threads or runs are read from
// the merged histogram, never averaged.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace loadgen {

/// The buckets that are not empty, by their number, ascending.
using BucketCounts = std::vector<std::pair<int, std::uint64_t>>;

/// Logarithmic buckets of 1 % width from 1 us to 24 h; what lies outside falls into the end
/// buckets. Count, sum, smallest and largest are exact. A value type, not thread-safe.
class Histogram {
 public:
  /// Bucket i holds what is at least 1 us * (24 h / 1 us)^(i / inner_buckets) and less than the
  /// same of i + 1; the first holds what is less than 1 us, the last what is 24 h or more.
  static constexpr int inner_buckets = 2531;
  static constexpr int first_bucket = -1, last_bucket = inner_buckets;
  [[nodiscard]] static int bucket_of(std::chrono::microseconds value);
  /// Its upper bound, in microseconds; of the last one, its lower.
  [[nodiscard]] static double upper_us(int bucket);
  /// The histogram with these counts, this sum, and this least and largest value; nullopt: there
  /// can be none.
  [[nodiscard]] static std::optional<Histogram> of(const BucketCounts& counts, double sum_us,
                                                   std::chrono::microseconds min,
                                                   std::chrono::microseconds max);

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
  [[nodiscard]] std::uint64_t sum_us() const { return static_cast<std::uint64_t>(sum_us_); }
  /// 0 when empty.
  [[nodiscard]] double mean_ms() const;
  /// The smallest bucket bound that at least `percent` of the values do not exceed, never above
  /// max(): within 1 % of the value itself. 0 when empty.
  [[nodiscard]] double percentile_ms(double percent) const;

  [[nodiscard]] BucketCounts counts() const;
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
