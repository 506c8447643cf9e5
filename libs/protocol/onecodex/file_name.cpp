#include "protocol/onecodex/file_name.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "protocol/json/encode.hpp"

namespace onecodex {
namespace {

/// Where Unicode has controls, marks, punctuation, symbols and private use.
constexpr std::array<std::pair<char32_t, char32_t>, 25> no_words{{
    {0x80, 0xA9},     {0xAB, 0xB1},     {0xB4, 0xB4},     {0xB6, 0xB8},       {0xBB, 0xBB},
    {0xBF, 0xBF},     {0xD7, 0xD7},     {0xF7, 0xF7},     {0x2C2, 0x2C5},     {0x300, 0x36F},
    {0x1DC0, 0x1DFF}, {0x2000, 0x206F}, {0x20A0, 0x20FF}, {0x2190, 0x245F},   {0x2500, 0x2775},
    {0x2794, 0x2BFF}, {0x2E00, 0x2E7F}, {0x3000, 0x3004}, {0x3008, 0x3020},   {0xE000, 0xF8FF},
    {0xFE00, 0xFE6F}, {0xFF01, 0xFF0F}, {0xFFE0, 0xFFFF}, {0x1F000, 0x1FAFF}, {0xE0000, 0x10FFFF},
}};

/// The code point at the beginning of `text`, which is UTF-8 and not empty; takes it away.
char32_t take(std::string_view& text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::size_t length = byte(0) < 0x80U ? 1 : byte(0) < 0xE0U ? 2 : byte(0) < 0xF0U ? 3 : 4;
  char32_t point = length == 1 ? byte(0) : byte(0) & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) point = (point << 6U) | (byte(i) & 0x3FU);
  text.remove_prefix(length);
  return point;
}

/// [\w\.]
bool is_word_or_dot(char32_t c, Contract contract) {
  const auto within = [c](char32_t first, char32_t last) { return c >= first && c <= last; };
  if (c < 0x80) {
    return c == '.' || c == '_' || within('0', '9') || within('A', 'Z') || within('a', 'z');
  }
  return contract == Contract::server && std::ranges::none_of(no_words, [&](const auto& block) {
           return within(block.first, block.second);
         });
}

}  // namespace

/// The name begins with a word character or a dot, and holds only those and a few more. Somewhere
/// after the first character is a dot, followed up to the end by word characters and dots only, at
/// least one.
bool is_file_name(std::string_view text, Contract contract) {
  if (text.empty() || text.size() > longest_file_name || !json::is_utf8(text)) return false;
  constexpr std::u32string_view also = U"-[](){} ";
  bool first = true;
  bool dotted = false;  // a dot, and only words and dots from there to here
  bool ended = false;   // and at least one of them
  while (!text.empty()) {
    const char32_t c = take(text);
    if (is_word_or_dot(c, contract)) {
      ended = ended || dotted;
      dotted = dotted || (c == '.' && !first);
    } else if (!first && also.find(c) != std::u32string_view::npos) {
      dotted = false;
      ended = false;
    } else {
      return false;
    }
    first = false;
  }
  return ended;
}

}  // namespace onecodex
