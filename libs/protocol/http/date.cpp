#include "protocol/http/date.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>

namespace http {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr std::array<std::string_view, 7> weekdays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct Parts {
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<seconds> time;
  std::int64_t nanosecond = 0;
};

Parts parts_of(TimePoint time) {
  // Not floor<days> at once: the midnight before the earliest TimePoint is out of range.
  constexpr std::int64_t per_second = 1'000'000'000;
  const std::int64_t count = time.time_since_epoch().count();
  const std::int64_t nanosecond = (count % per_second + per_second) % per_second;
  const std::chrono::sys_seconds second{
      seconds{count / per_second - (count % per_second < 0 ? 1 : 0)}};
  const auto day = std::chrono::floor<days>(second);
  return {std::chrono::year_month_day{day}, std::chrono::hh_mm_ss{second - day}, nanosecond};
}

/// Reads from the front; every step fails for good once one has failed.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  /// Exactly `width` digits.
  unsigned digits(std::size_t width) {
    unsigned value = 0;
    if (rest_.size() < width) ok_ = false;
    for (std::size_t i = 0; ok_ && i < width; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') ok_ = false;
      value = value * 10 + static_cast<unsigned>(rest_[i] - '0');
    }
    if (ok_) rest_.remove_prefix(width);
    return ok_ ? value : 0;
  }

  void expect(std::string_view literal) { ok_ = take(literal) && ok_; }

  bool take(std::string_view literal) {
    if (!ok_ || !rest_.starts_with(literal)) return false;
    rest_.remove_prefix(literal.size());
    return true;
  }

  template <std::size_t N>
  unsigned one_of(const std::array<std::string_view, N>& names) {
    for (unsigned i = 0; i < N; ++i) {
      if (take(names[i])) return i;
    }
    ok_ = false;
    return 0;
  }

  [[nodiscard]] bool digit_next() const {
    return ok_ && !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9';
  }
  void fail() { ok_ = false; }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool done() const { return ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

/// nullopt when a part is out of its range, or the date out of TimePoint's.
std::optional<TimePoint> time_point(unsigned year, unsigned month, unsigned day, unsigned hour,
                                    unsigned minute, unsigned second, unsigned nanosecond) {
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(year)},
                                         std::chrono::month{month}, std::chrono::day{day}};
  if (!date.ok() || year < 1678 || year > 2261) return std::nullopt;
  if (hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return TimePoint{std::chrono::sys_days{date}} + hours{hour} + minutes{minute} + seconds{second} +
         nanoseconds{nanosecond};
}

/// Writes numbers over what is there. Every reply has a date or two, and fmt::format takes ten
/// times as long.
auto put_into(std::string& text) {
  return [&text](std::size_t at, std::size_t digits, auto value) {
    auto rest = static_cast<unsigned>(value);
    for (; digits > 0; --digits, rest /= 10)
      text[at + digits - 1] = static_cast<char>('0' + rest % 10);
  };
}

}  // namespace

std::string format_imf_fixdate(TimePoint time) {
  const auto [date, clock, cut] = parts_of(time);
  const std::chrono::weekday weekday{std::chrono::sys_days{date}};
  std::string text = "Thu, 01 Jan 1970 00:00:00 GMT";
  weekdays.at(weekday.c_encoding()).copy(text.data(), 3);
  months.at(static_cast<unsigned>(date.month()) - 1).copy(text.data() + 8, 3);
  const auto put = put_into(text);
  put(5, 2, static_cast<unsigned>(date.day()));
  put(12, 4, static_cast<int>(date.year()));
  put(17, 2, clock.hours().count());
  put(20, 2, clock.minutes().count());
  put(23, 2, clock.seconds().count());
  return text;
}

std::optional<TimePoint> parse_imf_fixdate(std::string_view text) {
  Scanner scan(text);
  const unsigned weekday = scan.one_of(weekdays);
  scan.expect(", ");
  const unsigned day = scan.digits(2);
  scan.expect(" ");
  const unsigned month = scan.one_of(months) + 1;
  scan.expect(" ");
  const unsigned year = scan.digits(4);
  scan.expect(" ");
  const unsigned hour = scan.digits(2);
  scan.expect(":");
  const unsigned minute = scan.digits(2);
  scan.expect(":");
  const unsigned second = scan.digits(2);
  scan.expect(" GMT");
  if (!scan.done()) return std::nullopt;
  const auto time = time_point(year, month, day, hour, minute, second, 0);
  if (!time) return std::nullopt;
  const std::chrono::weekday actual{std::chrono::floor<days>(*time)};
  if (actual.c_encoding() != weekday) return std::nullopt;
  return time;
}

std::string format_rfc3339(TimePoint time) {
  const auto [date, clock, fraction] = parts_of(time);
  std::string out = "1970-01-01T00:00:00";
  const auto put = put_into(out);
  put(0, 4, static_cast<int>(date.year()));
  put(5, 2, static_cast<unsigned>(date.month()));
  put(8, 2, static_cast<unsigned>(date.day()));
  put(11, 2, clock.hours().count());
  put(14, 2, clock.minutes().count());
  put(17, 2, clock.seconds().count());
  if (fraction != 0) {
    std::string digits = fmt::format(".{:09}", fraction);
    digits.erase(digits.find_last_not_of('0') + 1);
    out += digits;
  }
  return out + "Z";
}

std::optional<TimePoint> parse_rfc3339(std::string_view text) {
  Scanner scan(text);
  const unsigned year = scan.digits(4);
  scan.expect("-");
  const unsigned month = scan.digits(2);
  scan.expect("-");
  const unsigned day = scan.digits(2);
  if (!scan.take("T") && !scan.take("t")) scan.fail();
  const unsigned hour = scan.digits(2);
  scan.expect(":");
  const unsigned minute = scan.digits(2);
  scan.expect(":");
  const unsigned second = scan.digits(2);
  unsigned fraction = 0;
  if (scan.take(".")) {
    if (!scan.digit_next()) scan.fail();
    for (unsigned unit = 100'000'000; unit > 0 && scan.digit_next(); unit /= 10) {
      fraction += unit * scan.digits(1);
    }
  }
  minutes offset{0};
  if (!scan.take("Z") && !scan.take("z")) {
    const bool west = scan.take("-");
    if (!west) scan.expect("+");
    const unsigned offset_hour = scan.digits(2);
    scan.expect(":");
    const unsigned offset_minute = scan.digits(2);
    if (offset_hour > 23 || offset_minute > 59) scan.fail();
    offset = hours{offset_hour} + minutes{offset_minute};
    if (west) offset = -offset;
  }
  if (!scan.done()) return std::nullopt;
  const auto local = time_point(year, month, day, hour, minute, second, fraction);
  if (!local) return std::nullopt;
  return *local - offset;
}

}  // namespace http
