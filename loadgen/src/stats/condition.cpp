#include "stats/condition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "protocol/http/fields.hpp"

namespace loadgen {
namespace {

using Operator = Condition::Operator;

constexpr std::array<std::pair<std::string_view, Operator>, 6> operators{
    {{"<", Operator::less},
     {"<=", Operator::less_equal},
     {">", Operator::greater},
     {">=", Operator::greater_equal},
     {"==", Operator::equal},
     {"!=", Operator::not_equal}}};

/// `text` without `word` at its end; nullopt: it does not end with that word.
std::optional<std::string_view> without(std::string_view word, std::string_view text) {
  if (!text.ends_with(word)) return std::nullopt;
  const auto rest = text.substr(0, text.size() - word.size());
  const auto trimmed = http::trim_ows(rest);
  if (trimmed.size() == rest.size()) return std::nullopt;  // part of another word
  return trimmed;
}

}  // namespace

Result<Condition> Condition::parse(std::string_view text, const std::vector<std::string>& names,
                                   Changes changes) {
  const auto bad = [&](const std::string& why) {
    return failure("", fmt::format("{} is not a condition: {}", quote(text), why),
                   changes == Changes::allowed ? "as in goodput_mib_s change < -5% or failed>0"
                                               : "as in failed>0 or goodput_mib_s<50");
  };
  const auto at = text.find_first_of("<>=!");
  if (at == std::string_view::npos) return bad("it has no comparison");
  const bool two = at + 1 < text.size() && text[at + 1] == '=';
  const auto sign = text.substr(at, two ? 2 : 1);
  Condition c;
  c.text = std::string(text);
  const auto known = std::ranges::find(operators, sign, [](const auto& one) { return one.first; });
  if (known == operators.end()) return bad("the comparisons are < <= > >= == !=");
  c.compared = known->second;
  auto figure = http::trim_ows(text.substr(0, at));
  if (const auto of = without("change", figure)) {
    if (changes == Changes::refused) return bad("a change is from one run to another: see compare");
    if (c.compared == Operator::equal || c.compared == Operator::not_equal) {
      return bad("a change is compared by < <= > or >=");
    }
    c.change = true;
    figure = *of;
  }
  c.figure = std::string(figure);
  if (std::ranges::count(names, c.figure) == 0) {
    return bad(
        fmt::format("there is no number {}; there are {}", quote(c.figure), fmt::join(names, " ")));
  }
  auto number = http::trim_ows(text.substr(at + sign.size()));
  if (c.change && number.ends_with('%')) {
    c.percent = true;
    number = http::trim_ows(number.substr(0, number.size() - 1));
  }
  if (c.change && number.starts_with('+')) number.remove_prefix(1);
  const auto [end, code] = std::from_chars(number.data(), number.data() + number.size(), c.limit);
  if (code != std::errc{} || end != number.data() + number.size() || !std::isfinite(c.limit)) {
    return bad("a number is expected after the comparison");
  }
  return c;
}

bool Condition::holds(double value) const {
  switch (compared) {
    case Operator::less:
      return value < limit;
    case Operator::less_equal:
      return value <= limit;
    case Operator::greater:
      return value > limit;
    case Operator::greater_equal:
      return value >= limit;
    case Operator::equal:
      return value == limit;
    case Operator::not_equal:
      return value != limit;
  }
  return false;
}

}  // namespace loadgen
