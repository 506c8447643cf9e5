// What a thread expects of the lines it uses.
#pragma once

#include <chrono>

namespace transport {

/// While it lives, timeouts of Client and RawConnection on the thread that made it count silence
/// (decision 39): a call goes on while bytes move, either way, but not beyond `at_most`. A body
/// that cannot be through by then at its pace is given up as soon as that is clear. It belongs to
/// the thread and not to a call, since everything that the thread sends has to obey it. To be
/// destroyed on its thread.
class SlowLine {
 public:
  explicit SlowLine(std::chrono::steady_clock::time_point at_most);
  SlowLine(const SlowLine&) = delete;
  SlowLine& operator=(const SlowLine&) = delete;
  ~SlowLine();

  /// The one that was made last on this thread; nullptr: timeouts count as usual.
  [[nodiscard]] static SlowLine* of_thread();
  [[nodiscard]] std::chrono::steady_clock::time_point at_most() const { return at_most_; }
  /// A call gave up though bytes were moving (Movement::slow).
  void meet() { met_ = true; }
  [[nodiscard]] bool met() const { return met_; }

 private:
  std::chrono::steady_clock::time_point at_most_;
  bool met_ = false;
};

}  // namespace transport
