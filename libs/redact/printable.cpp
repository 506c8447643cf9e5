#include "redact/printable.hpp"

#include <algorithm>
#include <cstddef>

namespace redact {
namespace {

bool is_plain(unsigned char byte) { return byte >= 0x20 && byte < 0x7f; }

/// One UTF-8 character at the beginning of `text`.
struct Character {
  std::size_t size = 0;  ///< bytes; 0 when there is none
  char32_t code = 0;
};

Character character_at(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {1, first};
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return {};
  char32_t code = first & (0x7fU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0U) != 0x80U) return {};
    code = (code << 6U) | (byte(i) & 0x3fU);
  }
  const bool overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (overlong || surrogate || code > 0x10ffff) return {};
  return {size, code};
}

bool steers(char32_t code) {
  const auto within = [code](char32_t first, char32_t last) {
    return code >= first && code <= last;
  };
  return code < 0x20 || within(0x7f, 0x9f) || code == 0x061c || within(0x200e, 0x200f) ||
         within(0x2028, 0x202e) || within(0x2066, 0x2069) || within(0xfffe, 0xffff);
}

void escape(std::string& out, std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += "\\x";
    out += digits[byte >> 4U];
    out += digits[byte & 0xfU];
  }
}

}  // namespace

std::string printable(std::string_view text, Lines lines) {
  // Almost all text is plain ASCII.
  if (std::all_of(text.begin(), text.end(), [](unsigned char c) { return is_plain(c); })) {
    return std::string(text);
  }
  std::string out;
  out.reserve(text.size() + 16);
  while (!text.empty()) {
    const char c = text.front();
    const Character character = character_at(text);
    const std::size_t size = std::max<std::size_t>(character.size, 1);
    const bool kept = lines == Lines::kept && (c == '\n' || c == '\t');
    if (kept || (character.size > 0 && !steers(character.code))) {
      out += text.substr(0, size);
    } else {
      escape(out, text.substr(0, size));
    }
    text.remove_prefix(size);
  }
  return out;
}

}  // namespace redact
