#include "protocol/nearest.hpp"

#include <gtest/gtest.h>

namespace {

const std::vector<std::string_view> keys{"name", "times", "when", "then"};

TEST(Nearest, NamesThreeBestFirst) {
  EXPECT_EQ(nearest_names("time", keys), "times, name, then");
  EXPECT_EQ(nearest_names("x", {}), "");
  EXPECT_EQ(nearest_names("wehn", {"WHEN", "Then", "name"}), "WHEN, Then, name");
  EXPECT_EQ(nearest_names("HE", keys), "then, when, name");
}

TEST(Nearest, KnowsASlipFromAnotherWord) {
  EXPECT_EQ(slip_of("tiems", keys), "times");
  EXPECT_EQ(slip_of("tims", keys), "times");
  EXPECT_EQ(slip_of("Name", keys), "name");
  EXPECT_EQ(slip_of("method", keys), std::nullopt);
  EXPECT_EQ(slip_of("", keys), std::nullopt);
  EXPECT_EQ(slip_of("a", keys), std::nullopt);
}

}  // namespace
