#include "embedded/embedded.hpp"

#include <gtest/gtest.h>

TEST(EmbeddedFile, IsCalledByItsNameWithoutTheLastExtension) {
  EXPECT_EQ((EmbeddedFile{"profiles/tusd-2.10.json", ""}.stem()), "tusd-2.10");
  EXPECT_EQ((EmbeddedFile{"plain", ""}.stem()), "plain");
}
