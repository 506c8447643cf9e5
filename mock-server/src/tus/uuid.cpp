#include "tus/uuid.hpp"

#include <array>
#include <random>
#include <string_view>

namespace mock {

std::string random_uuid() {
  static thread_local std::random_device kernel;
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<unsigned char, 16> bytes{};
  for (std::size_t i = 0; i < bytes.size(); i += 4) {
    const unsigned word = kernel();
    for (unsigned j = 0; j < 4; ++j) {
      bytes.at(i + j) = static_cast<unsigned char>((word >> (8U * j)) & 0xFFU);
    }
  }
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0FU) | 0x40U);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3FU) | 0x80U);
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += digits[bytes.at(i) >> 4U];
    text += digits[bytes.at(i) & 0x0FU];
  }
  return text;
}

}  // namespace mock
