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

Axis make_axis() {
  const auto buckets =
      static_cast<unsigned>(std::ceil(std::log(highest_us / lowest_us) / std::log(1.01)));
  return {buckets, lowest_us, highest_us};
}
}  // namespace

struct Histogram::Counts {
  decltype(bh::make_histogram_with(bh::dense_storage<std::uint64_t>(), make_axis())) bins =
      bh::make_histogram_with(bh::dense_storage<std::uint64_t>(), make_axis());
};

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
  const auto& axis = counts_->bins.axis();
  for (int i = -1; i <= axis.size(); ++i) {
    const std::uint64_t count = counts_->bins.at(i);
    if (count == 0) continue;
    const double upper = i < 0 ? lowest_us : i == axis.size() ? highest_us : axis.value(i + 1);
    list.emplace_back(upper, count);
  }
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
