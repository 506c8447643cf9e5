#include "protocol/tus/numbers.hpp"

namespace tus {
namespace {

Result<Bytes> parse(std::string_view text, bool leading_zeros) {
  if (text.empty()) return failure({}, "is empty, expected a non-negative integer");
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') {
      return failure({}, quote(text) + " is not a non-negative integer", "digits only");
    }
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (max_length.value - digit) / 10) {
      return failure({}, quote(text) + " is larger than 9223372036854775807");
    }
    value = value * 10 + digit;
  }
  if (!leading_zeros && text.size() > 1 && text[0] == '0') {
    return failure({}, quote(text) + " has a leading zero");
  }
  return Bytes{value};
}

}  // namespace

Result<Bytes> parse_length(std::string_view text) { return parse(text, false); }
Result<Bytes> parse_length_lenient(std::string_view text) { return parse(text, true); }

}  // namespace tus
