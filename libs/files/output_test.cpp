#include "files/output.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <functional>
#include <thread>

#include "testkit/temp_folder.hpp"

namespace files {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// A write beyond `bytes` of a file fails, as on a full disk.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  rlimit before_{};
};

std::size_t entries(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), {}));
}

class Outputs : public testing::Test {
 protected:
  [[nodiscard]] std::string file(const char* name) const { return (temp_.path() / name).string(); }
  testkit::TempFolder temp_;
};

Result<void> write(const std::string& path, std::string_view text) {
  auto output = Output::open("--json", path);
  if (!output) return tl::unexpected(output.error());
  return output->write(text);
}

Result<void> replaced(const std::string& path, std::string_view text) {
  return replace("--json", path, text);
}

TEST_F(Outputs, OpeningChangesNothing) {
  temp_.write("there", "former");
  {
    const auto there = Output::open("--json", file("there"));
    const auto absent = Output::open("--json", file("absent"));
    ASSERT_TRUE(there && absent);
    EXPECT_TRUE(there->wanted());
  }
  EXPECT_EQ(temp_.read("there"), "former");
  EXPECT_EQ(entries(temp_.path()), 1U);
  const auto none = Output::open("--json", "");
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->wanted());
}

TEST_F(Outputs, ReplacesAndLeavesNothingElse) {
  ASSERT_TRUE(write(file("report"), "a longer first one"));
  ASSERT_TRUE(write(file("report"), "second"));
  EXPECT_EQ(temp_.read("report"), "second");
  EXPECT_EQ(entries(temp_.path()), 1U);
}

TEST_F(Outputs, AFullDiskLeavesTheFormerReport) {
  temp_.write("report", "former");
  Result<void> written;
  {
    const FullDisk disk(8);
    written = write(file("report"), "more than eight bytes");
  }
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().line(),
            "--json: \"" + file("report") + "\" cannot be written: File too large");
  EXPECT_EQ(temp_.read("report"), "former");
  EXPECT_EQ(entries(temp_.path()), 1U);
}

TEST_F(Outputs, WhoReadsMeanwhileSeesOneOrTheOther) {
  const std::string first(1U << 18U, 'a');
  const std::string second(1U << 18U, 'b');
  temp_.write("report", first);
  std::thread writer([&] {
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(write(file("report"), i % 2 == 0 ? second : first));
  });
  for (int i = 0; i < 50; ++i) {
    const std::string seen = temp_.read("report");
    ASSERT_TRUE(seen == first || seen == second);
  }
  writer.join();
}

TEST_F(Outputs, KeepsTheModeOfTheFormerReport) {
  temp_.write("report", "former");
  ASSERT_EQ(::chmod(file("report").c_str(), 0640), 0);
  ASSERT_TRUE(write(file("report"), "new"));
  struct stat now {};
  ASSERT_EQ(::stat(file("report").c_str(), &now), 0);
  EXPECT_EQ(now.st_mode & 07777U, 0640U);
  const mode_t mask = ::umask(027);
  ASSERT_TRUE(write(file("new"), "new"));
  ::umask(mask);
  ASSERT_EQ(::stat(file("new").c_str(), &now), 0);
  EXPECT_EQ(now.st_mode & 07777U, 0640U);
}

TEST_F(Outputs, ASymbolicLinkStaysOne) {
  fs::create_directory(temp_.path() / "ci");
  temp_.write("ci/report", "former");
  fs::create_symlink("ci/report", temp_.path() / "latest");
  fs::create_symlink("ci/absent", temp_.path() / "dangling");
  ASSERT_TRUE(write(file("latest"), "new"));
  ASSERT_TRUE(write(file("dangling"), "made"));
  EXPECT_TRUE(fs::is_symlink(temp_.path() / "latest"));
  EXPECT_EQ(temp_.read("ci/report"), "new");
  EXPECT_EQ(temp_.read("ci/absent"), "made");
  EXPECT_EQ(entries(temp_.path() / "ci"), 2U);
}

