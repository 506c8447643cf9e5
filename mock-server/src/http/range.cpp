#include "http/range.hpp"

#include <algorithm>
#include <charconv>
#include <tl/expected.hpp>
#include <vector>

namespace mock {

namespace {

/// Of a file: its offsets are signed.
constexpr std::uint64_t largest_position = (1ULL << 63U) - 1;

/// A number beyond the largest position counts as that position.
std::optional<Bytes> position(std::string_view digits) {
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{}) return Bytes{largest_position};
  return Bytes{std::min(value, largest_position)};
}

}  // namespace

RangeChoice choose_range(const Request& request, Bytes size) {
  constexpr std::string_view unit = "bytes=";
  if (request.fields.count("Range") != 1 || request.fields.has("If-Range")) return {};
  auto text = ::http::trim_ows(*request.fields.find("Range"));
  if (!text.starts_with(unit)) return {};
  text = ::http::trim_ows(text.substr(unit.size()));
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return {};
  const auto first = position(text.substr(0, dash));
  const auto last = position(text.substr(dash + 1));
  if (!first && dash != 0) return {};
  if (!last && dash + 1 != text.size()) return {};
  if (dash == 0) {
    if (!last) return {};
    if (*last == Bytes{0} || size == Bytes{0}) return {RangeAnswer::unsatisfiable, {}};
    const auto length = std::min(*last, size);
    return {RangeAnswer::part, {size - length, length}};
  }
  if (last && *last < *first) return {};
  if (*first >= size) return {RangeAnswer::unsatisfiable, {}};
  const auto end = last ? std::min(*last + Bytes{1}, size) : size;
  return {RangeAnswer::part, {*first, end - *first}};
}

namespace {

/// One range of a list. nullopt: it begins behind the end; an Error: it is none.
tl::expected<std::optional<ByteRange>, RangeAnswer> file_range(std::string_view text, Bytes size) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return tl::unexpected(RangeAnswer::faulty);
  const auto first = position(::http::trim_ows(text.substr(0, dash)));
  const auto end = ::http::trim_ows(text.substr(dash + 1));
  const auto last = position(end);
  if (!first && dash != 0) return tl::unexpected(RangeAnswer::faulty);
  if (!first) {
    if (!last) return tl::unexpected(RangeAnswer::faulty);
    const auto length = std::min(*last, size);
    return ByteRange{size - length, length};
  }
  if (*first >= size) return std::nullopt;
  if (!last && !end.empty()) return tl::unexpected(RangeAnswer::faulty);
  if (last && *last < *first) return tl::unexpected(RangeAnswer::faulty);
  const auto behind = last ? std::min(*last + Bytes{1}, size) : size;
  return ByteRange{*first, behind - *first};
}

}  // namespace

RangeChoice choose_file_range(const Request& request, Bytes size) {
  constexpr std::string_view unit = "bytes=";
  auto text = ::http::trim_ows(request.fields.find("Range").value_or(""));
  if (text.empty() || request.fields.has("If-Range")) return {};
  if (!text.starts_with(unit)) return {RangeAnswer::faulty, {}};
  std::vector<ByteRange> ranges;
  bool beyond = false;
  for (const auto one : ::http::split_list(text.substr(unit.size()))) {
    const auto range = file_range(one, size);
    if (!range) return {range.error(), {}};
    if (*range) ranges.push_back(**range);
    beyond = beyond || !*range;
  }
  if (ranges.size() == 1) return {RangeAnswer::part, ranges.front()};
  // No range is beyond an empty file: all of it is sent.
  const bool unsatisfiable = ranges.empty() && beyond && size > Bytes{0};
  return {unsatisfiable ? RangeAnswer::unsatisfiable : RangeAnswer::whole, {}};
}

}  // namespace mock
