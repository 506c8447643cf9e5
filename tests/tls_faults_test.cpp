// Every TLS fault of the mock, as its users meet it: chosen by server name, switched without a
// restart, and named in one line by the client tools.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "programs.hpp"
#include "testkit/temp_folder.hpp"

namespace {

using programs::curl;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

struct Fault {
  const char* name;  ///< of the fault after "tls-", and of a lane
  const char* what;  ///< what the client tools say; a POSIX extended expression
  const char* hint;
};

constexpr Fault faults[] = {
    {"expired",
     "certificate .for localhost, expired.localhost, 127.0.0.1 and 1 more. expired on 20[0-9-]+ "
     "[0-9:]+ UTC",
     "renewed at the server (here it is 20"},
    {"not-yet-valid", "is not valid before 20[0-9-]+ [0-9:]+ UTC", "clock of this machine"},
    {"other-host", "its TLS certificate is for elsewhere.example, not for 127.0.0.1", "the URL"},
    {"self-signed", "is self-signed, and not trusted", "--ca-file"},
    {"unknown-authority", "is by 'unknown authority', which is not trusted", "--ca-file"},
    {"missing-intermediate", "is by 'local intermediate authority', whose certificate was neither",
     "intermediate certificates"},
    {"revoked", "was revoked, as the list in --ca-file says", "another certificate"},
    {"revoked-stapled", "was revoked", "another certificate"},
    {"staple-missing", "demands an OCSP answer with it \\(must-staple\\), and none", "stapling"},
    {"staple-expired", "is out of date: it was good until 20[0-9-]+ [0-9:]+ UTC", "stapling"},
    {"1-0-only", "speaks no version of TLS that is taken here \\(1.2 and 1.3\\)", "RFC 8996"},
    {"1-1-only", "speaks no version of TLS that is taken here \\(1.2 and 1.3\\)", "RFC 8996"},
    {"alert", "broke off the TLS handshake with the alert 'handshake failure'", "its log"},
    {"reset-after-client-hello", "reset within the TLS handshake, before any answer", "its log"},
    {"reset-after-server-hello", "reset within the TLS handshake, after the server's ServerHello",
     "its log"},
    {"reset-after-certificate", "reset within the TLS handshake, after the server's Certificate",
     "its log"},
    {"stall-after-client-hello", "the TLS handshake stalled before any answer", "is stuck"},
    {"stall-after-server-hello", "the TLS handshake stalled after the server's ServerHello",
     "is stuck"},
    {"stall-after-certificate", "the TLS handshake stalled after the server's Certificate",
     "is stuck"},
};

/// One server for all tests: each fault in a lane with a listener of its own, none in the main
/// lane.
class TlsFaults : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<testkit::TempFolder>();
    std::vector<std::string> arguments{
        "--profile",         "tus",       "--store",   "memory",
        "--tls-self-signed", path("tls"), "--control", "127.0.0.1:0"};
    for (const auto& fault : faults) {
      const auto file = path(std::string(fault.name) + ".json");
      std::ofstream(file) << fmt::format(R"({{"listen": "127.0.0.1:0", "faults": ["tls-{}"]}})",
                                         fault.name);
      arguments.insert(arguments.end(), {"--lane", fmt::format("{}={}", fault.name, file)});
    }
    mock_ = std::make_unique<programs::Mock>(arguments);
    std::ofstream(path("trusted.pem"))
        << testkit::read_file(path("tls/ca.pem")) << testkit::read_file(path("tls/crl.pem"));
  }
  static void TearDownTestSuite() {
    mock_.reset();
    folder_.reset();
  }

  static std::string path(const std::string& name) { return (folder_->path() / name).string(); }
  /// The rest of the line that begins with `word` in the server's output.
  static std::string said(const std::string& word) {
    const auto& out = mock_->process().out();
    const auto at = out.find(word + " ");
    if (at == std::string::npos) return {};
    const auto begin = at + word.size() + 1;
    return out.substr(begin, out.find('\n', begin) - begin);
  }
  static std::string port() { return mock_->url().substr(mock_->url().rfind(':') + 1); }
  static programs::CurlAnswer trusting(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--cacert", path("tls/ca.pem")});
    return curl(std::move(arguments));
  }
  /// Asks by a name that curl resolves to the server, whatever the machine's resolver says.
  static programs::CurlAnswer by_name(const std::string& name) {
    return trusting({"--request", "OPTIONS", "--resolve",
                     fmt::format("{}:{}:127.0.0.1", name, port()),
                     fmt::format("https://{}:{}/files", name, port())});
  }

  static programs::CurlAnswer by_address() {
    return trusting({"--request", "OPTIONS", mock_->url() + "/files"});
  }

  static std::unique_ptr<testkit::TempFolder> folder_;
  static std::unique_ptr<programs::Mock> mock_;
};
std::unique_ptr<testkit::TempFolder> TlsFaults::folder_;
std::unique_ptr<programs::Mock> TlsFaults::mock_;

using Runs = std::vector<std::unique_ptr<testkit::ChildProcess>>;

