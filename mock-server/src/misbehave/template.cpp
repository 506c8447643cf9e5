#include "misbehave/template.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace mock::misbehave {
namespace {

constexpr std::array<std::string_view, 6> names{"offset",   "length", "stored",
                                                "received", "id",     "host"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const auto* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, value);
  if (code != std::errc{} || stop != end || text.empty()) return std::nullopt;
  return value;
}

/// Where the "+12" at the end of `name` begins; npos when there is none.
std::size_t sum_at(std::string_view name) {
  auto at = name.size();
  while (at > 0 && is_digit(name[at - 1])) --at;
  if (at == name.size() || at == 0 || (name[at - 1] != '+' && name[at - 1] != '-'))
    return std::string_view::npos;
  return at - 1;
}

bool is_known(std::string_view name) {
  if (std::find(names.begin(), names.end(), name) != names.end()) return true;
  for (const std::string_view prefix : {"request.", "reply."})
    if (name.size() > prefix.size() && name.substr(0, prefix.size()) == prefix) return true;
  return false;
}

std::string add(std::string_view value, std::int64_t sum) {
  const auto number = parse_number<std::int64_t>(value);
  if (!number) return {};
  if (sum > 0 && *number > std::numeric_limits<std::int64_t>::max() - sum)
    return std::to_string(std::numeric_limits<std::int64_t>::max());
  return std::to_string(std::max<std::int64_t>(0, *number + sum));
}

}  // namespace

Result<Template> Template::parse(std::string_view text) {
  Template result;
  std::string literal;
  const auto flush = [&] {
    if (!literal.empty()) result.pieces_.push_back({literal, false, false, 0});
    literal.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c == '{' || c == '}') && i + 1 < text.size() && text[i + 1] == c) {
      literal += c;
      ++i;
    } else if (c == '{') {
      const auto close = text.find('}', i);
      if (close == std::string_view::npos)
        return failure({}, "'{' without '}' (write '{{' for a brace)");
      auto name = text.substr(i + 1, close - i - 1);
      Piece piece{{}, true, false, 0};
      if (const auto at = sum_at(name); at != std::string_view::npos) {
        auto digits = name.substr(at);
        if (digits.front() == '+') digits.remove_prefix(1);
        const auto sum = parse_number<std::int64_t>(digits);
        if (!sum) return failure({}, "'{" + std::string{name} + "}': the number is too large");
        piece.is_sum = true;
        piece.add = *sum;
        name = name.substr(0, at);
      }
      if (!is_known(name))
        return failure({}, "unknown value '{" + std::string{name} +
                               "}': expected offset, length, stored, received, id, host, "
                               "request.HEADER or reply.HEADER (write '{{' for a brace)");
      piece.text = std::string{name};
      flush();
      result.pieces_.push_back(std::move(piece));
      i = close;
    } else if (c == '}') {
      return failure({}, "'}' without '{' (write '}}' for a brace)");
    } else {
      literal += c;
    }
  }
  flush();
  return result;
}

std::string Template::fill(const Lookup& lookup) const {
  std::string text;
  for (const auto& piece : pieces_) {
    if (!piece.is_name) {
      text += piece.text;
      continue;
    }
    const auto value = lookup(piece.text).value_or(std::string{});
    text += piece.is_sum ? add(value, piece.add) : value;
  }
  return text;
}

std::optional<std::uint64_t> Template::number(const Lookup& lookup) const {
  return parse_number<std::uint64_t>(fill(lookup));
}

}  // namespace mock::misbehave
