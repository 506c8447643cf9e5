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

/// Limits the address space, for runs that must not grow; sanitizers need more than that.
const std::string limit =
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    "";
#else
    "ulimit -v 1000000; ";
#endif

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
      {{"fly"}, "\"fly\" is not one of run, plan, list, explain, diff"},
      {{"lst"}, "the nearest is list"},
      {{"run"}, "--url is required"},
      {{"run", "--url"}, "--url"},
      {{"run", "--url", "files"}, "--url: \"files\" is not an absolute URL"},
      {{"run", "--url", "ftp://h/files"},
       "--url: \"ftp://h/files\": the scheme must be http or https"},
      {{"run", "--url", "http://u:p@h/files"}, "--url: credentials do not belong into a URL"},
      {{"run", "--url", url, "--no-such-flag"}, "--no-such-flag"},
      {{"run", "--url", url, "--slect", "x"},
       "there is no flag \"--slect\" (the nearest are --select, "},
      {{"run", "--url", url, "--case-timeout", "soon", "--slect", "x"}, "\"--slect\""},
      {{"run", "--url", url, "--system", "ftp"}, "--system: \"ftp\" is not one of tus, dex"},
      {{"run", "--url", url, "--system", "dx"}, "the nearest is dex"},
      {{"run", "--url", url, "--contract", "x"}, "--contract: \"x\""},
      {{"run", "--url", url, "--contract", "guid"},
       "--contract: \"guid\" is not one of server, guide (the nearest is guide)"},
      {{"run", "--url", url, "--info-url", "x"}, "--info-url"},
      {{"run", "--url", url, "--health-url", "http://u:p@h/"},
       "--health-url: credentials do not belong into a URL"},
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
      {{"run", "--url", url, "--require", "checksums"}, "the nearest is checksum"},
      {{"run", "--url", url, "--select", "core-optoins"}, "the nearest are core-options, "},
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
      {{"explain", "tus-core-haed-004"}, "the nearest are TUS-CORE-HEAD-004, "},
      {{"explain", "patch-abve-the-offset-is-409"},
       "the nearest are patch-above-the-offset-is-409, "},
      {{"explain", ""}, "ID: has an empty value"},
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
  EXPECT_THAT(list.out, HasSubstr("TUS-CORE-VER-003         MUST        unknown-version-is-412  "));
  const Finished explain = conformance_with({"explain", "tus-meta-002"});
  EXPECT_EQ(explain.exit_code, 0);
  for (const char* part :
       {"TUS-META-002 metadata-comes-back-byte-for-byte  [SHOULD", "Creation/POST",
        "\nArguable:  ", "tusd", "@tus/server", "Not judged for"}) {
    EXPECT_THAT(explain.out, HasSubstr(part));
  }
  EXPECT_EQ(conformance_with({"explain", "Metadata-comes-back-byte-for-byte"}).out, explain.out);
}

TEST(CommandLine, HelpSaysWhichSystemAFlagIsFor) {
  const Finished f = conformance_with({"run", "--jobs", "none", "--help"});
  EXPECT_EQ(f.exit_code, 0);
  const auto heading = f.out.find("With --system dex:");
  ASSERT_NE(heading, std::string::npos) << f.out;
  const auto end = f.out.find("What is judged:");
  for (const char* const flag : {"--info-url", "--health-url", "--manifest"}) {
    const auto at = f.out.find(flag);
    EXPECT_TRUE(heading < at && at < end) << flag << f.out;
  }
  const auto of_several = f.out.find("With --system dex, openhumans, onecodex:");
  ASSERT_NE(of_several, std::string::npos) << f.out;
  const auto contract = f.out.find("--contract");
  EXPECT_TRUE(of_several < contract && contract < heading) << f.out;
  EXPECT_LT(f.out.find("--delivered-dir"), heading) << "plain tus servers deliver too";
}

