// The real program, as a user meets it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "cli/options.hpp"
#include "testkit/child_process.hpp"
#include "testkit/scripted_server.hpp"
#include "testkit/temp_folder.hpp"

namespace conformance {
namespace {

using testing::HasSubstr;
using testkit::ChildProcess;
using testkit::Finished;
using testkit::Peer;
using testkit::ScriptedServer;

Finished conformance_with(std::vector<std::string> arguments,
                          std::map<std::string, std::string> environment = {}) {
  arguments.insert(arguments.begin(), DEX_CONFORMANCE);
  return testkit::run(std::move(arguments), {std::move(environment), ""});
}

/// Exit code 2 or 3 with exactly one line that says `words`.
void expect_complaint(const std::vector<std::string>& arguments, int code, const std::string& words,
                      std::map<std::string, std::string> environment = {}) {
  const Finished f = conformance_with(arguments, std::move(environment));
  EXPECT_EQ(f.exit_code, code) << testing::PrintToString(arguments) << f.out << f.err;
  EXPECT_THAT(f.err, HasSubstr(words));
  EXPECT_EQ(std::count(f.err.begin(), f.err.end(), '\n'), 1) << f.err;
  EXPECT_TRUE(f.err.starts_with("dex-conformance: ")) << f.err;
}

TEST(CommandLine, BadValuesAreOneLineAndExitCode2) {
  const testkit::TempFolder folder;
  const std::string url = "http://127.0.0.1:1/files";
  const std::string not_json = folder.write("not.json", "{");
  const std::string bad_baseline = folder.write(
      "b.json",
      R"({"target":"t","deviations":[{"requirement":"X-001","expected":"fail","reason":"r"}]})");
  const struct {
    std::vector<std::string> arguments;
    std::string words;
  } table[] = {
      {{}, "subcommand is required"},
      {{"fly"}, "\"fly\" is not one of run, list, explain"},
      {{"run"}, "--url is required"},
      {{"run", "--url"}, "--url"},
      {{"run", "--url", "files"}, "--url: \"files\" is not an absolute URL"},
      {{"run", "--url", "ftp://h/files"},
       "--url: \"ftp://h/files\": the scheme must be http or https"},
      {{"run", "--url", "http://u:p@h/files"}, "--url: credentials do not belong into a URL"},
      {{"run", "--url", url, "--no-such-flag"}, "--no-such-flag"},
      {{"run", "--url", url, "--system", "ftp"}, "--system: \"ftp\" is not one of tus, dex"},
      {{"run", "--url", url, "--contract", "x"}, "--contract: \"x\""},
      {{"run", "--url", url, "--level", "MUST NOT"}, "--level: \"MUST NOT\""},
      {{"run", "--url", url, "--jobs", "0"}, "--jobs: \"0\" is not a whole number from 1 to 64"},
      {{"run", "--url", url, "--jobs", "4x"}, "--jobs"},
      {{"run", "--url", url, "--seed", "-1"}, "--seed"},
      {{"run", "--url", url, "--case-timeout", "0"}, "--case-timeout"},
      {{"run", "--url", url, "--case-timeout", "soon"},
       "--case-timeout: \"soon\" is not a duration"},
      {{"run", "--url", url, "--run-timeout", "nan"}, "--run-timeout"},
      {{"run", "--url", url, "--patience", "1e99"}, "--patience"},
      {{"run", "--url", url, "--select", "NOPE-*"}, "--select: \"NOPE-*\" names no requirement"},
      {{"run", "--url", url, "--require", "sums"}, "--require: \"sums\" is not one of"},
      {{"run", "--url", url, "--header", "no colon"},
       "--header: \"no colon\" is not 'Name: value'"},
      {{"run", "--url", url, "--proxy", "x"}, "--proxy"},
      {{"run", "--url", url, "--ca-file", "/no/such.pem"},
       "--ca-file: \"/no/such.pem\" cannot be read"},
      {{"run", "--url", url, "--client-cert", not_json}, "--client-cert"},
      {{"run", "--url", url, "--baseline", "/no/such.json"}, "/no/such.json: cannot be read"},
      {{"run", "--url", url, "--baseline", not_json}, "not JSON"},
      {{"run", "--url", url, "--baseline", bad_baseline}, "deviations[0].requirement"},
      {{"run", "--url", url, "--manifest", not_json}, "--manifest: is for --system dex only"},
      {{"run", "--url", url, "--system", "dex", "--manifest", not_json}, "not JSON"},
      {{"run", "--url", url, "--username-env", "A"},
       "--username-env: goes together with --password-env"},
      {{"run", "--url", url, "--token-env", "DEX_TEST_UNSET"},
       "--token-env: the environment variable \"DEX_TEST_UNSET\" is not set"},
      {{"run", "--url", url, "--token-env", ""}, "--token-env: has an empty value"},
      {{"run", "--url", url, "--baseline", ""}, "--baseline: has an empty value"},
      {{"list", "--system", ""}, "--system: has an empty value"},
      {{"run", "--url", url, "--token-env", "A", "--username-env", "B", "--password-env", "C"},
       "--token-env: excludes"},
      {{"run", "--url", url, "--junit", "/no/such/x.xml"},
       "--junit: \"/no/such/x.xml\" cannot be written"},
      {{"run", "--url", url, "--json", "/"}, "--json"},
      {{"run", "--url", url, "--evidence", not_json}, "--evidence"},
      {{"run", "--url", url, "--delivered-dir", not_json}, "--delivered-dir"},
      {{"list", "--system", "x"}, "--system"},
      {{"list", "--select", "NOPE"}, "--select"},
      {{"list", "--system", "tus", "--select", "dex"}, "nothing is selected"},
      {{"explain"}, "ID is required"},
      {{"explain", "TUS-NOPE-001"}, "\"TUS-NOPE-001\" is not in the catalogue"},
  };
  for (const auto& row : table) expect_complaint(row.arguments, 2, row.words);
}

TEST(CommandLine, HelpHasExamplesAndExitCodes) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--help"}, {"run", "--help"}}) {
    const Finished f = conformance_with(arguments);
    EXPECT_EQ(f.exit_code, 0);
    EXPECT_THAT(f.out, HasSubstr("dex-conformance run --url http://127.0.0.1:8080/files"));
    EXPECT_THAT(f.out, HasSubstr("Exit codes:"));
  }
  EXPECT_THAT(conformance_with({"--version"}).out,
              testing::MatchesRegex("dex-conformance [0-9.]+\n"));
}

