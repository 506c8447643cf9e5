#include "misbehave/chance.hpp"

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

/// What a seed gave once it gives for ever, so these words stay as they are.
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
  if (delay.jitter == Milliseconds{0}) return delay.mean;
  const auto span = static_cast<double>(2 * delay.jitter.count() + 1);
  return delay.mean - delay.jitter +
         Milliseconds{static_cast<std::int64_t>(fraction(drawing, use_of(axis)) * span)};
}

}  // namespace mock::misbehave