TEST(CommandLine, FlagsOfASystemAreKeptForIt) {
  const auto command = parse_command_line(
      {"run", "--url", "http://h/files", "--contract", "guide", "--info-url=http://h/i"},
      systems());
  ASSERT_TRUE(command) << command.error().line();
  // As in 0.1.0: a system that does not have these settings ignores them.
  const auto& run = std::get<RunCommand>(*command);
  EXPECT_EQ(run.system->name, "tus");
  EXPECT_EQ(run.own,
            (settings::OwnSettings{{"contract", {"guide"}}, {"info-url", {"http://h/i"}}}));
}

TEST(CommandLine, TwoSystemsMeanTheSameByAFlag) {
  std::map<std::string, std::string> helps;
  for (const System* system : systems()) {
    for (const OwnSetting& own : system->settings) {
      EXPECT_EQ(helps.emplace(own.name, own.help).first->second, own.help) << own.name;
    }
  }
}

TEST(RerunLine, LeavesOutWhatSelectsAndReportsAndHidesSecrets) {
  const std::vector<std::string> given{"run",
                                       "--url=http://h/files?sig=SECRETSIG",
                                       "--info-url",
                                       "http://h/i?k=SECRETKEY1",
                                       "--health-url",
                                       "http://h/health",
                                       "--strict",
                                       "--select",
                                       "tus",
                                       "--level=must",
                                       "--junit",
                                       "x.xml",
                                       "--json",
                                       "x.json",
                                       "--evidence",
                                       "e",
                                       "--baseline",
                                       "b.json",
                                       "--header",
                                       "X-Key: SECRETKEY2",
                                       "--jobs=2",
                                       "--trust-origin",
                                       "http://o?t=SECRETKEY3"};
  const auto secrets = secrets_of(given, systems());
  EXPECT_EQ(rerun_line(given, systems(), secrets),
            "dex-conformance run --url 'http://h/files?sig=***' --info-url 'http://h/i?k=***' "
            "--health-url http://h/health --strict --header 'X-Key: ***' --jobs=2 --trust-origin "
            "'http://o?t=***'");
  EXPECT_EQ(secrets.mask("SECRETSIG SECRETKEY1 SECRETKEY2 SECRETKEY3"), "*** *** *** ***");
}

TEST(CommandLine, ARerunLineDropsASwitchWithoutTheFlagBehindIt) {
  EXPECT_EQ(rerun_line({"run", "--all", "--url", "http://h/files", "--keep-going"}, systems(), {}),
            "dex-conformance run --url http://h/files --keep-going");
}

TEST(CommandLine, ARerunLineOfOneRowAtATimeHasJobsOnce) {
  for (const std::vector<std::string>& given :
       {std::vector<std::string>{"run", "--jobs", "8", "--url", "http://h/files"},
        {"run", "--url", "http://h/files", "--jobs=8"},
        {"run", "--url", "http://h/files"}}) {
    EXPECT_EQ(rerun_line_alone(given, systems(), {}),
              "dex-conformance run --url http://h/files --jobs 1");
  }
}

