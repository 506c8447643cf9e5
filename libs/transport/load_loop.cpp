#include "transport/load_loop.hpp"

#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <system_error>
#include <thread>
#include <utility>

namespace transport {
namespace {

constexpr std::size_t events_at_once = 256;

/// Empties a timerfd or an eventfd: one read takes all there is.
void drain(int fd) {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(fd, &count, sizeof count);
}

}  // namespace

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

Fd checked(int fd, const char* what) {
  if (fd < 0) throw std::system_error(errno, std::generic_category(), what);
  return Fd{fd};
}

/// Runs closures one after the other on a thread that starts with the first of them.
class LoadLoop::Helper {
 public:
  ~Helper() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      jobs_.clear();
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
  }
  void run(std::function<void()> job) {
    {
      const std::lock_guard lock(mutex_);
      jobs_.push_back(std::move(job));
      if (!thread_.joinable()) thread_ = std::thread([this] { loop(); });
    }
    wake_.notify_one();
  }

 private:
  void loop() {
    for (;;) {
      std::function<void()> job;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
        if (stopping_) return;
        job = std::move(jobs_.front());
        jobs_.pop_front();
      }
      job();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
  bool stopping_ = false;
  std::thread thread_;
};

LoadLoop::LoadLoop()
    : epoll_(checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      timer_(
          checked(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), "timerfd_create")),
      wake_(checked(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")),
      events_(events_at_once),
      helper_(std::make_unique<Helper>()) {
  for (const int fd : {wake_.get(), timer_.get()}) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
      throw std::system_error(errno, std::generic_category(), "epoll_ctl");
    }
  }
  ready_.reserve(events_at_once);
}
LoadLoop::~LoadLoop() = default;

void LoadLoop::watch(int fd, std::uint32_t events, Watcher& watcher) {
  const auto index = static_cast<std::size_t>(fd);
  if (index >= watched_.size()) watched_.resize(std::max(index + 1, watched_.size() * 2));
  Watched& watched = watched_[index];
  watched.wanted = events;
  watched.watcher = &watcher;
  if (!std::exchange(watched.changed, true)) changed_.push_back(fd);
}

void LoadLoop::forget(int fd) {
  const auto index = static_cast<std::size_t>(fd);
  if (index >= watched_.size()) return;
  Watched& watched = watched_[index];
  if (watched.told != Watched::none) {
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  }
  watched.wanted = watched.told = Watched::none;
  watched.watcher = nullptr;
}

void LoadLoop::tell_kernel() {
  for (const int fd : changed_) {
    Watched& watched = watched_[static_cast<std::size_t>(fd)];
    watched.changed = false;
    if (watched.wanted == watched.told) continue;
    epoll_event event{};
    event.data.fd = fd;
    event.events = watched.wanted;
    const int how = watched.told == Watched::none ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    if (::epoll_ctl(epoll_.get(), how, fd, &event) == 0) watched.told = watched.wanted;
  }
  changed_.clear();
}

void LoadLoop::post(std::function<void()> task) {
  {
    const std::lock_guard lock(posted_mutex_);
    posted_.push_back(std::move(task));
  }
  const std::uint64_t one = 1;
  // A full counter means that the loop is about to wake anyway.
  [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
}

void LoadLoop::aside(std::function<void()> work, std::function<void()> then) {
  helper_->run([this, work = std::move(work), then = std::move(then)] {
    work();
    post(then);
  });
}

void LoadLoop::end_aside() { helper_.reset(); }

void LoadLoop::run_posted() {
  std::vector<std::function<void()>> tasks;
  {
    const std::lock_guard lock(posted_mutex_);
    tasks.swap(posted_);
  }
  for (auto& task : tasks) task();
}

bool LoadLoop::set_timer() {
  std::optional<LoadTime> earliest = wheel_.next();
  if (due && (!earliest || *due < *earliest)) earliest = due;
  if (!earliest) return true;
  const LoadTime now = LoadClock::now();
  if (*earliest <= now) return false;
  // A timer that is set for an earlier time wakes the loop, which then looks again.
  if (timer_set_ && *timer_set_ <= *earliest) return true;
  timer_set_ = earliest;
  const auto wait = std::chrono::duration_cast<std::chrono::nanoseconds>(*earliest - now).count();
  itimerspec spec{};
  spec.it_value.tv_sec = wait / 1'000'000'000;
  spec.it_value.tv_nsec = wait % 1'000'000'000;
  ::timerfd_settime(timer_.get(), 0, &spec, nullptr);
  return true;
}

const std::vector<epoll_event>& LoadLoop::wait() {
  tell_kernel();
  const int patience = set_timer() ? -1 : 0;
  const int count =
      ::epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), patience);
  if (count < 0 && errno != EINTR) {
    throw std::system_error(errno, std::generic_category(), "epoll_wait");
  }
  ready_.clear();
  for (int i = 0; i < count; ++i) {
    const auto& event = events_[static_cast<std::size_t>(i)];
    if (event.data.fd == wake_.get()) {
      drain(wake_.get());
      run_posted();
    } else if (event.data.fd == timer_.get()) {
      drain(timer_.get());
      timer_set_.reset();
    } else {
      ready_.push_back(event);
    }
  }
  return ready_;
}

}  // namespace transport
