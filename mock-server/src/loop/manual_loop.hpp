// A Loop for tests: time stands still until it is told to move, and nothing runs by itself.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "loop/loop.hpp"
#include "loop/trouble.hpp"

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

  void background(std::function<void()> work,
                  std::function<void(const std::exception_ptr& thrown)> done) override {
    ready_.push_back([this, work = std::move(work), done = std::move(done)] {
      const auto thrown = attempt("background work", [&] {
        if (before_work) before_work();
        work();
      });
      done(thrown);
    });
  }

  void trouble(std::string_view what, const std::exception_ptr& thrown) noexcept override {
    troubles.push_back(std::string(what) + ": " + trouble_of(thrown).text);
  }

  /// Runs what is ready, and what becomes ready by that, until nothing is.
  void run() {
    while (!ready_.empty()) {
      auto task = std::move(ready_.front());
      ready_.pop_front();
      attempt("a task", task);
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
      if (auto alive = task.lock()) attempt("a timer", *alive);
      run();
    }
    now_ = end;
  }

  std::function<void()> before_work;  ///< what it throws, background work throws
  std::vector<std::string> troubles;

 private:
  std::exception_ptr attempt(std::string_view what, const std::function<void()>& call) {
    try {
      call();
      return nullptr;
    } catch (...) {
      trouble(what, std::current_exception());
      return std::current_exception();
    }
  }

  struct Held : Timer {
    explicit Held(std::shared_ptr<std::function<void()>> t) : task(std::move(t)) {}
    std::shared_ptr<std::function<void()>> task;
  };

  TimePoint now_ = TimePoint{std::chrono::seconds{1'800'000'000}};
  std::deque<std::function<void()>> ready_;
  std::multimap<TimePoint, std::weak_ptr<std::function<void()>>> timers_;
};

}  // namespace mock