TEST(CommandLine, DurationsAreSecondsOrCarryTheirUnit) {
  for (const auto& [text, expected] :
       {std::pair{"30", 30000}, {"0.5", 500}, {"250ms", 250}, {"2m", 120000}}) {
    const auto command =
        parse_command_line({"run", "--url", "http://h/files", "--case-timeout", text}, systems());
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
    expect_complaint(arguments, 3, expired ? "expired on 20" : "self-signed, and not trusted");
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

/// How many requests discovery sends to a server that answers only OPTIONS: OPTIONS, a creation,
/// four that try it in other ways, and the /health of another system.
constexpr int until_found_out = 7;

TEST(Run, ConformantNotConformantAndNothingJudged) {
  ScriptedServer server(only_options());
  const std::string url = server.url("/files");
  Finished f =
      conformance_with({"run", "--url", url, "--select", "TUS-CORE-OPT-002", "--jobs", "1"});
  EXPECT_EQ(f.exit_code, 0) << f.out << f.err;
  EXPECT_THAT(f.out, testing::EndsWith("\nCONFORMANT, but no stored byte was compared\n"));
  f = conformance_with(
      {"run", "--url", url, "--select", "TUS-CORE-OPT-002", "--require", "integrity"});
  EXPECT_EQ(f.exit_code, 1) << f.out << f.err;
  EXPECT_THAT(f.out, HasSubstr("integrity is required and not offered (--require)"));
  f = conformance_with({"run", "--url", url, "--select", "TUS-CORE-HEAD-001", "--jobs", "1"});
  EXPECT_EQ(f.exit_code, 1) << f.out << f.err;
  EXPECT_THAT(f.out, HasSubstr("\nnext: dex-conformance run --url " + url +
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
    // The requests of discovery are answered, the first check is not.
    if (++served <= until_found_out) return only_options()(peer);
    peer.stall();
  });
  const testkit::TempFolder folder;
  const std::string json = (folder.path() / "r.json").string();
  ChildProcess child({DEX_CONFORMANCE, "run", "--url", server.url("/files"), "--select",
                      "core-options", "--jobs", "1", "--json", json});
  while (server.connections() < until_found_out + 1)
    ASSERT_TRUE(child.running()) << child.out() << child.err();
  child.signal(SIGINT);
  const auto ended = child.wait();
  EXPECT_EQ(ended.exit_code, 4) << child.out() << child.err();
  EXPECT_THAT(child.out(), HasSubstr("INTERRUPTED"));
  const auto report = nlohmann::json::parse(testkit::read_file(json));
  EXPECT_EQ(report.at("interrupted"), true);
  EXPECT_EQ(report.at("exit_code"), 4);
}

/// Reports as a CI server finds them: those of the last run are where the next ones go.
class Reported : public testing::Test {
 protected:
  Reported() {
    folder_.write("r.json", "former");
    folder_.write("r.xml", "former");
  }
  [[nodiscard]] std::vector<std::string> run(const std::string& url,
                                             std::vector<std::string> more = {}) const {
    std::vector<std::string> all{"run",          "--url",   url,    "--json",
                                 json_,          "--junit", junit_, "--select",
                                 "core-options", "--jobs",  "1"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  void expect_former() const {
    EXPECT_EQ(folder_.read("r.json"), "former");
    EXPECT_EQ(folder_.read("r.xml"), "former");
    expect_nothing_else();
  }
  void expect_nothing_else() const {
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 2);
  }

  testkit::TempFolder folder_;
  const std::string json_ = (folder_.path() / "r.json").string();
  const std::string junit_ = (folder_.path() / "r.xml").string();
};

TEST_F(Reported, AnUnreachableTargetIsReportedAsThat) {
  std::uint16_t port = 0;
  {
    ScriptedServer gone([](Peer&) {});
    port = gone.port();
  }
  const std::string url = "http://127.0.0.1:" + std::to_string(port) + "/files";
  const Finished f = conformance_with(run(url));
  EXPECT_EQ(f.exit_code, 3) << f.err;
  const auto report = nlohmann::json::parse(folder_.read("r.json"));
  EXPECT_EQ(report.at("exit_code"), 3);
  EXPECT_EQ(report.at("target").at("url"), url);
  EXPECT_EQ(report.at("stopped").at("kind"), "unreachable");
  EXPECT_THAT(report.at("stopped").at("why").get<std::string>(), HasSubstr("connection refused"));
  EXPECT_THAT(folder_.read("r.xml"),
              HasSubstr("<testsuites name=\"dex-conformance\" tests=\"1\" failures=\"0\" "
                        "errors=\"1\""));
  EXPECT_THAT(folder_.read("r.xml"), HasSubstr("<error type=\"unreachable\" message=\"http"));
  expect_nothing_else();
}

TEST_F(Reported, WrongUsageLeavesTheFormerReports) {
  ScriptedServer server(only_options());
  EXPECT_EQ(conformance_with(run(server.url("/files"), {"--level", "no"})).exit_code, 2);
  EXPECT_EQ(conformance_with(run(server.url("/files"), {"--evidence", json_})).exit_code, 2);
  expect_former();
}

TEST_F(Reported, ASignalBeforeTheFirstCheckLeavesTheFormerReports) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    ScriptedServer server([](Peer& peer) { peer.stall(); });
    auto arguments = run(server.url("/files"));
    arguments.insert(arguments.begin(), DEX_CONFORMANCE);
    ChildProcess child(arguments);
    while (server.connections() < 1) ASSERT_TRUE(child.running()) << child.out() << child.err();
    child.signal(number);
    EXPECT_EQ(child.wait().exit_code, 4) << child.out() << child.err();
    expect_former();
  }
}

TEST_F(Reported, ASignalDuringTheChecksGivesAWholeReport) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    std::atomic<int> served{0};
    ScriptedServer server([&](Peer& peer) {
      if (++served <= until_found_out) return only_options()(peer);
      peer.stall();
    });
    auto arguments = run(server.url("/files"));
    arguments.insert(arguments.begin(), DEX_CONFORMANCE);
    ChildProcess child(arguments);
    while (server.connections() < until_found_out + 1)
      ASSERT_TRUE(child.running()) << child.out() << child.err();
    child.signal(number);
    EXPECT_EQ(child.wait().exit_code, 4) << child.out() << child.err();
    EXPECT_EQ(nlohmann::json::parse(folder_.read("r.json")).at("interrupted"), true);
    EXPECT_THAT(folder_.read("r.xml"), testing::EndsWith("</testsuites>\n"));
    expect_nothing_else();
  }
}

