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

/// What is told of each descriptor in the turn after the one in which `before` was done.
std::map<int, std::uint32_t> next_turn(LoadLoop& loop, const std::function<void()>& before) {
  std::map<int, std::uint32_t> told;
  bool done = false;
  bool next = false;
  loop.post([&] {
    before();
    done = true;
    loop.post([] {});  // so that there is a next one
  });
  loop.run(
      [&](int fd, std::uint32_t events) {
        if (next) told[fd] = events;
      },
      [&] {
        if (next) loop.stop();
        next = done;
      });
  return told;
}

TEST(LoadLoop, TellsTheKernelOnceATurnWhatIsNewToIt) {
  LoadLoop loop;
  Pair pair;
  const int fd = pair.near.get();
  kernel_told = 0;
  auto told = next_turn(loop, [&] {
    loop.watch(fd, EPOLLIN);
    loop.watch(fd, EPOLLIN | EPOLLOUT);
    loop.watch(fd, EPOLLOUT);
  });
  EXPECT_EQ(told[fd], EPOLLOUT);
  EXPECT_EQ(kernel_told, 1);
  told = next_turn(loop, [&] {
    loop.watch(fd, EPOLLIN);
    loop.watch(fd, EPOLLOUT);
  });
  EXPECT_EQ(told[fd], EPOLLOUT);
  EXPECT_EQ(kernel_told, 1) << "it came back to what it was";
  pair.write_to_near();
  told = next_turn(loop, [&] { loop.watch(fd, EPOLLIN); });
  EXPECT_EQ(told[fd], EPOLLIN);
  EXPECT_EQ(kernel_told, 2);
}

TEST(LoadLoop, ForgetsAtOnce) {
  LoadLoop loop;
  Pair pair;
  const int fd = pair.near.get();
  kernel_told = 0;
  EXPECT_TRUE(next_turn(loop, [&] {
                loop.watch(fd, EPOLLOUT);
                loop.forget(fd);
              }).empty());
  EXPECT_EQ(kernel_told, 0);
  EXPECT_FALSE(next_turn(loop, [&] { loop.watch(fd, EPOLLOUT); }).empty());
  EXPECT_TRUE(next_turn(loop, [&] { loop.forget(fd); }).empty());
  EXPECT_EQ(kernel_told, 2);
  EXPECT_FALSE(next_turn(loop, [&] { loop.watch(fd, EPOLLOUT); }).empty());
}

// A connection is closed, and the next one gets its number, within a turn.
TEST(LoadLoop, WatchesTheNewOwnerOfANumber) {
  LoadLoop loop;
  Pair former;
  Pair later;
  const int fd = former.near.get();
  EXPECT_FALSE(next_turn(loop, [&] { loop.watch(fd, EPOLLOUT); }).empty());
  Fd kept(::fcntl(fd, F_DUPFD_CLOEXEC, 0));  // as after a silent cut
  former.write_to_near();
  const auto replace = [&] {
    loop.forget(fd);
    EXPECT_EQ(::dup3(later.near.get(), fd, O_CLOEXEC), fd);
    loop.watch(fd, EPOLLIN);
  };
  EXPECT_TRUE(next_turn(loop, replace).empty()) << "what came was for the former";
  later.write_to_near();
  EXPECT_EQ(next_turn(loop, [] {})[fd], EPOLLIN);
}
}  // namespace
