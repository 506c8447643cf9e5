#include "client/delivered.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "testkit/temp_folder.hpp"

namespace client {
namespace {

std::vector<std::string> found(const std::filesystem::path& folder, const std::string& part,
                               std::size_t most = 10) {
  std::vector<std::string> names;
  EXPECT_TRUE(each_delivered(folder, part, [&](const std::filesystem::path& file) {
    names.push_back(file.filename().string());
    return names.size() < most;
  }));
  return names;
}

TEST(Delivered, IsFoundByAPartOfItsNameAtAnyDepth) {
  const testkit::TempFolder folder;
  std::filesystem::create_directories(folder.path() / "2024" / "05");
  std::filesystem::create_directories(folder.path() / "folder_abc");
  folder.write("2024/05/x_abc_1.txt", "1");
  folder.write("abc.txt", "2");
  folder.write("2024/other.txt", "3");
  EXPECT_THAT(found(folder.path(), "abc"), testing::UnorderedElementsAre("x_abc_1.txt", "abc.txt"));
  EXPECT_EQ(found(folder.path(), "abc", 1).size(), 1U);
}

TEST(Delivered, AFolderThatIsNotThereIsAnError) {
  const auto walked = each_delivered("/nowhere/at/all", "x", [](const auto&) { return true; });
  ASSERT_FALSE(walked);
  EXPECT_EQ(walked.error().where, "/nowhere/at/all");
}

}  // namespace
}  // namespace client
