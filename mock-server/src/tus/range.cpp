#include "tus/range.hpp"

#include <algorithm>

#include "protocol/tus/numbers.hpp"

namespace mock {

RangeChoice choose_range(const Request& request, Bytes size) {
  constexpr std::string_view unit = "bytes=";
  if (request.fields.count("Range") != 1 || request.fields.has("If-Range")) return {};
  auto text = ::http::trim_ows(*request.fields.find("Range"));
  if (!text.starts_with(unit)) return {};
  text = ::http::trim_ows(text.substr(unit.size()));
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return {};
  const auto first = tus::parse_length_lenient(text.substr(0, dash));
  const auto last = tus::parse_length_lenient(text.substr(dash + 1));
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