/// Runs the tool against each fault, with `more` arguments; all at once, because some of them wait.
Runs against_each(const std::string& tool, const std::vector<std::string>& trusted,
                  const std::vector<std::string>& more,
                  const std::function<std::string(const std::string&)>& url_of) {
  Runs runs;
  for (const auto& fault : faults) {
    std::vector<std::string> command{tool, "run", "--url", url_of(fault.name), "--system", "tus"};
    command.insert(command.end(), trusted.begin(), trusted.end());
    command.insert(command.end(), more.begin(), more.end());
    runs.push_back(std::make_unique<testkit::ChildProcess>(command));
  }
  return runs;
}

void expect_one_line_each(const Runs& runs) {
  for (std::size_t i = 0; i < std::size(faults); ++i) {
    const auto& fault = faults[i];
    EXPECT_EQ(runs[i]->wait().exit_code, 3) << fault.name;
    const auto& err = runs[i]->err();
    // Skip what the load generator prints about its progress.
    const auto line = err.find("dex-");
    ASSERT_NE(line, std::string::npos) << fault.name << err;
    EXPECT_EQ(err.find('\n', line), err.size() - 1) << fault.name << err;
    EXPECT_THAT(err, AllOf(ContainsRegex(fault.what), HasSubstr(fault.hint))) << fault.name;
  }
}

TEST_F(TlsFaults, AreToldInOneLineByTheClientTools) {
  const auto url_of = [](const std::string& fault) { return said("lane " + fault) + "/files"; };
  const std::vector<std::string> trusted{"--ca-file", path("trusted.pem")};
  const auto judged = against_each(DEX_CONFORMANCE, trusted, {"--run-timeout", "3"}, url_of);
  const auto loaded =
      against_each(DEX_LOADGEN, trusted, {"--uploads", "1", "--size", "1KiB"}, url_of);
  expect_one_line_each(judged);
  expect_one_line_each(loaded);
}

TEST_F(TlsFaults, TheGoodCertificateIsTakenWithTheListOfRevokedOnes) {
  const auto load = testkit::run(std::vector<std::string>{
      DEX_LOADGEN, "run", "--url", mock_->url() + "/files", "--system", "tus", "--ca-file",
      path("trusted.pem"), "--uploads", "2", "--size", "1KiB"});
  EXPECT_EQ(load.exit_code, 0) << load.out << load.err;
}

TEST_F(TlsFaults, AreAskedForByServerName) {
  EXPECT_EQ(by_name("localhost").status, 204);
  EXPECT_THAT(by_name("expired.localhost").body, HasSubstr("certificate has expired"));
  EXPECT_THAT(by_name("self-signed.localhost").body, HasSubstr("self-signed certificate"));
  EXPECT_THAT(by_name("alert.localhost").body, HasSubstr("alert handshake failure"));
  EXPECT_THAT(by_name("reset-after-server-hello.localhost").body, HasSubstr("reset by peer"));
  EXPECT_EQ(by_name("revoked.localhost").status, 204) << "curl looks at no list unasked";
}

TEST_F(TlsFaults, ComeAndGoWithoutARestart) {
  const auto rules = said("control") + "/_mock/rules";
  const auto post = [&](const std::string& rule) {
    return trusting({"--json", rule, rules}).status;
  };
  EXPECT_EQ(post(R"({"name": "one-name", "when": {"connection": {"server_name": "localhost"}},
                     "then": {"connection": {"certificate": "not-yet-valid"}}})"),
            201);
  EXPECT_THAT(by_name("localhost").body, HasSubstr("not yet valid"));
  EXPECT_EQ(by_address().status, 204) << "an address is no server name";
  EXPECT_EQ(post(R"({"name": "all", "then": {"connection": {"certificate": "expired"}}})"), 201);
  EXPECT_THAT(by_address().body, HasSubstr("certificate has expired"));
  EXPECT_THAT(by_name("localhost").body, HasSubstr("certificate has expired"))
      << "what is judged earlier wins";
  for (const auto* rule : {"one-name", "all"})
    EXPECT_EQ(trusting({"--request", "DELETE", rules + "/" + rule}).status, 204);
  EXPECT_EQ(by_name("localhost").status, 204);
  EXPECT_EQ(post(R"({"then": {"connection": {"certificate": "stale"}}})"), 400);
}

TEST_F(TlsFaults, WhatARuleCannotHaveIsSaidAtTheStart) {
  const auto first_line = [](std::vector<std::string> flags) {
    testkit::ChildProcess mock([&] {
      std::vector<std::string> command{DEX_MOCK_SERVER, "--listen", "127.0.0.1:0", "--store",
                                       "memory",        "--fault",  "tls-expired"};
      command.insert(command.end(), flags.begin(), flags.end());
      return command;
    }());
    mock.wait_ready();
    mock.signal(SIGTERM);
    mock.wait();
    return mock.err();
  };
  EXPECT_THAT(first_line({}),
              HasSubstr("'tls-expired' is about TLS handshakes, and there are none"));
  EXPECT_THAT(
      first_line({"--tls-cert", path("tls/server.pem"), "--tls-key", path("tls/server-key.pem")}),
      HasSubstr("'tls-expired' wants a bad certificate, and only --tls-self-signed"));
}

}  // namespace
