#include "misbehave/template.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace mock::misbehave {
namespace {

constexpr std::array<std::string_view, 8> known_names{"offset", "length", "stored", "received",
                                                      "id",     "host",   "token",  "retry_after"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_whole_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_digit);
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const auto* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, value);
  if (code != std::errc{} || stop != end || text.empty()) return std::nullopt;
  return value;
}

bool is_header(std::string_view name) {
  for (const std::string_view prefix : {"request.", "reply."})
    if (name.size() > prefix.size() && name.starts_with(prefix)) return true;
  return false;
}

/// Where the first term of `text` ends.
std::size_t end_of_term(std::string_view text) {
  if (!is_header(text)) return std::min(text.find_first_of("+-", 1), text.size());
  // A hyphen belongs to the header's name unless nothing but numbers follows.
  for (std::size_t at = text.find_first_of("+-"); at < text.size();
       at = text.find_first_of("+-", at + 1)) {
    auto rest = text.substr(at);
    while (!rest.empty()) {
      const auto end = std::min(rest.find_first_of("+-", 1), rest.size());
      if (!is_whole_number(rest.substr(1, end - 1))) break;
      rest.remove_prefix(end);
    }
    if (rest.empty()) return at;
  }
  return text.size();
}

std::int64_t saturated_sum(std::int64_t a, std::int64_t b, bool minus) {
  using Limits = std::numeric_limits<std::int64_t>;
  std::int64_t sum = 0;
  const bool over = minus ? __builtin_sub_overflow(a, b, &sum) : __builtin_add_overflow(a, b, &sum);
  if (!over) return sum;
  return (b > 0) != minus ? Limits::max() : Limits::min();
}

}  // namespace

Result<std::vector<Template::Term>> Template::parse_terms(std::string_view text) {
  const auto whole = "'{" + std::string{text} + "}'";
  std::vector<Term> terms;
  for (bool first = true; first || !text.empty(); first = false) {
    Term term;
    if (!first) {
      term.minus = text.front() == '-';
      text.remove_prefix(1);
    }
    const auto one = text.substr(0, end_of_term(text));
    text.remove_prefix(one.size());
    if (is_whole_number(one) && !first) {
      const auto number = parse_number<std::int64_t>(one);
      if (!number) return failure({}, whole + ": the number is too large");
      term.number = *number;
    } else if (is_header(one) || std::ranges::count(known_names, one) > 0) {
      term.name = std::string{one};
    } else {
      return failure(
          {}, "unknown value " + whole +
                  ": expected offset, length, stored, received, id, host, token, "
                  "retry_after, request.HEADER or reply.HEADER, and sums of them (write '{{' for a "
                  "brace)");
    }
    terms.push_back(std::move(term));
  }
  return terms;
}

Result<Template> Template::parse(std::string_view text) {
  Template result;
  std::string literal;
  const auto flush = [&] {
    if (!literal.empty()) result.pieces_.push_back({literal, {}});
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
      auto terms = parse_terms(text.substr(i + 1, close - i - 1));
      if (!terms) return tl::unexpected(terms.error());
      flush();
      result.pieces_.push_back({{}, std::move(*terms)});
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

std::string Template::add_up(const std::vector<Term>& terms, const Lookup& lookup) {
  std::int64_t sum = 0;
  for (const auto& term : terms) {
    auto number = term.number;
    if (!term.name.empty()) {
      const auto value = parse_number<std::int64_t>(lookup(term.name).value_or(std::string{}));
      if (!value) return {};
      number = *value;
    }
    sum = saturated_sum(sum, number, term.minus);
  }
  return std::to_string(std::max<std::int64_t>(0, sum));
}

std::string Template::fill(const Lookup& lookup) const {
  std::string text;
  for (const auto& piece : pieces_) {
    if (piece.terms.empty())
      text += piece.text;
    else if (piece.terms.size() == 1)
      text += lookup(piece.terms.front().name).value_or(std::string{});
    else
      text += add_up(piece.terms, lookup);
  }
  return text;
}

std::optional<std::uint64_t> Template::number(const Lookup& lookup) const {
  return parse_number<std::uint64_t>(fill(lookup));
}

std::vector<std::string> Template::names() const {
  std::vector<std::string> names;
  for (const auto& piece : pieces_)
    for (const auto& term : piece.terms)
      if (!term.name.empty()) names.push_back(term.name);
  return names;
}

}  // namespace mock::misbehave
