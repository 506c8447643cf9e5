// Stored bytes that are read back wrong, because a rule says so.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "protocol/units.hpp"

namespace mock {

/// A range whose bytes have their lowest bit flipped, or are all zero (as the hole of a sparse file
/// is read).
struct Damage {
  Bytes at;  ///< counted from 0
  Bytes size{1};
  bool zeroed = false;
};

/// The part of `damage` that lies in `bytes`, the first of which is at `position`.
template <class Byte>
[[nodiscard]] std::span<Byte> damaged_part(const Damage& damage, Bytes position,
                                           std::span<Byte> bytes) {
  const auto first = std::max(damage.at, position);
  const auto before = first - position;
  const auto passed = first - damage.at;
  if (before.value >= bytes.size() || passed >= damage.size) return {};
  return bytes.subspan(before.value, std::min<std::size_t>(bytes.size() - before.value,
                                                           (damage.size - passed).value));
}

inline void spoil(const std::vector<Damage>& damages, Bytes position, std::span<std::byte> bytes) {
  for (const auto& damage : damages)
    for (auto& byte : damaged_part(damage, position, bytes))
      byte = damage.zeroed ? std::byte{0} : byte ^ std::byte{1};
}

}  // namespace mock
