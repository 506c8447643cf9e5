#include "report/csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace loadgen::csv {
namespace {

bool all_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// nullopt: it is no number, or too large.
std::optional<std::uint64_t> whole(std::string_view text) {
  std::uint64_t value = 0;
  if (!all_digits(text)) return std::nullopt;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || value > INT64_MAX / 1000) return std::nullopt;
  return value;
}

}  // namespace

void Fields::spoil(std::string what) {
  if (wrong_.empty()) wrong_ = fmt::format("field {}: {}", taken_, what);
}

std::string Fields::text() {
  ++taken_;
  if (over_) {
    spoil("it is missing");
    return {};
  }
  std::string text;
  if (rest_.starts_with('"')) {
    std::size_t at = 1;
    for (; at < rest_.size(); ++at) {
      if (rest_[at] == '"') {
        if (at + 1 >= rest_.size() || rest_[at + 1] != '"') break;
        ++at;
      }
      text += rest_[at];
    }
    if (at >= rest_.size()) spoil("its quotes are open");
    rest_.remove_prefix(std::min(at + 1, rest_.size()));
    if (!rest_.empty() && rest_.front() != ',') spoil("something follows its quotes");
  } else {
    text = rest_.substr(0, rest_.find(','));
    rest_.remove_prefix(text.size());
    if (text.find('"') != std::string::npos) spoil("it has a quote within");
  }
  over_ = rest_.empty();
  if (!over_) rest_.remove_prefix(1);
  return text;
}

std::uint64_t Fields::number() {
  const std::string field = text();
  const auto value = whole(field);
  if (!value) spoil(fmt::format("{} is no whole number", quote(field)));
  return value.value_or(0);
}

std::optional<std::chrono::microseconds> Fields::maybe_milliseconds() {
  const std::string field = text();
  if (field.empty()) return std::nullopt;
  const bool negative = field.front() == '-';
  const std::string_view digits = std::string_view(field).substr(negative ? 1 : 0);
  const auto point = digits.find('.');
  const auto ms = whole(digits.substr(0, point));
  const auto us = point == std::string_view::npos ? std::optional<std::uint64_t>{}
                                                  : whole(digits.substr(point + 1));
  constexpr std::uint64_t century_ms = 3'155'760'000'000;
  if (!ms || !us || digits.size() != point + 4 || *ms > century_ms) {
    spoil(fmt::format("{} is no time in milliseconds", quote(field)));
    return std::chrono::microseconds{0};
  }
  const auto value = static_cast<std::int64_t>(*ms * 1000 + *us);
  return std::chrono::microseconds{negative ? -value : value};
}

std::chrono::microseconds Fields::milliseconds() {
  const auto value = maybe_milliseconds();
  if (!value) spoil("it is empty");
  return value.value_or(std::chrono::microseconds{0});
}

Result<void> Fields::end() {
  if (!over_) spoil("there are more fields than there should be");
  if (wrong_.empty()) return {};
  return failure("", wrong_);
}

}  // namespace loadgen::csv
