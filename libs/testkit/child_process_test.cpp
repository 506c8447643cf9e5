#include "testkit/child_process.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <stdexcept>

namespace testkit {
namespace {

using std::chrono::milliseconds;

TEST(ChildProcess, TellsOutputAndExitCode) {
  const Finished f = run({"sh", "-c", "echo out; echo err >&2; cat; exit 3"}, {{}, "input"});
  EXPECT_EQ(f.exit_code, 3);
  EXPECT_EQ(f.out, "out\ninput");
  EXPECT_EQ(f.err, "err\n");
}

TEST(ChildProcess, WaitsForReadyAndCanBeKilled) {
  ChildProcess child(
      {"sh", "-c", "echo starting; echo ready http://127.0.0.1:1; exec cat /dev/zero >/dev/null"});
  EXPECT_EQ(child.wait_ready(), "http://127.0.0.1:1");
  EXPECT_TRUE(child.running());
  child.kill();
  EXPECT_FALSE(child.running());
  EXPECT_EQ(child.wait().signal, SIGKILL);
}

TEST(ChildProcess, EnvironmentIsAddedAndRemoved) {
  const Finished f =
      run({"sh", "-c", "echo \"$DEX_A-${HOME-none}\""}, {{{"DEX_A", "x"}, {"HOME", ""}}, ""});
  EXPECT_EQ(f.out, "x-none\n");
}

TEST(ChildProcess, TheAddressSpaceCanBeLimited) {
  ChildProcess::Options options;
  options.address_space = std::uint64_t{1'500'000} * 1024;
  EXPECT_EQ(run({"sh", "-c", "ulimit -v"}, options).out, "1500000\n");
}

TEST(ChildProcess, AProgramThatIsNotThereThrows) {
  EXPECT_THROW(ChildProcess({"/no/such/program"}), std::system_error);
}

TEST(ChildProcess, AnEarlyEndIsToldWithItsOutput) {
  ChildProcess child({"sh", "-c", "echo broken; exit 1"});
  try {
    child.wait_ready();
    FAIL() << "expected an exception";
  } catch (const std::runtime_error& e) {
    EXPECT_NE(std::string(e.what()).find("broken"), std::string::npos);
  }
}

TEST(ChildProcess, ATimeoutThrows) {
  ChildProcess child({"sh", "-c", "exec sleep 100"});
  EXPECT_THROW(child.wait_ready(milliseconds{20}), std::runtime_error);
  EXPECT_THROW(child.wait(milliseconds{20}), std::runtime_error);
}

}  // namespace
}  // namespace testkit
