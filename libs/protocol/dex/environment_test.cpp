#include "protocol/dex/environment.hpp"

#include <gtest/gtest.h>

namespace {

std::optional<std::string> variables(const std::string& name) {
  if (name == "NAME") return "value";
  if (name == "_1") return "one";
  if (name == "EMPTY") return "";
  if (name == "1") return "first";
  if (name == "$") return "pid";
  return std::nullopt;
}

// The right-hand sides are what Go 1.24's os.Expand returns.
TEST(Environment, ExpandsAsGoDoes) {
  struct Case {
    std::string_view text;
    std::string_view expected;
  };
  constexpr Case cases[] = {
      {"", ""},
      {"plain", "plain"},
      {"${NAME}", "value"},
      {"$NAME", "value"},
      {"a$NAME-b", "avalue-b"},
      {"$NAMES", ""},
      {"$_1.", "one."},
      {"${UNSET}|${EMPTY}|", "||"},
      {"$", "$"},
      {"5$", "5$"},
      {"$ x", "$ x"},
      {"$.", "$."},
      {"${", ""},
      {"${NAME", "NAME"},
      {"${}", ""},
      {"a${}b", "ab"},
      {"$1x", "firstx"},
      {"${1}x", "firstx"},
      {"$$", "pid"},
      {"${$}", "pid"},
      {"${NAME}${NAME}", "valuevalue"},
  };
  for (const auto& c : cases) EXPECT_EQ(dex::expand(c.text, variables), c.expected) << c.text;
}

TEST(Environment, ValuesAreNotExpandedAgain) {
  const auto loop = [](const std::string&) -> std::optional<std::string> { return "${X}"; };
  EXPECT_EQ(dex::expand("${X}", loop), "${X}");
}

TEST(Environment, TheProcess) {
  EXPECT_TRUE(dex::process_environment("PATH").has_value());
  EXPECT_FALSE(dex::process_environment("DEX_NO_SUCH_VARIABLE").has_value());
}

}  // namespace
