#include "target/given_tokens.hpp"

#include <gtest/gtest.h>

namespace conformance {
namespace {

TEST(GivenTokens, AreTheValuesOfTheirFields) {
  const auto tokens =
      parse_tokens(R"({"expired":"a.b.c","session":"phdo_session=x"})", "tokens.json");
  ASSERT_TRUE(tokens) << tokens.error().line();
  EXPECT_EQ(*tokens, (GivenTokens{{TokenKind::expired, "Bearer a.b.c"},
                                  {TokenKind::session, "phdo_session=x"}}));
}

TEST(GivenTokens, ErrorsNameFileAndKindButNoToken) {
  for (const auto& [text, place] : {std::pair{R"({"expire":"secret"})", "expire"},
                                    {R"({"expired":"se cret"})", "expired"},
                                    {R"({"expired":""})", "expired"},
                                    {R"({"expired":1})", "expired"},
                                    {R"({"session":"secret"})", "session"},
                                    {"{}", "tokens.json"},
                                    {"[", "tokens.json"}}) {
    const auto tokens = parse_tokens(text, "tokens.json");
    ASSERT_FALSE(tokens) << text;
    const auto line = tokens.error().line();
    EXPECT_NE(line.find("tokens.json"), std::string::npos) << line;
    EXPECT_NE(line.find(place), std::string::npos) << line;
    EXPECT_EQ(line.find("secret"), std::string::npos) << line;
  }
}

}  // namespace
}  // namespace conformance
