// How many lines of one kind are written: a storm must not bury what else happens.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "loop/loop.hpp"
#include "protocol/units.hpp"

namespace mock {

/// Admits so many lines of each kind per window, and counts the others. A kind's window begins with
/// its first line; kinds whose window is over are forgotten, so that what is kept is bounded by
/// what happens in one window. A value type that knows no clock: whoever asks says what time it is.
class LineLimit {
 public:
  static constexpr std::uint64_t lines = 10;
  static constexpr Milliseconds window{1000};

  /// Lines that were not written, of one kind in one window.
  struct Withheld {
    std::string kind;
    std::uint64_t count = 0;
    bool operator==(const Withheld&) const = default;
  };

  /// Whether a line of that kind is to be written now. `ended(now)` goes first.
  [[nodiscard]] bool admits(std::string_view kind, TimePoint now);
  /// What was withheld in windows that are over at `now`, or that begin after it because the clock
  /// was set back. Told once.
  [[nodiscard]] std::vector<Withheld> ended(TimePoint now);
  /// What was withheld and not told yet, whether or not its window is over. Nothing is kept.
  [[nodiscard]] std::vector<Withheld> rest();
  /// When the first window in which something was withheld is over; nullopt: nothing was.
  [[nodiscard]] std::optional<TimePoint> next() const;

 private:
  struct Kind {
    TimePoint began;
    std::uint64_t seen = 0;

    [[nodiscard]] bool over(TimePoint now) const { return now < began || now >= began + window; }
    [[nodiscard]] std::uint64_t withheld() const { return seen > lines ? seen - lines : 0; }
  };
  std::map<std::string, Kind, std::less<>> kinds_;
  TimePoint earliest_;  ///< no window is over before this
  TimePoint latest_;    ///< no window began after this
};

}  // namespace mock
