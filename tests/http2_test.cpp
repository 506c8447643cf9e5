// dex-conformance --http 2 against the mock behind Debian's nginx-light, which speaks HTTP/2.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "nginx.hpp"
#include "programs.hpp"
#include "testkit/temp_folder.hpp"

namespace {

using programs::Conformance;
using programs::Mock;
using programs::Nginx;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Speaks HTTP/2 to clients and HTTP/1.1 to the server. With TLS clients may also choose HTTP/1.1;
/// without TLS there is only HTTP/2.
class Gateway {
 public:
  Gateway(const Mock& mock, bool tls)
      : nginx_(mock.url().substr(mock.url().find("://") + 3),
               tls ? Nginx::Speaks::http2_over_tls : Nginx::Speaks::http2,
               fmt::format("proxy_http_version 1.1; proxy_request_buffering off;"
                           " proxy_buffer_size 64k; proxy_buffers 8 64k;"
                           " keepalive_requests 100000; proxy_redirect http:// {}://;",
                           tls ? "https" : "http")) {}
  [[nodiscard]] Conformance judge(std::vector<std::string> arguments) const {
    if (!nginx_.ca_file().empty()) {
      arguments.insert(arguments.end(), {"--ca-file", nginx_.ca_file()});
    }
    return programs::judge(nginx_.url() + "/files", std::move(arguments));
  }

 private:
  Nginx nginx_;
};

std::set<std::string> red(const Conformance& run) {
  std::set<std::string> rows;
  for (const auto& [id, result] : run.results) {
    if (result.at("red") || result.at("verdict") == "warn") rows.insert(id);
  }
  return rows;
}

std::string skip_reason(const Conformance& run, const char* id) {
  const auto& result = run.results.at(id);
  EXPECT_EQ(result.at("verdict"), "skip") << id << " " << result;
  return result.value("got", "");
}

/// Rows that may be red whatever version of HTTP is spoken. nginx drops trailers and 104, refuses a
/// length beside chunks, and may or may not pass on what a client sent before it broke off. Some
/// are what DEX itself does.
const std::set<std::string> not_of_http2{
    "TUS-CORE-OPT-011", "TUS-CORE-PATCH-021", "TUS-CTRL-001", "TUS-CTRL-002", "TUS-CTRL-003",
    "IETF-006",         "IETF-015",           "IETF-018",     "DEX-CLI-008",  "DEX-SEC-004"};

class Http2 : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!Nginx::is_installed()) GTEST_SKIP() << "nginx (Debian: nginx-light) is not installed";
  }
};

TEST_P(Http2, ByAlpnTurnsNoRowRed) {
  const std::string system = GetParam();
  Mock mock({"--profile", system, "--store", "memory"});
  const Gateway gateway(mock, true);
  // For DEX only its own rows: the rows of tus are judged with the system tus.
  const auto two = gateway.judge({"--system", system, "--http", "2", "--select", system, "--select",
                                  "http", "--select", "core-h*"});
  ASSERT_GT(two.results.size(), 100U) << two.err;
  auto because_of_http2 = red(two);
  for (const auto& row : not_of_http2) because_of_http2.erase(row);
  EXPECT_THAT(because_of_http2, IsEmpty()) << two.out;

  const auto& spoken = two.report.at("http").at("spoken");
  EXPECT_EQ(two.report.at("http").at("asked"), "2");
  EXPECT_GT(spoken.at("HTTP/2"), 200) << spoken;
  EXPECT_GT(spoken.at("raw HTTP/1.1"), 20) << spoken;
  EXPECT_FALSE(spoken.contains("HTTP/1.1")) << spoken;
  EXPECT_THAT(skip_reason(two, "TUS-CORE-HDR-010"), HasSubstr("HTTP/2 has no capital letters"));
  EXPECT_EQ(two.results.at("TUS-CORE-HEAD-001").at("http"), nlohmann::json::array({"HTTP/2"}));
  EXPECT_EQ(two.results.at("HTTP-010").at("http"),
            nlohmann::json::array({"HTTP/2", "raw HTTP/1.1"}));
  EXPECT_THAT(two.out, HasSubstr("remark: judged in HTTP/2, but for what needs a raw connection"));
  EXPECT_THAT(two.out, HasSubstr("HTTP/2 asked for; "));
}

TEST_P(Http2, IsNotSpokenUnlessItIsAskedFor) {
  Mock mock({"--profile", GetParam(), "--store", "memory"});
  const Gateway gateway(mock, true);
  const auto one = gateway.judge({"--system", GetParam(), "--select", "core-head"});
  EXPECT_EQ(one.exit_code, 0) << one.out << one.err;
  EXPECT_EQ(one.report.at("http").at("asked"), "1");
  EXPECT_TRUE(one.report.at("http").at("spoken").contains("HTTP/1.1"));
  EXPECT_FALSE(one.report.at("http").at("spoken").contains("HTTP/2"));
}

INSTANTIATE_TEST_SUITE_P(Systems, Http2, testing::Values("tus", "dex"));

using Http2AtOnce = Http2;

TEST_P(Http2AtOnce, IsPriorKnowledgeAndSkipsWhatIsRaw) {
  Mock mock({"--profile", "tus", "--store", "memory"});
  const Gateway gateway(mock, false);
  const testkit::TempFolder folder;
  const auto evidence = (folder.path() / "evidence").string();
  const auto junit = (folder.path() / "junit.xml").string();
  const auto run = gateway.judge({"--http", "2", "--evidence", evidence, "--junit", junit});
  EXPECT_THAT(red(run), IsEmpty()) << run.out << run.err;
  EXPECT_EQ(run.report.at("http").at("spoken").size(), 1U) << run.report.at("http");
  EXPECT_GT(run.report.at("http").at("spoken").at("HTTP/2"), 1000);
  EXPECT_THAT(skip_reason(run, "HTTP-010"), HasSubstr("a raw connection is HTTP/1.1"));
  EXPECT_THAT(testkit::read_file(folder.path() / "evidence/TUS-CORE-HEAD-001.txt"),
              testing::AllOf(HasSubstr("\n# in: HTTP/2\n"), HasSubstr("\n< HTTP/2 20")));
  EXPECT_THAT(testkit::read_file(junit),
              testing::AllOf(HasSubstr("name=\"http\" value=\"HTTP/2 asked for; "),
                             HasSubstr("name=\"http\" value=\"HTTP/2\"")));
}

INSTANTIATE_TEST_SUITE_P(OfTus, Http2AtOnce, testing::Values("tus"));

TEST(Http2Refused, WhoSpeaksNoneIsNotJudgedInIt) {
  Mock mock({"--profile", "tus", "--store", "memory"});
  const auto at_once = programs::judge(mock.creation_url(), {"--http", "2"});
  EXPECT_EQ(at_once.exit_code, 3);
  EXPECT_THAT(at_once.err, HasSubstr("it is asked in HTTP/2 (--http)"));
  EXPECT_TRUE(at_once.results.empty());

  const testkit::TempFolder folder;
  Mock tls({"--profile", "tus", "--store", "memory", "--tls-self-signed", folder.path().string()});
  const auto chosen = programs::judge(
      tls.creation_url(), {"--http", "2", "--ca-file", (folder.path() / "ca.pem").string()});
  EXPECT_EQ(chosen.exit_code, 3);
  EXPECT_THAT(chosen.err, HasSubstr("answers in HTTP/1.1 (--http 1 judges it in HTTP/1.1)"));
}

}  // namespace
