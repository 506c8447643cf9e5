// Right servers behind slow lines and gateways: no row may be red but those of expected.tsv. CI
// judges a part; DEX_ALARMS=whole (scripts/alarms.sh) judges everything, also the real servers if
// scripts/interop.sh has built them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "programs.hpp"
#include "ways.hpp"

namespace {

namespace fs = std::filesystem;
using programs::Conformance;
using Arguments = std::vector<std::string>;

/// Enough for a whole run on a slow line, while other runs use the machine.
constexpr std::chrono::seconds longest_run{1800};

/// A server that is right, or wrong only as its baseline says.
struct Server {
  std::string name;
  Arguments mock;         ///< of dex-mock-server; empty: a real server
  Arguments judge;        ///< of dex-conformance
  bool delivers = false;  ///< dex-conformance compares its deliveries
};

const std::vector<Server>& servers() {
  static const std::vector<Server> all{
      {"tus",
       {"--profile", DEX_ALARMS_FOLDER "/tus_behind_gateways.json", "--store", "memory"},
       {"--system", "tus"}},
      {"dex",
       {"--profile", "dex", "--auth", "jwt"},
       {"--system", "dex", "--username-env", "DEX_TEST_USERNAME", "--password-env",
        "DEX_TEST_PASSWORD"},
       true},
      {"tusd-2.10", {"--profile", "tusd-2.10"}, {"--system", "tus", "--baseline", "tusd-2.10"}},
      {"tus-node-2.4",
       {"--profile", "tus-node-2.4"},
       {"--system", "tus", "--baseline", "tus-node-2.4"}},
      {"tusd", {}, {"--system", "tus", "--baseline", "tusd-2.10"}},
      {"tus-node", {}, {"--system", "tus", "--baseline", "tus-node-2.4"}},
  };
  return all;
}

/// A server that is running.
class Running {
 public:
  explicit Running(const Server& server) : server_(server) {
    if (server.mock.empty()) {
      start_peer();
    } else {
      start_mock();
    }
  }

  [[nodiscard]] Conformance judge(const std::string& origin, const Arguments& more) const {
    auto arguments = server_.judge;
    if (server_.delivers) {
      const auto delivered = folder_.path() / "store" / "deliveries";
      fs::create_directories(delivered);
      arguments.insert(arguments.end(), {"--delivered-dir", delivered.string()});
    }
    arguments.insert(arguments.end(), more.begin(), more.end());
    return programs::judge(origin + path_, arguments, programs::with_demo_user(), longest_run);
  }
  /// "HOST:PORT"
  [[nodiscard]] const std::string& place() const { return place_; }

 private:
  void start_mock() {
    auto arguments = server_.mock;
    arguments.insert(arguments.end(), {"--control", "127.0.0.1:0", "--log-level", "error"});
    if (!std::ranges::count(arguments, "--store")) {
      arguments.insert(arguments.end(), {"--store", (folder_.path() / "store").string()});
    }
    mock_ = std::make_unique<programs::Mock>(arguments);
    place_ = mock_->url().substr(std::string_view("http://").size());
  }

  void start_peer() {
    const fs::path peers = std::getenv("DEX_ALARMS_PEERS");
    fs::create_directories(folder_.path() / "uploads");
    const auto uploads = (folder_.path() / "uploads").string();
    std::string line;
    if (server_.name == "tusd") {
      // It logs so much that it would fill a pipe that nobody reads, and block.
      const auto log = folder_.path() / "tusd.log";
      testkit::ChildProcess::Options options;
      options.environment = {{"LOG", log.string()}};
      peer_.emplace(
          Arguments{"/bin/sh", "-c", R"(exec "$@" >"$LOG" 2>&1)", "sh", (peers / "tusd").string(),
                    "-host", "127.0.0.1", "-port", "0", "-behind-proxy", "-upload-dir", uploads},
          options);
      line = line_with("upload files to", log);
    } else {
      peer_.emplace(Arguments{"node", (peers / "tus-node-server.mjs").string(), uploads});
      line = peer_->wait_line("ready ");
    }
    const auto at = line.find("http://") + std::string_view("http://").size();
    const auto slash = line.find('/', at);
    place_ = line.substr(at, slash - at);
    path_ = line.substr(slash, line.find_first_of(" \r\n\"", slash) - slash);
  }

