#include "transport/load_loop.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <functional>
#include <map>

namespace {
std::atomic<int> kernel_told{0};
}

// Instead of the C library's, to count its calls.
extern "C" int epoll_ctl(int epoll, int how, int fd, epoll_event* event) noexcept {
  ++kernel_told;
  return static_cast<int>(::syscall(SYS_epoll_ctl, epoll, how, fd, event));
}

namespace {
using transport::Fd;
using transport::LoadLoop;

struct Pair {
  Pair() {
    std::array<int, 2> made{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, made.data()), 0);
    near = Fd{made[0]};
    far = Fd{made[1]};
  }
  void write_to_near() const { EXPECT_EQ(::write(far.get(), "x", 1), 1); }
  Fd near, far;
};

struct Recorder final : LoadLoop::Watcher {
  void ready(int fd, std::uint32_t events) override {
    if (listening) told[fd] = events;
  }
  bool listening = false;
  std::map<int, std::uint32_t> told;
};

class TheLoop : public testing::Test {
 protected:
  /// What is told of each descriptor in the turn after the one in which `before` was done.
  std::map<int, std::uint32_t> next_turn(const std::function<void()>& before) {
    bool done = false;
    recorder.listening = false;
    recorder.told.clear();
    loop.post([&] {
      before();
      done = true;
      loop.post([] {});  // so that there is a next one
    });
    loop.run([&] {
      if (recorder.listening) loop.stop();
      recorder.listening = done;
    });
    return recorder.told;
  }
  void watch(int fd, std::uint32_t events) { loop.watch(fd, events, recorder); }

  LoadLoop loop;
  Recorder recorder;
};

TEST_F(TheLoop, TellsTheKernelOnceATurnWhatIsNewToIt) {
  Pair pair;
  const int fd = pair.near.get();
  kernel_told = 0;
  auto told = next_turn([&] {
    watch(fd, EPOLLIN);
    watch(fd, EPOLLIN | EPOLLOUT);
    watch(fd, EPOLLOUT);
  });
  EXPECT_EQ(told[fd], EPOLLOUT);
  EXPECT_EQ(kernel_told, 1);
  told = next_turn([&] {
    watch(fd, EPOLLIN);
    watch(fd, EPOLLOUT);
  });
  EXPECT_EQ(told[fd], EPOLLOUT);
  EXPECT_EQ(kernel_told, 1) << "it came back to what it was";
  pair.write_to_near();
  told = next_turn([&] { watch(fd, EPOLLIN); });
  EXPECT_EQ(told[fd], EPOLLIN);
  EXPECT_EQ(kernel_told, 2);
}

TEST_F(TheLoop, ForgetsAtOnce) {
  Pair pair;
  const int fd = pair.near.get();
  kernel_told = 0;
  EXPECT_TRUE(next_turn([&] {
                watch(fd, EPOLLOUT);
                loop.forget(fd);
              }).empty());
  EXPECT_EQ(kernel_told, 0);
  EXPECT_FALSE(next_turn([&] { watch(fd, EPOLLOUT); }).empty());
  EXPECT_TRUE(next_turn([&] { loop.forget(fd); }).empty());
  EXPECT_EQ(kernel_told, 2);
  EXPECT_FALSE(next_turn([&] { watch(fd, EPOLLOUT); }).empty());
}

// A connection is closed, and the next one gets its number, within a turn.
TEST_F(TheLoop, WatchesTheNewOwnerOfANumber) {
  Pair former;
  Pair later;
  const int fd = former.near.get();
  EXPECT_FALSE(next_turn([&] { watch(fd, EPOLLOUT); }).empty());
  Fd kept(::fcntl(fd, F_DUPFD_CLOEXEC, 0));  // as after a silent cut
  former.write_to_near();
  const auto replace = [&] {
    loop.forget(fd);
    EXPECT_EQ(::dup3(later.near.get(), fd, O_CLOEXEC), fd);
    watch(fd, EPOLLIN);
  };
  EXPECT_TRUE(next_turn(replace).empty()) << "what came was for the former";
  later.write_to_near();
  EXPECT_EQ(next_turn([] {})[fd], EPOLLIN);
}
}  // namespace
