// Bytes that came back, beside those that were sent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "payload/payload.hpp"
#include "stats/result.hpp"

namespace loadgen {

/// What is wrong with a copy of a file.
struct Damage {
  Cause cause;
  std::optional<ByteRange> range;  ///< of the file; nullopt: the copy is only too long
};

/// Compares bytes that arrive in order; it goes on after a difference, to know how far it reaches.
class Comparison {
 public:
  explicit Comparison(const Payload& payload) : payload_(payload) {}
  void add(std::span<const std::byte> bytes);
  /// nullopt: the same, from the first byte to the last.
  [[nodiscard]] std::optional<Damage> verdict() const;

 private:
  /// What should come next, or some of it; empty at the end.
  [[nodiscard]] std::span<const std::byte> expected_here();
  void compare(std::span<const std::byte> expected, std::span<const std::byte> bytes);

  Payload payload_;
  Bytes at_;
  Bytes too_many_;
  std::optional<ByteRange> different_;
  std::uint64_t count_ = 0;  ///< of the different bytes
  Bytes expected_at_;
  std::vector<std::byte> expected_;  ///< from there on
};

}  // namespace loadgen