  /// The first line with `text` in a file that is still being written; throws after 20 seconds.
  static std::string line_with(std::string_view text, const fs::path& file) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    do {
      std::ifstream in(file);
      for (std::string line; std::getline(in, line);) {
        if (line.find(text) != std::string::npos && !in.eof()) return line;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
    } while (std::chrono::steady_clock::now() < give_up);
    throw std::runtime_error("no line with '" + std::string(text) + "' in " + file.string());
  }

  const Server& server_;
  testkit::TempFolder folder_;
  std::unique_ptr<programs::Mock> mock_;
  std::optional<testkit::ChildProcess> peer_;
  std::string place_;
  std::string path_ = "/files";
};

/// A line of expected.tsv: server, way and row, each of which may end in "*", and why the
/// specification forbids what the way does.
struct Expected {
  std::string server, way, row, why;
};

std::vector<Expected> read_expected() {
  std::vector<Expected> all;
  std::ifstream in(DEX_ALARMS_FOLDER "/expected.tsv");
  EXPECT_TRUE(in);
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    std::istringstream fields(line);
    Expected one;
    for (auto* field : {&one.server, &one.way, &one.row, &one.why}) {
      std::getline(fields, *field, '\t');
    }
    EXPECT_FALSE(one.why.empty()) << line;
    all.push_back(one);
  }
  return all;
}

bool is_expected(const std::string& server, const std::string& way, const std::string& row) {
  static const auto all = read_expected();
  const auto matches = [](const std::string& pattern, const std::string& text) {
    return pattern.ends_with('*') ? text.starts_with(pattern.substr(0, pattern.size() - 1))
                                  : pattern == text;
  };
  return std::ranges::any_of(all, [&](const auto& one) {
    return matches(one.server, server) && matches(one.way, way) && matches(one.row, row);
  });
}

bool whole() {
  const char* asked = std::getenv("DEX_ALARMS");
  return asked != nullptr && std::string_view(asked) == "whole";
}

bool has_peer(const std::string& name) {
  const char* peers = std::getenv("DEX_ALARMS_PEERS");
  const auto* file = name == "tusd" ? "tusd" : "tus-node-server.mjs";
  return peers != nullptr && fs::exists(fs::path(peers) / file);
}

/// Judges `server` through `way`; each row that is red and not expected is a failure, and so is a
/// share of judged rows below `least_judged` (0 to 1).
void look(const Server& server, const std::string& way, const Arguments& more,
          double least_judged) {
  if (!alarms::is_installed(way)) GTEST_SKIP() << way << ": apt-get install nginx-light";
  const Running running(server);
  const auto door = alarms::stand_before(running.place(), way);
  auto arguments = more;
  const auto of_way = door->arguments();
  arguments.insert(arguments.end(), of_way.begin(), of_way.end());
  const auto seen = running.judge(door->url(), arguments);
  ASSERT_TRUE(seen.report.is_object()) << seen.out << seen.err;
  int judged = 0, skipped = 0;
  for (const auto& [row, result] : seen.results) {
    const auto verdict = result.at("verdict").get<std::string>();
    ++(verdict == "skip" ? skipped : judged);
    if (!result.at("red").get<bool>() || is_expected(server.name, way, row)) continue;
    ADD_FAILURE() << server.name << " through " << way << ": " << row << ' ' << verdict << ", "
                  << result.value("expected", "") << "; got " << result.value("got", "");
  }
  fmt::print("{:<14}{:<18}{:>4} judged {:>4} skipped {:>7.1f} s\n", server.name, way, judged,
             skipped, seen.report.at("duration_ms").get<double>() / 1000);
  // A run that skips every row would raise no alarm either.
  EXPECT_GE(judged, least_judged * (judged + skipped)) << seen.out;
}

