// The fields of one line of our own CSV files (RFC 4180), read strictly.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/error.hpp"

namespace loadgen::csv {

/// Takes one field after the other. What is wrong with the first bad one `end` says; until then
/// fields are empty, or 0. `line` is without CRLF, and outlives it.
class Fields {
 public:
  explicit Fields(std::string_view line) : rest_(line) {}

  /// Quotes around it are taken off.
  [[nodiscard]] std::string text();
  /// A whole number below 2^63 / 1000, so that sums of some stay right.
  [[nodiscard]] std::uint64_t number();
  /// "12.345", at least as fine as it is written: to the microsecond, and of less than a century.
  [[nodiscard]] std::chrono::microseconds milliseconds();
  /// The same; nullopt: the field is empty.
  [[nodiscard]] std::optional<std::chrono::microseconds> maybe_milliseconds();
  /// What the last field said makes no sense.
  void spoil(std::string what);
  /// After the last field: all were there and good, and nothing follows. The Error has no place.
  [[nodiscard]] Result<void> end();

 private:
  std::string_view rest_;
  bool over_ = false;  ///< there is no further field
  std::uint64_t taken_ = 0;
  std::string wrong_;
};

}  // namespace loadgen::csv
