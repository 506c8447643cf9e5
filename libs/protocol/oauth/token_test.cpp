#include "protocol/oauth/token.hpp"

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;

TEST(OauthToken, BytesAndBack) {
  const oauth::TokenResponse response{"a.b.c", "Bearer", 3600s, "r-1", "dex:upload", {"dex"}};
  EXPECT_EQ(oauth::to_json(response),
            R"({"access_token":"a.b.c","token_type":"Bearer","expires_in":3600,)"
            R"("refresh_token":"r-1","scope":"dex:upload","resource":["dex"]})");
  EXPECT_EQ(oauth::parse_token_response(oauth::to_json(response)), response);
}

TEST(OauthToken, OnlyTheTokenAndItsTypeAreNeeded) {
  const auto response = oauth::parse_token_response(
      R"({"access_token":"x","token_type":"bearer","scope":null,"id_token":"y"})");
  ASSERT_TRUE(response.has_value()) << response.error().line();
  EXPECT_EQ(*response, (oauth::TokenResponse{"x", "bearer", 0s, "", "", {}}));
}

TEST(OauthToken, AHundredYearsAreTheLongestLife) {
  const auto response = oauth::parse_token_response(
      R"({"access_token":"x","token_type":"Bearer","expires_in":3162240000})");
  ASSERT_TRUE(response.has_value());
  EXPECT_GT(std::chrono::nanoseconds(response->expires_in).count(), 0) << "fits any clock";
}

TEST(OauthToken, Refuse) {
  for (const std::string_view text :
       {"", "null", "[]", "{}", R"({"access_token":"x"})", R"({"token_type":"Bearer"})",
        R"({"access_token":"","token_type":"Bearer"})",
        R"({"access_token":null,"token_type":"Bearer"})",
        R"({"access_token":"x\r\nHost: evil","token_type":"Bearer"})",
        R"({"access_token":"x\u0000","token_type":"Bearer"})",
        R"({"access_token":"\u00e9","token_type":"Bearer"})",
        R"({"access_token":"\u007f","token_type":"Bearer"})",
        R"({"access_token":"x","token_type":"Bearer\n"})",
        R"({"access_token":"x","token_type":"Bearer","expires_in":"3600"})",
        R"({"access_token":"x","token_type":"Bearer","expires_in":-1})",
        R"({"access_token":"x","token_type":"Bearer","expires_in":1e9})",
        R"({"access_token":"x","token_type":"Bearer","expires_in":3162240001})",
        R"({"access_token":"x","token_type":"Bearer","expires_in":9223372036854775807})",
        R"({"access_token":"x","token_type":"Bearer","resource":"dex"})"}) {
    EXPECT_FALSE(oauth::parse_token_response(text).has_value()) << text;
  }
}

TEST(OauthToken, AnErrorNeverHoldsTheToken) {
  const auto response =
      oauth::parse_token_response(R"({"access_token":"secret\n","token_type":"Bearer"})");
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().line().find("secret"), std::string::npos);
}

TEST(OauthError, BytesAndBack) {
  const oauth::TokenError error{"invalid_grant", "wrong password"};
  EXPECT_EQ(oauth::to_json(error),
            R"({"error":"invalid_grant","error_description":"wrong password"})");
  EXPECT_EQ(oauth::parse_token_error(oauth::to_json(error)), error);
  EXPECT_EQ(oauth::parse_token_error(R"({"error":"invalid_request"})"),
            (oauth::TokenError{"invalid_request", ""}));
  EXPECT_FALSE(oauth::parse_token_error("{}").has_value());
  EXPECT_FALSE(oauth::parse_token_error(R"({"error":1})").has_value());
}

}  // namespace