/// The command runs where no file may become longer than 512 bytes, as on a full disk.
Finished on_a_full_disk(const std::vector<std::string>& arguments) {
  std::string line = "ulimit -f 1; exec " DEX_CONFORMANCE;
  for (const std::string& argument : arguments) line += " '" + argument + "'";
  return testkit::run({"/bin/sh", "-c", line});
}

TEST_F(Reported, AFullDiskIsToldAndLeavesTheFormerReports) {
  ScriptedServer server(only_options());
  auto green = run(server.url("/files"));
  green[8] = "TUS-CORE-OPT-002";
  const Finished good = on_a_full_disk(green);
  EXPECT_EQ(good.exit_code, 4) << good.out << good.err;
  EXPECT_THAT(good.err, HasSubstr("--json: \"" + json_ + "\" cannot be written: File too large"));
  EXPECT_THAT(good.out, HasSubstr("CONFORMANT, BUT A REPORT COULD NOT BE WRITTEN"));
  EXPECT_THAT(good.err, HasSubstr("--junit: \"" + junit_ + "\" cannot be written: File too large"));
  expect_former();
  // A red run keeps its exit code.
  auto red = green;
  red[8] = "TUS-CORE-HEAD-001";
  EXPECT_EQ(on_a_full_disk(red).exit_code, 1);
  expect_former();
}

TEST(Output, AFullDeviceIsToldAndExitCode4) {
  for (const char* arguments : {"list", "explain TUS-CORE-HEAD-001", "--help", "--version"}) {
    const Finished f = testkit::run(
        {"/bin/sh", "-c", std::string("exec " DEX_CONFORMANCE " ") + arguments + " >/dev/full"});
    EXPECT_EQ(f.exit_code, 4) << arguments;
    EXPECT_THAT(f.err, HasSubstr("dex-conformance: standard output cannot be written: "))
        << arguments;
  }
}

TEST(Output, AReportOnStandardOutputStandsAmongTheRest) {
  ScriptedServer server(only_options());
  const testkit::TempFolder folder;
  const std::string file = (folder.path() / "out").string();
  const Finished f = testkit::run({"/bin/sh", "-c",
                                   "exec " DEX_CONFORMANCE " run --url " + server.url("/files") +
                                       " --select TUS-CORE-OPT-002 --json /dev/stdout >" + file});
  EXPECT_EQ(f.exit_code, 0) << f.err;
  const std::string text = folder.read("out");
  EXPECT_TRUE(text.starts_with("dex-conformance ")) << text;
  EXPECT_THAT(text, HasSubstr("\"tool\": \"dex-conformance\""));
  EXPECT_THAT(text, testing::EndsWith("\nCONFORMANT, but no stored byte was compared\n"));
}

