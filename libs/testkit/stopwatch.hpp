// How long a program takes on a machine that has other things to do as well.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

namespace testkit {

/// Runs from its beginning on. What the machine is late in waking a thread that sleeps is taken
/// off: it is late for the program as well.
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
