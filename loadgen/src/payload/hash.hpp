// Everything that looks random here is a hash of what names it: no generator is shared, so a run
// repeats under any concurrency.
#pragma once

#include <cstdint>
#include <initializer_list>

namespace loadgen {

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection in which every output bit
/// depends on every input bit.
constexpr std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31U);
}
inline constexpr std::uint64_t golden = 0x9e3779b97f4a7c15ULL;

/// A hash of the values in their order.
constexpr std::uint64_t hash_of(std::initializer_list<std::uint64_t> values) {
  std::uint64_t state = golden;
  for (const std::uint64_t value : values) state = mix(state + golden + mix(value + golden));
  return state;
}
/// In [0, 1), from the upper 53 bits.
constexpr double unit(std::uint64_t hash) { return static_cast<double>(hash >> 11U) * 0x1.0p-53; }

/// What a hash is asked about, so that two questions about one upload never share an answer.
enum class Purpose : std::uint64_t {
  payload = 1,
  size = 2,
  cut = 3,
  run_id = 4,
  rtt = 5,
  boundary = 6,
  question_cut = 7,
  line = 8,   // bursts, outages and connections of a partner
  proxy = 9,  // what a proxy answers itself
  // Of a scenario.
  arrival = 20,
  group = 21,
  files = 22,
  think = 23,
  event = 24,
  own_file = 25,  // which of several
  // Of a report.
  sample = 30
};
constexpr std::uint64_t hash_for(Purpose purpose, std::initializer_list<std::uint64_t> values) {
  return mix(hash_of(values) ^ (golden * static_cast<std::uint64_t>(purpose)));
}

/// A sequence of draws for generating one block. Not for anything that concurrency could reorder.
class Draws {
 public:
  explicit constexpr Draws(std::uint64_t seed) : state_(seed) {}
  constexpr std::uint64_t next() { return mix(state_ += golden); }
  /// In [0, bound); bound is small, so the bias of the multiplication does not matter.
  constexpr std::uint64_t below(std::uint64_t bound) { return ((next() >> 32U) * bound) >> 32U; }

 private:
  std::uint64_t state_;
};

}  // namespace loadgen
