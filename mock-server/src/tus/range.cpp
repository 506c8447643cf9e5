#include "tus/range.hpp"

#include <algorithm>

#include "protocol/tus/numbers.hpp"

namespace mock {

namespace {

/// A number that no upload can reach is as good as the largest that one can.
std::optional<Bytes> position(std::string_view digits) {
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  return tus::parse_length_lenient(digits).value_or(tus::max_length);
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

}  // namespace mock
