#include "store/in_background.hpp"

#include <gtest/gtest.h>

#include <new>
#include <stdexcept>
#include <string>

#include "loop/manual_loop.hpp"

namespace mock {
namespace {

using Kind = StoreError::Kind;

/// What `done` is given when `work` ran.
template <class Work>
auto outcome_of(Work work) {
  ManualLoop loop;
  std::invoke_result_t<Work&> outcome;
  in_background(loop, std::move(work), [&](auto told) { outcome = std::move(told); });
  loop.run();
  return outcome;
}

TEST(InBackground, GivesWhatTheWorkReturned) {
  auto only_moved = std::make_unique<int>(7);
  EXPECT_EQ(outcome_of([held = std::move(only_moved)] { return StoreResult<int>(*held); }), 7);
  const auto failed = outcome_of([]() -> StoreResult<int> {
    return tl::unexpected(StoreError{Kind::damaged, "torn"});
  });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, Kind::damaged);
  EXPECT_EQ(failed.error().detail, "torn");
}

TEST(InBackground, WantOfMemoryIsWantOfSpace) {
  const auto outcome = outcome_of([]() -> StoreResult<void> { throw std::bad_alloc(); });
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, Kind::no_space);
}

TEST(InBackground, WhatAnExceptionSaysIsNotForClients) {
  const auto outcome =
      outcome_of([]() -> StoreResult<std::string> { throw std::runtime_error("/a/secret"); });
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, Kind::io);
  EXPECT_EQ(outcome.error().detail.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace mock