/// Behaviour that the specification allows, made of the mock by rules.
struct Manner {
  const char* name;
  Arguments mock;
  const char* rules;
  Arguments rows;
};
const Manner manners[] = {
    {"ListsExpirationAndTellsNoDate",
     {"--expire-after", "1h"},
     R"({"rules": [{"name": "no-date", "when": {"method": ["POST", "PATCH", "HEAD"]},
          "then": {"reply": {"headers": {"drop": ["Upload-Expires"]}}}}]})",
     {"--select", "expiration"}},
    {"KnowsNoOptions",
     {},
     R"({"rules": [{"name": "no-options", "when": {"method": "OPTIONS"},
          "then": {"reply": {"status": 405, "headers": {"set": {"Allow": "POST"},
                   "drop": ["Tus-Version", "Tus-Extension", "Tus-Max-Size"]}}}}]})",
     {"--select", "HTTP-005", "--strict"}},
    {"KeepsInterimResponses",
     {},
     R"({"rules": [{"name": "no-104", "when": {"method": "POST"},
                    "then": {"interim": {"of": 104, "drop": true}}}]})",
     {"--select", "ietf-draft"}},
    {"StandsBehindAGatewayThatGoesOnSending",
     {},
     R"({"rules": [{"name": "bad-gateway", "when": {"method": "PATCH", "reply": {"status": 409}},
          "then": {"reply": {"status": 502}}}]})",
     {"--select", "TUS-CORE-PATCH-027", "--select", "TUS-CORE-HEAD-004"}},
    {"ResetsWhatItRefuses",
     {},
     R"({"rules": [{"name": "reset",
          "when": {"method": "PATCH", "reply": {"status": [400, 409, 412, 415]}},
          "then": {"reply": "none", "socket": "rst"}}]})",
     {"--select", "TUS-NEXT-001"}},
};

TEST(Alarms, OfAServerOfOtherManners) {
  for (const auto& manner : manners) {
    SCOPED_TRACE(manner.name);
    const testkit::TempFolder folder;
    Server server{manner.name, {"--profile", "tus", "--store", "memory"}, {"--system", "tus"}};
    server.mock.insert(server.mock.end(), manner.mock.begin(), manner.mock.end());
    server.mock.insert(server.mock.end(), {"--rules", folder.write("rules.json", manner.rules)});
    const Running running(server);
    const auto seen = running.judge("http://" + running.place(), manner.rows);
    ASSERT_TRUE(seen.report.is_object()) << seen.out << seen.err;
    EXPECT_EQ(seen.exit_code, 0) << seen.out;
  }
}

class Through : public testing::TestWithParam<std::string> {};

/// The areas that look at connections and time. One version of the draft is enough: a line does the
/// same to each.
TEST_P(Through, RowsThatLookAtTheLine) {
  if (whole()) GTEST_SKIP() << "the whole is asked for";
  look(servers().front(), GetParam(),
       {"--select", "ietf-draft", "--select", "creation-with-upload", "--select", "http",
        "--select", "neighbours", "--jobs", "8", "--draft-version", "8"},
       0.6);
}

TEST_P(Through, AnyServer) {
  if (!whole()) GTEST_SKIP() << "scripts/alarms.sh";
  for (const auto& server : servers()) {
    if (server.mock.empty() && !has_peer(server.name)) continue;
    look(server, GetParam(), {"--jobs", "8", "--run-timeout", std::to_string(longest_run.count())},
         0.5);
  }
}

INSTANTIATE_TEST_SUITE_P(Alarms, Through, testing::ValuesIn(alarms::ways()), [](const auto& way) {
  std::string name = way.param;
  std::ranges::replace(name, '-', '_');
  return name;
});

}  // namespace
