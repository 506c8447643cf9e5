#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "auth/auth.hpp"
#include "loop/manual_loop.hpp"

namespace mock {
namespace {

using std::chrono::seconds;

class Mint : public testing::Test {
 protected:
  void SetUp() override {
    AuthOptions options;
    options.mode = AuthMode::jwt;
    options.users =
        Users::parse(R"({"users":[{"username":"lab","password":"x","scopes":["a"]}]})", "users")
            .value();
    auth_ = Auth::make(std::move(options), loop_).value();
    ASSERT_TRUE(auth_->served_at("http://127.0.0.1:8080"));
  }
  MintedToken mint(const std::string& json) {
    const auto wish = parse_mint_request(json);
    EXPECT_TRUE(wish) << wish.error().line();
    auto token = auth_->mint(*wish);
    EXPECT_TRUE(token) << json << ": " << token.error().line();
    return token.value_or(MintedToken{});
  }
  /// The status, and the text of a refusal.
  std::string answer(const std::string& field, const std::string& value) {
    Request request;
    request.method = "GET";
    request.fields.add(field, value);
    const auto refusal = auth_->check(request);
    return refusal ? std::to_string(refusal->status) + " " + refusal->body : "200";
  }
  std::string answer_to(const std::string& json) {
    return answer("Authorization", "Bearer " + mint(json).access_token);
  }

  ManualLoop loop_;
  std::unique_ptr<Auth> auth_;
};

TEST_F(Mint, MakesEveryKindOfToken) {
  ASSERT_TRUE(auth_->rotate_keys());
  const std::string unverified = "401 failed to verify token\n";
  for (const auto& [json, expected] : std::initializer_list<std::pair<std::string, std::string>>{
           {"", "200"},
           {"{}", "200"},
           {R"({"kind":"opaque"})", "200"},
           {R"({"kind":"jwt"})", "200"},
           {R"({"key":"previous"})", "200"},
           {R"({"username":"nobody"})", "200"},
           {R"({"username":"lab"})", "403 one or more required scopes not found\n"},
           {R"({"scopes":["other"]})", "403 one or more required scopes not found\n"},
           {R"({"scopes":"x dex:upload y"})", "200"},
           {R"({"scopes":[],"kind":"opaque"})", "403 one or more required scopes not found\n"},
           {R"({"expires_in":-1})", unverified + "oidc: token is expired"},
           {R"({"expires_in":-1,"kind":"opaque"})", unverified + "oidc: token is expired"},
           {R"({"not_before":60})", unverified + "oidc: current time"},
           {R"({"not_before":60,"kind":"opaque"})", unverified + "oidc: current time"},
           {R"({"not_before":-60})", "200"},
           {R"({"issuer":"https://else.example"})",
            unverified + "oidc: id token issued by a different provider"},
           {R"({"key":"unknown"})", unverified + "failed to verify signature:"},
           {R"({"revoked":true})", unverified + "token was revoked"},
           {R"({"revoked":true,"kind":"opaque"})", unverified + "token was revoked"},
           {R"({"claims":{"scope":["dex:upload"]}})", "401 failed to parse token claims\n"},
           {R"({"claims":{"exp":null}})", unverified + "oidc: token is expired"},
       }) {
    const auto got = answer_to(json);
    EXPECT_EQ(got.substr(0, expected.size()), expected) << json << ": " << got;
  }
}

TEST_F(Mint, TimeIsTheLoopsOwn) {
  const auto token = mint(R"({"expires_in":60,"not_before":30})").access_token;
  EXPECT_EQ(answer("Authorization", "Bearer " + token).substr(0, 3), "401");
  loop_.advance(Milliseconds{30'000});
  EXPECT_EQ(answer("Authorization", "Bearer " + token), "200");
  loop_.advance(Milliseconds{30'000});
  EXPECT_EQ(answer("Authorization", "Bearer " + token).substr(0, 3), "401");
}

TEST_F(Mint, GivesTheSessionCookieToo) {
  EXPECT_EQ(answer("Cookie", mint("").cookie), "200");
  const auto expired = answer("Cookie", mint(R"({"expires_in":-5})").cookie);
  EXPECT_NE(expired.find("oidc: token is expired"), std::string::npos) << expired;
}

TEST_F(Mint, SaysWhatItMade) {
  const auto json = nlohmann::json::parse(to_json(mint(R"({"scopes":"a b","expires_in":5})")));
  EXPECT_EQ(json["token_type"], "Bearer");
  EXPECT_EQ(json["scope"], "a b");
  EXPECT_EQ(json["expires_in"], 5);
  EXPECT_TRUE(json["kid"].is_string());
  EXPECT_EQ(json["cookie"].get<std::string>().rfind("phdo_session=", 0), 0U);
  EXPECT_TRUE(nlohmann::json::parse(to_json(mint(R"({"kind":"opaque"})")))["kid"].is_null());
}

TEST_F(Mint, RefusesWhatCannotBe) {
  for (const auto& [json, place] : std::initializer_list<std::pair<std::string, std::string>>{
           {R"({"kind":"opaque","issuer":"x"})", "issuer"},
           {R"({"kind":"opaque","key":"unknown"})", "key"},
           {R"({"kind":"opaque","claims":{"a":1}})", "claims"},
           {R"({"key":"previous"})", "key"}}) {
    const auto token = auth_->mint(parse_mint_request(json).value());
    ASSERT_FALSE(token) << json;
    EXPECT_EQ(token.error().where, place);
  }
}

TEST(MintRequest, ErrorsNameTheField) {
  for (const auto& [json, place] : std::initializer_list<std::pair<std::string, std::string>>{
           {"[]", "request body"},
           {"{", "request body"},
           {R"({"user":"x"})", "user"},
           {R"({"username":1})", "username"},
           {R"({"scopes":[""]})", "scopes[0]"},
           {R"({"expires_in":"1h"})", "expires_in"},
           {R"({"expires_in":99999999999})", "expires_in"},
           {R"({"key":"old"})", "key"},
           {R"({"kind":"saml"})", "kind"},
           {R"({"claims":[]})", "claims"}}) {
    const auto wish = parse_mint_request(json);
    ASSERT_FALSE(wish) << json;
    EXPECT_NE(wish.error().line().find(place), std::string::npos) << wish.error().line();
  }
}

}  // namespace
}  // namespace mock
