#include "stats/histogram.hpp"

#include <algorithm>
#include <boost/histogram.hpp>
#include <cmath>

namespace loadgen {
namespace {
namespace bh = boost::histogram;
using Axis = bh::axis::regular<double, bh::axis::transform::log>;
constexpr double lowest_us = 1;
constexpr double highest_us = 24.0 * 3600 * 1e6;

Axis make_axis() { return {Histogram::inner_buckets, lowest_us, highest_us}; }

const Axis& shared_axis() {
  static const Axis axis = make_axis();
  return axis;
}
}  // namespace

struct Histogram::Counts {
  decltype(bh::make_histogram_with(bh::dense_storage<std::uint64_t>(), make_axis())) bins =
      bh::make_histogram_with(bh::dense_storage<std::uint64_t>(), make_axis());
};

int Histogram::bucket_of(std::chrono::microseconds value) {
  return shared_axis().index(static_cast<double>(std::max(value.count(), std::int64_t{0})));
}

double Histogram::upper_us(int bucket) {
  if (bucket < 0) return lowest_us;
  return bucket >= inner_buckets ? highest_us : shared_axis().value(bucket + 1);
}

std::optional<Histogram> Histogram::of(const BucketCounts& counts, double sum_us,
                                       std::chrono::microseconds min,
                                       std::chrono::microseconds max) {
  Histogram made;
  int least = first_bucket;  // that the next number may be
  for (const auto& [bucket, count] : counts) {
    if (bucket < least || bucket > last_bucket || count == 0 ||
        count > UINT64_MAX / 2 - made.count_) {
      return std::nullopt;
    }
    least = bucket + 1;
    made.counts_->bins.at(bucket) = count;
    made.count_ += count;
  }
  const auto n = static_cast<double>(made.count_);
  constexpr double rounding = 1 + 1e-9;
  const bool good =
      counts.empty() ? sum_us == 0 && min.count() == 0 && max.count() == 0
                     : min.count() >= 0 && min <= max && bucket_of(min) == counts.front().first &&
                           bucket_of(max) == counts.back().first &&
                           sum_us * rounding >= n * static_cast<double>(min.count()) &&
                           sum_us <= n * static_cast<double>(max.count()) * rounding;
  if (!good) return std::nullopt;
  made.sum_us_ = sum_us;
  made.min_ = min;
  made.max_ = max;
  return made;
}

BucketCounts Histogram::counts() const {
  BucketCounts list;
  for (int i = first_bucket; i <= last_bucket; ++i) {
    if (const std::uint64_t count = counts_->bins.at(i); count > 0) list.emplace_back(i, count);
  }
  return list;
}

Histogram::Histogram() : counts_(std::make_unique<Counts>()) {}
Histogram::Histogram(const Histogram& other)
    : counts_(std::make_unique<Counts>(*other.counts_)),
      count_(other.count_),
      sum_us_(other.sum_us_),
      min_(other.min_),
      max_(other.max_) {}
Histogram::Histogram(Histogram&&) noexcept = default;
Histogram& Histogram::operator=(Histogram other) noexcept {
  std::swap(counts_, other.counts_);
  std::swap(count_, other.count_);
  std::swap(sum_us_, other.sum_us_);
  std::swap(min_, other.min_);
  std::swap(max_, other.max_);
  return *this;
}
Histogram::~Histogram() = default;

void Histogram::add(std::chrono::microseconds value) {
  value = std::max(value, std::chrono::microseconds{0});
  counts_->bins(static_cast<double>(value.count()));
  min_ = count_ == 0 ? value : std::min(min_, value);
  max_ = std::max(max_, value);
  sum_us_ += static_cast<double>(value.count());
  ++count_;
}

void Histogram::merge(const Histogram& other) {
  if (other.count_ == 0) return;
  counts_->bins += other.counts_->bins;
  min_ = count_ == 0 ? other.min_ : std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  sum_us_ += other.sum_us_;
  count_ += other.count_;
}

double Histogram::mean_ms() const {
  return count_ == 0 ? 0 : sum_us_ / static_cast<double>(count_) / 1000;
}

std::vector<std::pair<double, std::uint64_t>> Histogram::buckets() const {
  std::vector<std::pair<double, std::uint64_t>> list;
  for (const auto& [bucket, count] : counts()) list.emplace_back(upper_us(bucket), count);
  return list;
}

double Histogram::percentile_ms(double percent) const {
  if (count_ == 0) return 0;
  const double wanted = std::ceil(static_cast<double>(count_) * percent / 100 - 1e-6);
  const auto rank =
      static_cast<std::uint64_t>(std::clamp(wanted, 1.0, static_cast<double>(count_)));
  std::uint64_t seen = 0;
  const auto largest = static_cast<double>(max_.count());
  for (const auto& [upper, count] : buckets()) {
    seen += count;
    if (seen >= rank) return std::min(upper, largest) / 1000;
  }
  return largest / 1000;
}

}  // namespace loadgen
