// Runs of the real program as each kind of client, against the real mock server: every byte has to
// be there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "testkit/child_process.hpp"
#include "testkit/temp_folder.hpp"

namespace {

struct Kind {
  std::string name;
  std::string system;
  std::vector<std::string> flags;
  std::string network = "flaky";
};

void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

class ClientKind : public testing::TestWithParam<Kind> {
 protected:
  testkit::TempFolder folder_;
};

TEST_P(ClientKind, BringsEveryByteThroughANetworkThatBreaks) {
  const auto& [name, system, flags, network] = GetParam();
  const std::vector<std::string> server{
      DEX_MOCK,    "--listen", "127.0.0.1:0", "--store", (folder_.path() / "store").string(),
      "--profile", system};
  testkit::ChildProcess mock(server);
  std::vector<std::string> command{DEX_LOADGEN, "run", "--url", mock.wait_ready() + "/files"};
  command.insert(command.end(), {"--system", system, "--uploads", "20", "--concurrency", "5"});
  command.insert(command.end(), {"--size", "uniform:1KiB-300KiB", "--chunk", "64KiB"});
  // Some give up at the first failure, unless their user asks for retries.
  command.insert(command.end(), {"--retry-delays", "0s,5ms,10ms,20ms,100ms,500ms"});
  command.insert(command.end(), {"--network", network, "--seed", "3", "--verify", "digest"});
  command.insert(command.end(), flags.begin(), flags.end());
  const auto run = testkit::run(command);
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_THAT(run.out, testing::HasSubstr("good: 20 verified, 0 lost"));
  EXPECT_EQ(run.out.find("cuts       0 ") == std::string::npos, network == "flaky");
}

INSTANTIATE_TEST_SUITE_P(
    All, ClientKind,
    testing::Values(Kind{"tus_js_client", "tus", {"--client", "tus-js-client"}},
                    Kind{"uppy", "tus", {"--client", "uppy"}},
                    Kind{"tuspy", "tus", {"--client", "tuspy", "--checksum", "sha1"}},
                    // It cannot go on after a cut in its last PATCH.
                    Kind{"page", "dex", {"--client", "dex-page"}, "perfect"},
                    Kind{"load_tool", "dex", {"--client", "dex-load-tool"}},
                    Kind{"with_creation", "dex", {"--creation-with-upload"}},
                    Kind{"length_last", "tus", {"--upload-length", "last"}},
                    Kind{"parts", "tus", {"--parts", "4", "--creation-with-upload"}},
                    Kind{"parts_to_dex", "dex", {"--parts", "3"}},
                    Kind{"chunked", "tus", {"--chunked"}},
                    Kind{"two_writers", "dex", {"--two-writers"}}),
    [](const auto& kind) { return kind.param.name; });

// A setting of one system is refused where another does not know it.
TEST(ClientKinds, AreOfTus) {
  const auto run = testkit::run({DEX_LOADGEN, "run", "--url", "http://127.0.0.1:1/files",
                                 "--system", "onecodex", "--client", "uppy"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, testing::HasSubstr("--client: is for --system dex, tus only"));
}

}  // namespace
