// The loop under a load: epoll, one timerfd for all timers, and work that comes from other threads.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "transport/load_timers.hpp"

namespace transport {

/// An owned descriptor.
class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd();
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};
/// Throws std::system_error that names `what` when `fd` is none.
[[nodiscard]] Fd checked(int fd, const char* what);

/// Not thread-safe but for `post`.
class LoadLoop {
 public:
  LoadLoop();
  /// Waits for the closure that `aside` is running; what it has not begun is dropped.
  ~LoadLoop();
  LoadLoop(const LoadLoop&) = delete;
  LoadLoop& operator=(const LoadLoop&) = delete;

  /// The one for whom a descriptor is watched.
  class Watcher {
   public:
    virtual ~Watcher() = default;
    /// `events` as of epoll.
    virtual void ready(int fd, std::uint32_t events) = 0;
  };
  /// Watches `fd` from the next wait on, for `events` as of epoll; `watcher` is told until
  /// `forget`. The kernel is told at that wait, and only what is new to it: a change that is undone
  /// within a turn costs nothing.
  void watch(int fd, std::uint32_t events, Watcher& watcher);
  /// Acts at once: by the next wait the number may be another descriptor's. Call it before `fd` is
  /// closed, as a duplicate would keep it watched.
  void forget(int fd);

  TimerWheel& timers() { return wheel_; }
  /// From any thread: runs `task` on the loop's.
  void post(std::function<void()> task);
  /// Runs `work` on a helper thread, one after the other, and then `then` on the loop's.
  void aside(std::function<void()> work, std::function<void()> then);

  /// When the loop has to wake, besides the timers. Its owner sets it.
  std::optional<LoadTime> due;

  /// Tells the watchers what is ready, and then calls `turned`, until `stop`.
  template <class Turned>
  void run(Turned turned) {
    running_ = true;
    while (running_) {
      for (const epoll_event& event : wait()) {
        // One of them may have forgotten the descriptor of another.
        Watcher* const watcher = watched_[static_cast<std::size_t>(event.data.fd)].watcher;
        if (watcher != nullptr) watcher->ready(event.data.fd, event.events);
      }
      wheel_.advance(LoadClock::now());
      turned();
    }
  }
  void stop() { running_ = false; }
  /// Stops the helper thread, as the destructor does.
  void end_aside();

 private:
  class Helper;
  struct Watched {
    static constexpr std::uint32_t none = ~std::uint32_t{0};
    std::uint32_t wanted = none;
    std::uint32_t told = none;  ///< what the kernel has
    bool changed = false;       ///< it is among `changed_`
    Watcher* watcher = nullptr;
  };
  void tell_kernel();
  /// Waits; returns which watched descriptors are ready. The loop's own are dealt with.
  const std::vector<epoll_event>& wait();
  /// False when the loop must not sleep at all.
  bool set_timer();
  void run_posted();

  Fd epoll_, timer_, wake_;
  TimerWheel wheel_{LoadClock::now()};
  std::vector<epoll_event> events_, ready_;
  std::vector<Watched> watched_;  ///< by descriptor
  std::vector<int> changed_;
  std::optional<LoadTime> timer_set_;
  bool running_ = false;
  std::mutex posted_mutex_;
  std::vector<std::function<void()>> posted_;
  std::unique_ptr<Helper> helper_;
};

}  // namespace transport
