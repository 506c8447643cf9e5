#include "compare/figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace loadgen {
namespace {

enum RatioOf : std::size_t { goodput, good, bad, waste, retries };
enum TimeOf : std::size_t { create, upload, service, end_to_end, deliver };

constexpr std::array<const char*, 5> kinds{"create", "upload", "service", "end_to_end", "deliver"};
constexpr std::array<const char*, 5> titles{"create", "upload", "service", "end to end", "deliver"};
constexpr std::array<int, 3> percentiles{50, 90, 99};

std::vector<Figure> make_figures() {
  std::vector<Figure> all{{"goodput_mib_s", "goodput", "MiB/s", true},
                          {"good_per_s", "rate of good uploads", "/s", true},
                          {"bad_percent", "share of bad uploads", "%"},
                          {"waste_percent", "share sent in vain", "%"},
                          {"retries_per_upload", "retries of a mean upload", ""}};
  for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
    for (const int percentile : percentiles) {
      all.push_back({fmt::format("{}_p{}_ms", kinds[kind], percentile),
                     fmt::format("{} p{}", titles[kind], percentile), "ms", false, percentile});
    }
  }
  return all;
}

double sum(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

double weighted(const std::vector<double>& values, const Weights& weights) {
  return std::inner_product(values.begin(), values.end(), weights.begin(), 0.0);
}

/// The rank, counted from the smallest, of percentile `percent` among `count` values, as in
/// Histogram::percentile_ms.
double rank(double count, int percent) {
  return std::clamp(std::ceil(count * percent / 100 - 1e-6), 1.0, count);
}

}  // namespace

const std::vector<Figure>& figures() {
  static const auto all = make_figures();
  return all;
}

std::size_t Sampled::slot_at(double time) const {
  const double at = (time - begin_) / length_ * static_cast<double>(slots_);
  return std::min(slots_ - 1, static_cast<std::size_t>(std::max(0.0, at)));
}

Sampled::Sampled(const Recorded& run, std::size_t slots, const Slots* like)
    : slots_(slots), begin_(run.begin), length_(std::max(run.elapsed(), 1e-6)) {
  for (Ratio& ratio : ratios_) {
    ratio.over.resize(slots);
    ratio.under.resize(slots);
  }
  for (Times& times : times_) times.counts.resize(slots);
  const double slot_s = length_ / static_cast<double>(slots);
  for (const auto kind : {goodput, good}) {
    std::fill(ratios_[kind].under.begin(), ratios_[kind].under.end(), slot_s);
  }
  for (const RecordedUpload& one : run.uploads) {
    std::size_t slot = slot_at(one.due);
    if (like != nullptr) {
      const auto same = like->find(one.index);
      if (same != like->end()) slot = same->second;
    }
    slot_of_.emplace_hint(slot_of_.end(), one.index, slot);
    add(one, slot);
  }
  spread_acknowledged(run);
  for (Times& times : times_) {
    std::sort(times.falling.begin(), times.falling.end(), std::greater<>());
  }
}

void Sampled::add(const RecordedUpload& one, std::size_t slot) {
  const auto end = one.end();
  if (one.good && end) ratios_[good].over[slot_at(*end)] += 1;
  ratios_[bad].over[slot] += one.good ? 0 : 100;
  ratios_[bad].under[slot] += 1;
  ratios_[waste].over[slot] += 100 * (one.sent - std::min(one.acknowledged, one.sent));
  ratios_[waste].under[slot] += one.sent;
  ratios_[retries].over[slot] += one.retries;
  ratios_[retries].under[slot] += 1;
  const auto took = [&](TimeOf kind, double from, double to) {
    times_[kind].falling.emplace_back(1000 * std::max(0.0, to - from), slot);
    times_[kind].counts[slot] += 1;
  };
  if (one.created) took(create, one.started, *one.created);
  if (one.uploaded) took(upload, one.created.value_or(one.started), *one.uploaded);
  if (end && one.over) {
    took(service, one.started, *end);
    took(end_to_end, one.due, *end);
  }
  if (one.uploaded && one.delivered) took(deliver, *one.uploaded, *one.delivered);
}

/// How much was acknowledged comes from the uploads; the seconds only say when.
void Sampled::spread_acknowledged(const Recorded& run) {
  constexpr double mib = 1U << 20U;
  auto& over = ratios_[goodput].over;
  double all = 0;
  for (const auto& one : run.uploads) all += one.acknowledged / mib;
  for (std::size_t second = 0; second < run.acknowledged.size(); ++second) {
    const double bytes = run.acknowledged[second];
    if (bytes <= 0) continue;
    // A second may lie in several slots.
    const double per_slot = length_ / static_cast<double>(slots_);
    const double from = std::max(0.0, (static_cast<double>(second) - begin_) / per_slot);
    const double to = std::min(static_cast<double>(slots_), from + 1 / per_slot);
    for (double at = from; at < to;) {
      const double next = std::min(to, std::floor(at) + 1);
      over[std::min(slots_ - 1, static_cast<std::size_t>(at))] += bytes * (next - at) * per_slot;
      at = next;
    }
  }
  if (const double told = sum(over); told > 0) {
    for (double& value : over) value *= all / told;
    return;
  }
  for (const auto& one : run.uploads) {
    over[slot_at(one.end().value_or(one.started))] += one.acknowledged / mib;
  }
}

std::vector<double> Sampled::values(const Weights& weights) const {
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> values;
  values.reserve(figures().size());
  for (const Ratio& ratio : ratios_) {
    const double under = weighted(ratio.under, weights);
    values.push_back(under > 0 ? weighted(ratio.over, weights) / under : none);
  }
  for (const Times& times : times_) {
    const double count = weighted(times.counts, weights);
    std::array<double, percentiles.size()> found{none, none, none};
    // From the slowest on: a percentile is met once more are seen than rank above it.
    std::array<double, percentiles.size()> above{};
    for (std::size_t i = 0; i < percentiles.size(); ++i) {
      above[i] = count - rank(std::max(1.0, count), percentiles[i]);
    }
    const std::uint32_t* const weight = weights.data();
    double seen = 0;
    std::size_t next = percentiles.size();
    for (const auto& [ms, slot] : times.falling) {
      if (next == 0 || count == 0) break;
      seen += weight[slot];
      while (next > 0 && seen > above[next - 1]) found[--next] = ms;
    }
    values.insert(values.end(), found.begin(), found.end());
  }
  return values;
}

std::vector<double> Sampled::evidence() const {
  std::vector<double> all;
  for (const Ratio& ratio : ratios_) all.push_back(sum(ratio.under));
  for (const Times& times : times_) {
    const auto count = static_cast<double>(times.falling.size());
    for (const int percentile : percentiles) {
      all.push_back(count * std::min(percentile, 100 - percentile) / 100);
    }
  }
  return all;
}

std::array<std::vector<double>, 3> Sampled::series() const {
  std::array<std::vector<double>, 3> all{ratios_[goodput].over, ratios_[good].over,
                                         std::vector<double>(slots_)};
  auto& latency = all[2];
  for (const auto& [ms, slot] : times_[end_to_end].falling) latency[slot] += ms;
  const double count = sum(times_[end_to_end].counts);
  const double mean = count > 0 ? sum(latency) / count : 0;
  for (std::size_t slot = 0; slot < slots_; ++slot) {
    const double here = times_[end_to_end].counts[slot];
    latency[slot] = here > 0 ? latency[slot] / here : mean;
  }
  return all;
}

}  // namespace loadgen
