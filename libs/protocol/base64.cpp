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
  const std::size_t rest = bytes.size() % 3;
  const std::size_t tail = rest == 0 ? 0 : padded ? 4 : rest + 1;
  std::string out(bytes.size() / 3 * 4 + tail, '=');
  auto to = out.begin();
  const auto byte = [&](std::size_t i) -> std::uint32_t {
    return static_cast<unsigned char>(bytes[i]);
  };
  const auto write = [&](std::uint32_t group, unsigned letters) {
    for (unsigned k = 0; k < letters; ++k) *to++ = alphabet[group >> (18 - 6 * k) & 0x3FU];
  };
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    write(byte(i) << 16U | byte(i + 1) << 8U | byte(i + 2), 4);
  }
  if (rest == 1) write(byte(i) << 16U, 2);
  if (rest == 2) write(byte(i) << 16U | byte(i + 1) << 8U, 3);
  return out;
}

/// Decodes `text`, whose padding was taken off.
std::optional<std::string> decode_with(std::string_view text,
                                       const std::array<std::uint8_t, 256>& table,
                                       TrailingBits trailing) {
  const std::size_t rest = text.size() % 4;
  if (rest == 1) return std::nullopt;
  std::string out(text.size() * 3 / 4, '\0');
  auto to = out.begin();
  const auto value = [&](std::size_t i) -> std::uint32_t {
    return table[static_cast<unsigned char>(text[i])];
  };
  const auto write = [&](std::uint32_t group, unsigned bytes) {
    for (unsigned k = 0; k < bytes; ++k) *to++ = static_cast<char>(group >> (16 - 8 * k) & 0xFFU);
  };
  std::uint32_t all = 0;  // above 0x3F once a character has no value
  std::size_t i = 0;
  for (; i + 4 <= text.size(); i += 4) {
    const std::array<std::uint32_t, 4> four{value(i), value(i + 1), value(i + 2), value(i + 3)};
    all |= four[0] | four[1] | four[2] | four[3];
    write(four[0] << 18U | four[1] << 12U | four[2] << 6U | four[3], 3);
  }
  std::uint32_t group = 0;
  for (unsigned shift = 18; i < text.size(); ++i, shift -= 6) {
    all |= value(i);
    group |= value(i) << shift;
  }
  if (all > 0x3FU) return std::nullopt;
  if (rest > 0) write(group, static_cast<unsigned>(rest) - 1);
  const bool zero = rest == 0 || (group & (rest == 2 ? 0xFFFFU : 0xFFU)) == 0;
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
