#include "client/secret.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace client {
namespace {

std::string error(const std::string& variable) {
  const auto secret = secret_in("--token-env", variable);
  return secret ? "" : secret.error().line();
}

TEST(Secret, IsInTheVariable) {
  ::setenv("DEX_SECRET_TEST", "hush", 1);
  EXPECT_EQ(secret_in("--token-env", "DEX_SECRET_TEST"), "hush");
  ::setenv("DEX_SECRET_TEST", "", 1);
  EXPECT_EQ(error("DEX_SECRET_TEST"),
            "--token-env: the environment variable \"DEX_SECRET_TEST\" is not set");
  ::unsetenv("DEX_SECRET_TEST");
  EXPECT_EQ(error("DEX_SECRET_TEST"),
            "--token-env: the environment variable \"DEX_SECRET_TEST\" is not set");
}

TEST(Secret, GivenInPlaceOfAVariableIsNotShown) {
  for (const char* const text : {"hush-hush", "eyJhbGciOi.hush.x", ""}) {
    EXPECT_EQ(error(text).find("hush"), std::string::npos);
    EXPECT_NE(error(text).find("--token-env: no environment variable has that name"),
              std::string::npos);
  }
}

}  // namespace
}  // namespace client
