#include "protocol/openhumans/date.hpp"

#include <algorithm>
#include <chrono>
#include <optional>

namespace openhumans {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes from the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  /// `least` to `most` digits, as many as there are.
  std::optional<int> digits(std::size_t least, std::size_t most) {
    std::size_t count = 0;
    int value = 0;
    while (count < most && count < rest_.size() && is_digit(rest_[count])) {
      value = value * 10 + (rest_[count] - '0');
      ++count;
    }
    if (count < least) return std::nullopt;
    rest_.remove_prefix(count);
    return value;
  }
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  [[nodiscard]] std::string_view rest() const { return rest_; }
  [[nodiscard]] bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

DateVerdict unless(bool impossible) {
  return impossible ? DateVerdict::impossible : DateVerdict::good;
}

DateVerdict judge_day(int year, int month, int day) {
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  return unless(year == 0 || !date.ok());
}

/// What follows "2018" and perhaps '-': "147". The server takes day 366 of any year.
DateVerdict judge_day_of_year(int year, int day, Contract contract) {
  const bool leap = std::chrono::year{year}.is_leap();
  if (day < 1 || day > 366) return DateVerdict::unreadable;
  return unless(year == 0 || (contract == Contract::guide && day == 366 && !leap));
}

/// ISO 8601 section 5.5.2: a year has 53 weeks when it begins on a Thursday, or, if it is a leap
/// year, on a Wednesday.
int weeks_of(int year) {
  using std::chrono::January;
  const std::chrono::weekday first{std::chrono::sys_days{std::chrono::year{year} / January / 1}};
  const bool leap = std::chrono::year{year}.is_leap();
  return first == std::chrono::Thursday || (leap && first == std::chrono::Wednesday) ? 53 : 52;
}

/// What follows "2018" and perhaps '-', from the 'W' on.
DateVerdict judge_week(int year, Scanner scan, Contract contract) {
  scan.take('W');
  const auto week = scan.digits(2, 2);
  if (!week) return DateVerdict::unreadable;
  const bool dash = scan.take('-');
  const auto day = scan.digits(1, 1);
  const bool guide = contract == Contract::guide;
  if (!scan.done() || (guide && dash && !day)) return DateVerdict::unreadable;
  const int most = guide ? weeks_of(year) : 53;
  // The last week of the year 9999 reaches into the next.
  const bool beyond = year == 9999 && *week == 53;
  return unless(year == 0 || *week < (guide ? 1 : 0) || *week > most || beyond ||
                (day && (*day < 1 || *day > 7)));
}

/// What follows "2018-": "05", "05-27", "147", "W21-7".
DateVerdict judge_parts(int year, char separator, Scanner scan, Contract contract) {
  const bool guide = contract == Contract::guide;
  const std::size_t digits = static_cast<std::size_t>(
      std::find_if_not(scan.rest().begin(), scan.rest().end(), is_digit) - scan.rest().begin());
  if (separator == '-' && digits == 3 && scan.rest().size() == 3) {
    return judge_day_of_year(year, *scan.digits(3, 3), contract);
  }
  const auto month = scan.digits(guide ? 2 : 1, 2);
  if (!month) return DateVerdict::unreadable;
  if (scan.done()) return digits == 2 ? judge_day(year, *month, 1) : DateVerdict::unreadable;
  if (!scan.take(separator)) return DateVerdict::unreadable;
  const auto day = scan.digits(guide ? 2 : 1, 2);
  if (!day || !scan.done()) return DateVerdict::unreadable;
  return judge_day(year, *month, *day);
}

DateVerdict judge_day_part(std::string_view text, Contract contract) {
  Scanner scan(text);
  const auto year = scan.digits(4, 4);
  if (!year) return DateVerdict::unreadable;
  if (scan.done()) return unless(*year == 0);
  for (const char separator : {'-', '/', '.'}) {
    if (contract == Contract::guide && separator != '-') continue;
    if (!scan.take(separator)) continue;
    if (separator == '-' && scan.rest().starts_with('W')) return judge_week(*year, scan, contract);
    return judge_parts(*year, separator, scan, contract);
  }
  if (scan.rest().starts_with('W')) return judge_week(*year, scan, contract);
  const std::size_t left = scan.rest().size();
  if (left == 3) {
    const auto day = scan.digits(3, 3);
    return day ? judge_day_of_year(*year, *day, contract) : DateVerdict::unreadable;
  }
  if (left != 4) return DateVerdict::unreadable;
  const auto month = scan.digits(2, 2);
  const auto day = month ? scan.digits(2, 2) : std::nullopt;
  return day ? judge_day(*year, *month, *day) : DateVerdict::unreadable;
}

/// "Z", "+02", "+0200", "+02:00"; its size is not checked.
bool take_offset(Scanner& scan) {
  if (scan.done() || scan.take('Z')) return true;
  if (!scan.take('+') && !scan.take('-')) return false;
  if (!scan.digits(2, 2)) return false;
  if (scan.done()) return true;
  scan.take(':');
  return scan.digits(2, 2).has_value();
}

struct Time {
  int hour = 0;
  int minute = 0;
  int second = 0;
  bool fraction = false;  ///< that is not zero
};

/// "12", "12:22", "1222", "12:22:27", "122227"; the last two may have a fraction.
std::optional<Time> take_time(Scanner& scan) {
  Time time;
  const auto hour = scan.digits(2, 2);
  if (!hour) return std::nullopt;
  time.hour = *hour;
  const bool colons = scan.take(':');
  const auto minute = scan.digits(2, 2);
  if (!minute) return colons ? std::nullopt : std::optional(time);
  time.minute = *minute;
  if (colons && !scan.take(':')) return time;
  const auto second = scan.digits(2, 2);
  if (!second) return colons ? std::nullopt : std::optional(time);
  time.second = *second;
  if (!scan.take('.') && !scan.take(',')) return time;
  if (scan.done() || !is_digit(scan.rest()[0])) return std::nullopt;
  while (const auto digit = scan.digits(1, 1)) time.fraction = time.fraction || *digit != 0;
  return time;
}

DateVerdict judge_time(std::string_view text) {
  Scanner scan(text);
  const auto time = take_time(scan);
  if (!time || !take_offset(scan) || !scan.done()) return DateVerdict::unreadable;
  const bool midnight = time->minute == 0 && time->second == 0 && !time->fraction;
  if (time->hour == 24) return midnight ? DateVerdict::good : DateVerdict::unreadable;
  return unless(time->hour > 23 || time->minute > 59 || time->second > 59);
}

}  // namespace

DateVerdict judge_date(std::string_view text, Contract contract) {
  std::size_t divider = text.find('T');
  if (divider == std::string_view::npos && contract == Contract::server) divider = text.find(' ');
  const DateVerdict day = judge_day_part(text.substr(0, divider), contract);
  if (divider == std::string_view::npos || day == DateVerdict::unreadable) return day;
  const DateVerdict time = judge_time(text.substr(divider + 1));
  return time == DateVerdict::good ? day : time;
}

}  // namespace openhumans
