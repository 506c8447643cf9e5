#include "misbehave/chance.hpp"

#include <algorithm>
#include <boost/math/special_functions/erf.hpp>
#include <cmath>
#include <numbers>

namespace mock::misbehave {
namespace {

std::uint64_t mix(std::uint64_t h, std::string_view text) {
  for (const char c : text) {  // FNV-1a
    h ^= static_cast<unsigned char>(c);
    h *= 0x100000001b3ULL;
  }
  return (h ^ 0xffU) * 0x100000001b3ULL;  // so that ("ab", "c") and ("a", "bc") differ
}

/// splitmix64's finaliser.
std::uint64_t scatter(std::uint64_t h) {
  h = (h ^ (h >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  h = (h ^ (h >> 27U)) * 0x94d049bb133111ebULL;
  return h ^ (h >> 31U);
}

constexpr std::uint64_t golden = 0x9e3779b97f4a7c15ULL;

/// These words never change: a seed has to give for ever what it gave once.
std::string_view use_of(Axis axis) {
  switch (axis) {
    case Axis::pace_before:
      return "before";
    case Axis::pace_reply:
      return "reply";
    case Axis::connection_delay:
      return "connection";
    case Axis::effect_delay:
      return "effect";
    case Axis::interim_delay:
      return "interim";
    default:
      return {};
  }
}

Milliseconds by_percentiles(const Delay& delay, double fraction) {
  // A fraction may be 0, one of its 2^53 values, for which there is no quantile.
  const auto normal = normal_quantile(std::max(fraction, 0x1.0p-54));
  const auto& known = delay.percentiles;
  std::size_t i = 1;
  while (i + 1 < known.size() && normal > known[i].normal) ++i;
  const auto& low = known[i - 1];
  const auto& high = known[i];
  const auto slope = (high.logarithm - low.logarithm) / (high.normal - low.normal);
  const auto logarithm = low.logarithm + slope * (normal - low.normal);
  const auto least = static_cast<double>(delay.least.count());
  const auto most = static_cast<double>(delay.most.count());
  const auto drawn = std::clamp(std::exp(logarithm), least, most);
  return Milliseconds{static_cast<std::int64_t>(std::llround(drawn))};
}

}  // namespace

std::uint64_t draw(std::uint64_t seed, std::string_view rule, std::string_view lane,
                   std::string_view key, std::uint64_t ordinal) {
  auto h = scatter(seed + golden);
  for (const auto text : {rule, lane, key}) h = mix(h, text);
  return scatter(h + ordinal * golden);
}

double fraction(std::uint64_t drawing, std::string_view use) {
  return static_cast<double>(scatter(mix(drawing, use)) >> 11U) * 0x1.0p-53;
}

Milliseconds length_of(const Delay& delay, std::uint64_t drawing, Axis axis) {
  if (!delay.left_to_chance()) return delay.mean;
  if (!delay.percentiles.empty()) return by_percentiles(delay, fraction(drawing, use_of(axis)));
  const auto span = static_cast<double>(2 * delay.jitter.count() + 1);
  return delay.mean - delay.jitter +
         Milliseconds{static_cast<std::int64_t>(fraction(drawing, use_of(axis)) * span)};
}

double normal_quantile(double fraction) {
  return -std::numbers::sqrt2 * boost::math::erfc_inv(2 * fraction);
}

}  // namespace mock::misbehave
