// What a pipeline needs: waiting for a target, proxies, care for hosts that people depend on, a
// plan; and the recipes of ci/, run as a runner runs them.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <regex>
#include <string>
#include <vector>

#include "programs.hpp"
#include "testkit/scripted_server.hpp"
#include "testkit/small_proxy.hpp"
#include "testkit/temp_folder.hpp"

namespace {

using programs::judge;
using programs::Mock;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using Arguments = std::vector<std::string>;
using Environment = std::map<std::string, std::string>;

Arguments with(Arguments first, const Arguments& more) {
  first.insert(first.end(), more.begin(), more.end());
  return first;
}

/// `more`, without the proxy settings of whoever runs the tests.
testkit::ChildProcess::Options with_environment(const Environment& more) {
  testkit::ChildProcess::Options options;
  for (const char* name : {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
                           "no_proxy", "NO_PROXY"}) {
    options.environment[name] = "";
  }
  for (const auto& [name, value] : more) options.environment[name] = value;
  return options;
}

// ---- a target that is not there yet ------------------------------------------------------------

TEST(WaitFor, WaitsWhileAGatewayStandsInForIt) {
  testkit::TempFolder folder;
  const auto rules = folder.write(
      "rules.json",
      R"({"rules": [{"when": {"method": "OPTIONS", "nth": 1}, "then": {"reply": {"early": true, "status": 503}}},
          {"when": {"method": "OPTIONS", "nth": 2}, "then": {"reply": {"early": true, "status": 502}}}]})");
  const Mock mock({"--profile", "tus", "--store", "memory", "--rules", rules});
  const auto run = judge(mock.creation_url(),
                         {"--system", "tus", "--wait-for", "30s", "--select", "TUS-CORE-OPT-002"});
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_THAT(run.err, HasSubstr("waiting for " + mock.creation_url() + ": answers 503 ("));
  EXPECT_THAT(run.err, HasSubstr(": answers 502 ("));
}

TEST(WaitFor, EndsWithWhatItMet) {
  const auto run = judge("http://127.0.0.1:1/files", {"--system", "tus", "--wait-for", "600ms"});
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_THAT(run.err, HasSubstr("http://127.0.0.1:1/files: is not there after 600 ms "
                                 "(--wait-for): "));
  EXPECT_EQ(run.report.at("stopped").at("kind"), "unreachable");
}

// ---- proxies -----------------------------------------------------------------------------------

/// Rows of which some use raw connections.
const Arguments raw_rows{"--system",          "tus",      "--select",
                         "TUS-CORE-HEAD-001", "--select", "TUS-CORE-PATCH-02*"};

class Proxies : public ::testing::Test {
 protected:
  Mock mock_{{"--profile", "tus", "--store", "memory"}};
  testkit::SmallProxy proxy_{std::stoi(mock_.url().substr(mock_.url().rfind(':') + 1))};
  [[nodiscard]] std::size_t tunnels() const {
    const auto asked = proxy_.asked();
    return static_cast<std::size_t>(std::count_if(
        asked.begin(), asked.end(), [](const auto& line) { return line.starts_with("CONNECT "); }));
  }
};

TEST_F(Proxies, OfTheEnvironmentCarryRawConnectionsToo) {
  const auto run =
      judge("http://up.example.test/files", raw_rows,
            with_environment({{"http_proxy", "http://me:Mark-secret-1@" + proxy_.address()}}));
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_GT(run.report.at("counts").at("pass"), 5) << run.out;
  EXPECT_GE(tunnels(), 1U) << "as HTTP requests that are written by hand have it";
  EXPECT_THAT(proxy_.asked(), testing::Contains(HasSubstr(" http://up.example.test/files")));
  EXPECT_THAT(run.out + run.report.dump(), Not(HasSubstr("Mark-secret-1")));
}

TEST_F(Proxies, GivenOneCarriesEvenWhatIsOnThisMachine) {
  const auto run =
      judge(mock_.creation_url(), with(raw_rows, {"--proxy", "http://" + proxy_.address()}),
            with_environment({}));
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_GE(tunnels(), 1U);
}

