// The fields of one line of our own CSV files (RFC 4180), read strictly.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/error.hpp"

namespace loadgen::csv {

/// Takes one field after the other. `end` tells what is wrong with the first bad one; until then
/// bad fields are empty, or 0. `line` is without CRLF, and outlives this.
class Fields {
 public:
  explicit Fields(std::string_view line) : rest_(line) {}

  /// Quotes around it are taken off.
  [[nodiscard]] std::string text();
  /// A whole number below 2^63 / 1000, so that sums of some stay right.
  [[nodiscard]] std::uint64_t number();
  /// "12.345", to the microsecond, and less than a century.
  [[nodiscard]] std::chrono::microseconds milliseconds();
  /// The same; nullopt: the field is empty.
  [[nodiscard]] std::optional<std::chrono::microseconds> maybe_milliseconds();
  /// Marks the last field as one that makes no sense.
  void spoil(std::string what);
  /// After the last field: an Error if a field is missing or bad, or if more follows. It has no
  /// place.
  [[nodiscard]] Result<void> end();

 private:
  std::string_view rest_;
  bool over_ = false;  ///< there is no further field
  std::uint64_t taken_ = 0;
  std::string wrong_;
};

}  // namespace loadgen::csv
