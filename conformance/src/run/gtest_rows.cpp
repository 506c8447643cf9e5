#include "run/gtest_rows.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <string>

extern char** environ;

namespace conformance {
namespace {

using Judge = std::function<const Judgement&(std::size_t)>;

class RowTest : public testing::Test {
 public:
  RowTest(const Judge& judgement, std::size_t index, std::size_t& ran)
      : judgement_(judgement), index_(index), ran_(ran) {}
  void TestBody() override {
    ++ran_;
    const Judgement& seen = judgement_(index_);
    if (seen.red) {
      ADD_FAILURE() << seen.result.outcome.expected << " / " << seen.result.outcome.got;
    } else if (seen.result.verdict == Verdict::skip) {
      GTEST_SKIP() << seen.result.outcome.got;
    }
  }

 private:
  const Judge& judgement_;
  std::size_t index_;
  std::size_t& ran_;
};

/// Whatever the environment says, every test runs once and GoogleTest writes nothing.
void ignore_environment() {
  std::vector<std::string> names;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (text.starts_with("GTEST_") || text.starts_with("TEST_") ||
        text.starts_with("TESTBRIDGE_") || text.starts_with("XML_OUTPUT_FILE")) {
      names.push_back(text.substr(0, text.find('=')));
    }
  }
  for (const std::string& name : names) unsetenv(name.c_str());
  // Flags took their defaults from the environment before main.
  GTEST_FLAG_SET(filter, "*");
  GTEST_FLAG_SET(list_tests, false);
  GTEST_FLAG_SET(repeat, 1);
  GTEST_FLAG_SET(shuffle, false);
  GTEST_FLAG_SET(output, "");
  GTEST_FLAG_SET(stream_result_to, "");
  GTEST_FLAG_SET(fail_fast, false);
  GTEST_FLAG_SET(break_on_failure, false);
  GTEST_FLAG_SET(throw_on_failure, false);
  GTEST_FLAG_SET(also_run_disabled_tests, true);
  GTEST_FLAG_SET(catch_exceptions, true);
}

}  // namespace

Result<void> run_as_gtest_rows(const std::vector<const Requirement*>& rows,
                               const Judge& judgement) {
  ignore_environment();
  int argc = 1;
  std::string name = "dex-conformance";
  char* argv[] = {name.data(), nullptr};
  testing::InitGoogleTest(&argc, argv);
  auto& listeners = testing::UnitTest::GetInstance()->listeners();
  delete listeners.Release(listeners.default_result_printer());
  std::size_t ran = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto identifier = [](std::string text) {
      std::replace(text.begin(), text.end(), '-', '_');
      return text;
    };
    testing::RegisterTest(identifier(rows[i]->area).c_str(), identifier(rows[i]->id).c_str(),
                          nullptr, nullptr, __FILE__, __LINE__,
                          [&judgement, i, &ran] { return new RowTest(judgement, i, ran); });
  }
  if (!rows.empty()) [[maybe_unused]]
    const int failed = RUN_ALL_TESTS();
  if (ran != rows.size()) {
    return failure("GoogleTest", fmt::format("ran {} of {} rows", ran, rows.size()));
  }
  return {};
}

}  // namespace conformance
