#include "misbehave/number.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <initializer_list>
#include <limits>
#include <nlohmann/json.hpp>

#include "misbehave/reading.hpp"

namespace mock::misbehave {
namespace {

constexpr auto largest = std::numeric_limits<std::uint64_t>::max();

Limit limit_of(const Cursor& at) {
  if (at.is_string() && at.string().find('{') != std::string::npos) return {0, template_of(at)};
  return {size_of(at).value};
}

std::uint64_t factor_of(const Cursor& at) {
  const auto factor = size_of(at).value;
  if (factor == 0) at.fail("nothing is a multiple of 0");
  return factor;
}

}  // namespace

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto* const end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data(), end, number);
  if (last != end || error == std::errc::invalid_argument) return std::nullopt;
  return error == std::errc{} ? number : largest;
}

std::optional<std::uint64_t> Limit::number(const Template::Lookup& lookup) const {
  return value ? whole_number(value->fill(lookup)) : constant;
}

bool NumberCondition::holds(std::uint64_t number, const Template::Lookup& lookup) const {
  const auto fulfils = [&](const std::optional<Limit>& limit, auto compare) {
    if (!limit) return true;
    const auto wanted = limit->number(lookup);
    return wanted && compare(number, *wanted);
  };
  return fulfils(above, std::greater<>{}) && fulfils(below, std::less<>{}) &&
         fulfils(same_as, std::equal_to<>{}) && fulfils(other_than, std::not_equal_to<>{}) &&
         (!multiple_of || number % *multiple_of == 0) &&
         (!not_multiple_of || number % *not_multiple_of != 0);
}

std::vector<std::string> NumberCondition::names() const {
  std::vector<std::string> names;
  for (const auto* limit : {&above, &below, &same_as, &other_than})
    if (*limit && (*limit)->value)
      for (auto& name : (*limit)->value->names()) names.push_back(std::move(name));
  return names;
}

NumberCondition NumberCondition::at_least(std::uint64_t least) const {
  auto narrower = *this;
  if (!above || above->value || above->constant < least - 1) narrower.above = Limit{least - 1};
  return narrower;
}

bool NumberCondition::possible() const {
  auto constants = *this;
  for (auto* limit :
       {&constants.above, &constants.below, &constants.same_as, &constants.other_than})
    if (*limit && (*limit)->value) limit->reset();
  const auto fits = [&](std::uint64_t number) { return constants.holds(number, {}); };
  if (constants.same_as) return fits(constants.same_as->constant);
  if (constants.above && constants.above->constant == largest) return false;
  if (constants.below && constants.below->constant == 0) return false;
  const auto first = constants.above ? constants.above->constant + 1 : 0;
  const auto last = constants.below ? constants.below->constant - 1 : largest;
  if (first > last) return false;
  const auto factor = constants.multiple_of.value_or(1);
  if (constants.not_multiple_of && factor % *constants.not_multiple_of == 0) return false;
  // `not_multiple_of` does not divide the factor, so it excludes at most one of two multiples in a
  // row: of four, two are left, and `other_than` excludes one of them at most.
  auto candidate = first + (factor - first % factor) % factor;
  for (int i = 0; i < 4 && candidate >= first && candidate <= last; ++i, candidate += factor) {
    if (fits(candidate)) return true;
    if (candidate > largest - factor) break;
  }
  return false;
}

NumberCondition number_condition_of(const Cursor& at) {
  NumberCondition c;
  if (!at.is_object()) {
    c.same_as = limit_of(at);
    return c;
  }
  at.only(number_keys);
  c.above = optional(at, "above", limit_of);
  c.below = optional(at, "below", limit_of);
  c.same_as = optional(at, "same_as", limit_of);
  c.other_than = optional(at, "other_than", limit_of);
  c.multiple_of = optional(at, "multiple_of", factor_of);
  c.not_multiple_of = optional(at, "not_multiple_of", factor_of);
  if (at.raw().empty()) at.fail("names nothing");
  if (!c.possible()) at.fail("no number is all of that: the rule can never fire");
  return c;
}

}  // namespace mock::misbehave