TEST_F(Proxies, OfTheEnvironmentAreNotForThisMachineNorForWhatIsLeftOut) {
  const auto here = judge(mock_.creation_url(), raw_rows,
                          with_environment({{"http_proxy", "http://127.0.0.1:1"}}));
  EXPECT_EQ(here.exit_code, 0) << here.out << here.err;
  const auto left_out = judge("http://up.example.test/files", raw_rows,
                              with_environment({{"http_proxy", "http://" + proxy_.address()},
                                                {"no_proxy", "other.test,example.test"}}));
  EXPECT_EQ(left_out.exit_code, 3);
  EXPECT_TRUE(proxy_.asked().empty());
}

TEST(ProxiesThatRefuseTunnels, AreToldByTheRowsThatNeedThem) {
  // Plays a proxy that refuses CONNECT, and the target behind it.
  testkit::ScriptedServer proxy([](testkit::Peer& peer) {
    const bool tunnel = peer.read_request().starts_with("CONNECT ");
    peer.send(tunnel ? "HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
                     : "HTTP/1.1 201 Created\r\nConnection: close\r\nTus-Resumable: 1.0.0\r\n"
                       "Tus-Version: 1.0.0\r\nTus-Extension: creation\r\nContent-Length: 0\r\n"
                       "Location: http://up.example.test/files/1\r\n\r\n");
  });
  const auto run = judge("http://up.example.test/files",
                         {"--system", "tus", "--proxy", proxy.url(""), "--select", "HTTP-005"},
                         with_environment({}));
  EXPECT_EQ(run.results.at("HTTP-005").at("verdict"), "skip") << run.out << run.err;
  EXPECT_THAT(run.results.at("HTTP-005").at("got").get<std::string>(),
              AllOf(HasSubstr("not judged through the proxy"), HasSubstr("with 403")));
}

// ---- hosts that people depend on ---------------------------------------------------------------

TEST(Production, IsJudgedOnRequestOnly) {
  // Nothing may be sent: every request would go to a proxy that is not there, and fail.
  const auto nowhere = with_environment({{"https_proxy", "http://127.0.0.1:1"}});
  const auto run = judge("https://eu.api.cdc.gov/upload", {"--system", "dex"}, nowhere);
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(
      run.err,
      "dex-conformance: eu.api.cdc.gov: is CDC's DEX in production, and would get uploads and "
      "requests that are wrong on purpose (judge a test system, or give --allow-production if "
      "you may)\n");
  const auto beside =
      judge("http://127.0.0.1:1/files",
            {"--system", "tus", "--oauth-url", "https://api.cdc.gov/oauth"}, nowhere);
  EXPECT_EQ(beside.exit_code, 2) << beside.err;
  const auto allowed =
      judge("https://api.cdc.gov/upload", {"--system", "dex", "--allow-production"}, nowhere);
  EXPECT_EQ(allowed.exit_code, 3) << allowed.err;
}

// ---- what a run would do -----------------------------------------------------------------------

/// The number in "requests  at most 1234, ..." as `plan` prints it.
std::uint64_t figure(const std::string& told, const std::string& name) {
  static const std::regex pattern(R"(\n  (requests|uploads) +at most (\d+))");
  for (std::sregex_iterator at(told.begin(), told.end(), pattern), end; at != end; ++at) {
    if ((*at)[1] == name) return std::stoull((*at)[2]);
  }
  ADD_FAILURE() << name << " is not in " << told;
  return 0;
}

