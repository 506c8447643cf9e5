#include "protocol/units.hpp"

#include <cmath>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  if (const auto bytes = parse_bytes(text)) {
    fuzz::require(bytes->value < 1ULL << 63U, "a size is below 2^63");
    fuzz::require(parse_bytes(std::to_string(bytes->value)) == *bytes, "a size can be written");
    fuzz::require(!to_string(*bytes).empty(), "a size can be shown");
  } else {
    fuzz::require_line(bytes.error());
  }
  if (const auto duration = parse_duration(text)) {
    fuzz::require(std::chrono::nanoseconds(*duration).count() >= 0, "a duration fits");
    fuzz::require(parse_duration(std::to_string(duration->count()) + "ms") == *duration,
                  "a duration can be written");
    fuzz::require(!to_string(*duration).empty(), "a duration can be shown");
  } else {
    fuzz::require_line(duration.error());
  }
  if (const auto rate = parse_rate(text)) {
    fuzz::require(std::isfinite(rate->value) && rate->value >= 0, "a rate is a number");
    fuzz::require(!to_string(*rate).empty(), "a rate can be shown");
  } else {
    fuzz::require_line(rate.error());
  }
  return 0;
}