TEST_F(Outputs, WhatCannotBeWrittenIsToldAtOnce) {
  for (const auto& [path, why] : {std::pair<std::string, const char*>{"/no/such/x", "No such file"},
                                  {"/", "Is a directory"},
                                  {temp_.write("file", "") + "/x", "Not a directory"}}) {
    const auto opened = Output::open("--junit", path);
    ASSERT_FALSE(opened) << path;
    EXPECT_THAT(opened.error().line(), HasSubstr("--junit: \"" + path + "\" cannot be written"));
    EXPECT_THAT(opened.error().line(), HasSubstr(why));
  }
}

TEST_F(Outputs, APipeIsWrittenDirectly) {
  ASSERT_EQ(::mkfifo(file("pipe").c_str(), 0600), 0);
  std::string got;
  std::thread reader([&] { got = testkit::read_file(file("pipe")); });
  EXPECT_TRUE(write(file("pipe"), "text"));
  reader.join();
  EXPECT_EQ(got, "text");
  EXPECT_TRUE(fs::is_fifo(temp_.path() / "pipe"));
  EXPECT_EQ(entries(temp_.path()), 1U);
}

// The test makes its own devices: a mistake must not replace those of the machine.
TEST_F(Outputs, ADeviceIsWrittenDirectly) {
  constexpr unsigned memory_devices = 1;
  for (const auto& [name, minor] : {std::pair{"null", 3U}, {"full", 7U}}) {
    if (::mknod(file(name).c_str(), S_IFCHR | 0600, makedev(memory_devices, minor)) != 0 ||
        ::access(file(name).c_str(), W_OK) != 0) {
      GTEST_SKIP() << "only root makes devices, where they are allowed";
    }
  }
  for (const auto& act : {&write, &replaced}) {
    EXPECT_TRUE(act(file("null"), "text"));
    const auto full = act(file("full"), "text");
    ASSERT_FALSE(full);
    EXPECT_THAT(full.error().line(), HasSubstr("No space left on device"));
  }
  EXPECT_TRUE(fs::is_character_file(file("null")));
  EXPECT_TRUE(fs::is_character_file(file("full")));
}

TEST_F(Outputs, AnOpenDescriptorIsWrittenWhereItStands) {
  const int fd = ::open(file("log").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_EQ(::write(fd, "before ", 7), 7);
  for (const char* folder : {"/dev/fd/", "/proc/self/fd/"}) {
    EXPECT_TRUE(write(folder + std::to_string(fd), "report "));
  }
  ASSERT_EQ(::write(fd, "after", 5), 5);
  ::close(fd);
  EXPECT_EQ(temp_.read("log"), "before report report after");
  const auto closed = Output::open("--json", "/dev/fd/987");
  ASSERT_FALSE(closed);
  EXPECT_THAT(closed.error().line(), HasSubstr("Bad file descriptor"));
}

/// What `act` leaves in a file that is its standard output, and whether it was satisfied.
std::pair<std::string, bool> with_stdout(const std::string& file,
                                         const std::function<bool()>& act) {
  const pid_t child = ::fork();
  if (child == 0) {
    const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ::dup2(fd, STDOUT_FILENO);
    ::_exit(act() ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return {file == "/dev/full" ? "" : testkit::read_file(file), status == 0};
}

TEST_F(Outputs, StandardOutputIsSharedWithWhatIsPrinted) {
  std::fflush(stdout);
  for (const std::string& name : {std::string("/dev/stdout"), file("out")}) {
    fs::remove(file("out"));
    const auto [text, good] = with_stdout(file("out"), [&] {
      std::printf("before ");
      const bool written = write(name, "report ").has_value();
      std::printf("after");
      return written && finish_standard_output("prog");
    });
    EXPECT_TRUE(good);
    EXPECT_EQ(text, "before report after") << name;
  }
}

TEST_F(Outputs, AFullStandardOutputIsTold) {
  std::fflush(stdout);
  for (const std::size_t size : {5U, 100'000U}) {
    EXPECT_FALSE(with_stdout("/dev/full", [&] {
                   std::fputs(std::string(size, 'x').c_str(), stdout);
                   return finish_standard_output("prog");
                 }).second);
  }
  EXPECT_TRUE(with_stdout(file("out"), [] {
                std::printf("x");
                return finish_standard_output("prog");
              }).second);
}

}  // namespace
}  // namespace files
