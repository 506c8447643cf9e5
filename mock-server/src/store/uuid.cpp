#include "store/uuid.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <string_view>
#include <system_error>

namespace mock {

namespace {

constexpr std::string_view digits = "0123456789abcdef";

std::array<unsigned char, 16> random_bytes() {
  // One call for all of it: std::random_device asks the processor word by word, which took two
  // fifths of the time of a small upload. And for several ids: a call is the most that getentropy
  // gives.
  constexpr std::size_t most = 256;
  thread_local std::array<unsigned char, most> stock{};
  thread_local std::size_t taken = most;
  if (taken == most) {
    if (::getentropy(stock.data(), most) != 0) {
      throw std::system_error(errno, std::generic_category(), "getentropy");
    }
    taken = 0;
  }
  std::array<unsigned char, 16> bytes{};
  std::copy_n(stock.begin() + static_cast<std::ptrdiff_t>(taken), bytes.size(), bytes.begin());
  taken += bytes.size();
  return bytes;
}

}  // namespace

std::string random_uuid() {
  auto bytes = random_bytes();
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

std::string random_hex_id() {
  std::string text;
  text.reserve(32);
  for (const auto byte : random_bytes()) {
    text += digits[byte >> 4U];
    text += digits[byte & 0x0FU];
  }
  return text;
}

}  // namespace mock
