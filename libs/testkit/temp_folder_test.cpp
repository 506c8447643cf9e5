#include "testkit/temp_folder.hpp"

#include <gtest/gtest.h>

namespace testkit {

TEST(TempFolder, LivesAsLongAsItsObject) {
  std::filesystem::path path;
  {
    TempFolder folder;
    path = folder.path();
    folder.write("a/b.txt", "text");
    EXPECT_EQ(folder.read("a/b.txt"), "text");
    TempFolder moved(std::move(folder));
    EXPECT_EQ(moved.read("a/b.txt"), "text");
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(TempFolder, TwoAreDifferent) { EXPECT_NE(TempFolder().path(), TempFolder().path()); }

}  // namespace testkit
