#include "protocol/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

namespace {

struct Unit {
  std::string_view suffix;  ///< lower case
  std::uint64_t factor;
};

constexpr std::array<Unit, 10> byte_units{{{"", 1},
                                           {"b", 1},
                                           {"kib", 1ULL << 10U},
                                           {"mib", 1ULL << 20U},
                                           {"gib", 1ULL << 30U},
                                           {"tib", 1ULL << 40U},
                                           {"kb", 1'000},
                                           {"mb", 1'000'000},
                                           {"gb", 1'000'000'000},
                                           {"tb", 1'000'000'000'000}}};
constexpr std::array<Unit, 5> duration_units{
    {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"min", 60'000}, {"h", 3'600'000}}};
constexpr std::array<Unit, 5> bit_units{{{"bit", 1},
                                         {"kbit", 1'000},
                                         {"mbit", 1'000'000},
                                         {"gbit", 1'000'000'000},
                                         {"tbit", 1'000'000'000'000}}};

/// A decimal number, kept exact, and what follows it.
struct Quantity {
  std::uint64_t whole = 0;
  std::uint64_t fraction = 0;  ///< in units of 1 / scale
  std::uint64_t scale = 1;
  std::string suffix;  ///< lower case, without surrounding spaces
};

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<Quantity> parse_quantity(std::string_view text) {
  constexpr std::uint64_t limit = std::numeric_limits<std::uint64_t>::max();
  Quantity q;
  std::size_t i = 0;
  for (; i < text.size() && is_digit(text[i]); ++i) {
    const auto digit = static_cast<std::uint64_t>(text[i] - '0');
    if (q.whole > (limit - digit) / 10) return std::nullopt;
    q.whole = q.whole * 10 + digit;
  }
  if (i == 0) return std::nullopt;
  if (i < text.size() && text[i] == '.') {
    const std::size_t first = ++i;
    for (; i < text.size() && is_digit(text[i]); ++i) {
      if (i - first == 6) return std::nullopt;
      q.fraction = q.fraction * 10 + static_cast<std::uint64_t>(text[i] - '0');
      q.scale *= 10;
    }
    if (i == first) return std::nullopt;
  }
  while (i < text.size() && text[i] == ' ') ++i;
  q.suffix = text.substr(i);
  std::transform(q.suffix.begin(), q.suffix.end(), q.suffix.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return q;
}

template <std::size_t N>
std::optional<std::uint64_t> factor_of(const std::array<Unit, N>& units, std::string_view suffix) {
  const auto* unit =
      std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.suffix == suffix; });
  if (unit == units.end()) return std::nullopt;
  return unit->factor;
}

/// q * factor when that is a whole number of at most `limit`. Six decimals of 2^40 fit into 64
/// bits.
Result<std::uint64_t> multiply(const Quantity& q, std::uint64_t factor, std::uint64_t limit,
                               std::string_view unit) {
  const std::uint64_t scaled = q.fraction * factor;
  if (scaled % q.scale != 0) return failure({}, fmt::format("not a whole number of {}", unit));
  const std::uint64_t rest = scaled / q.scale;  // less than one unit, so below any limit
  if (q.whole > (limit - rest) / factor) {
    return failure({}, fmt::format("too large: at most {} {} are possible", limit, unit));
  }
  return q.whole * factor + rest;
}

Error named(std::string_view text, Error error) {
  error.what = quote(text) + " is " + error.what;
  return error;
}

/// The value in the largest unit that leaves it at least 1 after rounding to one decimal.
std::string scaled(double value, std::string_view per) {
  static constexpr std::array<std::string_view, 6> names{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (value < 1023.5) return fmt::format("{:.0f} B{}", value, per);
  std::size_t i = 0;
  value /= 1024;
  while (value >= 1023.95 && i + 1 < names.size()) {
    value /= 1024;
    ++i;
  }
  return fmt::format("{:.1f} {}{}", value, names[i], per);
}

}  // namespace

Result<Bytes> parse_bytes(std::string_view text) {
  const auto q = parse_quantity(text);
  const auto factor = q ? factor_of(byte_units, q->suffix) : std::nullopt;
  if (!factor) {
    return failure({}, quote(text) + " is not a size", "write 1024, 64KB, 8MiB or 1.5GiB");
  }
  constexpr std::uint64_t limit = (1ULL << 63U) - 1;
  return multiply(*q, *factor, limit, "bytes")
      .map([](std::uint64_t v) { return Bytes{v}; })
      .map_error([&](const Error& e) { return named(text, e); });
}

Result<Milliseconds> parse_duration(std::string_view text) {
  const auto q = parse_quantity(text);
  const auto factor = q ? factor_of(duration_units, q->suffix) : std::nullopt;
  if (!factor) {
    return failure({}, quote(text) + " is not a duration", "write 250ms, 1.5s, 2m or 1h");
  }
  constexpr std::uint64_t limit = std::numeric_limits<std::int64_t>::max() / 1'000'000;
  return multiply(*q, *factor, limit, "milliseconds")
      .map([](std::uint64_t v) { return Milliseconds{static_cast<Milliseconds::rep>(v)}; })
      .map_error([&](const Error& e) { return named(text, e); });
}

Result<BytesPerSecond> parse_rate(std::string_view text) {
  constexpr std::string_view per_second = "/s";
  auto q = parse_quantity(text);
  if (q && q->suffix.ends_with(per_second)) {
    q->suffix.resize(q->suffix.size() - per_second.size());
    const double value = static_cast<double>(q->whole) +
                         static_cast<double>(q->fraction) / static_cast<double>(q->scale);
    const auto bytes = q->suffix.empty() ? std::nullopt : factor_of(byte_units, q->suffix);
    if (bytes) return BytesPerSecond{value * static_cast<double>(*bytes)};
    const auto bits = factor_of(bit_units, q->suffix);
    if (bits) return BytesPerSecond{value * static_cast<double>(*bits) / 8};
  }
  return failure({}, quote(text) + " is not a rate", "write 1MiB/s, 20KB/s or 8Mbit/s");
}

std::string to_string(Bytes bytes) {
  if (bytes.value < 1024) return fmt::format("{} B", bytes.value);
  return scaled(static_cast<double>(bytes.value), "");
}

std::string to_string(Milliseconds duration) {
  const auto ms = duration.count();
  if (ms < 0) {
    // The most negative value has no positive counterpart.
    const auto positive =
        ms == std::numeric_limits<Milliseconds::rep>::min() ? Milliseconds::max() : -duration;
    return fmt::format("-{}", to_string(positive));
  }
  if (ms < 1'000) return fmt::format("{} ms", ms);
  if (ms < 59'950) return fmt::format("{:.1f} s", static_cast<double>(ms) / 1'000);
  const auto seconds = ms / 1'000 + (ms % 1'000 >= 500 ? 1 : 0);
  if (seconds < 3'600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  const auto minutes = seconds / 60 + (seconds % 60 >= 30 ? 1 : 0);
  return fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

std::string to_string(BytesPerSecond rate) { return scaled(rate.value, "/s"); }
