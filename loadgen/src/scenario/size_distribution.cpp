#include "scenario/size_distribution.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <numbers>

#include "payload/hash.hpp"

namespace loadgen {
namespace {

constexpr Bytes default_max{1ULL << 40U};

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

tl::unexpected<Error> bad(std::string_view text, std::string what) {
  return failure("",
                 fmt::format("{} is not a size or distribution of sizes: {}", quote(text), what),
                 "as in 8MiB, uniform:1MiB-8MiB, lognormal:median=2MiB,sigma=1.2 or "
                 "choice:1KiB,8MiB");
}

}  // namespace

SizeDistribution::SizeDistribution() : shape_(Fixed{Bytes{8U << 20U}}) {}

Result<SizeDistribution> SizeDistribution::parse(std::string_view text) {
  SizeDistribution d;
  d.text_ = std::string(text);
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) {
    const auto size = parse_bytes(text);
    if (!size) return bad(text, size.error().what);
    d.shape_ = Fixed{*size};
    return d;
  }
  const auto kind = text.substr(0, colon);
  const auto rest = text.substr(colon + 1);
  if (kind == "uniform") {
    const auto ends = split(rest, '-');
    if (ends.size() != 2) return bad(text, "uniform takes FROM-TO");
    const auto from = parse_bytes(ends[0]);
    const auto to = parse_bytes(ends[1]);
    if (!from) return bad(text, from.error().what);
    if (!to) return bad(text, to.error().what);
    if (*from > *to) return bad(text, "the first size is above the second");
    d.shape_ = Uniform{*from, *to};
    return d;
  }
  if (kind == "choice") {
    Choice choice;
    for (const auto part : split(rest, ',')) {
      const auto size = parse_bytes(part);
      if (!size) return bad(text, size.error().what);
      choice.sizes.push_back(*size);
    }
    d.shape_ = std::move(choice);
    return d;
  }
  if (kind == "lognormal") {
    std::map<std::string_view, std::string_view> values;
    for (const auto part : split(rest, ',')) {
      const auto equals = part.find('=');
      if (equals == std::string_view::npos) return bad(text, "lognormal takes NAME=VALUE,...");
      const auto name = part.substr(0, equals);
      if (name != "median" && name != "sigma" && name != "max") {
        return bad(text,
                   fmt::format("lognormal has no {}, only median, sigma and max", quote(name)));
      }
      if (!values.emplace(name, part.substr(equals + 1)).second) {
        return bad(text, fmt::format("{} is given twice", quote(name)));
      }
    }
    if (!values.contains("median") || !values.contains("sigma")) {
      return bad(text, "lognormal needs median and sigma");
    }
    LogNormal shape{};
    const auto median = parse_bytes(values["median"]);
    if (!median) return bad(text, median.error().what);
    if (median->value == 0) return bad(text, "the median is not above 0");
    shape.median = *median;
    const auto sigma = values["sigma"];
    const auto [end, code] =
        std::from_chars(sigma.data(), sigma.data() + sigma.size(), shape.sigma);
    if (code != std::errc{} || end != sigma.data() + sigma.size() || !(shape.sigma > 0) ||
        shape.sigma > 10) {
      return bad(text, "sigma is not a number above 0 and up to 10");
    }
    shape.max = default_max;
    if (values.contains("max")) {
      const auto max = parse_bytes(values["max"]);
      if (!max) return bad(text, max.error().what);
      if (*max < shape.median) return bad(text, "max is below the median");
      shape.max = *max;
    }
    d.shape_ = shape;
    return d;
  }
  return bad(text, fmt::format("there is no distribution {}", quote(kind)));
}

Bytes SizeDistribution::size_of(std::uint64_t seed, std::uint64_t upload) const {
  const auto draw = [&](std::uint64_t question) {
    return hash_for(Purpose::size, {seed, upload, question});
  };
  if (const auto* fixed = std::get_if<Fixed>(&shape_)) return fixed->size;
  if (const auto* uniform = std::get_if<Uniform>(&shape_)) {
    const auto span = static_cast<double>(uniform->to.value - uniform->from.value + 1);
    const auto step = static_cast<std::uint64_t>(unit(draw(0)) * span);
    return std::min(uniform->from + Bytes{step}, uniform->to);
  }
  if (const auto* choice = std::get_if<Choice>(&shape_)) {
    const auto count = choice->sizes.size();
    const auto i = static_cast<std::size_t>(unit(draw(0)) * static_cast<double>(count));
    return choice->sizes[std::min(i, count - 1)];
  }
  const auto& shape = std::get<LogNormal>(shape_);
  // Box-Muller; 1 - u is in (0, 1], so that its logarithm is finite.
  const double radius = std::sqrt(-2 * std::log(1 - unit(draw(0))));
  const double normal = radius * std::cos(2 * std::numbers::pi * unit(draw(1)));
  const double size = static_cast<double>(shape.median.value) * std::exp(shape.sigma * normal);
  if (size >= static_cast<double>(shape.max.value)) return shape.max;
  return Bytes{std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::llround(size)))};
}

Bytes SizeDistribution::smallest() const {
  if (const auto* fixed = std::get_if<Fixed>(&shape_)) return fixed->size;
  if (const auto* uniform = std::get_if<Uniform>(&shape_)) return uniform->from;
  if (const auto* choice = std::get_if<Choice>(&shape_)) {
    return *std::min_element(choice->sizes.begin(), choice->sizes.end());
  }
  return Bytes{1};
}

Bytes SizeDistribution::largest() const {
  if (const auto* fixed = std::get_if<Fixed>(&shape_)) return fixed->size;
  if (const auto* uniform = std::get_if<Uniform>(&shape_)) return uniform->to;
  if (const auto* choice = std::get_if<Choice>(&shape_)) {
    return *std::max_element(choice->sizes.begin(), choice->sizes.end());
  }
  return std::get<LogNormal>(shape_).max;
}

}  // namespace loadgen
