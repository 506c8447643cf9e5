// Quantities as types, so that a byte count is never a bare integer between libraries.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/error.hpp"

/// A number of bytes, or a position in an upload. The caller keeps arithmetic in range.
struct Bytes {
  std::uint64_t value = 0;

  constexpr Bytes() = default;
  constexpr explicit Bytes(std::uint64_t v) : value(v) {}
  constexpr auto operator<=>(const Bytes&) const = default;  // NOLINT: clang-tidy 14 sees a null
  constexpr Bytes& operator+=(Bytes o) {
    value += o.value;
    return *this;
  }
  constexpr Bytes& operator-=(Bytes o) {
    value -= o.value;
    return *this;
  }
  friend constexpr Bytes operator+(Bytes a, Bytes b) { return Bytes{a.value + b.value}; }
  friend constexpr Bytes operator-(Bytes a, Bytes b) { return Bytes{a.value - b.value}; }
};

/// Bytes per second; 0 means unlimited wherever a rate is optional.
struct BytesPerSecond {
  double value = 0;
  constexpr auto operator<=>(const BytesPerSecond&) const = default;
};

namespace literals {
constexpr Bytes operator""_B(unsigned long long v) { return Bytes{v}; }
constexpr Bytes operator""_KiB(unsigned long long v) { return Bytes{v << 10U}; }
constexpr Bytes operator""_MiB(unsigned long long v) { return Bytes{v << 20U}; }
constexpr Bytes operator""_GiB(unsigned long long v) { return Bytes{v << 30U}; }
}  // namespace literals

using Milliseconds = std::chrono::milliseconds;

/// "8MiB", "64 KB", "1.5GiB", "1024": IEC suffixes are powers of 1024, SI suffixes powers of 1000;
/// letter case does not count, and no suffix means bytes. At most six decimals; the result is a
/// whole number of bytes below 2^63.
[[nodiscard]] Result<Bytes> parse_bytes(std::string_view text);
/// "250ms", "1.5s", "2m" or "2min", "1h"; a bare number is refused because its unit would be a
/// guess. A whole number of milliseconds that fits into 64 bits of nanoseconds too (292 years).
[[nodiscard]] Result<Milliseconds> parse_duration(std::string_view text);
/// "1MiB/s", "20KB/s", "8Mbit/s"; bits come in powers of 1000. A bare number is refused.
[[nodiscard]] Result<BytesPerSecond> parse_rate(std::string_view text);

/// For people: "8.0 MiB", "312 B".
[[nodiscard]] std::string to_string(Bytes bytes);
/// For people: "850 ms", "3.2 s", "4 min 10 s".
[[nodiscard]] std::string to_string(Milliseconds duration);
/// For people: "12.5 MiB/s".
[[nodiscard]] std::string to_string(BytesPerSecond rate);
