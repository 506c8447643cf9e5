#include "files/files.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

#include "files/temporary_folder.hpp"

namespace mock {
namespace {

namespace fs = std::filesystem;

/// No file may grow beyond `bytes`: a write is cut short there and the next one fails, as on a full
/// disk.
class SizeLimit {
 public:
  explicit SizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  SizeLimit(const SizeLimit&) = delete;
  SizeLimit& operator=(const SizeLimit&) = delete;
  ~SizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  rlimit before_{};
};

class Files : public testing::Test {
 protected:
  TemporaryFolder temporary_;
  const fs::path& folder_ = temporary_.path();
};

TEST_F(Files, AMissingFileIsNoError) {
  const auto content = read_file(folder_ / "none");
  ASSERT_TRUE(content) << content.error().line();
  EXPECT_EQ(*content, std::nullopt);
}

TEST_F(Files, ReplacesMakingFoldersAndLeavesNothingElse) {
  const fs::path file = folder_ / "a" / "b" / "state";
  ASSERT_TRUE(replace_file(file, "first"));
  ASSERT_TRUE(replace_file(file, "second"));
  EXPECT_EQ(read_file(file).value(), "second");
  EXPECT_EQ(std::distance(fs::directory_iterator(file.parent_path()), {}), 1);
}

TEST_F(Files, AppendsLines) {
  const fs::path file = folder_ / "log" / "lines";
  ASSERT_TRUE(append_line(file, "one"));
  ASSERT_TRUE(append_line(file, "two"));
  EXPECT_EQ(read_file(file).value(), "one\ntwo\n");
}

TEST_F(Files, ALineThatDoesNotFitLeavesNothingOfItself) {
  const fs::path file = folder_ / "lines";
  ASSERT_TRUE(append_line(file, "one"));
  {
    const SizeLimit limit(6);
    const auto outcome = append_line(file, "two");
    ASSERT_FALSE(outcome);
    EXPECT_NE(outcome.error().line().find("File too large"), std::string::npos)
        << outcome.error().line();
  }
  ASSERT_TRUE(append_line(file, "three"));
  EXPECT_EQ(read_file(file).value(), "one\nthree\n");
}

TEST_F(Files, AReplacementThatDoesNotFitLeavesTheOldFileAlone) {
  ASSERT_TRUE(replace_file(folder_ / "state", "old"));
  {
    const SizeLimit limit(6);
    EXPECT_FALSE(replace_file(folder_ / "state", "too much of it"));
  }
  EXPECT_EQ(read_file(folder_ / "state").value(), "old");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
}

TEST_F(Files, SecretsAreTheirOwnersOnly) {
  ASSERT_TRUE(replace_file(folder_ / "replaced", "x", FileAccess::owner));
  ASSERT_TRUE(append_line(folder_ / "appended", "x", FileAccess::owner));
  const auto owner_only = fs::perms::owner_read | fs::perms::owner_write;
  EXPECT_EQ(fs::status(folder_ / "replaced").permissions(), owner_only);
  EXPECT_EQ(fs::status(folder_ / "appended").permissions(), owner_only);
}

TEST_F(Files, ErrorsNameTheFileAndTheReason) {
  ASSERT_TRUE(replace_file(folder_ / "file", "x"));
  for (const auto& outcome : {replace_file(folder_ / "file" / "below", "x"),
                              append_line(folder_ / "file" / "below", "x")}) {
    ASSERT_FALSE(outcome);
    EXPECT_NE(outcome.error().line().find((folder_ / "file").string()), std::string::npos);
    EXPECT_NE(outcome.error().line().find("Not a directory"), std::string::npos)
        << outcome.error().line();
  }
  const auto folder = read_file(folder_);
  ASSERT_FALSE(folder);
  EXPECT_NE(folder.error().line().find("Is a directory"), std::string::npos);
}

}  // namespace
}  // namespace mock
