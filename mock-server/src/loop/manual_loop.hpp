// A Loop for tests: time stands still until it is told to move, and nothing runs by itself.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <utility>

#include "loop/loop.hpp"

namespace mock {

/// Single-threaded: background work runs inside `run`, on the caller's thread.
class ManualLoop : public Loop {
 public:
  [[nodiscard]] TimePoint now() const override { return now_; }
  void post(std::function<void()> task) override { ready_.push_back(std::move(task)); }

  std::unique_ptr<Timer> after(Milliseconds delay, std::function<void()> task) override {
    auto due = std::make_shared<std::function<void()>>(std::move(task));
    timers_.emplace(now_ + delay, due);
    return std::make_unique<Held>(std::move(due));
  }

  void background(std::function<void()> work, std::function<void()> done) override {
    ready_.push_back([work = std::move(work), done = std::move(done)] {
      work();
      done();
    });
  }

  /// Runs what is ready, and what becomes ready by that, until nothing is.
  void run() {
    while (!ready_.empty()) {
      auto task = std::move(ready_.front());
      ready_.pop_front();
      task();
    }
  }

  /// Lets `by` pass, firing the timers that fall due in order, each at its own time.
  void advance(Milliseconds by) {
    const auto end = now_ + by;
    run();
    while (!timers_.empty() && timers_.begin()->first <= end) {
      auto [due, task] = *timers_.begin();
      timers_.erase(timers_.begin());
      now_ = due;
      if (auto alive = task.lock()) (*alive)();
      run();
    }
    now_ = end;
  }

 private:
  struct Held : Timer {
    explicit Held(std::shared_ptr<std::function<void()>> t) : task(std::move(t)) {}
    std::shared_ptr<std::function<void()>> task;
  };

  TimePoint now_ = TimePoint{std::chrono::seconds{1'800'000'000}};
  std::deque<std::function<void()>> ready_;
  std::multimap<TimePoint, std::weak_ptr<std::function<void()>>> timers_;
};

}  // namespace mock