TEST(CommandLine, ListAndExplain) {
  const Finished list = conformance_with({"list", "--select", "core-version"});
  EXPECT_EQ(list.exit_code, 0);
  EXPECT_EQ(std::count(list.out.begin(), list.out.end(), '\n'), 7);
  const Finished explain = conformance_with({"explain", "tus-meta-002"});
  EXPECT_EQ(explain.exit_code, 0);
  for (const char* part :
       {"TUS-META-002  [MUST", "Creation/POST", "tusd", "@tus/server", "Not judged for"}) {
    EXPECT_THAT(explain.out, HasSubstr(part));
  }
}

TEST(CommandLine, DurationsAreSecondsOrCarryTheirUnit) {
  for (const auto& [text, expected] :
       {std::pair{"30", 30000}, {"0.5", 500}, {"250ms", 250}, {"2m", 120000}}) {
    const auto command =
        parse_command_line({"run", "--url", "http://h/files", "--case-timeout", text});
    ASSERT_TRUE(command);
    EXPECT_EQ(std::get<RunCommand>(*command).case_timeout, Milliseconds{expected});
  }
}

TEST(Unreachable, EachCauseInItsOwnWordsAndExitCode3) {
  std::uint16_t port = 0;
  {
    ScriptedServer gone([](Peer&) {});
    port = gone.port();
  }
  expect_complaint({"run", "--url", "http://127.0.0.1:" + std::to_string(port)}, 3,
                   "connection refused");
  expect_complaint({"run", "--url", "http://no-such-host.invalid/files"}, 3, "cannot be resolved");
  const testkit::TempFolder folder;
  for (const bool expired : {false, true}) {
    const auto certificate = testkit::self_signed(expired);
    ScriptedServer tls({testkit::answer("HTTP/1.1 204 \r\n\r\n")}, certificate);
    std::vector<std::string> arguments{"run", "--url", tls.url("/files")};
    if (expired) {
      arguments.insert(arguments.end(),
                       {"--ca-file", folder.write("ca.pem", certificate.cert_pem)});
    }
    expect_complaint(arguments, 3,
                     expired ? "certificate has expired" : "certificate is not trusted");
  }
  ScriptedServer not_http(testkit::answer("220 hello\r\n"));
  expect_complaint({"run", "--url", not_http.url("/files")}, 3, "not HTTP");
  ScriptedServer reset([](Peer& peer) {
    peer.read_request();
    peer.reset();
  });
  expect_complaint({"run", "--url", reset.url("/files")}, 3, "reset");
}

