// What a thread expects of the lines it uses.
#pragma once

#include <chrono>

namespace transport {

/// While it lives, timeouts of Client and RawConnection on the thread that made it count silence:
/// as long as bytes move, either way, a call goes on, but not beyond `at_most`; a body that cannot
/// be through by then at its pace is given up when that is clear. It is of the thread and not of a
/// call, since whatever it sends has to obey, by whichever door. To be destroyed on its thread.
class SlowLine {
 public:
  explicit SlowLine(std::chrono::steady_clock::time_point at_most);
  SlowLine(const SlowLine&) = delete;
  SlowLine& operator=(const SlowLine&) = delete;
  ~SlowLine();

  /// The one that was made last on this thread; nullptr: a timeout is one.
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
