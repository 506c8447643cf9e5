// Servers with one fault: the last screen of a run has to say what to mend, and whose fault it is.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "programs.hpp"
#include "testkit/scripted_server.hpp"
#include "testkit/temp_folder.hpp"

namespace {

using programs::Conformance;
using programs::judge;
using programs::Mock;
using testing::Each;
using testing::HasSubstr;
using testing::Not;
using testkit::Peer;
using testkit::ScriptedServer;
using Arguments = std::vector<std::string>;

/// Most of the catalogue, without the rows that have to wait.
const Arguments quick{"--select",    "core-*",   "--select",      "creation*", "--select",
                      "termination", "--select", "concatenation", "--select",  "repetition",
                      "--jobs",      "8",        "--patience",    "2"};

Arguments with(Arguments first, const Arguments& more) {
  first.insert(first.end(), more.begin(), more.end());
  return first;
}

std::vector<std::string> last_lines(const std::string& text, std::size_t most = 10) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  if (lines.size() > most) lines.erase(lines.begin(), lines.end() - static_cast<long>(most));
  return lines;
}

/// The causes among the last lines of a run: lines that begin with a number and a point.
std::vector<std::string> causes_of(const Conformance& run) {
  std::vector<std::string> causes;
  const auto lines = last_lines(run.out);
  const auto is_cause = [](const std::string& line) {
    return line.size() > 3 && line[0] == ' ' && std::isdigit(static_cast<unsigned char>(line[1])) &&
           line[2] == '.';
  };
  std::copy_if(lines.begin(), lines.end(), std::back_inserter(causes), is_cause);
  return causes;
}

/// Exactly one cause, which says `words`; the last screen also says `to_do` and which command to
/// run next.
void expect_one(const Conformance& run, int exit_code, const std::string& words,
                const std::string& to_do) {
  EXPECT_EQ(run.exit_code, exit_code) << run.out << run.err;
  const auto causes = causes_of(run);
  EXPECT_EQ(causes.size(), 1U) << run.out;
  if (causes.empty()) return;
  EXPECT_THAT(causes.front(), HasSubstr(words)) << run.out;
  std::string last;
  for (const auto& line : last_lines(run.out)) last += line + "\n";
  EXPECT_THAT(last, HasSubstr(to_do));
  EXPECT_THAT(last, HasSubstr("\nnext: dex-conformance run --url "));
  EXPECT_THAT(last, Not(HasSubstr("HARNESS")));
  // Set DEX_LAST_SCREENS to read these screens.
  if (std::getenv("DEX_LAST_SCREENS") != nullptr) fmt::print("{}\n", last);
}

/// A run that stops before it judges anything: one line on standard error.
void expect_line(const Conformance& run, int exit_code, const std::string& words,
                 const std::string& to_do) {
  EXPECT_EQ(run.exit_code, exit_code) << run.out << run.err;
  EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
  EXPECT_THAT(run.err, HasSubstr(words));
  EXPECT_THAT(run.err, HasSubstr(to_do));
  EXPECT_EQ(run.out, "");
  if (std::getenv("DEX_LAST_SCREENS") != nullptr) fmt::print("{}\n", run.err);
}

/// A tus server that is right but for these rules.
class Broken {
 public:
  explicit Broken(const std::string& rules, Arguments arguments = {"--profile", "tus"})
      : mock_(with(with(std::move(arguments), {"--store", "memory", "--control", "127.0.0.1:0"}),
                   rules.empty() ? Arguments{}
                                 : Arguments{"--rules", folder_.write("rules.json", rules)})) {}
  [[nodiscard]] std::string url() const { return mock_.creation_url(); }
  [[nodiscard]] const std::string& mock_url() const { return mock_.url(); }

 private:
  testkit::TempFolder folder_;
  Mock mock_;
};

/// Every red row names `cause` in the JSON report, and keeps its verdict.
void expect_folded(const Conformance& run, const std::string& cause) {
  std::size_t folded = 0;
  for (const auto& [id, row] : run.results) {
    if (!row.at("red").get<bool>()) {
      EXPECT_FALSE(row.contains("cause")) << id;
      continue;
    }
    EXPECT_EQ(row.at("cause"), cause) << id << row;
    EXPECT_THAT(row.at("verdict").get<std::string>(), testing::AnyOf("fail", "blocked")) << id;
    ++folded;
  }
  EXPECT_GT(folded, 10U) << run.out;
  ASSERT_EQ(run.report.at("causes").size(), 1U) << run.report.at("causes");
  EXPECT_EQ(run.report.at("causes")[0].at("rows"), folded);
}