TEST(Plan, SaysWhatTheRunThenDoes) {
  const Mock mock({"--profile", "tus", "--store", "memory"});
  const Arguments flags{"--system", "tus", "--select", "core-*", "--select", "creation*"};
  const auto told =
      testkit::run(with({DEX_CONFORMANCE, "plan", "--url", mock.creation_url()}, flags));
  EXPECT_EQ(told.exit_code, 0) << told.err;
  const auto sent = [&](const char* match) {
    return nlohmann::json::parse(programs::curl({mock.control_url() + "/_mock/journal/verify", "-H",
                                                 "Content-Type: application/json", "-d", match})
                                     .body)
        .at("count")
        .get<std::uint64_t>();
  };
  EXPECT_EQ(sent(R"({"match": {}})"), 0U) << "nothing is sent";
  const auto run = judge(mock.creation_url(), flags);
  EXPECT_EQ(run.exit_code, 0) << run.out;
  std::uint64_t requests = 0;
  std::uint64_t uploads = 0;
  for (const auto& [id, row] : run.results) {
    requests += row.at("sent").at("requests").get<std::uint64_t>();
    uploads += row.at("sent").at("uploads").get<std::uint64_t>();
  }
  EXPECT_THAT(told.out, HasSubstr(fmt::format("plan: {} rows of {}", run.results.size(),
                                              mock.creation_url())));
  // A check that waits for the server may ask once more than planned.
  const auto near = [](std::uint64_t planned, std::uint64_t seen) {
    return seen <= planned + planned / 10 && planned <= seen + seen / 5 + 20;
  };
  EXPECT_TRUE(near(figure(told.out, "requests"), requests)) << told.out << requests;
  EXPECT_TRUE(near(figure(told.out, "uploads"), uploads)) << told.out << uploads;
  // A plan writes no files either.
  const testkit::TempFolder folder;
  const auto file = (folder.path() / "r.json").string();
  EXPECT_EQ(testkit::run(with({DEX_CONFORMANCE, "plan", "--url", mock.creation_url(), "--json",
                               file, "--repeat", "3"},
                              flags))
                .exit_code,
            0);
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST(Plan, RefusesWhatARunWouldRefuse) {
  const auto refused = testkit::run(
      {DEX_CONFORMANCE, "plan", "--url", "https://api.cdc.gov/upload", "--system", "dex"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("--allow-production"));
}

// ---- the recipes -------------------------------------------------------------------------------

/// The shell script of a recipe, and the environment that the CI runner would give it.
struct Step {
  std::string script;
  Environment environment;
};

const std::filesystem::path recipes{DEX_RECIPES};

/// The steps of the composite action that have `run`, with `inputs` put in.
std::vector<Step> steps_of_action(const Environment& inputs) {
  const auto action = YAML::LoadFile((recipes / "action/action.yml").string());
  EXPECT_EQ(action["runs"]["using"].as<std::string>(), "composite");
  Environment values{{"github.action_path", (recipes / "action").string()}};
  for (const auto& input : action["inputs"]) {
    const auto name = input.first.as<std::string>();
    const auto given = inputs.find(name);
    const auto initial = input.second["default"];
    if (given == inputs.end() && !initial) ADD_FAILURE() << name << " has no value";
    values["inputs." + name] =
        given != inputs.end() ? given->second : (initial ? initial.as<std::string>() : "");
  }
  static const std::regex expression(R"(\$\{\{ ([a-z0-9_.-]+) \}\})");
  std::vector<Step> steps;
  for (const auto& step : action["runs"]["steps"]) {
    if (!step["run"]) continue;
    EXPECT_EQ(step["shell"].as<std::string>(), "bash");
    Step one{step["run"].as<std::string>(), {}};
    EXPECT_EQ(one.script.find("${{"), std::string::npos) << "an input would be read as shell";
    for (const auto& variable : step["env"]) {
      auto value = variable.second.as<std::string>();
      for (std::smatch match; std::regex_search(value, match, expression);) {
        EXPECT_TRUE(values.contains(match[1])) << match[1];
        value = match.prefix().str() + values[match[1]] + match.suffix().str();
      }
      one.environment[variable.first.as<std::string>()] = value;
    }
    steps.push_back(std::move(one));
  }
  return steps;
}

class Recipes : public ::testing::Test {
 protected:
  void SetUp() override {
    bin_ = std::filesystem::path(DEX_CONFORMANCE).parent_path().string();
    for (const char* name : {"path", "output", "summary"}) folder_.write(name, "");
  }
  /// Runs a step as GitHub's runner does: `bash --noprofile --norc -eo pipefail`, with files for
  /// its path, output and summary. `with_programs`: what the step before wrote is in PATH.
  testkit::Finished run(const Step& step, bool with_programs) {
    auto options = with_environment(step.environment);
    options.environment["GITHUB_PATH"] = file("path");
    options.environment["GITHUB_OUTPUT"] = file("output");
    options.environment["GITHUB_STEP_SUMMARY"] = file("summary");
    std::string path = std::getenv("PATH");
    if (with_programs) {
      auto more = folder_.read("path");
      while (more.ends_with('\n')) more.pop_back();
      path = more + ":" + path;
    }
    options.environment["PATH"] = path;
    const auto script = folder_.write("step.sh", step.script);
    return testkit::run({"bash", "--noprofile", "--norc", "-eo", "pipefail", script},
                        std::move(options), std::chrono::seconds{100});
  }
  [[nodiscard]] std::string file(const char* name) const {
    return (folder_.path() / name).string();
  }

  testkit::TempFolder folder_;
  std::string bin_;
};

TEST_F(Recipes, TheStepsOfTheActionRun) {
  const Mock good({"--profile", "tus", "--store", "memory"});
  const Mock bad({"--profile", "tus", "--store", "memory", "--defect", "version-400"});
  for (const auto& [mock, code] : {std::pair{&good, 0}, std::pair{&bad, 1}}) {
    SetUp();
    const auto evidence = file("evidence");
    const auto steps = steps_of_action({{"url", mock->creation_url()},
                                        {"bin", bin_},
                                        {"evidence", evidence},
                                        {"arguments", "--select\ncore-version\n--notes"}});
    ASSERT_EQ(steps.size(), 2U);
    EXPECT_EQ(run(steps[0], false).exit_code, 0);
    EXPECT_EQ(folder_.read("path"), bin_ + "\n");
    const auto judged = run(steps[1], true);
    EXPECT_EQ(judged.exit_code, code) << judged.out << judged.err;
    EXPECT_EQ(folder_.read("output"), fmt::format("exit-code={}\n", code));
    EXPECT_THAT(folder_.read("summary"), HasSubstr("CONFORMANT"));
    for (const char* name : {"junit.xml", "results.json", "record.json", "report.html"}) {
      EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(evidence) / name)) << name;
    }
  }
}

