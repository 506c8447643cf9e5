#include "fuzz.hpp"
#include "protocol/tus/numbers.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const auto strict = tus::parse_length(text);
  const auto lenient = tus::parse_length_lenient(text);
  if (strict) {
    fuzz::require(std::to_string(strict->value) == text, "a strict number has one spelling");
    fuzz::require(lenient == strict, "what is strict is also lenient");
  } else {
    fuzz::require_line(strict.error());
  }
  if (lenient) {
    fuzz::require(*lenient <= tus::max_length, "a number fits into a file offset");
    fuzz::require(tus::parse_length(std::to_string(lenient->value)) == *lenient,
                  "a number can be written");
  }
  return 0;
}