TEST(Causes, HeadAnswering405) {
  const Broken server(R"({"when": {"method": "HEAD", "route": "upload"},
                          "then": {"reply": {"early": true, "status": 405}}})");
  const auto run = judge(server.url(), with({"--system", "tus"}, quick));
  expect_one(run, 1, "HEAD: 405 Method Not Allowed, wanted: HEAD of an upload is answered 200",
             "answer HEAD of an upload");
  expect_folded(run, "HEAD");
  EXPECT_THAT(run.out, Not(HasSubstr("\nfail TUS-CORE-HEAD-001 ")));
  // --all lists every red row.
  const auto all = judge(server.url(), {"--system", "tus", "--all", "--select", "core-head"});
  EXPECT_THAT(all.out, HasSubstr("\nfail TUS-CORE-HEAD-001 "));
  EXPECT_THAT(all.out, HasSubstr("\nfail TUS-CORE-HEAD-002 "));
}

TEST(Causes, GarbledOptions) {
  const Broken server(
      R"({"when": {"method": "OPTIONS"},
          "then": {"reply": {"headers": {"set": {"Tus-Extension": "creation; termination"}}}}})");
  const auto run = judge(server.url(), with({"--system", "tus"}, quick));
  expect_one(run, 1, "OPTIONS: 204 No Content: Tus-Extension \"creation; termination\"",
             "a comma list of names");
  EXPECT_THAT(causes_of(run).front(), HasSubstr("not judged)"));
}

TEST(Causes, OneBadValueOfOptionsDoesNotVoidTheOthers) {
  const Broken server(R"({"when": {"method": "OPTIONS"},
                          "then": {"reply": {"headers": {"set": {"Tus-Max-Size": "much"}}}}})");
  const auto run = judge(server.url(), with({"--system", "tus"}, quick));
  expect_one(run, 1, "Tus-Max-Size \"much\"", "Tus-Max-Size as a number of bytes");
  EXPECT_EQ(run.results.at("TUS-TERM-001").at("verdict"), "pass");
}

/// A rule by which Location names this authority.
std::string location_at(const std::string& authority) {
  return R"({"when": {"method": "POST", "route": "creation", "reply": {"status": 201}},
             "then": {"reply": {"headers": {"replace": {"Location": {
               "regex": "://[^/]+", "with": "://)" +
         authority + R"("}}}}}})";
}

TEST(Causes, LocationWithoutItsPort) {
  const Broken server(location_at("127.0.0.1"));
  const auto run = judge(server.url(), with({"--system", "tus"}, quick));
  const std::string port = server.url().substr(server.url().rfind(':') + 1);
  expect_one(run, 1, "Location: another origin: http://127.0.0.1, wanted: ",
             "let the server name its port " + port.substr(0, port.find('/')));
  expect_folded(run, "Location");
}

TEST(Causes, LocationAtAnotherHost) {
  const Broken server(location_at("inner.example:1080"));
  const auto run = judge(server.url(), with({"--system", "tus"}, quick));
  expect_one(run, 1, "Location: another origin: http://inner.example:1080",
             "--trust-origin http://inner.example:1080");
  expect_folded(run, "Location");
}

/// The `when` of a PATCH with a Content-Type that is not that of tus.
constexpr const char* of_a_text =
    R"({"method": "PATCH", "headers": {"Content-Type": "text/plain"}})";

TEST(Causes, AServerThatDiesOfARequest) {
  const Broken server(fmt::format(
      R"({{"when": {}, "then": {{"server": {{"crash": true, "at": "before"}}}}}})", of_a_text));
  const auto run =
      judge(server.url(), {"--system", "tus", "--jobs", "1", "--patience", "200ms", "--select",
                           "core-patch", "--select", "core-head", "--select", "core-version"});
  expect_one(run, 1, "the target dies of PATCH http://", "look into its log at that request");
  EXPECT_THAT(causes_of(run).front(), HasSubstr("(TUS-CORE-PATCH-"));
}

/// As tus-node-server 0.9 dies of a path that no client library sends.
TEST(Causes, AServerThatDiesOfARequestThatIsWrittenByHand) {
  const Broken server(R"({"when": {"method": "HEAD", "path": "etc/passwd"},
                          "then": {"server": {"crash": true, "at": "before"}}})");
  const auto run = judge(server.url(), {"--system", "tus", "--select", "http", "--select",
                                        "core-head", "--jobs", "1", "--patience", "200ms"});
  expect_one(run, 1, "etc/passwd (HTTP-004): no answer, and nothing listens any more",
             "look into its log at that request");
  EXPECT_EQ(run.report.at("counts").at("error"), 0) << run.out;
}