TEST_F(Recipes, NoInputOfTheActionIsReadAsShell) {
  const auto steps =
      steps_of_action({{"url", "http://127.0.0.1:1/$(touch " + file("touched") + ")"},
                       {"wait-for", "1ms"},
                       {"bin", bin_},
                       {"evidence", file("evidence")},
                       {"arguments", "--select\n; touch " + file("touched")}});
  EXPECT_EQ(run(steps[0], false).exit_code, 0);
  EXPECT_NE(run(steps[1], true).exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(file("touched")));
}

TEST_F(Recipes, TheScriptOfGitLabRuns) {
  const Mock mock({"--profile", "tus", "--store", "memory", "--defect", "version-400"});
  const auto job = YAML::LoadFile((recipes / "gitlab.yml").string())[".dex-conformance"];
  Step step;
  for (const auto& variable : job["variables"]) {
    step.environment[variable.first.as<std::string>()] = variable.second.as<std::string>();
  }
  step.environment["DEX_URL"] = mock.creation_url();
  step.environment["DEX_EVIDENCE"] = file("evidence");
  step.environment["DEX_ARGUMENTS"] = "--select core-version";
  for (const auto& line : job["script"]) step.script += line.as<std::string>() + "\n";
  folder_.write("path", bin_);
  const auto first = run(step, true);
  EXPECT_EQ(first.exit_code, 1) << first.out << first.err;
  // A file name with a space, which a CI variable may hold.
  std::filesystem::rename(file("evidence") + "/record.json", file("as it was.json"));
  step.environment["DEX_AGAINST"] = file("as it was.json");
  const auto second = run(step, true);
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_THAT(second.out, HasSubstr("as it was.json"));
  EXPECT_THAT(second.out, HasSubstr(", 0 not"));
  EXPECT_TRUE(std::filesystem::exists(file("evidence") + "/junit.xml"));
}

}  // namespace