// Discovery used to take 15 s for each request, beyond the time of the run.
TEST(RunTimeout, CoversDiscovery) {
  using Clock = std::chrono::steady_clock;
  for (const int answered : {0, 1, 2}) {
    std::atomic<int> served{0};
    ScriptedServer server([&](Peer& peer) {
      if (++served <= answered) return only_options()(peer);
      peer.stall();
    });
    const auto begin = Clock::now();
    const Finished f =
        conformance_with({"run", "--url", server.url("/files"), "--run-timeout", "1s"});
    // That it does not answer in time is the fault of the target.
    EXPECT_EQ(f.exit_code, answered < 2 ? 3 : 1) << f.out << f.err;
    // Two seconds for a check that does not come back, and five for deleting.
    EXPECT_LT(Clock::now() - begin, std::chrono::seconds{8});
  }
}

TEST(RunTimeout, CoversTokens) {
  ScriptedServer server([&](Peer& peer) {
    const std::string request = peer.read_request();
    if (request.starts_with("POST /oauth")) return peer.stall();
    peer.send("HTTP/1.1 401 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  });
  const auto begin = std::chrono::steady_clock::now();
  const Finished f = conformance_with({"run", "--url", server.url("/files"), "--run-timeout", "1s",
                                       "--username-env", "U", "--password-env", "P"},
                                      {{"U", "u"}, {"P", "p"}});
  EXPECT_EQ(f.exit_code, 3) << f.out << f.err;
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{8});
}

struct Endless {
  const char* name;
  std::string begin, more;
};
void PrintTo(const Endless& endless, std::ostream* out) { *out << endless.name; }

/// Answers of which one part goes on for as long as somebody reads.
class EndlessAnswers : public testing::TestWithParam<Endless> {};

TEST_P(EndlessAnswers, AreGivenUpAsTheTargetsFault) {
  ScriptedServer server([](Peer& peer) {
    const std::string request = peer.read_request();
    if (request.starts_with("OPTIONS")) {
      peer.send(
          "HTTP/1.1 204 No Content\r\nConnection: close\r\nTus-Resumable: 1.0.0\r\n"
          "Tus-Version: 1.0.0\r\nTus-Extension: creation\r\n\r\n");
    } else if (request.starts_with("POST")) {
      peer.send(
          "HTTP/1.1 201 Created\r\nConnection: close\r\nContent-Length: 0\r\n"
          "Location: /files/1\r\n\r\n");
    } else {
      peer.send(GetParam().begin);
      std::string much;
      while (much.size() < 1U << 16U) much += GetParam().more;
      while (peer.send(much)) {
      }
    }
  });
  const Finished f =
      testkit::run({"/bin/sh", "-c",
                    limit + "exec " DEX_CONFORMANCE " run --url " + server.url("/files") +
                        " --select TUS-CORE-PATCH-001 --select TUS-CORE-PATCH-002 --jobs 1"});
  EXPECT_EQ(f.exit_code, 1) << f.out << f.err;
  EXPECT_THAT(f.out, HasSubstr("! protocol: the answer"));
  EXPECT_THAT(f.out, HasSubstr(" 0 error "));
}

INSTANTIATE_TEST_SUITE_P(
    All, EndlessAnswers,
    testing::Values(
        Endless{"Header", "HTTP/1.1 200 OK\r\n", "X-A: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"},
        Endless{"Trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n",
                "X-A: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"},
        Endless{"InterimResponses", "", "HTTP/1.1 102 Processing\r\n\r\n"}),
    [](const auto& one) { return std::string(one.param.name); });

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