TEST(Causes, AServerThatDiesAmongOthersAndComesBackIsFoundAlone) {
  const Broken server(fmt::format(
      R"({{"when": {}, "then": {{"socket": {{"end": "rst", "at": "before"}},
                                "server": {{"outage": "300ms", "at": "before"}}}}}})",
      of_a_text));
  const auto run = judge(server.url(), with({"--system", "tus"}, quick));
  expect_one(run, 1, "the target dies of PATCH http://", "look into its log at that request");
  // The other rows ran again, alone, and have the verdicts of that run.
  EXPECT_EQ(run.report.at("counts").at("error"), 0);
  EXPECT_LE(run.report.at("counts").at("red"), 3) << run.out;
}

/// A manifest with a data stream that the server does not know.
std::string strange_manifest(testkit::TempFolder& folder) {
  return folder.write("manifest.json",
                      R"({"version": "2.0", "data_stream_id": "no", "data_stream_route": "such"})");
}

TEST(Causes, AManifestOfTheUsersThatIsRefused) {
  testkit::TempFolder folder;
  const Broken server("", {"--profile", "dex"});
  const auto run = judge(server.url(), {"--system", "dex", "--manifest", strange_manifest(folder),
                                        "--select", "core-*", "--select", "creation*"});
  expect_one(run, 1, "creation: 400", "mend the manifest of --manifest; it says: {");
  expect_folded(run, "creation");
}

TEST(Causes, TheManifestThatIsBuiltInIsRefused) {
  testkit::TempFolder folder;
  folder.write("other_stream.json", R"({"metadata_config": {"fields": []}})");
  const Broken server("", {"--profile", "dex", "--upload-configs", folder.path().string()});
  expect_line(judge(server.url(), {"--system", "dex"}), 2, "refuses the manifest that is built in",
              "give that of your data stream with --manifest FILE.json");
  const auto insisting =
      judge(server.url(), {"--system", "dex", "--keep-going", "--select", "core-*"});
  EXPECT_EQ(insisting.exit_code, 1) << insisting.err;
  EXPECT_EQ(causes_of(insisting).size(), 1U) << insisting.out;
}

TEST(Causes, ADexServerJudgedAsTus) {
  const Broken server("", {"--profile", "dex"});
  expect_line(judge(server.url(), {}), 2, "/health is that of a DEX server",
              "give --system dex, or --system tus to have it so");
  expect_line(judge(server.url(), {"--system", "tus"}), 2, "/health is that of a DEX server",
              "give --system dex, or --keep-going");
}

TEST(Causes, WithoutASystemWhatIsJudgedIsSaid) {
  const Broken server("");
  const auto run = judge(server.url(), {"--select", "TUS-CORE-OPT-002"});
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_THAT(run.out, HasSubstr("remark: judged as tus, as no --system is given"));
}

TEST(Causes, ATokenThatEndsDuringTheRun) {
  const Broken server(R"({"when": {"method": "PATCH", "nth": 9},
                          "then": {"server": {"revoke_token": true}}})",
                      {"--profile", "tus", "--auth", "jwt"});
  const auto token = programs::curl(
      {server.mock_url() + "/oauth", "-d", "grant_type=password&username=demo&password=demo"});
  auto options = programs::with_demo_user();
  options.environment["TOKEN"] =
      nlohmann::json::parse(token.body).at("access_token").get<std::string>();
  const auto run = judge(server.url(), with({"--system", "tus", "--token-env", "TOKEN"}, quick),
                         std::move(options));
  expect_one(run, 3, "login: 401", "--username-env");
}

TEST(Causes, ATokenThatEndsIsRenewedWhereThereIsAPassword) {
  const Broken server(R"({"when": {"method": "PATCH", "nth": 9},
                          "then": {"server": {"revoke_token": true}}})",
                      {"--profile", "tus", "--auth", "jwt"});
  const auto run =
      judge(server.url(),
            {"--system", "tus", "--select", "core-head", "--select", "core-patch", "--patience",
             "1", "--username-env", "DEX_TEST_USERNAME", "--password-env", "DEX_TEST_PASSWORD"});
  EXPECT_EQ(run.exit_code, 0) << run.out;
}

