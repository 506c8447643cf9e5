// Things to be done a little later, unless their owner is gone by then.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "loop/loop.hpp"

namespace mock {

/// Loop thread only. `loop` outlives it; what is still due when it goes is never done.
class Delayed {
 public:
  explicit Delayed(Loop& loop) : loop_(loop) {}

  void in(Milliseconds delay, std::function<void()> task) {
    const auto number = next_++;
    timers_[number] = loop_.after(delay, [this, number, task = std::move(task)] {
      // Posted: Loop does not promise that a callback may destroy its own Timer.
      loop_.post([this, alive = std::weak_ptr<const bool>(alive_), number, task] {
        if (alive.expired()) return;
        timers_.erase(number);
        task();
      });
    });
  }

 private:
  Loop& loop_;
  std::map<std::uint64_t, std::unique_ptr<Timer>> timers_;
  std::uint64_t next_ = 0;
  std::shared_ptr<const bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace mock
