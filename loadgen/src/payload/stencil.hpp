// Text that is made once and sent over and over: what tells one record from every other is put in
// as it is copied, so that a byte of text costs hardly more than a copied one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace loadgen::detail {

// What stands in the text where these go, which are drawn anew for every copy:
inline constexpr std::string_view id_place{"\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1"};  ///< 16 hex digits
inline constexpr std::string_view order_place{"\2\2\2\2\2\2\2\2"};   ///< 8 digits; one per id
inline constexpr std::string_view person_place{"\3\3\3\3\3\3\3\3"};  ///< 8 digits, no zero first

/// A value; thread-safe once it is made.
class Stencil {
 public:
  /// `ends`: where the text may end, in rising order.
  Stencil(std::string text, std::vector<std::size_t> ends);

  /// Where the longest piece ends that is at most `length`; 0: there is none.
  [[nodiscard]] std::size_t end_within(std::size_t length) const;
  /// Writes the first into.size() characters, with ids and numbers that `key` makes unique.
  void copy(std::uint64_t key, std::span<char> into) const;

 private:
  enum class Place : char { id, order, same_order, person };
  struct Mark {
    std::size_t at = 0;
    Place place = Place::id;
  };
  std::string text_;
  std::vector<Mark> marks_;
  std::vector<std::size_t> ends_;
};

/// So many of a kind are made: neighbours of one upload are never made of the same, and all fit
/// into a processor's second cache.
template <class Make>
std::vector<Stencil> make_stencils(Make make) {
  constexpr std::uint64_t count = 32;
  std::vector<Stencil> all;
  for (std::uint64_t i = 0; i < count; ++i) all.push_back(make(i));
  return all;
}

/// Plain words; never ends with a space. Which ones, `at` says. Fills up to 4 KiB.
void fill_words(std::uint64_t at, std::span<char> into);

}  // namespace loadgen::detail
