#include "client/token.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace client {
namespace {

using std::chrono::seconds;

constexpr const char* issued =
    R"({"access_token":"first-token","token_type":"Bearer","expires_in":100,"refresh_token":"r1"})";
constexpr const char* without_refresh =
    R"({"access_token":"next-token","token_type":"Bearer","expires_in":100})";

class TokenLifeTest : public testing::Test {
 protected:
  redact::Secrets secrets_;
  TokenLife life_{{"http://h/oauth", "http://h/oauth/refresh", "lab", "pw"}, secrets_};
  TokenLife::Time now_{};
};

TEST_F(TokenLifeTest, BeginsWithThePassword) {
  EXPECT_EQ(life_.token(now_), std::nullopt);
  const auto question = life_.next();
  EXPECT_EQ(question.url, "http://h/oauth");
  EXPECT_EQ(http::format_form(question.form), "grant_type=password&username=lab&password=pw");
  EXPECT_FALSE(question.refreshes);
  EXPECT_FALSE(life_.take(200, issued, now_));
  EXPECT_EQ(life_.token(now_), "first-token");
}

TEST_F(TokenLifeTest, ATenthOfTheLifeIsReserve) {
  static_cast<void>(life_.take(200, issued, now_));
  EXPECT_TRUE(life_.token(now_ + seconds{89}));
  EXPECT_FALSE(life_.token(now_ + seconds{90}));
}

TEST_F(TokenLifeTest, RenewsOnceByTheRefreshTokenAndThenByThePassword) {
  static_cast<void>(life_.take(200, issued, now_));
  const auto question = life_.next();
  EXPECT_EQ(question.url, "http://h/oauth/refresh");
  EXPECT_EQ(http::format_form(question.form), "grant_type=refresh_token&refresh_token=r1");
  EXPECT_TRUE(question.refreshes);
  EXPECT_TRUE(life_.take(400, "", now_));
  EXPECT_EQ(life_.next().url, "http://h/oauth");
  EXPECT_FALSE(life_.take(200, without_refresh, now_));
  EXPECT_EQ(life_.next().url, "http://h/oauth");
}

TEST_F(TokenLifeTest, ATokenThatTheServerRefusesEndsUnlessItIsAnOlderOne) {
  static_cast<void>(life_.take(200, issued, now_));
  life_.refused("older");
  EXPECT_TRUE(life_.token(now_));
  life_.refused("first-token");
  EXPECT_FALSE(life_.token(now_));
}

TEST_F(TokenLifeTest, SaysWhyThereIsNone) {
  const auto refused =
      life_.take(400, R"({"error":"invalid_grant","error_description":"no"})", now_);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->error->error, "invalid_grant");
  EXPECT_TRUE(refused->final());
  for (const int status : {429, 500, 503}) EXPECT_FALSE(life_.take(status, "", now_)->final());
  const auto none = life_.take(200, "{}", now_);
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->document);
  EXPECT_FALSE(none->final());
}

TEST_F(TokenLifeTest, WithoutAnEndItLivesForEver) {
  static_cast<void>(
      life_.take(200, R"({"access_token":"first-token","token_type":"Bearer"})", now_));
  EXPECT_TRUE(life_.token(now_ + std::chrono::hours{10'000}));
}

TEST_F(TokenLifeTest, WhatIsIssuedIsASecret) {
  static_cast<void>(life_.take(500, issued, now_));
  EXPECT_EQ(secrets_.mask("got first-token"), "got ***");
}

}  // namespace
}  // namespace client
