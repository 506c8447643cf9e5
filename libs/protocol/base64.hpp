// Base64 as RFC 4648 section 4 (standard alphabet, padded) and section 5 (URL alphabet, unpadded).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace base64 {
[[nodiscard]] std::string encode(std::string_view bytes);
/// What becomes of the unused bits of the last character (RFC 4648 section 3.5).
enum class TrailingBits {
  zero,     ///< must be zero, so that every byte string has exactly one encoding
  ignored,  ///< as Go's StdEncoding and Node's Buffer: "YR==" is "a" as well
};
/// Strict: standard alphabet, full padding, no white space. nullopt otherwise.
[[nodiscard]] std::optional<std::string> decode(std::string_view text,
                                                TrailingBits trailing = TrailingBits::zero);
/// Section 5 without padding, as JWTs use it (RFC 7515 section 2).
[[nodiscard]] std::string encode_url(std::string_view bytes);
/// Strict: no padding, zero trailing bits, no white space. nullopt otherwise.
[[nodiscard]] std::optional<std::string> decode_url(std::string_view text);
}  // namespace base64
