// How long a program takes on a machine that has other things to do as well.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

namespace testkit {

/// Runs from its construction on. A thread of its own sleeps, again and again: by how much the
/// machine wakes it too late is subtracted, since the program is held up as much.
class Stopwatch {
 public:
  Stopwatch() : thread_([this] { watch(); }) {}
  ~Stopwatch() {
    done_ = true;
    thread_.join();
  }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

  [[nodiscard]] std::chrono::nanoseconds elapsed() const {
    return Clock::now() - begin_ - std::chrono::nanoseconds{late_};
  }

 private:
  using Clock = std::chrono::steady_clock;
  void watch() {
    constexpr std::chrono::milliseconds step{5};
    while (!done_) {
      const auto before = Clock::now();
      std::this_thread::sleep_for(step);
      late_ += (Clock::now() - before - step).count();
    }
  }

  const Clock::time_point begin_ = Clock::now();
  std::atomic<std::chrono::nanoseconds::rep> late_{0};
  std::atomic<bool> done_{false};
  std::thread thread_;
};

}  // namespace testkit
