#include "net/asio_loop.hpp"

#include <array>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <memory_resource>
#include <string>
#include <system_error>
#include <utility>

#include "loop/trouble.hpp"

namespace mock {

namespace {

namespace asio = boost::asio;

/// A long job shall not keep all others waiting.
constexpr std::size_t worker_count = 2;

template <class Call>
void attempt(Loop& loop, std::string_view what, const Call& call) {
  try {
    call();
  } catch (...) {
    loop.trouble(what, std::current_exception());
  }
}

class AsioTimer final : public Timer {
 public:
  AsioTimer(asio::io_context& context, Loop& loop, Milliseconds delay, std::function<void()> task)
      : timer_(context, delay), task_(std::make_shared<std::function<void()>>(std::move(task))) {
    // The wait outlives this object by one round of the loop; the task does not.
    timer_.async_wait([&loop, held = std::weak_ptr(task_)](const boost::system::error_code& ec) {
      if (ec) return;
      // Holds the task while it runs: it may destroy its own Timer.
      if (const auto alive = held.lock()) attempt(loop, "a timer", *alive);
    });
  }

 private:
  asio::steady_timer timer_;
  std::shared_ptr<std::function<void()>> task_;
};

}  // namespace

/// One piece of background work. It has room for its way back to the loop, so that no worker has to
/// ask for memory that may not be there.
struct AsioLoop::Job {
  std::function<void()> work;
  std::function<void(const std::exception_ptr&)> done;
  std::exception_ptr thrown;
  std::array<std::byte, 256> room;
  std::pmr::monotonic_buffer_resource memory{room.data(), room.size()};
};

AsioLoop::AsioLoop(asio::io_context& context)
    : context_(context), work_(asio::make_work_guard(work_context_)) {}

AsioLoop::~AsioLoop() {
  work_context_.stop();
  for (auto& worker : workers_) worker.join();
}

TimePoint AsioLoop::now() const {
  return std::chrono::time_point_cast<TimePoint::duration>(std::chrono::system_clock::now());
}

void AsioLoop::post(std::function<void()> task) {
  asio::post(context_, [this, task = std::move(task)] { attempt(*this, "a task", task); });
}

std::unique_ptr<Timer> AsioLoop::after(Milliseconds delay, std::function<void()> task) {
  return std::make_unique<AsioTimer>(context_, *this, delay, std::move(task));
}

void AsioLoop::background(std::function<void()> work,
                          std::function<void(const std::exception_ptr& thrown)> done) {
  if (workers_.empty()) start_workers();
  auto job = std::make_unique<Job>();
  job->work = std::move(work);
  job->done = std::move(done);
  ++pending_;
  try {
    asio::post(work_context_,
               [this, job = std::move(job)]() mutable { carry_out(std::move(job)); });
  } catch (...) {
    --pending_;
    throw;
  }
}

void AsioLoop::carry_out(std::unique_ptr<Job> job) {
  try {
    job->work();
  } catch (...) {
    job->thrown = std::current_exception();
    trouble("background work", job->thrown);
  }
  const std::pmr::polymorphic_allocator<std::byte> allocator(&job->memory);
  asio::post(context_,
             asio::bind_allocator(allocator, [this, job = std::move(job)] { finish(*job); }));
}

void AsioLoop::finish(Job& job) {
  attempt(*this, "the end of background work", [&] { job.done(job.thrown); });
  if (--pending_ == 0 && quiet_) quiet_();
}

/// If only one worker can be started, that is enough.
void AsioLoop::start_workers() {
  workers_.reserve(worker_count);
  try {
    while (workers_.size() < worker_count) {
      workers_.emplace_back([this] { work_context_.run(); });
    }
  } catch (const std::system_error&) {
    if (workers_.empty()) throw;
  }
}

void AsioLoop::trouble(std::string_view what, const std::exception_ptr& thrown) noexcept {
  try {
    if (troubled_) troubled_(std::string(what) + " failed: " + trouble_of(thrown).text);
  } catch (...) {
    // There is not even the memory to say so.
  }
}

}  // namespace mock
