#include "payload/stencil.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "payload/hash.hpp"
#include "payload/people.hpp"

namespace loadgen::detail {
namespace {

constexpr std::size_t words_length = 8U << 10U;

/// Eight upper-case hexadecimal digits at once, each in a byte of its own.
std::uint64_t hex_digits(std::uint32_t value) {
  std::uint64_t x = value;
  x = ((x << 32U) | (x >> 16U)) & 0x0000ffff0000ffffULL;  // the first digit is the lowest byte
  x = ((x << 16U) & 0x00ff000000ff0000ULL) | ((x >> 8U) & 0x000000ff000000ffULL);
  x = ((x << 8U) & 0x0f000f000f000f00ULL) | ((x >> 4U) & 0x000f000f000f000fULL);
  const std::uint64_t letters = ((x + 0x0606060606060606ULL) >> 4U) & 0x0101010101010101ULL;
  return x + 0x3030303030303030ULL + letters * 7;
}

/// Writes the 16 digits of `value`.
void put_hex(std::uint64_t value, char* to) {
  static_assert(std::endian::native == std::endian::little, "digits are laid out little-endian");
  const std::array digits{hex_digits(static_cast<std::uint32_t>(value >> 32U)),
                          hex_digits(static_cast<std::uint32_t>(value))};
  std::memcpy(to, digits.data(), sizeof digits);
}

using EightDigits = std::array<char, 8>;

EightDigits decimal(std::uint64_t value) {
  EightDigits digits{};
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, value /= 10) {
    *digit = static_cast<char>('0' + value % 10);
  }
  return digits;
}

}  // namespace

Stencil::Stencil(std::string text, std::vector<std::size_t> ends)
    : text_(std::move(text)), ends_(std::move(ends)) {
  bool same = false;
  for (std::size_t at = 0; at < text_.size();) {
    const char c = text_[at];
    if (c == id_place[0]) {
      marks_.push_back({at, Place::id});
      same = false;
      at += id_place.size();
    } else if (c == order_place[0]) {
      marks_.push_back({at, same ? Place::same_order : Place::order});
      same = true;
      at += order_place.size();
    } else if (c == person_place[0]) {
      marks_.push_back({at, Place::person});
      at += person_place.size();
    } else {
      ++at;
    }
  }
}

std::size_t Stencil::end_within(std::size_t length) const {
  const auto beyond = std::upper_bound(ends_.begin(), ends_.end(), length);
  return beyond == ends_.begin() ? 0 : *std::prev(beyond);
}

void Stencil::copy(std::uint64_t key, std::span<char> into) const {
  std::memcpy(into.data(), text_.data(), into.size());
  Draws draws(key);
  EightDigits order{};
  for (const auto& [at, place] : marks_) {
    if (at >= into.size()) return;
    char* const to = into.data() + at;
    switch (place) {
      case Place::id:
        put_hex(draws.next(), to);
        continue;
      case Place::person: {
        const EightDigits person = decimal(10'000'000 + draws.below(90'000'000));
        std::memcpy(to, person.data(), person.size());
        continue;
      }
      case Place::order:
        order = decimal(draws.below(100'000'000));
        break;
      case Place::same_order:
        break;
    }
    std::memcpy(to, order.data(), order.size());
  }
}

void fill_words(std::uint64_t at, std::span<char> into) {
  static const std::string words = [] {
    Draws draws(golden);
    return filler(draws, words_length);
  }();
  if (into.empty()) return;
  const std::size_t from = words.find(' ', at % (words_length / 2 - 64)) + 1;
  std::memcpy(into.data(), words.data() + from, into.size());
  if (into.back() == ' ') into.back() = '.';
}

}  // namespace loadgen::detail
