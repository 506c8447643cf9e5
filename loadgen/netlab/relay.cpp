#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <deque>
#include <random>
#include <string>
#include <system_error>
#include <vector>

#include "netlab.hpp"

namespace netlab {
namespace {

using Clock = std::chrono::steady_clock;

int checked(int result, const std::string& what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

/// The device stays in the namespace that this thread is in when it is made.
int tun_in(const std::string& name) {
  const std::string file = "/var/run/netns/" + name;
  const int space = checked(::open(file.c_str(), O_RDONLY | O_CLOEXEC), file);
  checked(::setns(space, CLONE_NEWNET), "setns " + name);
  ::close(space);
  const int device =
      checked(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC), "/dev/net/tun");
  ifreq request{};
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  std::strncpy(request.ifr_name, "lab", IFNAMSIZ - 1);
  checked(::ioctl(device, TUNSETIFF, &request), "TUNSETIFF in " + name);
  return device;
}

/// One direction: packets wait for the rate, and then for their way.
class Way {
 public:
  Way(int from, int to, Clock::duration delay) : from_(from), to_(to), delay_(delay) {}

  void limit(double kilobits, std::uint64_t queue) {
    bytes_per_second_ = kilobits * 125;
    queue_ = queue;
  }
  void lose(double loss, std::uint64_t seed) {
    loss_ = loss;
    random_.seed(seed);
  }

  [[nodiscard]] int from() const { return from_; }

  void take(Clock::time_point now) {
    std::array<char, 2048> packet{};
    for (;;) {
      const auto size = ::read(from_, packet.data(), packet.size());
      if (size <= 0) return;
      if (loss_ > 0 && chance_(random_) < loss_) continue;
      Clock::time_point leaves = now;
      if (bytes_per_second_ > 0) {
        while (!leaving_.empty() && leaving_.front() <= now) leaving_.pop_front();
        if (leaving_.size() >= queue_) continue;
        const auto time =
            std::chrono::duration<double>(static_cast<double>(size) / bytes_per_second_);
        free_ = std::max(free_, now) + std::chrono::duration_cast<Clock::duration>(time);
        leaves = free_;
        leaving_.push_back(leaves);
      }
      way_.push_back({leaves + delay_, std::string(packet.data(), static_cast<std::size_t>(size))});
    }
  }
  void deliver(Clock::time_point now) {
    while (!way_.empty() && way_.front().due <= now) {
      const std::string& bytes = way_.front().bytes;
      // A packet that the device does not take is lost, like any other.
      [[maybe_unused]] const auto written = ::write(to_, bytes.data(), bytes.size());
      way_.pop_front();
    }
  }
  /// When the next packet arrives at the other end.
  [[nodiscard]] Clock::time_point due() const {
    return way_.empty() ? Clock::time_point::max() : way_.front().due;
  }

 private:
  struct Packet {
    Clock::time_point due;
    std::string bytes;
  };
  int from_, to_;
  Clock::duration delay_;
  double bytes_per_second_ = 0;
  std::uint64_t queue_ = 0;
  double loss_ = 0;
  std::mt19937_64 random_;
  std::uniform_real_distribution<double> chance_;
  Clock::time_point free_{};
  std::deque<Clock::time_point> leaving_;  ///< when those in the queue leave it
  std::deque<Packet> way_;
};

}  // namespace

void relay(const RelayOptions& options) {
  const int from = tun_in(options.from);
  const int to = tun_in(options.to);
  const auto half = std::chrono::duration_cast<Clock::duration>(
      std::chrono::duration<double, std::milli>(options.round_trip_ms / 2));
  std::array<Way, 2> ways{Way(from, to, half), Way(to, from, half)};
  ways[0].limit(options.kilobits, options.queue);
  ways[0].lose(options.loss, options.seed);
  std::puts("ready");
  std::fflush(stdout);
  for (;;) {
    const auto due = std::min(ways[0].due(), ways[1].due());
    const auto now = Clock::now();
    timespec wait{};
    if (due != Clock::time_point::max() && due > now) {
      const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(due - now).count();
      wait.tv_sec = left / 1'000'000'000;
      wait.tv_nsec = left % 1'000'000'000;
    }
    std::array<pollfd, 2> both{pollfd{from, POLLIN, 0}, pollfd{to, POLLIN, 0}};
    ::ppoll(both.data(), both.size(), due == Clock::time_point::max() ? nullptr : &wait, nullptr);
    for (Way& way : ways) {
      way.take(Clock::now());
      way.deliver(Clock::now());
    }
  }
}

}  // namespace netlab
