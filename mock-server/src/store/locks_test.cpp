#include "store/locks.hpp"

#include <gtest/gtest.h>

namespace mock {
namespace {

TEST(Locks, HolderLetsGoWhenTold) {
  auto locks = make_locks();
  std::unique_ptr<Lease> first;
  int told = 0;
  first = locks->acquire("a", [&] {
    ++told;
    first.reset();
  });
  ASSERT_TRUE(first);
  auto second = locks->acquire("a", {});
  EXPECT_TRUE(second);
  EXPECT_EQ(told, 1);
  EXPECT_TRUE(locks->locked("a"));
  second.reset();
  EXPECT_FALSE(locks->locked("a"));
}

TEST(Locks, HolderThatKeepsItIsNotRobbed) {
  auto locks = make_locks();
  int told = 0;
  const auto first = locks->acquire("a", [&] { ++told; });
  EXPECT_FALSE(locks->acquire("a", {}));
  EXPECT_FALSE(locks->acquire("a", {})) << "it is asked every time";
  EXPECT_EQ(told, 2);
  EXPECT_TRUE(locks->locked("a"));
}

TEST(Locks, UploadsDoNotDisturbEachOther) {
  auto locks = make_locks();
  const auto first = locks->acquire("a", [] { FAIL(); });
  EXPECT_TRUE(locks->acquire("b", {}));
  EXPECT_FALSE(locks->locked("b")) << "a lease that nobody keeps is gone";
}

TEST(Locks, AHolderIsLeftAloneWhileItsBytesKeepComing) {
  std::chrono::steady_clock::time_point now{};
  const auto locks = make_locks([&now] { return now; });
  const auto pass = [&now](int ms) { now += Milliseconds{ms}; };
  EXPECT_EQ(locks->grace("a"), Milliseconds{0});
  const auto holder = locks->acquire("a", {});
  EXPECT_EQ(locks->grace("a"), Milliseconds{1'000}) << "until its first byte comes";
  pass(100);
  holder->progressed();
  EXPECT_EQ(locks->grace("a"), Milliseconds{250});
  pass(200);
  holder->progressed();
  EXPECT_EQ(locks->grace("a"), Milliseconds{250});
  pass(600);
  EXPECT_EQ(locks->grace("a"), Milliseconds{0}) << "it fell silent";
  holder->progressed();
  EXPECT_EQ(locks->grace("a"), Milliseconds{100}) << "a second after the first one asked";
  pass(100);
  EXPECT_EQ(locks->grace("a"), Milliseconds{0});
}

TEST(Locks, AHolderThatHasBeenSilentIsTakenOverAtOnce) {
  std::chrono::steady_clock::time_point now{};
  const auto locks = make_locks([&now] { return now; });
  const auto holder = locks->acquire("a", {});
  holder->progressed();
  now += Milliseconds{300};
  EXPECT_EQ(locks->grace("a"), Milliseconds{0});
  const auto mute = locks->acquire("b", {});
  now += Milliseconds{1'000};
  EXPECT_EQ(locks->grace("b"), Milliseconds{0});
}

TEST(Locks, LeaseMayOutliveTheLocks) {
  auto locks = make_locks();
  auto lease = locks->acquire("a", {});
  locks.reset();
  lease.reset();
}

}  // namespace
}  // namespace mock
