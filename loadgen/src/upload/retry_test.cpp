#include "upload/retry.hpp"

#include <gtest/gtest.h>

namespace loadgen {
namespace {

TEST(RetryAfter, IsSecondsOnly) {
  EXPECT_EQ(retry_after({{"Retry-After", "7"}}), Milliseconds{7000});
  EXPECT_EQ(retry_after({{"Retry-After", "99999"}}), Milliseconds{300'000});
  EXPECT_EQ(retry_after({{"Retry-After", "-1"}}), std::nullopt);
  EXPECT_EQ(retry_after({{"Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT"}}), std::nullopt);
  EXPECT_EQ(retry_after({}), std::nullopt);
}

}  // namespace
}  // namespace loadgen
