// cmake --install into an empty folder, and the programs as they run from there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "testkit/child_process.hpp"
#include "testkit/temp_folder.hpp"

namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* programs[] = {"dex-conformance", "dex-loadgen", "dex-mock-server"};
const fs::path data = fs::path(DEX_DATADIR) / "dex-upload-harness";
const fs::path documents = fs::path(DEX_DATADIR) / "doc" / "dex-upload-harness";

void install(std::vector<std::string> arguments, testkit::ChildProcess::Options options = {}) {
  arguments.insert(arguments.begin(), {DEX_CMAKE, "--install", DEX_BUILD});
  const auto done = testkit::run(std::move(arguments), std::move(options));
  ASSERT_EQ(done.exit_code, 0) << done.out << done.err;
}

std::set<std::string> files_below(const fs::path& folder) {
  std::set<std::string> names;
  if (!fs::exists(folder)) return names;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) names.insert(fs::relative(entry.path(), folder).string());
  }
  return names;
}

std::string content(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The harness installed in a folder of its own, stripped of debugging information.
class Installed : public ::testing::Test {
 protected:
  void SetUp() override { install({"--strip", "--prefix", prefix().string()}); }
  [[nodiscard]] fs::path prefix() const { return folder_.path() / "prefix"; }
  [[nodiscard]] std::string fixture(const std::string& name) const {
    return (prefix() / data / "fixtures" / name).string();
  }
  [[nodiscard]] std::string program(const std::string& name) const {
    return (prefix() / DEX_BINDIR / name).string();
  }
  /// Runs an installed program, which must exit with 0; returns what it prints.
  std::string printed(std::vector<std::string> command) const {
    command.front() = program(command.front());
    const auto done = testkit::run(command);
    EXPECT_EQ(done.exit_code, 0) << command[0] << " " << command[1] << ": " << done.out << done.err;
    return done.out;
  }
  [[nodiscard]] std::string scratch(const std::string& name) const {
    return (folder_.path() / name).string();
  }

 private:
  testkit::TempFolder folder_;
};

TEST_F(Installed, ThreeProgramsTheFixturesAndTheDocumentsAndNothingElse) {
  EXPECT_THAT(files_below(prefix() / DEX_BINDIR),
              ElementsAre(programs[0], programs[1], programs[2]));
  EXPECT_EQ(files_below(prefix() / data), [] {
    std::set<std::string> all;
    for (const auto& name : files_below(fs::path(DEX_SOURCE) / "fixtures")) {
      all.insert("fixtures/" + name);
    }
    return all;
  }());
  EXPECT_TRUE(fs::exists(fixture("misbehaviours/rule.schema.json")));
  for (const char* document : {"LICENSE", "README.md", "CHANGELOG.md", "docs/architecture.md"}) {
    EXPECT_TRUE(fs::exists(prefix() / documents / document)) << document;
  }
  for (const auto& name : files_below(prefix())) {
    EXPECT_TRUE(name.starts_with(DEX_BINDIR "/") || name.starts_with(data.string() + "/") ||
                name.starts_with(documents.string() + "/"))
        << name;
  }
}

TEST_F(Installed, NoProgramKnowsWhereItWasMade) {
  for (const char* name : programs) {
    const auto bytes = content(program(name));
    EXPECT_GT(bytes.size(), 100'000U);
    EXPECT_EQ(bytes.find(DEX_SOURCE "/"), std::string::npos) << name;
    EXPECT_EQ(bytes.find(DEX_BUILD "/"), std::string::npos) << name;
    EXPECT_EQ(printed({name, "--version"}), name + std::string(" " DEX_PROJECT_VERSION "\n"));
  }
}

TEST_F(Installed, WhatIsBuiltInIsThere) {
  EXPECT_THAT(printed({"dex-mock-server", "--profile", "list"}), HasSubstr("tusd-2.10"));
  EXPECT_THAT(printed({"dex-mock-server", "--defect", "list"}), HasSubstr("version-400"));
  EXPECT_THAT(printed({"dex-mock-server", "--fault", "list"}), HasSubstr("lost-ack"));
  EXPECT_THAT(printed({"dex-conformance", "list"}), HasSubstr("TUS-CORE-VER-003"));
  EXPECT_THAT(printed({"dex-conformance", "explain", "TUS-CORE-VER-003"}),
              HasSubstr("version-400"));
  EXPECT_THAT(printed({"dex-loadgen", "networks"}), HasSubstr("flaky"));
}

TEST_F(Installed, TheProgramsWorkTogetherWithTheInstalledFixtures) {
  testkit::ChildProcess mock({program("dex-mock-server"), "--listen", "127.0.0.1:0", "--store",
                              scratch("store"), "--upload-configs", fixture("upload-configs"),
                              "--rules", fixture("misbehaviours/faults/lost-ack.json")});
  const auto url = mock.wait_ready() + "/files";
  EXPECT_THAT(printed({"dex-conformance", "run", "--url", url, "--system", "dex", "--select",
                       "core-version"}),
              HasSubstr(" 0 fail"));
  EXPECT_THAT(printed({"dex-loadgen", "run", "--url", url, "--system", "dex", "--uploads", "5",
                       "--size", "2MiB", "--network", fixture("networks/flaky.json")}),
              HasSubstr("good: 5 verified, 0 lost"));
  mock.signal(SIGTERM);
  EXPECT_EQ(mock.wait().exit_code, 0) << mock.err();
}

TEST(Install, RespectsDestdirAndComponents) {
  const testkit::TempFolder folder;
  testkit::ChildProcess::Options staged;
  staged.environment = {{"DESTDIR", folder.path().string()}};
  install({"--strip", "--prefix", "/opt/dex", "--component", "programs"}, staged);
  EXPECT_THAT(files_below(folder.path() / "opt/dex" / DEX_BINDIR),
              ElementsAre(programs[0], programs[1], programs[2]));
  EXPECT_THAT(files_below(folder.path() / "opt/dex" / DEX_DATADIR), IsEmpty());
}

}  // namespace