/// Answers OPTIONS correctly and everything else with 405, closing each connection.
ScriptedServer::Script only_options() {
  return [](Peer& peer) {
    const std::string request = peer.read_request();
    peer.send(request.starts_with("OPTIONS")
                  ? "HTTP/1.1 204 No Content\r\nConnection: close\r\nTus-Resumable: "
                    "1.0.0\r\nTus-Version: 1.0.0\r\nTus-Extension: creation\r\n\r\n"
                  : "HTTP/1.1 405 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  };
}

TEST(Run, ConformantNotConformantAndNothingJudged) {
  ScriptedServer server(only_options());
  const std::string url = server.url("/files");
  Finished f =
      conformance_with({"run", "--url", url, "--select", "TUS-CORE-OPT-002", "--jobs", "1"});
  EXPECT_EQ(f.exit_code, 0) << f.out << f.err;
  EXPECT_THAT(f.out, testing::EndsWith("\nCONFORMANT\n"));
  f = conformance_with({"run", "--url", url, "--select", "TUS-CORE-HEAD-001", "--jobs", "1"});
  EXPECT_EQ(f.exit_code, 1) << f.out << f.err;
  EXPECT_THAT(f.out, HasSubstr("rerun:     dex-conformance run --url " + url +
                               " --jobs 1 --select TUS-CORE-HEAD-001"));
  f = conformance_with({"run", "--url", url, "--select", "TUS-TERM-002"});
  EXPECT_EQ(f.exit_code, 2) << f.out << f.err;
  f = conformance_with(
      {"run", "--url", url, "--select", "TUS-CORE-OPT-002", "--require", "checksum"});
  EXPECT_EQ(f.exit_code, 1) << f.out << f.err;
}

TEST(Run, GoogleTestVariablesCannotMakeItEmptyAndGreen) {
  ScriptedServer server(only_options());
  const testkit::TempFolder folder;
  const std::string stray = (folder.path() / "gtest.xml").string();
  const Finished f = conformance_with(
      {"run", "--url", server.url("/files"), "--select", "TUS-CORE-HEAD-001", "--jobs", "1"},
      {{"GTEST_FILTER", "nothing"},
       {"GTEST_TOTAL_SHARDS", "2"},
       {"GTEST_SHARD_INDEX", "1"},
       {"GTEST_OUTPUT", "xml:" + stray},
       {"GTEST_LIST_TESTS", "1"},
       {"GTEST_REPEAT", "0"},
       {"TESTBRIDGE_TEST_ONLY", "nothing"},
       {"GTEST_COLOR", "yes"}});
  EXPECT_EQ(f.exit_code, 1) << f.out << f.err;
  EXPECT_THAT(f.out, HasSubstr("1 blocked"));
  EXPECT_FALSE(std::filesystem::exists(stray));
}

TEST(Run, AnInterruptionLeavesAPartialReportAndExitCode4) {
  std::atomic<int> served{0};
  ScriptedServer server([&](Peer& peer) {
    // OPTIONS and the creation of discovery are answered, the first check is not.
    if (++served <= 2) return only_options()(peer);
    peer.stall();
  });
  const testkit::TempFolder folder;
  const std::string json = (folder.path() / "r.json").string();
  ChildProcess child({DEX_CONFORMANCE, "run", "--url", server.url("/files"), "--select",
                      "core-options", "--jobs", "1", "--json", json});
  while (server.connections() < 3) ASSERT_TRUE(child.running()) << child.out() << child.err();
  child.signal(SIGINT);
  const auto ended = child.wait();
  EXPECT_EQ(ended.exit_code, 4) << child.out() << child.err();
  EXPECT_THAT(child.out(), HasSubstr("INTERRUPTED"));
  const auto report = nlohmann::json::parse(testkit::read_file(json));
  EXPECT_EQ(report.at("interrupted"), true);
  EXPECT_EQ(report.at("exit_code"), 4);
}

TEST(Run, SecretsAppearNowhere) {
  ScriptedServer server(only_options());
  const testkit::TempFolder folder;
  const Finished f = conformance_with(
      {"run", "--url", server.url("/files"), "--select", "core-options", "--jobs", "1",
       "--token-env", "TOKEN", "--header", "X-API-Key: KEYSECRET", "--json",
       (folder.path() / "r.json").string(), "--junit", (folder.path() / "r.xml").string(),
       "--evidence", (folder.path() / "e").string()},
      {{"TOKEN", "TOKENSECRET"}});
  EXPECT_THAT(f.out + f.err, testing::Not(HasSubstr("TOKENSECRET")));
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
    if (!entry.is_regular_file()) continue;
    ++files;
    const std::string text = testkit::read_file(entry.path());
    EXPECT_THAT(text, testing::Not(HasSubstr("SECRET"))) << entry.path();
  }
  EXPECT_GT(files, 2U);
}

}  // namespace
}  // namespace conformance
