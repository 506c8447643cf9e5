#include "redact/command_line.hpp"

#include <gtest/gtest.h>

namespace redact {
namespace {

TEST(CommandLine, ATokenIsNoVariableName) {
  EXPECT_TRUE(is_variable_name("DEX_TOKEN_2"));
  for (const char* text : {"", "eyJhbGciOiJSUzI1NiJ9", "A-B", "lower"}) {
    EXPECT_FALSE(is_variable_name(text)) << text;
  }
  EXPECT_FALSE(is_variable_name(std::string(65, 'A')));
}

TEST(CommandLine, UnknownFlagsAreToldWithoutTheirValues) {
  EXPECT_EQ(unknown_flags({"--password", "hunter2!", "--tokn=eyJ"}),
            "there is no flag \"--password\", \"--tokn\"");
  EXPECT_EQ(unknown_flags({"hunter2!", "b.json"}), "unexpected argument ***, \"b.json\"");
}

}  // namespace
}  // namespace redact
