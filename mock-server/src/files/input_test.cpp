#include "files/input.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "files/temporary_folder.hpp"

namespace mock {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

namespace fs = std::filesystem;

class Input : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
  }
  void pipe(const std::string& name) const {
    ASSERT_EQ(::mkfifo((folder_ / name).c_str(), 0600), 0);
  }
  [[nodiscard]] std::string error_in(const std::string& name) const {
    const auto content = read_input_in(folder_ / "in", name);
    return content ? "opened: " + *content : content.error().line();
  }

  TemporaryFolder temporary_;
  const fs::path& folder_ = temporary_.path();
};

TEST_F(Input, OfTheCommandLineIsAFileOrAPipe) {
  write("file", "content");
  EXPECT_EQ(read_input((folder_ / "file").string()), "content");
  pipe("pipe");
  // As a shell's <(...) does: a writer has it open before it is read.
  std::ofstream both(folder_ / "pipe", std::ios::in | std::ios::out);
  std::thread writer([&both] {
    both << std::string(200'000, 'x');
    both.close();
  });
  const auto content = read_input((folder_ / "pipe").string());
  writer.join();
  ASSERT_TRUE(content) << content.error().line();
  EXPECT_EQ(content->size(), 200'000U);
}

TEST_F(Input, OfTheCommandLineNeverLetsOneWait) {
  pipe("pipe");
  for (const auto& [file, says] : {std::pair{(folder_ / "pipe").string(), "nobody writes"},
                                   std::pair{std::string("/dev/zero"), "is no file"},
                                   std::pair{(folder_ / "none").string(), "No such file"},
                                   std::pair{folder_.string(), "Is a directory"}}) {
    const auto content = read_input(file);
    ASSERT_FALSE(content) << file;
    EXPECT_THAT(content.error().line(), HasSubstr(file));
    EXPECT_THAT(content.error().line(), HasSubstr(says));
  }
  write("large", "");
  fs::resize_file(folder_ / "large", input_limit.value + 1);
  EXPECT_THAT(read_input((folder_ / "large").string()).error().line(), HasSubstr("longer than"));
}

TEST_F(Input, InsideAFolderIsWhatItSays) {
  write("in/a.json", "a");
  write("in/b/c.json", "c");
  EXPECT_EQ(read_input_in(folder_ / "in", "a.json"), "a");
  EXPECT_EQ(read_input_in(folder_ / "in", "b/c.json"), "c");
  EXPECT_THAT(list_inputs_in(folder_ / "in", "b").value(), ElementsAre("c.json"));
  EXPECT_FALSE(list_inputs_in(folder_ / "in", "a.json"));
}

TEST_F(Input, NothingElseIsOpened) {
  write("in/a.json", "a");
  write("in/b/c.json", "c");
  write("out/secret", "secret");
  write("in2", "secret");
  pipe("in/pipe");
  fs::create_symlink(folder_ / "out" / "secret", folder_ / "in" / "link");
  fs::create_symlink("a.json", folder_ / "in" / "inner");
  fs::create_directory_symlink(folder_ / "out", folder_ / "in" / "way");
  write("in/large", "");
  fs::resize_file(folder_ / "in" / "large", named_input_limit.value + 1);
  for (const std::string name : {"../out/secret", "/etc/passwd", "b/../../out/secret", "..", ".",
                                 "", "b//c.json", "./a.json", "b/", "link", "inner", "way/secret",
                                 "way", "pipe", "b", "large", "none", "a.json/x", "../in2"}) {
    EXPECT_THAT(error_in(name), Not(HasSubstr("opened:"))) << name;
    EXPECT_THAT(error_in(name), Not(HasSubstr("opened: secret"))) << name;
    EXPECT_THAT(error_in(name), Not(HasSubstr(folder_.string()))) << "no path of the server's";
  }
  EXPECT_THAT(error_in(std::string("a.json\0x", 8)), HasSubstr("is not a name"));
  for (const std::string name : {"../out", "way", "/etc"}) {
    EXPECT_FALSE(list_inputs_in(folder_ / "in", name)) << name;
  }
}

}  // namespace
}  // namespace mock
