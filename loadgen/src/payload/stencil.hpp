// Text that is made once and sent over and over: what makes each record unique is put in as the
// text is copied, so that a byte of it costs hardly more than a copied one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace loadgen::detail {

// Placeholders in the text; what takes their place is drawn anew for every copy:
inline constexpr std::string_view id_place{"\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1"};  ///< 16 hex digits
inline constexpr std::string_view order_place{"\2\2\2\2\2\2\2\2"};   ///< 8 digits; one per id
inline constexpr std::string_view person_place{"\3\3\3\3\3\3\3\3"};  ///< 8 digits, no zero first

/// A value; thread-safe once it is made.
class Stencil {
 public:
  /// `ends`: where the text may end, in rising order.
  Stencil(std::string text, std::vector<std::size_t> ends);

  /// Where the longest piece of at most `length` characters ends; 0: there is none.
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

/// Makes so many that neighbouring blocks of an upload differ, and that all of them fit into a
/// processor's second cache.
template <class Make>
std::vector<Stencil> make_stencils(Make make) {
  constexpr std::uint64_t count = 32;
  std::vector<Stencil> all;
  for (std::uint64_t i = 0; i < count; ++i) all.push_back(make(i));
  return all;
}

/// Fills up to 4 KiB with plain words, which `at` chooses; never ends with a space.
void fill_words(std::uint64_t at, std::span<char> into);

}  // namespace loadgen::detail
