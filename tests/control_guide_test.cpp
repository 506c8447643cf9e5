// Runs the commands of the guides to /_mock/ as they are written: they have to print what the guide
// shows.
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <string>
#include <vector>

#include "programs.hpp"

namespace {

struct Step {
  std::string command;
  std::string output;  ///< as the guide shows it; "…" stands for anything
  int line = 0;
};

/// The steps in ```console blocks: a line after "$ " is a command, continued after "> "; the rest
/// is its output.
std::vector<Step> steps_of(const std::string& file) {
  std::ifstream in(file);
  EXPECT_TRUE(in) << file;
  std::vector<Step> steps;
  std::string line;
  bool inside = false;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.starts_with("```")) {
      inside = line == "```console";
    } else if (inside && line.starts_with("$ ")) {
      steps.push_back({line.substr(2), "", number});
    } else if (inside && line.starts_with("> ") && !steps.empty()) {
      steps.back().command += "\n" + line.substr(2);
    } else if (inside && !steps.empty()) {
      steps.back().output += line + "\n";
    }
  }
  return steps;
}

/// Replaces what differs from run to run by fixed words.
std::string steady(std::string text) {
  static const std::vector<std::pair<std::regex, std::string>> replacements{
      {std::regex("\r"), ""},
      {std::regex(R"(\d{4}-\d\d-\d\dT[0-9:.]+Z)"), "TIME"},
      {std::regex(R"([A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [0-9:]{8} GMT)"), "DATE"},
      {std::regex(R"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"), "ID"},
      {std::regex(R"(127\.0\.0\.1:\d+)"), "HOST"},
      {std::regex(R"re(("(?:duration_ms|connection)":)[0-9.]+)re"), "$1N"},
      {std::regex(R"re(("(?:run_id|kid|access_token|cookie|version)":)"[^"]*")re"), "$1\"X\""},
  };
  for (const auto& [pattern, with] : replacements) text = std::regex_replace(text, pattern, with);
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

/// Whether `actual` is `expected`, in which "…" stands for any text.
bool fits(const std::string& expected, const std::string& actual) {
  static const std::string any = "…";
  std::size_t at = 0;
  std::size_t from = 0;
  bool first = true;
  while (true) {
    const auto next = expected.find(any, from);
    const auto piece = expected.substr(from, next - from);
    const auto found = actual.find(piece, at);
    if (found == std::string::npos || (first && found != 0)) return false;
    if (next == std::string::npos) return piece.empty() || actual.ends_with(piece);
    at = found + piece.size();
    from = next + any.size();
    first = false;
  }
}

/// Runs the steps of `guide` against a mock with `arguments`: those of the guide's first command.
void follow(const std::string& guide, const std::vector<std::string>& arguments) {
  programs::Mock mock(arguments);
  const auto steps = steps_of(std::string(DEX_GUIDES) + "/" + guide);
  ASSERT_GT(steps.size(), 10U);
  const std::string mark = "--end-of-step--";
  std::string script = "mock=" + mock.url() + "\n";
  for (const auto& step : steps) {
    if (step.command.starts_with("dex-mock-server") || step.command.starts_with("mock=")) continue;
    script += step.command + "\nprintf '\\n%s\\n' " + mark + "\n";
  }
  testkit::ChildProcess::Options options;
  options.input = script;
  const auto finished = testkit::run({"bash"}, options);
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  std::size_t at = 0;
  for (const auto& step : steps) {
    if (step.command.starts_with("dex-mock-server") || step.command.starts_with("mock=")) continue;
    const auto end = finished.out.find("\n" + mark + "\n", at);
    ASSERT_NE(end, std::string::npos) << "line " << step.line << ": " << finished.err;
    const auto actual = steady(finished.out.substr(at, end - at));
    EXPECT_TRUE(fits(steady(step.output), actual))
        << guide << ":" << step.line << ": " << step.command << "\nprints  " << actual
        << "\nand not " << steady(step.output);
    at = end + mark.size() + 2;
  }
}

TEST(ControlGuide, ItsCommandsPrintWhatItShows) {
  follow("control-api.md", {"--profile", "tus", "--auth", "jwt", "--store", "memory"});
}

TEST(ControlGuide, ThatOfVerificationPrintsWhatItShows) {
  follow("verify.md", {"--profile", "tus", "--store", "memory"});
}

}  // namespace
