#include "net/asio_loop.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>

namespace mock {

namespace {

namespace asio = boost::asio;

class AsioTimer final : public Timer {
 public:
  AsioTimer(asio::io_context& context, Milliseconds delay, std::function<void()> task)
      : timer_(context, delay), task_(std::make_shared<std::function<void()>>(std::move(task))) {
    // The wait outlives this object by one round of the loop; the task does not.
    timer_.async_wait([held = std::weak_ptr(task_)](const boost::system::error_code& ec) {
      if (ec) return;
      // Holds the task while it runs: it may destroy its own Timer.
      if (const auto alive = held.lock()) (*alive)();
    });
  }

 private:
  asio::steady_timer timer_;
  std::shared_ptr<std::function<void()>> task_;
};

}  // namespace

AsioLoop::~AsioLoop() {
  if (workers_) {
    workers_->stop();
    workers_->join();
  }
}

TimePoint AsioLoop::now() const {
  return std::chrono::time_point_cast<TimePoint::duration>(std::chrono::system_clock::now());
}

void AsioLoop::post(std::function<void()> task) { asio::post(context_, std::move(task)); }

std::unique_ptr<Timer> AsioLoop::after(Milliseconds delay, std::function<void()> task) {
  return std::make_unique<AsioTimer>(context_, delay, std::move(task));
}

void AsioLoop::background(std::function<void()> work, std::function<void()> done) {
  if (!workers_) workers_.emplace(2);
  ++pending_;
  asio::post(*workers_, [this, work = std::move(work), done = std::move(done)]() mutable {
    work();
    asio::post(context_, [this, done = std::move(done)] {
      done();
      if (--pending_ == 0 && quiet_) quiet_();
    });
  });
}

}  // namespace mock
