#include "tus/locks.hpp"

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

TEST(Locks, LeaseMayOutliveTheLocks) {
  auto locks = make_locks();
  auto lease = locks->acquire("a", {});
  locks.reset();
  lease.reset();
}

}  // namespace
}  // namespace mock
