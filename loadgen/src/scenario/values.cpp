#include "scenario/values.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <string_view>

#include "settings/choice.hpp"
#include "settings/setting.hpp"

namespace loadgen {
namespace {

constexpr double most_per_second = 1e6;
constexpr double most_at_once = 100'000;

constexpr std::array<std::pair<std::string_view, Arrival>, 2> arrivals{
    {{"constant", Arrival::constant}, {"poisson", Arrival::poisson}}};

/// The number that all of `text` is; not finite: it is none.
double number(std::string_view text) {
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  return code == std::errc{} && end == text.data() + text.size() ? value : NAN;
}

}  // namespace

Result<double> parse_per_time(const std::string& text) {
  const auto slash = std::min(text.find('/'), text.size());
  const std::string_view unit = std::string_view(text).substr(slash);
  const double value = number(std::string_view(text).substr(0, slash));
  const double per = unit == "/s" ? 1 : unit == "/min" ? 60 : unit == "/h" ? 3600 : 0;
  if (per == 0 || !std::isfinite(value) || value <= 0 || value / per > most_per_second) {
    return failure("", fmt::format("{} is not a rate of uploads", quote(text)),
                   "as in 20/s or 90/min");
  }
  return value / per;
}

Result<Level> parse_level(const std::string& text) {
  if (text == "0" || text == "0/s") return Level{0, text.size() > 1};
  if (text.find('/') != std::string::npos) {
    return parse_per_time(text).map([](double rate) { return Level{rate, true}; });
  }
  const double value = number(text);
  if (!std::isfinite(value) || value < 1 || value > most_at_once || value != std::floor(value)) {
    return failure("", fmt::format("{} is not a load", quote(text)),
                   "as in 20/s, or 50 for so many at a time");
  }
  return Level{value, false};
}

Result<CountRange> parse_count_range(const std::string& text) {
  constexpr std::uint64_t most = 1000;
  const auto dash = text.find('-');
  const auto least = settings::whole_number(1, most)(text.substr(0, dash));
  if (!least) return tl::unexpected(least.error());
  if (dash == std::string::npos) return CountRange{*least, *least};
  const auto upper = settings::whole_number(1, most)(text.substr(dash + 1));
  if (!upper) return tl::unexpected(upper.error());
  if (*upper < *least) return failure("", "the first number is above the second");
  return CountRange{*least, *upper};
}

Result<TimeRange> parse_time_range(const std::string& text) {
  const auto dash = text.find('-');
  const auto least = parse_duration(text.substr(0, dash));
  if (!least) return tl::unexpected(least.error());
  if (dash == std::string::npos) return TimeRange{*least, *least};
  const auto upper = parse_duration(text.substr(dash + 1));
  if (!upper) return tl::unexpected(upper.error());
  if (*upper < *least) return failure("", "the first time is above the second");
  return TimeRange{*least, *upper};
}

Result<double> parse_share(const std::string& text) {
  const bool percent = text.ends_with('%');
  const double value =
      percent ? number(std::string_view(text).substr(0, text.size() - 1)) / 100 : number(text);
  if (!(value > 0) || value > 1) {
    return failure("", fmt::format("{} is not a share", quote(text)), "as in 30% or 0.3");
  }
  return value;
}

Result<double> parse_factor(const std::string& text) {
  const double value = number(text);
  if (!std::isfinite(value) || value <= 0 || value > most_per_second) {
    return failure("", fmt::format("{} is not a number above 0", quote(text)), "as in 0.05 or 2");
  }
  return value;
}

Result<Arrival> parse_arrival(const std::string& text) {
  if (const auto arrival = settings::value_named(arrivals, text)) return *arrival;
  return settings::not_one_of(text, settings::names_in(arrivals));
}

std::string to_string(const CountRange& range) {
  return range.least == range.most ? fmt::format("{}", range.least)
                                   : fmt::format("{}-{}", range.least, range.most);
}

std::string to_string(const TimeRange& range) {
  if (range.least == range.most) return ::to_string(range.least);
  return fmt::format("{} to {}", ::to_string(range.least), ::to_string(range.most));
}

std::string to_string(const Level& level) {
  return level.per_second ? fmt::format("{:.4g}/s", level.value)
                          : fmt::format("{:.0f} at a time", level.value);
}

}  // namespace loadgen
