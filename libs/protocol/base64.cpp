#include "protocol/base64.hpp"

#include <array>
#include <cstdint>

namespace base64 {
namespace {

constexpr std::string_view standard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t none = 0xFF;

constexpr std::array<std::uint8_t, 256> inverse(std::string_view alphabet) {
  std::array<std::uint8_t, 256> table{};
  for (auto& entry : table) entry = none;
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return table;
}

constexpr auto standard_inverse = inverse(standard);
constexpr auto url_inverse = inverse(url);

std::string encode_with(std::string_view bytes, std::string_view alphabet, bool padded) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = bytes.size() - i < 3 ? bytes.size() - i : 3;
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8U | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k <= count; ++k) out += alphabet[group >> (18 - 6 * k) & 0x3FU];
    if (padded) out.append(3 - count, '=');
  }
  return out;
}

/// `text` without its padding.
std::optional<std::string> decode_with(std::string_view text,
                                       const std::array<std::uint8_t, 256>& table,
                                       TrailingBits trailing) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  out.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    const std::uint8_t value = table[static_cast<unsigned char>(c)];
    if (value == none) return std::nullopt;
    bits = (bits << 6U | value) & 0xFFFFU;
    held += 6;
    if (held >= 8) {
      held -= 8;
      out += static_cast<char>(bits >> held & 0xFFU);
    }
  }
  const bool zero = (bits & ((1U << held) - 1)) == 0;
  if (!zero && trailing == TrailingBits::zero) return std::nullopt;
  return out;
}

}  // namespace

std::string encode(std::string_view bytes) { return encode_with(bytes, standard, true); }

std::optional<std::string> decode(std::string_view text, TrailingBits trailing) {
  if (text.size() % 4 != 0) return std::nullopt;
  if (text.ends_with("==")) {
    text.remove_suffix(2);
  } else if (text.ends_with('=')) {
    text.remove_suffix(1);
  }
  return decode_with(text, standard_inverse, trailing);
}

std::string encode_url(std::string_view bytes) { return encode_with(bytes, url, false); }

std::optional<std::string> decode_url(std::string_view text) {
  return decode_with(text, url_inverse, TrailingBits::zero);
}

}  // namespace base64