TEST(Causes, ACertificateThatExpired) {
  const auto certificate = testkit::self_signed(/*expired=*/true);
  testkit::TempFolder folder;
  ScriptedServer server({testkit::answer("HTTP/1.1 204 \r\n\r\n")}, certificate);
  expect_line(judge(server.url("/files"),
                    {"--system", "tus", "--ca-file", folder.write("ca.pem", certificate.cert_pem)}),
              3, "expired on 20", "renewed at the server");
}

TEST(Causes, APlainWebServer) {
  ScriptedServer server([](Peer& peer) {
    const bool get = peer.read_request().starts_with("GET");
    peer.send(get ? "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello"
                  : "HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\n"
                    "Content-Length: 0\r\n\r\n");
  });
  expect_line(judge(server.url("/files"), {"--system", "tus"}), 3, "no tus server found",
              "give the creation URL");
}

TEST(Causes, CreationsWantMetadata) {
  const Broken server(
      R"({"when": {"method": "POST", "headers": {"Upload-Metadata": false}},
          "then": {"reply": {"early": true, "status": 400}}})");
  expect_line(judge(server.url(), {"--system", "tus"}), 2, "takes no upload without metadata",
              "--metadata filename=");
  const auto run = judge(server.url(), {"--system", "tus", "--metadata", "filename=a.txt",
                                        "--select", "core-head", "--select", "TUS-CREATE-002"});
  EXPECT_EQ(run.exit_code, 0) << run.out;
}

TEST(Causes, SilenceIsTheTargets) {
  const Broken server(
      R"({"when": {"method": "PATCH"}, "then": {"reply": "none", "socket": "stall"}})");
  const auto run =
      judge(server.url(), {"--system", "tus", "--select", "TUS-CORE-PATCH-00*", "--jobs", "8",
                           "--case-timeout", "3", "--patience", "1", "--run-timeout", "20"});
  EXPECT_EQ(run.exit_code, 1) << run.out;
  EXPECT_EQ(run.report.at("counts").at("error"), 0) << run.out;
  EXPECT_THAT(causes_of(run).front(), HasSubstr("PATCH: "));
}

/// A 201 whose Content-Length is more than its body, on a connection that stays open.
TEST(Causes, AnAnswerWithoutAnEndIsTheTargets) {
  const Broken server(R"({"when": {"method": "POST", "route": "creation"},
                          "then": {"reply": {"framing": {"length": "10"}}}})");
  const auto run = judge(server.url(), {"--system", "tus", "--select", "core-head", "--jobs", "16",
                                        "--case-timeout", "2", "--run-timeout", "20"});
  expect_one(run, 1, "creation: 201 Created, and no end of its body",
             "let the answer to creation end: Content-Length (0");
  EXPECT_EQ(run.report.at("counts").at("error"), 0) << run.out;
}

/// The last probes and the deletion of uploads at the end of a run count in --run-timeout as well.
TEST(Causes, ARunEndsInItsTimeBesideASilentServer) {
  const Broken server(
      R"({"when": {"method": "HEAD"}, "then": {"reply": "none", "socket": "stall"}})");
  const auto begin = std::chrono::steady_clock::now();
  const auto run = judge(server.url(), {"--system", "tus", "--jobs", "4", "--run-timeout", "15"});
  // If they did not count, it would take twice the time; 10 s are left for a busy machine.
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{25}) << run.out;
  EXPECT_EQ(run.exit_code, 1) << run.out;
  EXPECT_THAT(causes_of(run).front(), HasSubstr("HEAD: silence"));
  EXPECT_THAT(run.out, HasSubstr("keeps HEAD without an answer"));
}

TEST(Causes, WhatIsBusyIsWaitedOutAndTold) {
  const Broken server(
      R"({"when": {"method": "HEAD", "route": "upload", "nth": 3},
          "then": {"reply": {"early": true, "status": 503,
                             "headers": {"set": {"Retry-After": "0"}}}}})");
  const auto run = judge(server.url(), {"--system", "tus", "--select", "core-head", "--select",
                                        "core-patch", "--jobs", "1", "--patience", "1"});
  EXPECT_EQ(run.exit_code, 0) << run.out;
  EXPECT_THAT(run.report.at("remarks").dump(),
              HasSubstr("ran again, alone, as the target was busy"));
}

TEST(Causes, WhatChangesByItselfIsAFindingOfItsOwn) {
  const Broken server(
      R"({"when": {"method": "POST", "route": "creation", "nth": 1},
          "then": {"reply": {"early": true, "status": 500}}})");
  const auto run =
      judge(server.url(), {"--system", "tus", "--select", "core-head", "--select", "core-version"});
  expect_one(run, 1, "creation is unsteady: 500", "answered otherwise from one time to the next");
}

}  // namespace
