#include "programs.hpp"

#include <fstream>
#include <utility>

namespace programs {
namespace {

std::vector<std::string> joined(std::vector<std::string> first, std::vector<std::string> second) {
  first.insert(first.end(), std::make_move_iterator(second.begin()),
               std::make_move_iterator(second.end()));
  return first;
}

}  // namespace

Mock::Mock(std::vector<std::string> arguments, testkit::ChildProcess::Options options)
    : process_(joined({DEX_MOCK_SERVER, "--listen", "127.0.0.1:0"}, std::move(arguments)),
               std::move(options)) {
  constexpr std::string_view control = "control ", ready = "ready ";
  while (url_.empty()) {
    const std::string line = process_.wait_line("");
    if (line.starts_with(control)) control_url_ = line.substr(control.size());
    if (line.starts_with(ready)) url_ = line.substr(ready.size());
  }
  if (control_url_.empty()) control_url_ = url_;
}

std::string payload(std::size_t n, std::size_t size) {
  std::string bytes(size, '\0');
  std::uint64_t state = 0x9E3779B97F4A7C15ULL * (n + 1);
  for (auto& byte : bytes) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    byte = static_cast<char>(state >> 56U);
  }
  return bytes;
}

CurlAnswer curl(std::vector<std::string> arguments) {
  const auto ended = testkit::run(joined({"curl", "--silent", "--show-error", "--noproxy", "*",
                                          "--max-time", "30", "--write-out", "\n%{http_code}"},
                                         std::move(arguments)));
  if (ended.exit_code != 0) return {0, ended.err};
  const auto end = ended.out.rfind('\n');
  return {std::stoi(ended.out.substr(end + 1)), ended.out.substr(0, end)};
}

testkit::ChildProcess::Options with_demo_user() {
  testkit::ChildProcess::Options options;
  options.environment = {{"DEX_TEST_USERNAME", "demo"},
                         {"DEX_TEST_PASSWORD", "demo"},
                         {"DEX_TEST_ACCESS_KEY", "AKIAIOSFODNN7EXAMPLE"},
                         {"DEX_TEST_SECRET_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"},
                         {"DEX_TEST_OTHER_KEY", other_user}};
  return options;
}

Conformance judge(const std::string& url, std::vector<std::string> arguments,
                  testkit::ChildProcess::Options options, std::chrono::seconds limit) {
  const testkit::TempFolder folder;
  const std::string file = (folder.path() / "report.json").string();
  auto finished = testkit::run(
      joined({DEX_CONFORMANCE, "run", "--url", url, "--json", file}, std::move(arguments)),
      std::move(options), limit);
  Conformance result{finished.exit_code, std::move(finished.out), std::move(finished.err), {}, {}};
  // The file is empty when the run ended before anything was judged.
  if (std::ifstream in(file); in && in.peek() != std::ifstream::traits_type::eof()) {
    result.report = nlohmann::json::parse(in);
    for (const auto& one : result.report.at("results")) {
      result.results.emplace(one.at("id").get<std::string>(), one);
    }
  }
  return result;
}

}  // namespace programs
